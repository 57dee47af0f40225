// What a new configuration changes.
#include "server/reload.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::server;
using namespace std::chrono_literals;

namespace {

config::Mailbox mailbox(const char* name) {
  config::Mailbox box;
  box.name = name;
  box.host = "imap.example.com";
  box.user = "catchall@example.com";
  return box;
}

config::Config with(std::vector<config::Mailbox> mailboxes) {
  config::Config config;
  config.mailboxes = std::move(mailboxes);
  return config;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a mailbox is compared by its value, not by its line or place") {
  auto moved = mailbox("main");
  moved.line = 17;
  CHECK(fate_of(moved, {mailbox("other"), mailbox("main")}) == Fate::stays);
  CHECK(fate_of(moved, {mailbox("other")}) == Fate::begins);
  auto changed = mailbox("main");
  changed.probe = 20ms;
  CHECK(fate_of(changed, {mailbox("main")}) == Fate::reconnects);
  auto all = mailbox("main");
  all.recipients_all = true;
  CHECK(fate_of(all, {mailbox("main")}) == Fate::stays);
}

TEST_CASE("another user or host is another account, case of a host, port and secrets are not") {
  auto other = mailbox("main");
  other.port = 1993;
  other.host = "IMAP.example.com";
  other.password.name = "x";
  CHECK(same_account(mailbox("main"), other));
  other.user = "somebody@example.com";
  CHECK_FALSE(same_account(mailbox("main"), other));
  other = mailbox("main");
  other.host = "imap.example.net";
  CHECK_FALSE(same_account(mailbox("main"), other));
}

TEST_CASE("each changed key of a mailbox is named, its value is not") {
  auto after = mailbox("main");
  after.host = "imap.example.net";
  after.password = {config::SecretSource::Kind::command, {"pass", "show", "hidden"}, ""};
  after.folders = {"INBOX", "Junk"};
  CHECK(describe_changes(with({mailbox("main")}), with({after})) ==
        Lines{"mailbox main: host, password, folders changed, reconnecting"});
  CHECK(describe_changes(with({mailbox("old")}), with({mailbox("new\x1b")})) ==
        Lines{"mailbox old: removed", "mailbox new\\x1b: new, connecting"});
}

TEST_CASE("settings are told with their old and new value, what only a start can change is said") {
  auto before = with({mailbox("main")});
  auto after = before;
  CHECK(describe_changes(before, after).empty());
  after.mailboxes[0].recipients_all = true;
  after.wait_timeout = 90s;
  after.keep = 1h;
  after.default_region = "TR";
  after.default_region_line = 3;
  after.log_file = "/var/log/otpctl";
  after.store_in_memory = true;
  after.patterns = {{"(x)", 4}};
  CHECK(describe_changes(before, after) ==
        Lines{"mailbox main: recipients = \"all\"", "[wait] timeout: 90s (was 2m)", "[session] keep: 1h (was 10m)",
              "[phone] default-region: TR (was none)", "[log] file: /var/log/otpctl (was none)",
              "[store] memory: takes effect at the next start (otpctl agent restart)", "patterns: 1 (were 0)"});
  before = after;
  after.patterns[0].line = 99;
  CHECK(describe_changes(before, after).empty());
  after.patterns[0].regex = "(y)";
  CHECK(describe_changes(before, after) == Lines{"patterns: 1 (were 1)"});
  after = before;
  after.rules = {{"*@bank.example", "", "Zugang:", 7, 9}};
  CHECK(describe_changes(before, after) == Lines{"rules: 1 (were 0)"});
  before = after;
  after.rules[0].line = 99;
  CHECK(describe_changes(before, after).empty());
  after.rules[0].from = "*";
  CHECK(describe_changes(before, after) == Lines{"rules: 1 (were 1)"});
}
