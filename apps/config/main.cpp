#include "config/command.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::config::kCommand, argc, argv);
}
