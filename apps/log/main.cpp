#include "log/log.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::log::kCommand, argc, argv);
}
