#include "mail/sample.hpp"
#include "message/message.hpp"

#include <doctest/doctest.h>

using namespace otpctl;

namespace {

std::string join(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& item : list) out += (out.empty() ? "" : " ") + item;
  return out;
}

/// Checks `key` only where the sample speaks of it.
void check_field(const test::MailSample& sample, const std::string& key, const std::string& have) {
  if (sample.expect.count(key) == 0) return;
  CAPTURE(key);
  CHECK(have == sample.first(key));
}

}  // namespace

TEST_CASE("every mail of tests/mail is read as its .expect says") {
  const auto samples = test::mail_samples();
  CHECK(samples.size() >= 30);
  for (const auto& sample : samples) {
    INFO(sample.name);
    REQUIRE_FALSE(sample.expect.empty());
    const auto message = message::read_mail({{}, sample.bytes}, {"catchall@example.com", {}});
    if (sample.expect.count("stamped"))
      CHECK(join(message.recipients.stamped) == sample.all("stamped"));
    if (sample.expect.count("claimed"))
      CHECK(join(message.recipients.claimed) == sample.all("claimed"));
    if (sample.expect.count("problem")) CHECK(join(message.problems) == sample.all("problem"));
    CHECK(message.recipients.to_mailbox_itself == (sample.first("mailbox-itself") == "yes"));
    CHECK(message.bounce == (sample.first("bounce") == "yes"));
    check_field(sample, "sender", message.sender);
    check_field(sample, "subject", message.subject);
    check_field(sample, "message-id", message.message_id);
    const std::string seen = message.text + "\n" + message.html_text;
    for (auto [at, end] = sample.expect.equal_range("has"); at != end; ++at)
      CHECK(seen.find(at->second) != seen.npos);
    for (auto [at, end] = sample.expect.equal_range("lacks"); at != end; ++at)
      CHECK(seen.find(at->second) == seen.npos);
  }
}
