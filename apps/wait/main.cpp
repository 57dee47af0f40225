#include "wait/wait.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::wait::kCommand, argc, argv);
}
