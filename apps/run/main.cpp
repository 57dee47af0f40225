#include "run/run.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::run::kCommand, argc, argv);
}
