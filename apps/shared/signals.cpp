#include "shared/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

namespace otpctl::apps {

Signals::Signals(std::initializer_list<int> numbers) {
  sigemptyset(&set_);
  for (const int number : numbers) {
    struct sigaction now {};
    if (sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) sigaddset(&set_, number);
  }
  sigprocmask(SIG_BLOCK, &set_, &before_);
  fd_ = Fd(signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
}

Signals::~Signals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

std::optional<int> Signals::take() const {
  signalfd_siginfo info{};
  if (read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

void Signals::release() const { sigprocmask(SIG_UNBLOCK, &set_, nullptr); }
void Signals::hold() const { sigprocmask(SIG_BLOCK, &set_, nullptr); }

void Signals::let_happen(int number) const {
  raise(number);  // held back until the next line
  sigset_t one{};
  sigemptyset(&one);
  sigaddset(&one, number);
  sigprocmask(SIG_UNBLOCK, &one, nullptr);
  sigprocmask(SIG_BLOCK, &one, nullptr);
}

std::optional<ExitCode> exit_for_signal(int number) {
  if (number == SIGINT) return ExitCode::interrupted;
  if (number == SIGTERM) return ExitCode::terminated;
  return std::nullopt;
}

}  // namespace otpctl::apps
