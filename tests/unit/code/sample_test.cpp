#include "code/code.hpp"
#include "mail/sample.hpp"

#include <doctest/doctest.h>

using namespace otpctl;

TEST_CASE("every mail of tests/mail gives the verdict that its .expect names") {
  for (const auto& sample : test::mail_samples()) {
    INFO(sample.name);
    const auto message = message::read_mail({{}, sample.bytes}, {"catchall@example.com", {}});
    const auto verdict = code::extract(message, {});
    CHECK(std::string(name_of(verdict.outcome)) == sample.first("verdict"));
    std::string codes;
    for (const auto& code : verdict.codes) codes += (codes.empty() ? "" : " ") + code.value;
    CHECK(codes == sample.all("code"));
  }
}
