#include "client/public_requests.hpp"

#include <string>

namespace otpctl::client {

namespace {

constexpr int kLongestCode = 64;
constexpr Duration kLongest = std::chrono::hours(24 * 366);  // as parse_duration

tl::unexpected<Error> refuse(std::string message) { return fail(ErrorCode::usage, std::move(message)); }

/// One bound alone is "at least" or "at most".
Result<Filters> checked(Filters filters) {
  int& min = filters.length_min;
  int& max = filters.length_max;
  if (min == 0 && max == 0) return filters;
  if (max == 0) max = kLongestCode;
  if (min == 0) min = 1;
  if (min < 1 || max > kLongestCode || min > max) return refuse("the length of a code lies between 1 and 64");
  return filters;
}

Result<void> check_line_up(bool exclusive, const std::optional<Duration>& queue) {
  if (queue && !exclusive) return refuse("'queue' belongs to 'exclusive'");
  return check_duration("queue", queue);
}

}  // namespace

Result<void> check_duration(const char* name, const std::optional<Duration>& duration) {
  if (!duration || (*duration >= Duration(0) && *duration <= kLongest)) return {};
  return refuse(std::string("'") + name + "' must lie between 0 and 366 days");
}

Result<void> fits_into_a_line(const rpc::Request& request) {
  if (rpc::encode_call("1000000", request).size() <= rpc::kMaxLine) return {};
  return refuse("that is longer than the 64 KiB that the agent takes");
}

Result<rpc::SessionRegister> request_of(const RegisterOptions& wanted) {
  rpc::SessionRegister request;
  request.target = wanted.target;
  request.ttl = wanted.ttl;
  request.country = wanted.country;
  request.exclusive = wanted.exclusive;
  request.queue = wanted.queue;
  if (wanted.target == Target{}) return refuse("whose code? a session needs an address or a number");
  auto filters = checked(wanted.filters);
  if (!filters) return fail(filters.error());
  request.filters = std::move(*filters);
  if (!wanted.metadata.empty()) request.metadata = wanted.metadata;
  if (!rpc::is_metadata(request.metadata))
    return refuse("'metadata' must be one JSON object of at most 8 KiB, nested at most 8 deep");
  if (auto sane = check_duration("ttl", wanted.ttl); !sane) return fail(sane.error());
  if (auto sane = check_line_up(wanted.exclusive, wanted.queue); !sane) return fail(sane.error());
  if (auto fits = fits_into_a_line(request); !fits) return fail(fits.error());
  return request;
}

Result<rpc::Wait> request_of(const WaitOptions& wanted) {
  rpc::Wait request;
  request.waiter = std::string(36, '0');  // stands for the one that the Waiter chooses
  request.session = wanted.session;
  request.target = wanted.target;
  request.timeout = wanted.timeout;
  request.no_limit = wanted.no_limit;
  request.since = wanted.since;
  request.exclusive = wanted.exclusive;
  request.queue = wanted.queue;
  request.fail_fast = wanted.fail_fast;
  if (wanted.session.empty() == (wanted.target == Target{}))
    return refuse("a wait takes a session or a recipient: one of the two");
  auto filters = checked(wanted.filters);
  if (!filters) return fail(filters.error());
  request.filters = std::move(*filters);
  if (auto sane = check_duration("timeout", wanted.timeout); !sane) return fail(sane.error());
  if (auto sane = check_duration("since", wanted.since); !sane) return fail(sane.error());
  if (auto sane = check_line_up(wanted.exclusive, wanted.queue); !sane) return fail(sane.error());
  if (auto fits = fits_into_a_line(request); !fits) return fail(fits.error());
  request.waiter.clear();
  return request;
}

}  // namespace otpctl::client
