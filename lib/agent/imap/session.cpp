#include "imap/session.hpp"

#include "imap/machine.hpp"

#include <utility>

namespace otpctl::imap {

Session::Session(Options options, Credentials credentials, Now now)
    : machine_(std::make_unique<Machine>(std::move(options), std::move(credentials), now)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::feed(std::string_view bytes) { machine_->feed(bytes); }
void Session::feed_eof() { machine_->feed_eof(); }
void Session::tick(Now now) { machine_->tick(now); }
std::optional<Event> Session::next() { return machine_->next(); }
std::string Session::take_output() { return machine_->take_output(); }
std::optional<Instant> Session::deadline() const { return machine_->deadline(); }
std::optional<Position> Session::position() const { return machine_->position(); }
Duration Session::longest_silence() const { return machine_->longest_silence(); }
void Session::set_demand(bool somebody_waits) { machine_->set_demand(somebody_waits); }
void Session::synchronise(std::uint64_t token) { machine_->synchronise(token); }
void Session::look_back(WallTime since) { machine_->look_back(since); }
void Session::stop() { machine_->stop(); }

}  // namespace otpctl::imap
