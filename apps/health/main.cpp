#include "health/health.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::health::main_of(argc, argv);
}
