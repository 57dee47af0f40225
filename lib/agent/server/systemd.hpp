// Under systemd: the socket it hands over, and what it is told (sd_notify): ready, reloading, stopping, a line for
// `systemctl status`, and the watchdog, which is fed as long as the sources prove that they live. Without
// NOTIFY_SOCKET nothing happens.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "io/loop.hpp"

#include <otpctl/types.hpp>

#include <functional>
#include <optional>
#include <string>

namespace otpctl::server {

/// What systemd gave the process at its start.
struct Activation {
  Fd socket;         // listens at `path`; empty: there is no socket unit
  std::string path;  // from the root
  Duration watchdog{};  // 0: none
};

/// Reads LISTEN_* and WATCHDOG_* (when they are meant for this process) and takes them out of the environment.
/// Before clean_process(), which would close the socket. `config` for descriptors that are not one listening Unix
/// stream socket named or bound as agent.sock.
Result<Activation> take_activation();

/// No source that says it is live is overdue. One that is down is not our fault. Pure.
bool proof_of_life(const HealthReport& health);

/// "2 sources live, 3 waiting, last code 12 s ago". Pure.
std::string status_line(const HealthReport& health, std::optional<Duration> last_code);

class Supervisor {
 public:
  /// `watchdog` 0: none. `look` is asked at most once a second, and not at all without NOTIFY_SOCKET.
  Supervisor(io::Loop& loop, Duration watchdog, std::function<HealthReport()> look);

  void ready();      // the sockets accept
  void reloading();  // ready() follows
  void stopping();
  /// Something happened that the status line may tell. Cheap.
  void changed();
  bool is_listened_to() const { return listened_to_; }

 private:
  void tell_status();
  void feed();

  io::Loop& loop_;
  bool listened_to_;
  Duration half_;
  std::function<HealthReport()> look_;
  io::Timer status_timer_, watchdog_timer_;
  bool began_ = false, scheduled_ = false, starved_ = false;
  Instant told_at_{};
  std::string told_;
  std::uint64_t codes_ = 0;
  std::optional<Instant> last_code_;
};

}  // namespace otpctl::server
