#include "run/signals.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace otpctl::apps::run {

namespace {

constexpr int kHandedOn[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGUSR1, SIGUSR2,
                             SIGWINCH, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};

bool is_ignored(int number) {
  struct sigaction now {};
  return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

/// True when the terminal has sent it to the whole group and the program stands in it.
bool has_heard_it(const signalfd_siginfo& info, pid_t program) {
  const bool by_terminal = info.ssi_code == SI_KERNEL;
  // A hang-up goes to the leader of the session alone.
  return by_terminal && info.ssi_signo != SIGHUP && getpgid(program) == getpgrp();
}

/// We are what the terminal shows: a shell waits for us to stop.
bool in_foreground() {
  const Fd terminal(open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY));
  return terminal && tcgetpgrp(terminal.get()) == getpgrp();
}

void unblock(int number) {
  sigset_t one{};
  sigemptyset(&one);
  sigaddset(&one, number);
  sigprocmask(SIG_UNBLOCK, &one, nullptr);
}

}  // namespace

Relay::Relay() {
  signal(SIGCHLD, SIG_DFL);  // ignored, the kernel would throw away how the program ended
  sigemptyset(&set_);
  for (const int number : kHandedOn) {
    if (!is_ignored(number)) sigaddset(&set_, number);
  }
  handed_on_fd_ = above_streams(Fd(signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK)));
  sigaddset(&set_, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set_, nullptr);
  fd_ = above_streams(Fd(signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK)));
}

void Relay::hand_on(pid_t program) const {
  signalfd_siginfo info{};
  while (read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const int number = static_cast<int>(info.ssi_signo);
    if (number != SIGCHLD && !has_heard_it(info, program)) kill(program, number);
  }
}

void Relay::stop_as(int number, pid_t program) const {
  // Somebody who stops the program alone by SIGSTOP will let it go on alone: a `run` that sleeps in no shell's job
  // would never wake.
  if (number == SIGSTOP && !in_foreground()) return;
  if (is_ignored(number)) return;
  raise(number);
  unblock(number);  // here it stops
  sigprocmask(SIG_BLOCK, &set_, nullptr);
  siginfo_t goes_on{};
  const bool already =
      waitid(P_PID, static_cast<id_t>(program), &goes_on, WCONTINUED | WNOHANG | WNOWAIT) == 0 &&
      goes_on.si_pid != 0;
  if (!already) kill(program, SIGCONT);
}

void die_by(int number) {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);  // the program has left one if it was to
  signal(number, SIG_DFL);
  raise(number);
  unblock(number);
}

}  // namespace otpctl::apps::run
