#include "run/supervise.hpp"

#include "base/text.hpp"
#include "shared/output.hpp"

#include <algorithm>
#include <array>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace otpctl::apps::run {

namespace {

/// Readable once a signal is to be handed on or the program has ended: what starting an agent must not hold up.
Fd interruption(const Relay& relay, const Fd& program_ended) {
  Fd both = above_streams(Fd(epoll_create1(EPOLL_CLOEXEC)));
  for (const int fd : {relay.handed_on_fd(), program_ended.get()}) {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    if (fd >= 0) epoll_ctl(both.get(), EPOLL_CTL_ADD, fd, &wanted);
  }
  return both;
}

/// The program's wait status once it has ended.
std::optional<int> reap(pid_t program, const Relay& relay) {
  std::optional<int> ended;
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED);
    if (pid <= 0) return ended;
    if (pid != program) continue;
    if (WIFSTOPPED(status)) relay.stop_as(WSTOPSIG(status), program);
    if (WIFEXITED(status) || WIFSIGNALED(status)) ended = status;
  }
}

void tell(Context& context, const Error& trouble, bool quiet) {
  if (!quiet)
    warn(context, {"the session is not held and will end by its --ttl: " + trouble.message, 0}, false);
}

}  // namespace

int supervise(const Supervised& all, Context& context) {
  const Fd program_ended(static_cast<int>(syscall(SYS_pidfd_open, all.program, 0U)));
  const Fd interrupted = interruption(all.relay, program_ended);
  if (all.holder != nullptr) all.holder->interrupted_by(interrupted.get());
  for (;;) {
    all.relay.hand_on(all.program);
    if (const auto status = reap(all.program, all.relay)) return *status;
    std::optional<Instant> due;
    std::array<pollfd, 2> watch{pollfd{all.relay.fd(), POLLIN, 0}, pollfd{-1, POLLIN, 0}};
    if (all.holder != nullptr) {
      if (const auto trouble = all.holder->step()) tell(context, *trouble, all.quiet);
      due = all.holder->due();
      watch[1].fd = all.holder->fd();
    }
    if (all.giver != nullptr && !all.giver->is_done()) {
      all.giver->next(watch, due, context);
    } else {
      client::pause(-1, watch, due);
    }
  }
}

}  // namespace otpctl::apps::run
