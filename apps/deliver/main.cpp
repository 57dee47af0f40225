#include "deliver/deliver.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::deliver::kCommand, argc, argv);
}
