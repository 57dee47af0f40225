#include "delivery/mark.hpp"

namespace otpctl::delivery {

namespace {

constexpr auto kInternalDateGrain = std::chrono::seconds(1);  // RFC 3501 date-time has no fraction
constexpr auto kSmsSentSlack = std::chrono::seconds(60);      // clocks of phones and gateways

}  // namespace

bool is_plausible(WallTime time) {
  using namespace std::chrono;
  return time >= WallTime(sys_days(year(0) / 1 / 1)) && time < WallTime(sys_days(year(10000) / 1 / 1));
}

bool counts_after(const Arrival& arrival, const Mark& mark) {
  if (arrival.channel == message::Channel::sms && arrival.sent &&
      *arrival.sent < mark.time - kSmsSentSlack)
    return false;
  if (mark.seq && arrival.seq <= *mark.seq)
    return false;  // it had reached us before the mark was taken
  if (!arrival.from_mailbox) return mark.seq || arrival.received > mark.time;
  const auto known = mark.positions.find(arrival.source);
  if (known != mark.positions.end() && known->second.uid_validity == arrival.uid_validity) {
    return arrival.uid >= known->second.uid_next;
  }
  return arrival.received + kInternalDateGrain > mark.time;
}

namespace {

/// When it came into the world: an SMS that a gateway hands over late was sent long before it was received.
WallTime moment_of(const Arrival& arrival) {
  const bool late = arrival.channel == message::Channel::sms && arrival.sent &&
                    *arrival.sent + kSmsSentSlack < arrival.received;
  return late ? *arrival.sent : arrival.received;
}

}  // namespace

bool is_newer(const Arrival& a, const Arrival& b) {
  if (a.from_mailbox && b.from_mailbox && a.source == b.source && a.uid_validity == b.uid_validity)
    return a.uid > b.uid;
  if (a.channel == message::Channel::sms && a.sent && b.sent && *a.sent != *b.sent)
    return *a.sent > *b.sent;
  if (moment_of(a) != moment_of(b)) return moment_of(a) > moment_of(b);
  return a.seq > b.seq;
}

}  // namespace otpctl::delivery
