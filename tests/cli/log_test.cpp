// `log`: which entries belong to what was asked for, how they read, and how it ends.
#include "cli/commands.hpp"
#include "client/pages.hpp"
#include "log/story.hpp"
#include "shared/agent.hpp"
#include "shared/cells.hpp"
#include "shared/sessions.hpp"
#include "shared/timeline.hpp"
#include "support/fake_agent.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fcntl.h>

using namespace std::chrono_literals;
using otpctl::test::AgentSide;
using otpctl::test::FakeAgent;
using otpctl::test::TempDir;

namespace otpctl::apps {
namespace {

const WallTime kThree(1795143600s);  // 2026-11-20T03:00:00Z
const Zone kUtc = [](WallTime) { return 0s; };

Event at(Duration after, std::uint64_t id, EventType type, const std::string& state) {
  Event event;
  event.id = id;
  event.at = kThree + after;
  event.type = type;
  event.state = state;
  return event;
}

/// What happened around a wait that timed out at 3 a.m.
std::vector<Event> night() {
  std::vector<Event> all{at(-125s, 1, EventType::source, "unreachable"), at(-120s, 2, EventType::wait, "began"),
                         at(-60s, 3, EventType::source, "live"), at(-30s, 4, EventType::message, "arrived"),
                         at(0s, 5, EventType::wait, "ended")};
  all[0].source = all[2].source = all[3].source = "main/INBOX";
  all[0].reason = "connection refused";
  all[0].retry_at = kThree - 60s;
  all[1].session = all[4].session = "1c8f3a52-0000-4000-8000-000000000000";
  all[1].target.email = all[4].target.email = "bot5@example.com";
  all[1].pid = all[4].pid = 4712;
  all[3].recipients = {"bot5@example.com"};
  all[3].sender = "no-reply@shop.example";
  all[3].verdict = "none";
  all[3].reason = "no number of 4 to 8 digits near a keyword";
  all[4].exit = ExitCode::timed_out;
  all[4].waited = 120s;
  all[4].reason = "timed out: 1 message with no code in it";
  return all;
}

TEST_CASE("log: nothing said is the default, everything said is kept") {
  CHECK(test::parsed(log::kCommand, {}) == log::Options{});
  log::Options all;
  all.recipient = "+90*";
  all.types = {EventType::code};
  all.since = Moment{3h, {}};
  all.until = Moment{{}, kThree};
  all.session = "1c8f";
  all.last = 10;
  all.json = true;
  CHECK(test::parsed(log::kCommand, {"--email", "+90*", "--type", "code,code", "--since", "3h", "--until",
                                     "2026-11-20T03:00:00Z", "--session", "1C8F", "-n", "10", "--json"}) == all);
}

TEST_CASE("the story of a wait can be read: message, verdict, reason, source, end") {
  std::string text;
  for (const Event& each : night()) text += one_line(each, true, kUtc) + "\n";
  CHECK(text ==
        "2026-11-20 02:57:55  source   main/INBOX  unreachable: connection refused, next try at 02:59:00\n"
        "2026-11-20 02:58:00  wait     bot5@example.com  began (pid 4712), session 1c8f3a52\n"
        "2026-11-20 02:59:00  source   main/INBOX  live\n"
        "2026-11-20 02:59:30  message  bot5@example.com  no code in it: no number of 4 to 8 digits near a "
        "keyword (from no-reply@shop.example by main/INBOX)\n"
        "2026-11-20 03:00:00  wait     bot5@example.com  ended without a code, exit 124, after 2m (pid 4712): "
        "timed out: 1 message with no code in it\n");
}

TEST_CASE("40 columns: days are headings, what happened stands below whom it happened to") {
  std::string day;
  std::vector<std::string> lines;
  for (const Event& each : night()) {
    for (const Line& line : in_lines(each, 40, true, kUtc, day)) lines.push_back(line.text);
  }
  CHECK(lines == std::vector<std::string>{"2026-11-20", "02:57:55 source main/INBOX",
                                          "  unreachable: connection refused, next", "  try at 02:59:00",
                                          "02:58:00 wait bot5@example.com", "  began (pid 4712), session 1c8f3a52",
                                          "02:59:00 source main/INBOX", "  live", "02:59:30 message bot5@example.com",
                                          "  no code in it: no number of 4 to 8",
                                          "  digits near a keyword (from",
                                          "  no-reply@shop.example by main/INBOX)", "03:00:00 wait bot5@example.com",
                                          "  ended without a code, exit 124, after",
                                          "  2m (pid 4712): timed out: 1 message",
                                          "  with no code in it"});
  for (const int columns : {2, 5, 20, 40, 71, 72, 80, 200}) {
    std::string none;
    for (const Event& each : night()) {
      for (const Line& line : in_lines(each, columns, true, kUtc, none))
        CHECK(cells(line.text) <= std::max(columns, 4));
    }
  }
}

TEST_CASE("every type and state is told in words, a new one too") {
  Event strange = at(0s, 9, EventType::agent, "dreams\x1b");
  strange.reason = "of electric sheep";
  CHECK(in_words(strange, true, kUtc).what == "dreams\\x1b: of electric sheep");
  Event code = at(0s, 10, EventType::code, "claimed");
  code.shape = "6 digits";
  code.sender = "no-reply@shop.example";
  code.waited = 1500ms;
  CHECK(in_words(code, true, kUtc).what ==
        "claimed for a wait that had waited 1500ms: 6 digits from no-reply@shop.example");
  code.state = "given_back";
  CHECK(in_words(code, true, kUtc).what == "given back: 6 digits from no-reply@shop.example");
  Event done = at(0s, 11, EventType::wait, "ended");
  done.exit = ExitCode::done;
  done.waited = 12398ms;
  CHECK(in_words(done, true, kUtc).what == "ended with its code after 12s");
  CHECK(in_words(done, true, kUtc).tone == Tone::good);
  CHECK(in_words(night()[4], true, kUtc).tone == Tone::bad);
  std::string briefly;
  for (const Event& each : night()) briefly += in_words(each, true, kUtc).brief + ", ";
  CHECK(briefly + in_words(done, true, kUtc).brief == "unreachable, wait began, live, no code, exit 124, exit 0");
}

// ---- which entries ----

TEST_CASE("with a recipient, what explains is asked for apart from it, --type says otherwise") {
  log::Options options;
  CHECK(log::questions(options, kThree).size() == 1);
  options.recipient = "bot5@example.com";
  const auto both = log::questions(options, kThree);
  REQUIRE(both.size() == 2);
  CHECK(both[0].recipient == "bot5@example.com");
  CHECK(both[0].types.empty());  // also types that only the agent knows
  CHECK(both[1].recipient.empty());
  CHECK(both[1].types == std::vector<EventType>{EventType::agent, EventType::source});
  options.types = {EventType::message};
  REQUIRE(log::questions(options, kThree).size() == 1);
  CHECK(log::questions(options, kThree)[0].types == options.types);
  options.types = {EventType::source};
  REQUIRE(log::questions(options, kThree).size() == 1);
  CHECK(log::questions(options, kThree)[0].recipient.empty());
}

TEST_CASE("a session has its own entries, its messages, and what explains") {
  log::Options options;
  options.session = "1c8f";
  log::Story story(options, kThree - 1s);
  std::vector<log::Belongs> found;
  for (Event each : night()) found.push_back(story.look(each));
  CHECK(found == std::vector<log::Belongs>{log::Belongs::explains, log::Belongs::yes, log::Belongs::explains,
                                           log::Belongs::yes, log::Belongs::no});  // the last is behind --until
  options.session = "ffff";
  log::Story other(options, {});
  for (Event each : night()) CHECK(other.look(each) != log::Belongs::yes);
}

TEST_CASE("a session's story ends with it: later messages of its recipient and later troubles are somebody else's") {
  log::Options options;
  options.session = "1c8f";
  log::Story story(options, {});
  const auto look = [&story](EventType type, const std::string& state, const std::string& id = "") {
    Event event = at(0s, 1, type, state);
    event.session = id;
    if (!id.empty()) event.target.email = "bot5@example.com";
    if (type == EventType::message) event.recipients = {"bot5@example.com"};
    return story.look(event);
  };
  CHECK(look(EventType::session, "registered", "1c8f0001") == log::Belongs::yes);
  CHECK(look(EventType::message, "arrived") == log::Belongs::yes);
  CHECK(look(EventType::session, "closed", "1c8f0001") == log::Belongs::yes);
  CHECK(look(EventType::message, "arrived") == log::Belongs::no);
  CHECK(look(EventType::source, "unreachable") == log::Belongs::no);
  CHECK(look(EventType::code, "acknowledged", "1c8f0001") == log::Belongs::yes);
  CHECK(look(EventType::session, "registered", "1c8f0002") == log::Belongs::yes);
  CHECK(look(EventType::source, "unreachable") == log::Belongs::explains);
  CHECK(look(EventType::session, "expired", "1c8f0002") == log::Belongs::yes);
  CHECK(look(EventType::message, "arrived") == log::Belongs::no);
}

// ---- the command ----

std::map<std::string, std::string> in(const TempDir& home) { return {{"OTPCTL_HOME", home.path()}}; }

/// An agent that keeps `kept` and answers in pages of two.
FakeAgent::Script keeps(std::vector<Event> kept) {
  return [kept = std::move(kept)](AgentSide& side) {
    for (rpc::Call call = side.greet();; call = side.call()) {
      const auto* asked = std::get_if<rpc::Events>(&call.request);
      if (asked == nullptr) return;
      rpc::EventsResult page;
      const std::uint64_t newest = kept.empty() ? 0 : kept.back().id;
      page.next = asked->since ? 0 : asked->after.value_or(newest);
      for (const Event& each : kept) {
        const bool typed = asked->types.empty() ||
                           std::count(asked->types.begin(), asked->types.end(), each.type) > 0;
        const bool named = asked->recipient.empty() || each.target.email == asked->recipient ||
                           (!each.recipients.empty() && each.recipients.front() == asked->recipient);
        if (each.id <= page.next || (asked->since && each.at < *asked->since)) continue;
        if (page.events.size() == 2) {
          page.more = true;
          break;
        }
        page.next = each.id;
        if (typed && named) page.events.push_back(each);
      }
      if (!page.more) page.next = newest;
      side.answer(call.id, page);
    }
  };
}

struct Ran {
  ExitCode exit;
  std::string out;
  std::string err;
};

Ran ran(const log::Options& options, std::vector<Event> kept) {
  const TempDir home;
  TestContext test("log", "", in(home));
  test.now.wall = kThree + 1h;
  setenv("TZ", "UTC", 1);
  FakeAgent agent(home.path() + "/agent.sock", {keeps(std::move(kept))});
  const ExitCode exit = log::run(options, test.context);
  return {exit, test.out, test.err};
}

std::vector<std::uint64_t> ids_in(const std::string& lines) {
  std::vector<std::uint64_t> ids;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) ids.push_back(rpc::parse_event(line).value().id);
  return ids;
}

/// Answers whatever list is asked for with the same page, again and again.
void turns_in_a_circle(AgentSide& side) {
  for (rpc::Call call = side.greet(); call.id != "none"; call = side.call()) {
    if (std::holds_alternative<rpc::Events>(call.request)) {
      side.answer(call.id, rpc::EventsResult{{}, 3, true});
    } else if (std::holds_alternative<rpc::SessionList>(call.request)) {
      SessionInfo session;
      session.id = "1c8f";
      side.answer(call.id, rpc::SessionListResult{{session}, true});
    } else {
      side.answer(call.id, rpc::WaitersResult{{}, true});
    }
  }
}

TEST_CASE("an agent whose pages do not go on is a protocol error, not an endless loop") {
  const TempDir home;
  TestContext test("log", "", in(home));
  FakeAgent agent(home.path() + "/agent.sock", {turns_in_a_circle, turns_in_a_circle});
  CHECK(log::run(log::Options{}, test.context) == ExitCode::unreachable);
  CHECK(test.err.find("the agent's answers to events do not come to an end") != std::string::npos);
  auto options = agent_options(test.context, client::Start::never);
  REQUIRE(options);
  client::Client client(*options);
  const auto sessions = all_sessions(client);
  REQUIRE_FALSE(sessions);
  CHECK(sessions.error().code == ErrorCode::protocol);
  const auto waiters = all_waiters(client);
  REQUIRE_FALSE(waiters);
  CHECK(waiters.error().code == ErrorCode::protocol);
}

TEST_CASE("log --email tells what happened to one recipient and what explains it, in order") {
  log::Options options;
  options.recipient = "bot5@example.com";
  options.json = true;
  std::vector<Event> kept = night();
  Event other = at(1s, 6, EventType::message, "arrived");
  other.recipients = {"bot6@example.com"};
  kept.push_back(other);
  const Ran found = ran(options, kept);
  CHECK(found.exit == ExitCode::done);
  CHECK(ids_in(found.out) == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
  options.types = {EventType::message};
  CHECK(ids_in(ran(options, kept).out) == std::vector<std::uint64_t>{4});
  options.types = {EventType::message, EventType::source};
  CHECK(ids_in(ran(options, kept).out) == std::vector<std::uint64_t>{1, 3, 4});
  options.types = {};
  options.recipient.clear();
  options.session = "1c8f";
  CHECK(ids_in(ran(options, kept).out) == std::vector<std::uint64_t>{1, 2, 3, 4, 5});
  options.types = {EventType::wait};
  CHECK(ids_in(ran(options, kept).out) == std::vector<std::uint64_t>{2, 5});
  options = {};
  options.recipient = "bot5@example.com";
  options.json = true;
  options.last = 2;
  CHECK(ids_in(ran(options, kept).out) == std::vector<std::uint64_t>{4, 5});
}

TEST_CASE("log -n reads from the end: also up to a time, and what explains only where there is something to explain") {
  log::Options options;
  options.json = true;
  options.last = 2;
  options.until = Moment{{}, kThree - 30s};
  CHECK(ids_in(ran(options, night()).out) == std::vector<std::uint64_t>{3, 4});
  options.until.reset();
  options.recipient = "bot5@example.com";
  std::vector<Event> kept = night();
  for (std::uint64_t id = 6; id < 300; ++id) kept.push_back(at(1s, id, EventType::source, "live"));
  CHECK(ids_in(ran(options, kept).out) == std::vector<std::uint64_t>{298, 299});
  options.recipient = "bot9@example.com";
  CHECK(ran(options, kept).exit == ExitCode::no);
}

TEST_CASE("log: nothing found is 1 with nothing on standard output") {
  const Ran empty = ran({}, {});
  CHECK(empty.exit == ExitCode::no);
  CHECK(empty.out == "");
  CHECK(empty.err == "otpctl log: nothing found\n");
  log::Options options;
  options.recipient = "bot9@example.com";
  const Ran nobody = ran(options, night());
  CHECK(nobody.exit == ExitCode::no);
  CHECK(nobody.out == "");
  CHECK(nobody.err == "otpctl log: nothing found, but 2 entries of the agent and its sources: --type agent,source\n");
}

TEST_CASE("log: what is behind --until ends the reading, what is before --since is not asked for") {
  log::Options options;
  options.json = true;
  options.since = Moment{{}, kThree - 61s};
  options.until = Moment{{}, kThree - 30s};
  std::vector<Event> kept = night();
  kept.push_back(at(30min, 7, EventType::agent, "started"));
  CHECK(ids_in(ran(options, kept).out) == std::vector<std::uint64_t>{3, 4});
}

TEST_CASE("log: no agent is 69 and says where the log is, the agent's own error is passed on") {
  const TempDir home;
  TestContext none("log", "", in(home));
  CHECK(log::run({}, none.context) == ExitCode::unreachable);
  CHECK(none.err.find("otpctl agent start") != std::string::npos);
  CHECK(none.err.find("it is the agent that keeps the log\n") != std::string::npos);
  CHECK(std::count(none.err.begin(), none.err.end(), '\n') == 1);
  TestContext broken("log", "", in(home));
  FakeAgent agent(home.path() + "/agent.sock", {[](AgentSide& side) {
                    side.say(rpc::encode_error(side.greet().id, Error{ErrorCode::storage, "the store cannot be read"}));
                  }});
  CHECK(log::run({}, broken.context) == ExitCode::try_later);
  CHECK(broken.err == "otpctl log: the store cannot be read\n");
}

TEST_CASE("log | head: a reader that has seen enough is no failure") {
  const TempDir home;
  std::signal(SIGPIPE, SIG_IGN);  // as Context::real does
  TestContext test("log", "", in(home));
  test.now.wall = kThree + 1h;
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  close(ends[0]);
  test.context.out = Sink(ends[1]);
  {
    FakeAgent agent(home.path() + "/agent.sock", {keeps(night())});
    CHECK(log::run({}, test.context) == ExitCode::done);
  }
  close(ends[1]);
  CHECK(test.err == "");
}

}  // namespace
}  // namespace otpctl::apps
