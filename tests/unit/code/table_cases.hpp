// The cases below [cases] in each language's table (docs/languages.md).
#pragma once

#include "cases.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace otpctl::code::test {

struct TableCase {
  std::string expected;  // "none", "ambiguous" or the code
  std::string text;
  int line = 0;
};

struct TableCases {
  std::string language;
  std::vector<TableCase> cases;
};

/// `OTPCTL_TEST_LANGUAGES=tr,de` reads these alone.
std::vector<TableCases> all_cases();

/// An SMS, or a mail when the text begins with "Subject: …\n".
message::Message message_of(const std::string& text);

}  // namespace otpctl::code::test
