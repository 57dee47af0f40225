#include "watch/watch.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::watch::kCommand, argc, argv);
}
