// Every transcript of tests/transcripts/imap, played straight, cut, cut off and fallen silent.
#include "unit/imap/player.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace {

using otpctl::test::Player;
using otpctl::test::Step;
using otpctl::test::Transcript;

const std::string kFolder = std::string(OTPCTL_TEST_DIR) + "/transcripts/imap/";

Transcript read(const std::string& name) {
  return otpctl::test::read_transcript(kFolder + name + ".txt");
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder))
    names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

struct Group {
  const char* title;
  std::vector<std::string> names;
};

const std::vector<Group>& groups() {
  static const std::vector<Group> kGroups = {
      {"sign-in",
       {"plain-sasl-ir", "plain-continuation", "login-quoted", "login-literal",
        "login-literal-plus", "xoauth2", "oauthbearer", "greeting", "clear-text-insecure"}},
      {"refused",
       {"password-refused", "password-unavailable", "login-disabled", "xoauth2-refused",
        "oauthbearer-refused", "token-without-mechanism", "clear-text"}},
      {"M02", {"preauth"}},
      {"M05", {"before-login"}},
      {"M07",
       {"literal-over-4-gib", "literal-over-64-bit", "literal-negative", "literal-unclosed",
        "literal-2-gib"}},
      {"M08", {"fetch-tag-in-body"}},
      {"M11", {"wrong-tag", "tag-out-of-order", "tag-twice", "plus-unasked"}},
      {"M16", {"fetch-nil", "fetch-partly"}},
      {"folder", {"folder-name", "folder-missing", "folder-busy"}},
      {"resume", {"resume", "resume-nothing-new", "resume-from-backup", "resume-long-absence"}},
      {"idle",
       {"idle-mail", "idle-burst", "idle-renewal", "idle-expunge", "idle-refused",
        "idle-ended-by-server"}},
      {"fetch", {"fetch-quoted-body", "fetch-truncated"}},
      {"only",
       {"only", "only-gone", "only-renumbered", "only-foreign", "only-refused", "only-stop", "only-no-validity"}},
      {"I01", {"noop-unanswered"}},
      {"I02", {"done-unanswered"}},
      {"I04", {"safety-poll"}},
      {"I05",
       {"greeting-bye", "bye-idle", "bye-instead-of-plus", "bye-in-fetch", "eof-in-literal"}},
      {"I10", {"throttled-login", "throttled-bye", "throttled-garbage"}},
      {"I11", {"not-connected"}},
      {"I12", {"idle-unnoticed", "idle-unnoticed-after-fetch"}},
      {"I13",
       {"idle-exists-after-done", "idle-exists-in-fetch", "idle-exists-late",
        "idle-exists-before-plus", "idle-recent-after-done"}},
      {"I14", {"fetch-stale-uid", "fetch-odd-lines"}},
      {"I15", {"resume-validity-changed", "validity-changes-live"}},
      {"I16", {"uidnext-missing", "uidnext-missing-no-uid-fetch", "uidnext-missing-empty"}},
      {"I25", {"polling", "probe"}},
      {"synchronise", {"synchronise-idle", "synchronise-opening", "synchronise-while-mail-comes"}},
      {"look-back", {"look-back", "look-back-no-search", "look-back-empty"}},
      {"alert", {"alert"}},
      {"stop", {"stop", "stop-in-fetch", "stop-signing-in"}},
      {"malformed", {"malformed-data", "malformed-data-goes-on"}},
  };
  return kGroups;
}

void play_group(const std::string& title) {
  bool found = false;
  for (const Group& group : groups()) {
    if (group.title != title) continue;
    found = true;
    for (const std::string& name : group.names) {
      Transcript transcript = read(name);
      CHECK(Player(transcript).play() == "");
    }
  }
  CHECK(found);
}

bool is_end(const std::string& event) {
  return event == "closed" || event.compare(0, 7, "failed ") == 0;
}

/// Exactly one end, as the last event, and nothing more to wait for.
void check_ended(Player& player, const std::string& where) {
  CAPTURE(where);
  const auto& events = player.events();
  REQUIRE(!events.empty());
  CHECK(is_end(events.back()));
  CHECK(std::count_if(events.begin(), events.end(), is_end) == 1);
  CHECK(!player.session().deadline());
  std::size_t sent = player.output().size();
  std::size_t told = events.size();
  player.session().feed("* OK still there\r\n* 99 EXISTS\r\n");
  player.session().feed_eof();
  player.session().set_demand(true);
  player.session().synchronise(1);
  player.session().stop();
  player.advance(std::chrono::hours(1));
  CHECK(player.events().size() == told);
  CHECK(player.output().size() == sent);
}

std::size_t longest_write(const Transcript& transcript) {
  std::size_t longest = 1;
  for (const Step& step : transcript.steps) {
    if (step.kind == Step::Kind::server) longest = std::max(longest, step.text.size());
  }
  return longest;
}

}  // namespace

TEST_CASE("every transcript in the folder belongs to a test") {
  std::set<std::string> named;
  for (const Group& group : groups()) named.insert(group.names.begin(), group.names.end());
  for (const std::string& name : all_names()) CHECK_MESSAGE(named.count(name) == 1, name);
  CHECK(all_names().size() == named.size());
}

