#include "server/recall.hpp"

namespace otpctl::server {

void Recall::add(const Event& event, Health& health, Now now) {
  if (event.type == EventType::agent && event.state == "started") live_.clear();
  if (event.type == EventType::message && event.state != "duplicate") {
    health.recall(event.source, Health::Past::message, now.wall - event.at, now);
  }
  if (event.type == EventType::source) add_source(event, health, now);
}

void Recall::add_source(const Event& event, Health& health, Now now) {
  const bool was_live = live_.erase(event.source) > 0;
  if (event.state == "live") {
    live_.insert(event.source);
  } else if (was_live) {
    health.recall(event.source, Health::Past::reconnect, now.wall - event.at, now);
  } else if (event.state == "unreachable" || event.state == "signed_out" || event.state == "throttled") {
    health.recall(event.source, Health::Past::error, now.wall - event.at, now);
  }
}

}  // namespace otpctl::server
