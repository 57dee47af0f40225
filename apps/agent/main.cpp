#include "agent/agent.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::agent::kCommand, argc, argv);
}
