#include "extract/extract.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::extract::kCommand, argc, argv);
}
