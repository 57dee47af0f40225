#include "run/giver.hpp"

#include "base/secret.hpp"
#include "run/first_code.hpp"
#include "shared/output.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <vector>

namespace otpctl::apps::run {

Giver::Giver(client::Options agent, rpc::Wait first, bool quiet)
    : agent_(std::move(agent)), wait_(std::move(first)), quiet_(quiet) {
  agent_.start = client::Start::never;  // the session's holder does that, without blocking us
}

Result<Giver> Giver::open(client::Options agent, rpc::Wait first, bool quiet) {
  Giver giver(std::move(agent), std::move(first), quiet);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return fail(ErrorCode::storage, std::string("no pipe for the codes: ") + std::strerror(errno));
  giver.read_end_ = above_streams(Fd(ends[0]));
  giver.write_end_ = above_streams(Fd(ends[1]));
  fcntl(giver.write_end_.get(), F_SETFL, O_NONBLOCK);
  return giver;
}

bool Giver::nobody_reads() const {
  pollfd pipe{write_end_.get(), 0, 0};
  return poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR) != 0;
}

void Giver::next(std::span<pollfd> watch, std::optional<Instant> until, Context& context) {
  if (!waiter_) waiter_.emplace(agent_, wait_);
  std::vector<pollfd> all(watch.begin(), watch.end());
  all.push_back(pollfd{write_end_.get(), 0, 0});
  auto event = waiter_->next(all, until);
  if (const auto* code = std::get_if<Delivered>(&event)) return give(*code, context);
  if (const auto* why = std::get_if<WaitEnd>(&event)) {
    tell_end(context, *why, quiet_);
    return end();
  }
  if (const auto* error = std::get_if<Error>(&event)) {
    report(context, *error, false);
    return end();
  }
  const auto* warning = std::get_if<rpc::Warning>(&event);
  if (warning != nullptr && !quiet_) warn(context, *warning, false);
  if (nobody_reads()) end();  // the program has closed it: the codes are for others
}

/// Into the pipe, then acknowledged. What does not fit or finds no reader goes to the next who waits.
void Giver::give(const Delivered& code, Context& context) {
  std::string line = code.code + "\n";
  const ssize_t written = write(write_end_.get(), line.data(), line.size());  // less than PIPE_BUF: all or nothing
  const int error = errno;
  const bool whole = written == static_cast<ssize_t>(line.size());
  wipe(line);
  if (!whole) {
    if (error != EPIPE)
      report(context, Error{ErrorCode::storage, "the program does not read its codes"}, false);
    return end();
  }
  static_cast<void>(waiter_->acknowledge());  // the code is out: nothing changes that
  waiter_.reset();
  wait_.timeout.reset();
  wait_.no_limit = true;
}

void Giver::end() {
  waiter_.reset();
  write_end_.reset();
}

}  // namespace otpctl::apps::run
