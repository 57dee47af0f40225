#include "status/status.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::status::kCommand, argc, argv);
}
