// The tables that the extraction tests are written as.
#pragma once

#include "code/code.hpp"
#include "message/message.hpp"

#include <doctest/doctest.h>
#include <string>
#include <vector>

namespace otpctl::code::test {

inline message::Message sms(std::string text) {
  message::Message out;
  out.channel = message::Channel::sms;
  out.text = std::move(text);
  return out;
}

inline message::Message mail(std::string subject, std::string text, std::string html_text = "") {
  message::Message out;
  out.subject = std::move(subject);
  out.text = std::move(text);
  out.html_text = std::move(html_text);
  return out;
}

/// The code; "" for none, "a|b" for an ambiguous message.
inline std::string answer(const message::Message& message) {
  const Verdict verdict = extract(message, {});
  CHECK_FALSE(verdict.reason.empty());
  CHECK((verdict.outcome == Outcome::none) == verdict.codes.empty());
  CHECK((verdict.outcome == Outcome::code) == (verdict.codes.size() == 1));
  std::string out;
  for (const Code& code : verdict.codes) {
    CHECK(is_printable_code(code.value));
    CHECK(verdict.reason.find(code.value) == std::string::npos);
    out += (out.empty() ? "" : "|") + code.value;
  }
  return out;
}

struct Case {
  const char* text;
  const char* code;
};

inline void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    INFO(std::string(c.text));
    CHECK(answer(sms(c.text)) == c.code);
  }
}

inline void check_none(const std::vector<const char*>& texts) {
  for (const char* text : texts) {
    INFO(std::string(text));
    CHECK(answer(sms(text)) == "");
  }
}

}  // namespace otpctl::code::test
