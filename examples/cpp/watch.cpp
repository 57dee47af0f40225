// Prints what the agent does, one line an event, over its restarts.
//
//   watch [ID]      from now on, or behind the event ID; Ctrl-C ends it
#include <otpctl/client.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <thread>
#include <unistd.h>

namespace {

const char* name_of(otpctl::EventType type) {
  switch (type) {
    case otpctl::EventType::agent: return "agent";
    case otpctl::EventType::source: return "source";
    case otpctl::EventType::session: return "session";
    case otpctl::EventType::wait: return "wait";
    case otpctl::EventType::message: return "message";
    case otpctl::EventType::code: return "code";
    case otpctl::EventType::entry: return "entry";
    case otpctl::EventType::other: break;  // an agent newer than the library knows more of them
  }
  return "other";
}

bool show(const otpctl::Event& event) {
  std::cout << event.id << " " << name_of(event.type) << " " << event.state;
  if (!event.target.email.empty()) std::cout << " " << event.target.email;
  if (event.waited) std::cout << " after " << event.waited->count() / 1000 << " ms";
  std::cout << std::endl;
  return static_cast<bool>(std::cout);  // false, when nobody reads any more, ends the watch
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // this program's own standard output; the library never raises it

  otpctl::Client client({.name = "watch example"});
  otpctl::WatchOptions options;
  if (argc > 1) options.after = std::strtoull(argv[1], nullptr, 10);
  std::optional<otpctl::Outcome<void>> outcome;
  std::jthread watching([&](std::stop_token stop) {
    outcome = client.watch(options, show, stop);
    kill(getpid(), SIGUSR1);
  });
  int signal = 0;
  sigwait(&signals, &signal);
  watching.request_stop();
  watching.join();
  if (*outcome || outcome->error().code == otpctl::ErrorCode::cancelled) return 0;
  std::cerr << "watch: " << outcome->error().message << "\n";
  return static_cast<int>(otpctl::exit_code_for(outcome->error().code));
}
