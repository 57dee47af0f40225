// Everything that the public library does, against a real agent, in a program that has an `operator new` of its own and
// throws through the library: lifecycle HOME. Says "done" at the end; a line on stderr and exit 1 else.
#include <otpctl/client.hpp>
#include <otpctl/version.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <thread>

namespace {

// A block of ours has its mark in front: one that comes from another allocator is not ours to free.
constexpr std::size_t kRoom = 16;
constexpr unsigned long kMark = 0x6F7470637446EE21UL;

}  // namespace

void* operator new(std::size_t size) {
  void* block = std::malloc(size + kRoom);
  if (block == nullptr) throw std::bad_alloc();
  std::memcpy(block, &kMark, sizeof kMark);
  return static_cast<char*>(block) + kRoom;
}
void operator delete(void* given) noexcept {
  if (given == nullptr) return;
  char* block = static_cast<char*>(given) - kRoom;
  if (std::memcmp(block, &kMark, sizeof kMark) != 0) {
    std::fputs("lifecycle: a block of another allocator\n", stderr);
    std::abort();
  }
  std::memset(block, 0, kRoom);
  std::free(block);
}
void operator delete(void* given, std::size_t) noexcept { operator delete(given); }

namespace {

using namespace std::chrono_literals;

#define MUST(what)                                                     \
  do {                                                                 \
    if (!(what)) {                                                     \
      std::fprintf(stderr, "lifecycle:%d: not %s\n", __LINE__, #what); \
      std::exit(1);                                                    \
    }                                                                  \
  } while (false)

template <class T>
T must(otpctl::Outcome<T> outcome, int line) {
  if (outcome) return *std::move(outcome);
  std::fprintf(stderr, "lifecycle:%d: %s\n", line, outcome.error().message.c_str());
  std::exit(1);
}
#define GOT(call) must((call), __LINE__)

bool fails_with(otpctl::ErrorCode code, const otpctl::Error& error) { return error.code == code; }

/// Returns when that many waits for the recipient have begun in the life of this home.
void until_begun(otpctl::Client& client, const char* email, int waits) {
  const auto done = client.watch({.after = 0, .recipient = email, .types = {otpctl::EventType::wait}},
                                 [&](const otpctl::Event& event) { return (waits -= event.state == "began") > 0; });
  MUST(done.has_value());
}

void sessions(otpctl::Client& client) {
  const auto session = GOT(client.register_session(
      {.target = {.email = "Bot5@Example.com"}, .ttl = 20min, .metadata = R"({"run":7})"}));
  MUST(session.target.email == "bot5@example.com");
  MUST(session.metadata == R"({"run":7})");
  MUST(GOT(client.sessions()).size() == 1);
  MUST(GOT(client.session(session.id.substr(0, 8))).id == session.id);
  MUST(GOT(client.mark_session(session.id)).marked >= session.marked);
  MUST(GOT(client.refresh_session(session.id, 30min)).expires > session.expires);

  std::string code;
  std::jthread waiting([&] {
    const auto outcome = GOT(client.wait({.session = session.id, .timeout = 60s}));
    MUST(outcome.delivered && outcome.acknowledged && !outcome.end);
    code = outcome.delivered->code;
  });
  until_begun(client, "bot5@example.com", 1);
  const auto entry = GOT(client.submit_code({.target = "bot5", .code = "482 913", .waiting_only = true}));
  MUST(entry.recipient == "bot5@example.com" && entry.delivered);
  waiting.join();
  MUST(code == "482913");
  const auto late = client.submit_code({.target = "bot5@example.com", .code = "1234", .waiting_only = true});
  MUST(!late && fails_with(otpctl::ErrorCode::not_found, late.error()));
  MUST(GOT(client.session(session.id)).codes_given == 1);
  MUST(GOT(client.close_session(session.id)).state == otpctl::SessionState::closed);
  const auto closed = client.wait({.session = session.id});
  MUST(!closed && otpctl::exit_code_for(closed.error().code) == otpctl::ExitCode::not_found);
}

void sms(otpctl::Client& client) {
  const otpctl::Sms text{.text = "Your code is 193744.", .from = "Shop", .to = "+905551112233", .id = "1"};
  const auto first = GOT(client.submit_sms(text));
  MUST(!first.duplicate && !first.delivered);
  MUST(GOT(client.submit_sms(text)).duplicate);
  const auto outcome = GOT(client.wait({.target = {.phone = "+90 555 111 22 33"}, .timeout = 10s}));
  MUST(outcome.delivered && outcome.delivered->code == "193744" && outcome.delivered->channel == "sms");
}

void ends(otpctl::Client& client) {
  const auto none = GOT(client.wait({.target = {.email = "nobody@example.com"}, .timeout = 0s}));
  MUST(none.end && !none.delivered && none.end->exit == otpctl::ExitCode::no);
  const auto over = GOT(client.wait({.target = {.email = "nobody@example.com"}, .timeout = 100ms}));
  MUST(over.end && over.end->exit == otpctl::ExitCode::timed_out && !over.end->message.empty());
  const auto wrong = client.wait({.target = {.email = "no address"}});
  MUST(!wrong && fails_with(otpctl::ErrorCode::usage, wrong.error()));
}

/// The timeline from the beginning: each id once, and the wait that ended is in it; then the callback throws.
void watch(otpctl::Client& client) {
  std::uint64_t last = 0;
  bool acknowledged = false;
  GOT([&]() -> otpctl::Outcome<int> {
    const auto done = client.watch({.after = 0}, [&](const otpctl::Event& event) {
      MUST(event.id > last);
      last = event.id;
      acknowledged = acknowledged || (event.type == otpctl::EventType::code && event.state == "acknowledged");
      return !acknowledged;
    });
    if (!done) return done.error();
    return 0;
  }());
  MUST(acknowledged);
  bool caught = false;
  try {
    static_cast<void>(client.watch({.after = 0}, [](const otpctl::Event&) -> bool { throw std::runtime_error("mine"); }));
  } catch (const std::runtime_error& error) {
    caught = std::strcmp(error.what(), "mine") == 0;
  }
  MUST(caught);
}

void agent(otpctl::Client& client, int first) {
  const auto health = GOT(client.health());
  MUST(health.pid == first && health.version == otpctl::kVersion && health.codes_delivered == 2);
  GOT(client.reload());
  std::jthread waiting([&] {
    const auto outcome = GOT(client.wait({.target = {.email = "bot6@example.com"}, .timeout = 60s}));
    MUST(outcome.delivered && outcome.delivered->code == "572961");
  });
  until_begun(client, "bot6@example.com", 1);
  const int second = GOT(client.restart());
  MUST(second != first);
  until_begun(client, "bot6@example.com", 2);
  GOT(client.submit_code({.target = "bot6", .code = "572961"}));
  waiting.join();
  MUST(GOT(client.stop()) == second);
  const auto gone = client.health();
  MUST(!gone && fails_with(otpctl::ErrorCode::agent_unreachable, gone.error()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  otpctl::Client client({.home = argv[1]});
  MUST(!client.connect());
  const int pid = GOT(client.start());
  MUST(GOT(client.start()) == pid);
  MUST(client.connect().has_value());
  sessions(client);
  sms(client);
  ends(client);
  watch(client);
  agent(client, pid);
  std::puts("done");
  return 0;
}
