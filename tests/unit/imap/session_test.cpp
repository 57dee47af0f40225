// What does not fit into a transcript: limits that need many bytes, deadlines of slow servers,
// options.
#include "imap/session.hpp"

#include "imap/folder.hpp"
#include "imap/look_back.hpp"
#include "unit/imap/player.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace {

using namespace otpctl;  // NOLINT: a test of this namespace
using test::Player;
using test::Step;
using test::Transcript;

Transcript transcript(const std::string& name) {
  return test::read_transcript(std::string(OTPCTL_TEST_DIR) + "/transcripts/imap/" + name + ".txt");
}

std::string last_of(const Player& player) {
  return player.events().empty() ? "" : player.events().back();
}

bool begins(const std::string& text, const std::string& with) {
  return text.compare(0, with.size(), with) == 0;
}

/// idle-mail up to the moment when the server answers the first FETCH.
struct InFetch {
  InFetch() : script(transcript("idle-mail")), player(script) {
    std::size_t at = 0;
    while (script.steps[at].text != "A6 IDLE") ++at;
    player.play_until(at + 1);
    player.session().feed("A4 OK idle done\r\n");
  }
  void feed(const std::string& bytes) {
    player.session().feed(bytes);
    player.advance(Duration(0));
  }
  std::string last() const { return last_of(player); }

  Transcript script;
  Player player;
};

std::string fetch_line(std::uint32_t uid, const std::string& body) {
  return "* 1 FETCH (UID " + std::to_string(uid) + " BODY[]<0> {" + std::to_string(body.size()) +
         "}\r\n" + body + ")\r\n";
}

imap::Fetch message(std::uint32_t uid) {
  imap::Fetch fetch;
  fetch.uid = uid;
  fetch.body = "x";
  return fetch;
}

}  // namespace

TEST_CASE("I23 a mail that comes slowly is waited for, a line that only drips without one is not") {
  InFetch slow;
  std::string line = fetch_line(24, std::string(100, 'x'));
  for (char c : line) {
    slow.feed(std::string(1, c));
    slow.player.advance(std::chrono::seconds(50));
  }
  CHECK(begins(slow.last(), "mail uid=24 live"));
  InFetch silent;
  silent.feed(line.substr(0, 50));
  silent.player.advance(std::chrono::seconds(59));
  CHECK(!begins(silent.last(), "failed"));
  silent.player.advance(std::chrono::seconds(1));
  CHECK(begins(silent.last(), "failed timeout"));
}

TEST_CASE("a server that chats instead of replying is given up all the same") {
  Transcript script = transcript("plain-sasl-ir");
  Player player(script);
  for (int second = 0; second < 60; ++second) {
    CHECK(player.session().deadline());
    player.session().feed("* OK be patient\r\n");
    player.advance(std::chrono::seconds(1));
  }
  CHECK(begins(last_of(player), "failed timeout"));
}

TEST_CASE("feed before tick: a reply that came with the timer counts") {
  InFetch late;
  late.player.session().feed(fetch_line(24, "hello") + "A5 OK done\r\n+ idling\r\n");
  late.player.advance(std::chrono::hours(1));  // suspended meanwhile; the timers begin now
  CHECK(begins(late.last(), "mail uid=24 live"));
}

TEST_CASE("M09 a hundred thousand untagged lines cost nothing and leave nothing") {
  Transcript script = transcript("plain-sasl-ir");
  Player player(script);
  player.play_until(script.steps.size());
  std::size_t told = player.events().size();
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "* OK [X] still here\r\n";
  for (int i = 0; i < 100; ++i) player.session().feed(many);
  player.collect();
  CHECK(player.events().size() == told);
}

TEST_CASE("alerts without end are shown sixteen times") {
  Transcript script = transcript("plain-sasl-ir");
  Player player(script);
  for (int i = 0; i < 100; ++i) player.session().feed("* OK [ALERT] look at me\r\n");
  player.collect();
  CHECK(player.events().size() == 16);
}

