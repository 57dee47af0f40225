// What a login robot does: register, trigger the mail, wait on a thread, give up when told to.
//
//   login bot5@example.com [SECONDS]      prints the code; Ctrl-C gives up
#include <otpctl/client.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <thread>
#include <unistd.h>

namespace {

int failed(const otpctl::Error& error) {
  std::cerr << "login: " << error.message << "\n";
  return static_cast<int>(otpctl::exit_code_for(error.code));
}

int tell(const otpctl::Outcome<otpctl::WaitOutcome>& outcome) {
  if (!outcome) return failed(outcome.error());
  if (!outcome->delivered) {
    std::cerr << "login: " << outcome->end->message << "\n";
    return static_cast<int>(outcome->end->exit);
  }
  if (!outcome->acknowledged) std::cerr << "login: the agent died; another may give this code again\n";
  std::cout << outcome->delivered->code << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return failed({otpctl::ErrorCode::usage, "login RECIPIENT [SECONDS]"});
  // This thread takes the signals, the waiting one says with SIGUSR1 that it is done.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  otpctl::Client client({.name = "login example"});
  const auto session = client.register_session({.target = {.email = argv[1]}});
  if (!session) return failed(session.error());
  std::cerr << "registered " << session->id << ": trigger the login now\n";

  otpctl::WaitOptions options{.session = session->id};
  if (argc > 2) options.timeout = std::chrono::seconds(std::atoi(argv[2]));
  options.on_warning = [](const std::string& warning) { std::cerr << "login: " << warning << "\n"; };
  std::optional<otpctl::Outcome<otpctl::WaitOutcome>> outcome;
  std::jthread waiting([&](std::stop_token stop) {
    outcome = client.wait(options, stop);
    kill(getpid(), SIGUSR1);
  });

  int signal = 0;
  sigwait(&signals, &signal);
  if (signal != SIGUSR1) waiting.request_stop();
  waiting.join();
  client.close_session(session->id);
  const int exit = tell(*outcome);
  return signal == SIGUSR1 ? exit : 128 + signal;
}
