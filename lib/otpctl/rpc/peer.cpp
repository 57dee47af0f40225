#include "rpc/peer.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::rpc {

Peer::Peer(Options options, Now now)
    : options_(options), hello_deadline_(now.instant + options.hello_within), now_(now.instant) {}

void Peer::feed(std::string_view bytes) {
  if (ended_) return;
  scanned_ = std::min(input_.find('\n', scanned_), input_.size()) - taken_;
  input_.erase(0, std::exchange(taken_, 0));
  input_.append(bytes);
}

// A client that shuts down its sending side (socat at the end of its input) still reads what it
// asked for.
void Peer::feed_eof() { end(ErrorCode::network, "the client closed the connection", true); }

void Peer::tick(Now now) {
  now_ = now.instant;
  if (hello_deadline_ && now_ >= *hello_deadline_) {
    end(ErrorCode::timeout, "no hello within " + format_duration(options_.hello_within), false);
  }
  if (taken_deadline_ && now_ >= *taken_deadline_) drop();
}

std::optional<Peer::Event> Peer::next() {
  while (has_input()) {
    if (!has_room()) return std::nullopt;
    if (auto call = read_line()) return Event(std::move(*call));
  }
  return take_end();
}

bool Peer::has_more() const { return has_input() ? has_room() : end_ != nullptr; }
bool Peer::wants_input() const { return !ended_ && !has_input(); }

bool Peer::has_input() const {
  return input_.size() - taken_ >= options_.max_line || input_.find('\n', scanned_) != input_.npos;
}

std::optional<Call> Peer::read_line() {
  const std::size_t lf = std::min(input_.find('\n', scanned_), input_.size());
  const auto line = std::string_view(input_).substr(taken_, lf - taken_);
  // Also before its LF has come: a line that never ends costs no more than that.
  if (line.size() + 1 > options_.max_line) {
    const Error why{ErrorCode::protocol,
                    "a line longer than " + std::to_string(options_.max_line) + " bytes"};
    send(encode_error("null", why, -32600));
    break_off(why);
    return std::nullopt;
  }
  auto call = take_line(line);
  if (input_.empty()) return call;  // it broke the rules
  taken_ = scanned_ = lf + 1;
  if (taken_ == input_.size()) {
    std::string().swap(input_);  // 10,000 quiet connections pay for it
    taken_ = scanned_ = 0;
  }
  return call;
}

std::optional<Peer::Event> Peer::take_end() {
  auto ended = std::exchange(end_, nullptr);
  if (!ended) return std::nullopt;
  closed_ = closed_ || !ended->linger;
  std::string().swap(input_);  // half a line
  taken_ = scanned_ = 0;
  return Event(std::move(*ended));
}

void Peer::send(std::string line) {
  if (!closed_) output_ += line;
}

std::string Peer::take_output() {
  given_ = stuck_ + output_.size();
  return std::exchange(output_, {});
}

void Peer::output_is_stuck(std::size_t unsent) {
  if (unsent == 0) {
    taken_deadline_.reset();
  } else if (unsent < given_ || !taken_deadline_) {
    taken_deadline_ = now_ + options_.taken_within;
  }
  stuck_ = given_ = unsent;
  if (!closed_ && stuck_ > options_.max_output) drop();
}

void Peer::drop() {
  taken_deadline_.reset();
  output_.clear();
  ended_ = false;
  break_off(Error{ErrorCode::busy, "the client does not read"});  // and nobody would read other answers
  end_->linger = false;
  closed_ = true;
}

void Peer::greeted() { hello_deadline_.reset(); }

std::optional<Instant> Peer::deadline() const {
  if (!hello_deadline_) return taken_deadline_;
  return taken_deadline_ ? std::min(*hello_deadline_, *taken_deadline_) : *hello_deadline_;
}

std::optional<Call> Peer::take_line(std::string_view line) {
  auto call = decode_call(line);
  if (!call) {
    const CallError error = call.error();
    send(encode_error(error.id, error.error, error.rpc_code));
    if (error.fatal || first_) break_off(error.error);
    return std::nullopt;
  }
  const bool hello = std::holds_alternative<Hello>(call->request);
  if (hello != first_) {
    const Error why{ErrorCode::protocol,
                    first_ ? "the first request must be hello" : "hello was said already"};
    send(encode_error(call->id, why, -32600));
    if (first_) break_off(why);
    return std::nullopt;
  }
  first_ = false;
  return std::move(*call);
}

void Peer::end(ErrorCode code, std::string message, bool linger) {
  if (ended_) return;
  ended_ = true;
  hello_deadline_.reset();
  end_ = std::make_unique<Ended>(Ended{Error{code, std::move(message)}, linger});
}

/// What came behind it is not looked at.
void Peer::break_off(const Error& why) {
  input_.clear();
  taken_ = scanned_ = 0;
  ended_ = false;  // an end of file that came behind it does not count either
  end(why.code, why.message, true);
}

}  // namespace otpctl::rpc
