#include "server/systemd.hpp"

#include "base/text.hpp"
#include "delivery/sources.hpp"
#include "io/log.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <utility>
#include <vector>

namespace otpctl::server {
namespace {

using namespace std::chrono_literals;

constexpr Duration kGrace = 60s;  // a session finds out by itself within 15 s; it must not be killed for that

/// The path of a listening Unix stream socket, or "".
std::string bound_path(int fd) {
  if (::sd_is_socket_unix(fd, SOCK_STREAM, 1, nullptr, 0) <= 0) return {};
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return std::string(address.sun_path, ::strnlen(address.sun_path, sizeof address.sun_path));
}

bool is_agent_socket(const std::string& name, const std::string& path) {
  return !path.empty() && path.front() == '/' && (name == "agent.sock" || path.ends_with("/agent.sock"));
}

/// With their names, as far as they have any.
std::vector<std::pair<Fd, std::string>> handed_over() {
  char** names = nullptr;
  const int count = ::sd_listen_fds_with_names(1, &names);
  std::vector<std::pair<Fd, std::string>> all;
  for (int i = 0; i < count; ++i) {
    all.emplace_back(Fd(SD_LISTEN_FDS_START + i), names && names[i] ? names[i] : "");
  }
  for (char** name = names; name && *name; ++name) std::free(*name);
  std::free(names);
  return all;
}

std::string plural(std::size_t count, const char* word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

std::string words_for(SourceState state) {
  switch (state) {
    case SourceState::starting: return "starting";
    case SourceState::live: return "live";
    case SourceState::unreachable: return "unreachable";
    case SourceState::signed_out: return "signed out";
    case SourceState::throttled: return "throttled";
  }
  return "";
}

std::string ago(Duration age) {
  const auto count = [&](Duration unit) { return std::to_string(age / unit); };
  if (age < 1min) return count(1s) + " s ago";
  if (age < 2h) return count(1min) + " min ago";
  if (age < 48h) return count(1h) + " h ago";
  return count(24h) + " days ago";
}

/// When that text is another one; in the first minute every ten seconds will do.
Duration until_older(Duration age) {
  const Duration step = age < 1min ? Duration(10s) : age < 2h ? Duration(1min) : Duration(1h);
  return step - age % step;
}

}  // namespace

Result<Activation> take_activation() {
  Activation taken;
  std::uint64_t watchdog = 0;
  if (::sd_watchdog_enabled(1, &watchdog) > 0) taken.watchdog = Duration(watchdog);
  auto sockets = handed_over();
  if (sockets.empty()) return taken;
  const auto ours = std::find_if(sockets.begin(), sockets.end(), [](const auto& one) {
    return is_agent_socket(one.second, bound_path(one.first.get()));
  });
  if (ours == sockets.end()) {
    return fail(ErrorCode::config, "systemd handed over " + plural(sockets.size(), "socket") +
                                       ", none of them a listening Unix stream socket that is bound as agent.sock; "
                                       "write ListenStream=%t/otpctl/agent.sock into the socket unit");
  }
  if (sockets.size() > 1) {
    const auto& other = ours == sockets.begin() ? sockets[1] : sockets[0];
    return fail(ErrorCode::config, "systemd handed over " + plural(sockets.size(), "socket") +
                                       ", only agent.sock is known; take the others out of the socket unit (" +
                                       printable(other.second, 80) + " " + printable(bound_path(other.first.get())) +
                                       ")");
  }
  taken.path = bound_path(ours->first.get());
  taken.socket = std::move(ours->first);
  return taken;
}

// ------------------------------------------------------------------------- what is told

bool proof_of_life(const HealthReport& health) {
  return std::none_of(health.sources.begin(), health.sources.end(), [](const SourceHealth& source) {
    return source.status.state == SourceState::live && source.due_every > Duration(0) && source.alive_age &&
           *source.alive_age > source.due_every + kGrace;
  });
}

std::string status_line(const HealthReport& health, std::optional<Duration> last_code) {
  std::size_t live = 0, down = 0;
  std::string names;
  for (const auto& source : health.sources) {
    if (delivery::is_door(source.status.kind)) continue;  // those cannot be otherwise
    if (source.status.state == SourceState::live) {
      ++live;
      continue;
    }
    ++down;
    names += ", " + printable(source.status.name, 60) + " " + words_for(source.status.state);
  }
  std::string line = plural(live, "source") + " live";
  line += down <= 3 ? names : ", " + std::to_string(down) + " are not";
  line += ", " + std::to_string(health.waiters) + " waiting";
  if (last_code) line += ", last code " + ago(*last_code);
  if (!health.store_trouble.empty()) line += ", the store cannot be written";
  return line;
}

Supervisor::Supervisor(io::Loop& loop, Duration watchdog, std::function<HealthReport()> look)
    : loop_(loop),
      listened_to_(std::getenv("NOTIFY_SOCKET") != nullptr),
      half_(watchdog / 2),
      look_(std::move(look)),
      status_timer_(loop),
      watchdog_timer_(loop) {
  status_timer_.on_fire([this] { tell_status(); });
  watchdog_timer_.on_fire([this] { feed(); });
}

void Supervisor::ready() {
  if (!listened_to_) return;
  ::sd_notify(0, "READY=1");
  if (std::exchange(began_, true)) return changed();
  tell_status();
  if (half_ > Duration(0)) feed();
}

void Supervisor::reloading() {
  if (!listened_to_) return;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);  // systemd compares it with its own; ours is BOOTTIME
  const std::int64_t micros = now.tv_sec * std::int64_t{1'000'000} + now.tv_nsec / 1000;
  ::sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micros)).c_str());
}

void Supervisor::stopping() {
  if (!listened_to_) return;
  ::sd_notify(0, "STOPPING=1\nSTATUS=stopping");
  status_timer_.clear();
  scheduled_ = true;  // no further line
}

void Supervisor::changed() {
  if (!listened_to_ || scheduled_ || !began_) return;
  scheduled_ = true;
  status_timer_.move_to(std::max(loop_.now().instant, told_at_ + 1s));
}

void Supervisor::tell_status() {
  scheduled_ = false;
  const auto now = told_at_ = loop_.now().instant;
  const auto health = look_();
  if (health.codes_delivered != std::exchange(codes_, health.codes_delivered)) last_code_ = now;
  std::optional<Duration> age;
  if (last_code_) age = now - *last_code_;
  auto line = status_line(health, age);
  if (line != told_) ::sd_notifyf(0, "STATUS=%s", line.c_str());
  told_ = std::move(line);
  if (age) status_timer_.move_to(now + until_older(*age));
}

// A look that fails is repeated soon: after a suspend everything is overdue for a moment.
void Supervisor::feed() {
  const auto now = loop_.now().instant;
  const bool alive = proof_of_life(look_());
  if (alive) ::sd_notify(0, "WATCHDOG=1");
  if (!alive && !starved_) {
    io::log_error("a source says that it is live and is overdue: the watchdog is not fed any more");
  }
  starved_ = !alive;
  watchdog_timer_.move_to(now + (alive ? half_ : std::min<Duration>(half_ / 4, 1s)));
}

}  // namespace otpctl::server
