#include "doctor/doctor.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::doctor::kCommand, argc, argv);
}