TEST_CASE("mail without end in one fetch is a server's fault, not a queue without end") {
  InFetch flood;
  for (std::uint32_t uid = 24; uid < 24 + 100'001; ++uid)
    flood.player.session().feed(fetch_line(uid, "x"));
  flood.player.collect();
  CHECK(flood.last() == "failed protocol \"the server sends messages without end\"");
}

TEST_CASE("after the end credentials are not in the output any more") {
  imap::Options options;
  options.tls_active = true;
  imap::Session session(options, imap::Password{"alice", Secret("pass word")}, Now{});
  session.feed("* CAPABILITY IMAP4rev1\r\nA1 OK done\r\n* BYE gone\r\n");
  CHECK(session.take_output() == "");
}

TEST_CASE("M18 a folder name with a line end in it sends nothing") {
  imap::Options options;
  options.tls_active = true;
  options.folder = "INBOX\r\nA9 DELETE INBOX";
  imap::Session session(options, imap::Password{"alice", Secret("pass word")}, Now{});
  CHECK(session.take_output() == "");
  auto event = session.next();
  REQUIRE(event);
  CHECK(begins(test::describe(*event), "failed config"));
}

TEST_CASE("a look-back finds the newest 500, in commands of at most about 1,000 bytes") {
  imap::Folder folder;
  folder.exists(5000);
  folder.set_uid_next(100'000);
  folder.opened();
  imap::LookBack look_back(1024);
  look_back.ask(parse_time("2026-11-20T09:00:00Z").value());
  auto step = look_back.step(folder);
  REQUIRE(step);
  CHECK(step->command == "UID SEARCH 3001:* SINCE 19-Nov-2026");
  imap::SearchResult result;
  for (std::uint32_t i = 0; i < 2000; ++i) result.numbers.push_back(90'000 + 3 * i);
  look_back.take(result);
  look_back.end(true);
  std::size_t asked = 0;
  while (true) {
    step = look_back.step(folder);
    if (!step || step->question != imap::LookBack::Question::dates) break;
    CHECK(step->command.size() < 1000);
    asked +=
        static_cast<std::size_t>(std::count(step->command.begin(), step->command.end(), ',')) + 1;
    for (std::uint32_t uid = 90'000; uid < 96'000; ++uid) {
      imap::Fetch fetch = message(uid);
      fetch.internal_date = parse_time("2026-11-20T08:00:00Z").value();
      if (uid >= 95'997) fetch.internal_date = parse_time("2026-11-20T09:00:01Z").value();
      look_back.take(fetch);
    }
    look_back.end(true);
  }
  CHECK(asked == 500);
  REQUIRE(step);
  CHECK(step->command.compare(0, 16, "UID FETCH 95997 ") == 0);
  CHECK(look_back.take(message(95'997)));
  CHECK(!look_back.take(message(95'997)));
  CHECK(!look_back.take(message(90'000)));
  look_back.end(true);
  auto finished = look_back.take_finished();
  REQUIRE(finished.size() == 1);
  CHECK(finished[0].complete);  // what was left out is older than what was found too old
}

TEST_CASE("look-backs that are asked together are one, from the oldest time, each is answered") {
  imap::Folder folder;
  folder.exists(1);
  imap::LookBack look_back(1024);
  look_back.ask(parse_time("2026-11-20T09:00:00Z").value());
  look_back.ask(parse_time("2026-11-18T09:00:00Z").value());
  CHECK(look_back.step(folder)->command == "UID SEARCH SINCE 17-Nov-2026");
  look_back.end(true);
  CHECK(look_back.take_finished().size() == 2);
  CHECK(!look_back.step(folder));
}

TEST_CASE(
    "a server that refuses FETCH twice does not move the watermark: the next check asks again") {
  imap::Folder folder;
  folder.set_uid_next(24);
  folder.exists(23);
  folder.opened();
  folder.exists(24);
  for (bool retry : {true, false}) {
    CHECK(folder.behind());
    folder.begin_fetch();
    CHECK(folder.end_fetch(false) == !retry);
  }
  CHECK(!folder.behind());
  CHECK(folder.uid_next() == 24);
  CHECK(folder.saw(24));
  CHECK(folder.behind());
}

TEST_CASE("a flag change of a mail that is not fetched yet does not move the watermark") {
  imap::Folder folder;
  folder.set_uid_next(24);
  folder.exists(23);
  folder.opened();
  folder.exists(24);
  folder.begin_fetch();
  CHECK(folder.take(message(24)));
  imap::Fetch flags;
  flags.uid = 30;
  CHECK(!folder.take(flags));
  CHECK(folder.end_fetch(true));
  CHECK(folder.uid_next() == 25);
}

TEST_CASE("a count that falls without EXPUNGE does not hide what comes after it") {
  imap::Folder folder;
  folder.set_uid_next(24);
  folder.exists(23);
  folder.opened();
  folder.exists(20);
  CHECK(!folder.behind());
  folder.exists(21);
  CHECK(folder.behind());
}

TEST_CASE("the highest UID there is does not wrap the watermark") {
  imap::Folder folder;
  folder.set_uid_next(24);
  folder.opened();
  folder.exists(1);
  folder.begin_fetch();
  CHECK(folder.take(message(4294967295U)));
  CHECK(folder.end_fetch(true));
  CHECK(folder.uid_next() == 4294967295U);
  CHECK(!folder.take(message(4294967295U)));
}

// ---- proof of life ----

namespace {

/// In IDLE; then the server never says a word again. How long that lasts.
Duration silence_until_the_end(bool somebody_waits) {
  const auto script = transcript("idle-mail");
  Player player(script);
  std::size_t at = 0;
  while (!begins(script.steps[at].text, "+ ")) ++at;
  player.play_until(at + 1);
  player.session().set_demand(somebody_waits);
  const Duration promised = player.session().longest_silence();
  Duration silent(0);
  while (!begins(last_of(player), "failed") && silent < std::chrono::hours(1)) {
    player.advance(std::chrono::seconds(1));
    silent += std::chrono::seconds(1);
  }
  CHECK(silent <= promised);
  return promised;
}

}  // namespace

TEST_CASE("no server is silent for longer than the session says, or it is given up") {
  CHECK(silence_until_the_end(false) == std::chrono::seconds(5 * 60 + 15));
  CHECK(silence_until_the_end(true) == std::chrono::seconds(60));
}
