#include "manual/manual.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::manual::kCommand, argc, argv);
}
