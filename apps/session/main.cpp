#include "session/session.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::session::kCommand, argc, argv);
}
