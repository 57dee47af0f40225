#include "sms/sms.hpp"

int main(int argc, char** argv) {
  return otpctl::apps::main_of(otpctl::apps::sms::kCommand, argc, argv);
}