TEST_CASE("PLAIN, LOGIN with quotes and literals, XOAUTH2 and OAUTHBEARER sign in") {
  play_group("sign-in");
}
TEST_CASE("I08 I09 a refused sign-in brings the server's words, and nothing else is tried") {
  play_group("refused");
}
TEST_CASE("M02 PREAUTH is refused and nothing is sent") { play_group("M02"); }
TEST_CASE("M05 data about messages before the folder is open is ignored") { play_group("M05"); }
TEST_CASE("M07 a literal of an impossible size ends the session") { play_group("M07"); }
TEST_CASE("M08 a tagged OK inside a mail is mail") { play_group("M08"); }
TEST_CASE("M11 a reply with a wrong, early or second tag ends the session") { play_group("M11"); }
TEST_CASE("M16 a message that vanished or is NIL is asked for once more, then given up") {
  play_group("M16");
}
TEST_CASE("the folder's name is encoded, its refusal is classified") { play_group("folder"); }
TEST_CASE("a new connection fetches exactly what came since the last one") { play_group("resume"); }
TEST_CASE("IDLE: a mail costs one write, renewal, refusal and EXPUNGE") { play_group("idle"); }
TEST_CASE("FETCH: quoted bodies, foreign items, truncated mails") { play_group("fetch"); }
TEST_CASE("one message is fetched again by its number, and nothing else is done") { play_group("only"); }
TEST_CASE("I02 a DONE that is not answered is given up after 15 s") { play_group("I02"); }
TEST_CASE("I04 a server that never pushes EXISTS is asked every 15 s while somebody waits") {
  play_group("I04");
}
TEST_CASE("I05 BYE in every phase, and a stream that ends inside a literal") { play_group("I05"); }
TEST_CASE("I10 a throttling server names its pause in NO, BAD or BYE") { play_group("I10"); }
TEST_CASE("I11 Exchange's 'authenticated but not connected' has its own hint") {
  play_group("I11");
}
TEST_CASE("I12 a mail between EXAMINE or FETCH and IDLE is found within a second") {
  play_group("I12");
}
TEST_CASE("I13 EXISTS and RECENT at any moment around DONE are delivered once") {
  play_group("I13");
}
TEST_CASE("I14 stale, double and nameless FETCH lines deliver nothing twice") { play_group("I14"); }
TEST_CASE("I15 another UIDVALIDITY looks back by date, and never changes under us") {
  play_group("I15");
}
TEST_CASE("I16 a server without UIDNEXT is asked for its highest UID") { play_group("I16"); }
TEST_CASE("I25 without IDLE, or probing, the session polls by NOOP") { play_group("I25"); }
TEST_CASE("synchronise is answered after the mail that was there") { play_group("synchronise"); }
TEST_CASE("a look-back brings the mail since a time") { play_group("look-back"); }
TEST_CASE("ALERT is shown, escaped") { play_group("alert"); }
TEST_CASE("stop leaves politely, or after 5 s") { play_group("stop"); }
TEST_CASE("malformed data is passed over, what is no data ends the session") {
  play_group("malformed");
}

TEST_CASE(
    "M10 bytes that come one by one, with or without the clock between them, change nothing") {
  for (const std::string& name : all_names()) {
    Transcript transcript = read(name);
    for (bool tick_between : {false, true}) {
      Player player(transcript);
      player.cut = otpctl::test::byte_by_byte;
      player.tick_between = tick_between;
      CHECK(player.play() == "");
    }
  }
}

TEST_CASE("M10 writes cut in two at any place change nothing") {
  for (const std::string& name : all_names()) {
    Transcript transcript = read(name);
    std::size_t longest = longest_write(transcript);
    for (std::size_t at = 1; at < longest; ++at) {
      Player player(transcript);
      player.cut = otpctl::test::cut_at(at);
      CHECK(player.play() == "");
    }
  }
}

TEST_CASE("I05 a stream that ends at any step, or inside it, ends the session exactly once") {
  for (const std::string& name : all_names()) {
    Transcript transcript = read(name);
    for (std::size_t step = 0; step <= transcript.steps.size(); ++step) {
      for (bool half : {false, true}) {
        Player player(transcript);
        player.play_until(step, half);
        player.session().feed_eof();
        player.collect();
        check_ended(player, name + " step " + std::to_string(step));
      }
    }
  }
}

TEST_CASE("I05 BYE at any step ends the session exactly once") {
  for (const std::string& name : all_names()) {
    Transcript transcript = read(name);
    for (std::size_t step = 0; step <= transcript.steps.size(); ++step) {
      Player player(transcript);
      player.play_until(step);
      player.session().feed("* BYE gone\r\n");
      player.collect();
      player.session().feed_eof();
      player.collect();
      check_ended(player, name + " step " + std::to_string(step));
    }
  }
}

TEST_CASE("I03 a server that falls silent at any step, or inside it, is given up by a deadline") {
  for (const std::string& name : all_names()) {
    Transcript transcript = read(name);
    for (std::size_t step = 0; step <= transcript.steps.size(); ++step) {
      for (bool half : {false, true}) {
        Player player(transcript);
        player.play_until(step, half);
        for (int wakes = 0; wakes < 20 && player.session().deadline(); ++wakes) {
          player.advance(*player.session().deadline() - player.now().instant);
        }
        check_ended(player, name + " step " + std::to_string(step));
      }
    }
  }
}

TEST_CASE("I03 …and no wake-up is in vain: the deadline is never now") {
  for (const std::string& name : all_names()) {
    Transcript transcript = read(name);
    for (std::size_t step = 0; step <= transcript.steps.size(); ++step) {
      Player player(transcript);
      player.play_until(step);
      auto deadline = player.session().deadline();
      if (deadline) CHECK_MESSAGE(*deadline > player.now().instant, name, " step ", step);
    }
  }
}
