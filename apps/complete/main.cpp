#include "complete/complete.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::complete::main_of(argc, argv);
}
