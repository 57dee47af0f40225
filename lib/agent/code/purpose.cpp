#include "code/purpose.hpp"

#include <array>
#include <utility>

namespace otpctl::code {

std::string_view find_purpose(const Hits& hits) {
  constexpr std::size_t kLooked = 2000;  // footers speak of everything
  // The narrower ones first: a mail that resets a password also speaks of signing in.
  constexpr std::array<std::pair<Role, std::string_view>, 4> kPurposes = {
      {{Role::reset, "reset"}, {Role::payment, "payment"}, {Role::login, "login"}, {Role::verify, "verify"}}};
  for (const auto& [role, name] : kPurposes) {
    if (hits.within(role, 0, kLooked)) return name;
  }
  return {};
}

std::optional<Duration> find_lifetime(const Gaps& gaps, const Hits& hits, const std::vector<Number>& numbers) {
  for (const Number& number : numbers) {
    if (number.shape != Shape::duration || number.seconds == 0) continue;
    if (hits.within(Role::life, gaps.line_begin(number.begin), gaps.line_end(number.end)))
      return std::chrono::seconds(number.seconds);
  }
  return std::nullopt;
}

}  // namespace otpctl::code
