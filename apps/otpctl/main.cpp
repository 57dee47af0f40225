#include "otpctl/dispatch.hpp"

int main(int argc, char** argv) { return otpctl::apps::dispatch(argc, argv); }
