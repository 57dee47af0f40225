#include "rpc/peer.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::rpc {

Peer::Peer(Options options, Now now)
    : options_(options), hello_deadline_(now.instant + options.hello_within) {}

void Peer::feed(std::string_view bytes) {
  while (!ended_ && !bytes.empty()) {
    const std::size_t lf = bytes.find('\n');
    const std::size_t size =
        std::min(lf, bytes.size());  // of what belongs to this line, without its LF
    // Checked before anything is kept: a line that never ends costs no more than max_line.
    if (partial_.size() + size + 1 > options_.max_line) {
      const Error why{ErrorCode::protocol,
                      "a line longer than " + std::to_string(options_.max_line) + " bytes"};
      send(encode_error("null", why, -32600));
      end(why.code, why.message, true);
      return;
    }
    if (lf == bytes.npos) {
      partial_.append(bytes);
      return;
    }
    if (partial_.empty()) {
      take_line(bytes.substr(0, lf));
    } else {
      partial_.append(bytes.substr(0, lf));
      take_line(std::exchange(partial_, {}));
    }
    bytes.remove_prefix(lf + 1);
  }
}

// A client that shuts down its sending side (socat at the end of its input) still reads what it
// asked for.
void Peer::feed_eof() { end(ErrorCode::network, "the client closed the connection", true); }

void Peer::tick(Now now) {
  if (hello_deadline_ && now.instant >= *hello_deadline_) {
    end(ErrorCode::timeout, "no hello within " + format_duration(options_.hello_within), false);
  }
}

std::optional<Peer::Event> Peer::next() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  if (const auto* ended = std::get_if<Ended>(&event)) closed_ = closed_ || !ended->linger;
  return event;
}

void Peer::send(std::string line) {
  if (closed_) return;
  const std::size_t queued = output_.size() + stuck_ + line.size();
  if (queued > options_.max_output) {
    drop();
  } else {
    output_ += line;
  }
}

std::string Peer::take_output() { return std::exchange(output_, {}); }

void Peer::output_is_stuck(std::size_t unsent) {
  stuck_ = unsent;
  if (!closed_ && output_.size() + stuck_ > options_.max_output) drop();
}

void Peer::drop() {
  output_.clear();
  events_.clear();  // nobody would read the answers
  ended_ = false;
  end(ErrorCode::busy, "the client does not read", false);
  closed_ = true;
}

void Peer::greeted() { hello_deadline_.reset(); }

std::optional<Instant> Peer::deadline() const { return ended_ ? std::nullopt : hello_deadline_; }

void Peer::take_line(std::string_view line) {
  auto call = decode_call(line);
  if (!call) {
    const CallError& error = call.error();
    send(encode_error(error.id, error.error, error.rpc_code));
    if (error.fatal || first_) end(error.error.code, error.error.message, true);
    return;
  }
  const bool hello = std::holds_alternative<Hello>(call->request);
  if (hello != first_) {
    const Error why{ErrorCode::protocol,
                    first_ ? "the first request must be hello" : "hello was said already"};
    send(encode_error(call->id, why, -32600));
    if (first_) end(why.code, why.message, true);
    return;
  }
  first_ = false;
  events_.emplace_back(std::move(*call));
}

void Peer::end(ErrorCode code, std::string message, bool linger) {
  if (ended_) return;
  ended_ = true;
  partial_.clear();
  hello_deadline_.reset();
  events_.emplace_back(Ended{Error{code, std::move(message)}, linger});
}

}  // namespace otpctl::rpc
