// manual without arguments: the list, who is meant by what is typed, and what becomes of the listed meanwhile.
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "manual/board.hpp"
#include "manual/target.hpp"
#include "shared/cells.hpp"
#include "support/fake_agent.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using otpctl::test::AgentSide;
using otpctl::test::FakeAgent;
using otpctl::test::TempDir;

namespace otpctl::apps::manual {
namespace {

constexpr WallTime kNow(1700000000s);
using Found = std::vector<std::size_t>;

WaiterInfo waiter(const std::string& email, const std::string& session, int pid = 100) {
  WaiterInfo info;
  info.target.email = email;
  info.session = session;
  info.pid = pid;
  info.since = kNow - 12s;
  info.deadline = kNow + 108s;
  return info;
}

Event wait_event(const std::string& state, const std::string& session, int pid = 0) {
  Event event;
  event.type = EventType::wait;
  event.state = state;
  event.session = session;
  event.pid = pid;
  event.target.email = "new@example.com";
  return event;
}

Event claimed(const std::string& session, const std::string& source) {
  Event event;
  event.type = EventType::code;
  event.state = "claimed";
  event.session = session;
  event.source = source;
  return event;
}

std::string text_of(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) text += line.text + "\n";
  return text;
}

TEST_CASE("the list: for whom, since when, how long left, what came and why it did not match") {
  WaiterInfo one = waiter("bot5@example.com", "1c8f");
  one.seen = {Seen{Unmatched::no_code, 2, "no-reply@shop.example", kNow - 3s}};
  WaiterInfo two;
  two.target = {"", "+905551112233"};
  two.since = kNow - 1s;
  two.queued = true;
  const Board board({one, two});
  CHECK(text_of(in_lines(board, {}, kNow, {})) ==
        "1  bot5@example.com\n"
        "   waits for 12s, 108s left, pid 100\n"
        "   came: 2 with no code in it, the latest from no-reply@shop.example, 3s ago\n"
        "2  +905551112233\n"
        "   waits for 1s, no limit, stands in line behind another\n");
  CHECK(text_of(in_lines(board, {1}, kNow, {})).rfind("2  +905551112233\n", 0) == 0);
}

WaiterInfo ambiguous() {
  WaiterInfo one = waiter("bot5@example.com", "1c8f");
  one.ambiguous = true;
  one.candidates = {HeldCandidate{"482913", "email", "a@shop.example", kNow - 3s},
                    HeldCandidate{"193744", "email", "", kNow - 5s}};
  return one;
}

TEST_CASE("where it is ambiguous the codes stand there, with sender and age") {
  CHECK(text_of(in_lines(Board({ambiguous()}), {}, kNow, {})) ==
        "1  bot5@example.com\n"
        "   waits for 12s, 108s left, pid 100\n"
        "   different codes came, one of these:\n"
        "   1) 482913  from a@shop.example, 3s ago\n"
        "   2) 193744  from an unknown sender, 5s ago\n");
}

TEST_CASE("no sender can be called so that a line of the list looks like another candidate") {
  for (const std::string name : {"B                              2) 999999  from Bank",
                                 "B\u3000\u3000\u3000\u3000\u3000\u3000\u3000\u3000\u3000\u3000 2) 999999  from Bank",
                                 "Bxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx 2) 999999 from Bank",
                                 "Bxxxxxxxxxxxxxxx 2) 999999  from Bank, 1s ago           3) 888888"}) {
    WaiterInfo one = ambiguous();
    one.candidates[0].sender = name;
    one.seen = {Seen{Unmatched::filtered, 1, name, kNow - 3s}, Seen{Unmatched::ambiguous_sender, 2, name, kNow - 3s}};
    for (int columns = 20; columns <= 100; ++columns) {
      CAPTURE(columns);
      for (const Line& line : in_lines(Board({one}), {}, kNow, {columns, true})) {
        CAPTURE(line.text);
        CHECK(cells(line.text) <= columns);
        const std::string_view text = trim(line.text);
        CHECK(text.rfind("2) 9", 0) != 0);
        CHECK(text.rfind("3) 8", 0) != 0);
        CHECK(text.find("   ") == std::string_view::npos);
      }
    }
  }
}

TEST_CASE("another message for one who has a choice is told, without a code in it or for others it is not") {
  Board board({waiter("other@example.com", "77aa"), ambiguous(), ambiguous()});
  Event message;
  message.type = EventType::message;
  message.state = "arrived";
  message.verdict = "code";
  message.recipients = {"bot5@example.com"};
  const auto heard = board.hear(message);
  REQUIRE(heard);
  CHECK(heard->text == "another message came for bot5@example.com; ? lists the codes anew");
  CHECK(board.concerns(*heard, 1));
  CHECK(board.concerns(*heard, 2));
  CHECK(!board.concerns(*heard, 0));
  message.verdict = "none";
  CHECK(!board.hear(message));
  message.verdict = "ambiguous";
  message.recipients = {"other@example.com"};
  CHECK(!board.hear(message));
  CHECK(board.hear(wait_event("ambiguous", "77aa")));
  CHECK(board.hear(message));
}

TEST_CASE("what came for others helps nobody who waits, and does not stand there") {
  WaiterInfo one = waiter("bot5@example.com", "1c8f");
  one.seen = {Seen{Unmatched::other_recipient, 7, "a@shop.example", kNow - 3s},
              Seen{Unmatched::filtered, 1, "b@shop.example", kNow - 3s}};
  const std::string text = text_of(in_lines(Board({one}), {}, kNow, {}));
  CHECK(text.find("another recipient") == std::string::npos);
  CHECK(text.find("came: 1 did not pass the filters") != std::string::npos);
}

TEST_CASE("in 40 columns no line is longer, and nothing is left out") {
  WaiterInfo one = ambiguous();
  one.target.email = "a-rather-long-name-of-a-test-account.of-a-bot@mail.example.com";
  one.seen = {Seen{Unmatched::ambiguous_sender, 2, "no-reply@accounts.shop.example", kNow - 3s}};
  const auto lines = in_lines(Board({one}), {}, kNow, {40, true});
  std::string joined;
  for (const Line& line : lines) {
    CAPTURE(line.text);
    CHECK(line.text.size() <= 40);
    joined += std::string(trim(line.text));
  }
  CHECK(joined.find(one.target.email) != std::string::npos);
  CHECK(joined.find("no-reply@accounts.shop.example") != std::string::npos);
  CHECK(joined.find("482913") != std::string::npos);
}

TEST_CASE("X03 hostile names and senders reach the list escaped") {
  WaiterInfo one = ambiguous();
  one.target.email = "x\x1b]0;owned\x07\n2  forged@example.com";
  one.candidates[0].sender = "\xe2\x80\xae\x1b[2J";
  one.candidates[0].code = "1\x1b[1A";
  one.seen = {Seen{Unmatched::no_code, 1, "a\rb", kNow}};
  const std::string text = text_of(in_lines(Board({one}), {}, kNow, {}));
  for (const char* bad : {"\x1b", "\x07", "\r", "\xe2\x80\xae", "\n2  forged"}) CHECK(text.find(bad) == std::string::npos);
}

TEST_CASE("of very many the first are listed and the rest counted, all can be named") {
  std::vector<WaiterInfo> many;
  for (int i = 0; i < 300; ++i)
    many.push_back(waiter("bot" + std::to_string(i) + "@example.com", "s" + std::to_string(i)));
  const Board board(many);
  const std::string text = text_of(in_lines(board, {}, kNow, {}));
  CHECK(text.find("50  bot49@") != std::string::npos);
  CHECK(text.find("51  ") == std::string::npos);
  CHECK(text.find("and 250 more: type a part of the name\n") != std::string::npos);
  CHECK(board.fitting("bot299@example.com") == Found{299});
}

TEST_CASE("who is meant: a number, a whole name, an id, a beginning, a part, in this order") {
  WaiterInfo phone;
  phone.session = "77aa77aa";
  phone.target.phone = "+905551112233";
  const Board board({waiter("bot5@example.com", "1c8f0001"), waiter("bot55@example.com", "1c8f0002"),
                     waiter("robot5@example.com", "9d8e0003"), phone});
  CHECK(board.fitting("1") == Found{0});
  CHECK(board.fitting(" 4 ") == Found{3});
  CHECK(board.fitting("555") == Found{3});
  CHECK(board.fitting("BOT5@example.com") == Found{0});
  CHECK(board.fitting("bot5") == Found{0, 1});
  CHECK(board.fitting("obot") == Found{2});
  CHECK(board.fitting("9d8e") == Found{2});
  CHECK(board.fitting("1c8f") == Found{0, 1});
  CHECK(board.fitting("111") == Found{3});
  CHECK(board.fitting("nobody") == Found{});
  CHECK(board.fitting("") == Found{});
  CHECK(board.fitting("99999999999999999999") == Found{});
}

TEST_CASE("a number as short as those of the list that is not in it is nobody's, whoever has it in his name") {
  WaiterInfo phone;
  phone.session = "77aa77aa";
  phone.target.phone = "+905551112233";
  const Board board({waiter("bot9@example.com", "1c8f0001"), phone});
  for (const char* beyond : {"9", "0", "3", "90", " 11 ", "33"}) {
    CAPTURE(beyond);
    CHECK(board.fitting(beyond) == Found{});
    CHECK(board.is_beyond(beyond));
  }
  CHECK(!board.is_beyond("2"));
  CHECK(!board.is_beyond("bot"));
  CHECK(board.fitting("112233") == Found{1});
}

SessionInfo session(const std::string& email, const std::string& id) {
  SessionInfo info;
  info.id = id;
  info.target.email = email;
  return info;
}

WaiterInfo caller(const std::string& phone, const std::string& id) {
  WaiterInfo info = waiter("", id);
  info.target.phone = phone;
  return info;
}

TEST_CASE("a target is settled before a code is asked for: whole, by id, by a part, in national digits") {
  const std::vector<WaiterInfo> waiters{waiter("bot5@example.com", "1c8f0001"), waiter("bot55@example.com", "1c8f0002"),
                                        caller("+905551112233", "77aa0003")};
  for (const char* one : {"bot5@example.com", "BOT5@example.com", "bot5@", "bot5", "1c8f0001"}) {
    CAPTURE(one);
    const auto meant = whom(one, waiters, {});
    REQUIRE(meant);
    REQUIRE(meant->waiting.size() == 1);
    CHECK(meant->waiting.front().session == "1c8f0001");
  }
  for (const char* number : {"+905551112233", "0555 111 22 33", "1112", "77aa"})
    CHECK(whom(number, waiters, {})->name == "+905551112233");
  CHECK(whom("bot", waiters, {}).error().code == ErrorCode::ambiguous);
  CHECK(whom("1c8f", waiters, {}).error().message ==
        "'1c8f' fits several that are asked for: bot5@example.com, bot55@example.com");
  CHECK(whom("nosuch", waiters, {}).error().code == ErrorCode::not_found);
  CHECK(whom("", waiters, {}).error().code == ErrorCode::not_found);
}

TEST_CASE("who is not waited for is no wait: a session counts, a whole address is kept, a number in an id is two") {
  const std::vector<WaiterInfo> waiters{waiter("bot5@example.com", "1c8f0001"), caller("+905550112233", "77aa0003")};
  CHECK(whom("bot", waiters, {session("bot6@example.com", "9d8e0001")}).error().code == ErrorCode::ambiguous);
  const auto of_session = whom("9d8e", waiters, {session("bot6@example.com", "9d8e0001")});
  CHECK(of_session->waiting.empty());
  CHECK(of_session->name == "bot6@example.com");
  CHECK(whom("later@example.com", waiters, {})->waiting.empty());
  CHECK(whom("5550", waiters, {session("bot6@example.com", "55500001")}).error().code == ErrorCode::ambiguous);
}

TEST_CASE("of several for one recipient all are listed, but not who stands in line behind") {
  WaiterInfo behind = waiter("bot5@example.com", "1c8f0003", 103);
  behind.queued = true;
  const auto meant = whom("bot5", {waiter("bot5@example.com", "1c8f0001", 101), behind,
                                   waiter("bot5@example.com", "1c8f0002", 102)}, {});
  REQUIRE(meant->waiting.size() == 2);
  CHECK(meant->waiting[1].pid == 102);
}

TEST_CASE("Enter is the only one that is left") {
  Board board({waiter("a@example.com", "a"), waiter("b@example.com", "b")});
  CHECK(board.fitting("") == Found{});
  board.hear(claimed("a", "lmtp"));
  CHECK(board.fitting("") == Found{1});
  CHECK(Board({waiter("a@example.com", "a")}).fitting("") == Found{0});
}

TEST_CASE("whoever gets the code elsewhere is told, once, and says so in the list") {
  Board board({waiter("bot5@example.com", "s5", 105), waiter("bot6@example.com", "s6", 106)});
  const auto news = board.hear(claimed("s5", "main/INBOX"));
  REQUIRE(news);
  CHECK(news->about == 0u);
  CHECK(news->text == "bot5@example.com got its code from main/INBOX");
  Event ended = wait_event("ended", "s5", 105);
  ended.exit = ExitCode::done;
  CHECK(!board.hear(ended));
  CHECK(board.gone(0) == "got its code from main/INBOX");
  CHECK(!board.all_gone());
  CHECK(text_of(in_lines(board, {}, kNow, {})).find("1  bot5@example.com\n   got its code from main/INBOX\n2  ") == 0);
  Event timed_out = wait_event("ended", "s6", 106);
  timed_out.exit = ExitCode::timed_out;
  CHECK(board.hear(timed_out)->text == "bot6@example.com waits no more");
  CHECK(board.all_gone());
}

TEST_CASE("a code by another person's hand is said to be one") {
  Board board({waiter("bot5@example.com", "s5")});
  CHECK(board.hear(claimed("s5", "person"))->text == "bot5@example.com got its code from a person");
}

TEST_CASE("of several who wait on one session the end tells which one it was") {
  Board board({waiter("bot5@example.com", "s", 105), waiter("bot5@example.com", "s", 106)});
  CHECK(!board.hear(claimed("s", "lmtp")));
  Event ended = wait_event("ended", "s", 106);
  ended.exit = ExitCode::done;
  CHECK(board.hear(ended)->about == 1u);
  CHECK(board.gone(0) == "");
  CHECK(board.gone(1) == "got its code meanwhile");
  CHECK(board.hear(wait_event("left", "s", 105))->text == "bot5@example.com has gone away");
}

TEST_CASE("the first who comes is told, not each of a thousand, a listed one over a new connection is none") {
  Board board({waiter("bot5@example.com", "s5", 105)});
  CHECK(!board.hear(wait_event("began", "s5", 105)));
  const auto news = board.hear(wait_event("began", "s9", 109));
  REQUIRE(news);
  CHECK(!news->about);
  CHECK(news->text == "new@example.com waits, too");
  for (int i = 0; i < 1000; ++i) CHECK(!board.hear(wait_event("began", "t" + std::to_string(i))));
  CHECK(board.hear(wait_event("ambiguous", "s5", 105))->text == "different codes came for bot5@example.com; ? shows them");
}

TEST_CASE("events of others change nothing") {
  Board board({waiter("bot5@example.com", "s5", 105)});
  for (const char* state : {"ended", "left", "ambiguous"}) CHECK(!board.hear(wait_event(state, "s6", 105)));
  CHECK(!board.hear(claimed("s6", "lmtp")));
  CHECK(!board.hear(claimed("", "lmtp")));
  CHECK(board.gone(0) == "");
}

std::map<std::string, std::string> in(const TempDir& home) {
  return {{"OTPCTL_HOME", home.path()}, {"OTPCTL_AGENTD", "/bin/false"}};
}

TEST_CASE("without a terminal it lists, page after page, and reads no code") {
  const TempDir home;
  std::vector<int> skipped;
  const auto script = [&](AgentSide& side) {
    rpc::Call call = side.greet();
    skipped.push_back(std::get<rpc::Waiters>(call.request).skip);
    side.answer(call.id, rpc::WaitersResult{{ambiguous()}, true});
    call = side.call();
    skipped.push_back(std::get<rpc::Waiters>(call.request).skip);
    side.answer(call.id, rpc::WaitersResult{{waiter("bot6@example.com", "s6")}, false});
  };
  TestContext test("manual", "482913\n", in(home));
  test.now.wall = kNow;
  {
    FakeAgent agent(home.path() + "/agent.sock", {script});
    CHECK(run({}, test.context) == ExitCode::done);
  }
  CHECK(skipped == std::vector<int>{0, 1});
  CHECK(test.out.rfind("1  bot5@example.com\n", 0) == 0);
  CHECK(test.out.find("\n2  bot6@example.com\n") != std::string::npos);
  TestContext json("manual", "", in(home));
  {
    FakeAgent agent(home.path() + "/agent.sock", {script});
    Options options;
    options.json = true;
    CHECK(run(options, json.context) == ExitCode::done);
  }
  CHECK(json.out.rfind(R"({"v":1,"waiters":[{"session":"1c8f","email":"bot5@example.com",)", 0) == 0);
  CHECK(json.out.find(R"("candidates":[{"code":"482913",)") != std::string::npos);
  CHECK(json.out.find(R"("more":false)") != std::string::npos);
}

TEST_CASE("nobody waits: said on standard output, done, no agent: 69") {
  const TempDir home;
  TestContext test("manual", "", in(home));
  {
    FakeAgent agent(home.path() + "/agent.sock",
                    {[](AgentSide& side) { side.answer(side.greet().id, rpc::WaitersResult{}); }});
    CHECK(run({}, test.context) == ExitCode::done);
  }
  CHECK(test.out == "nobody waits\n");
  TestContext none("manual", "", in(home));
  CHECK(run({}, none.context) == ExitCode::unreachable);
  CHECK(none.out == "");
}

TEST_CASE("manual: everything that is said is kept, --follow needs a terminal and no target") {
  Options all;
  all.follow = true;
  all.plain = true;
  CHECK(test::parsed(kCommand, {"--follow", "--plain"}) == all);
  TestContext test("manual", "");
  CHECK(run(all, test.context) == ExitCode::usage);
  all.target = "bot5";
  TestContext target("manual", "");
  target.context.in_tty = target.context.err_tty = true;
  CHECK(run(all, target.context) == ExitCode::usage);
}

}  // namespace
}  // namespace otpctl::apps::manual
