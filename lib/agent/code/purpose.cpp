#include "code/purpose.hpp"

#include <algorithm>
#include <array>

namespace otpctl::code {

namespace {

struct Purpose {
  std::string_view name;
  std::array<std::string_view, 8> stems;  // folded; unused ones are empty
};

// The narrower ones first: a mail that resets a password also speaks of signing in.
constexpr std::array<Purpose, 4> kPurposes = {{
    {"reset",
     {"reset your password", "password reset", "reset code", "sifirla", "zurucksetz", "zuruecksetz",
      "sifre yenile", "recover your"}},
    {"payment",
     {"payment", "purchase", "odeme", "zahlung", "alisveris", "transfer", "harcama",
      "uberweisung"}},
    {"login", {"log in", "login", "sign in", "sign-in", "giris", "anmeld", "einlogg", "oturum"}},
    {"verify",
     {"verif", "confirm", "dogrula", "bestatig", "bestaetig", "onay", "activat", "aktiv"}},
}};
constexpr std::array<std::string_view, 10> kLifeWords = {"valid",  "expire",  "within", "gecerli",
                                                         "gultig", "gueltig", "sure",   "ablauf",
                                                         "lauft",  "icinde"};

template <std::size_t N>
bool has_any(std::string_view text, const std::array<std::string_view, N>& stems) {
  return std::any_of(stems.begin(), stems.end(), [&](std::string_view stem) {
    return !stem.empty() && text.find(stem) != text.npos;
  });
}

}  // namespace

std::string find_purpose(std::string_view subject, std::string_view body) {
  constexpr std::size_t kLooked = 2000;  // footers speak of everything
  for (const std::string_view text : {subject, body.substr(0, kLooked)}) {
    for (const Purpose& purpose : kPurposes) {
      if (has_any(text, purpose.stems)) return std::string(purpose.name);
    }
  }
  return {};
}

std::optional<Duration> find_lifetime(std::string_view folded, const std::vector<Number>& numbers) {
  for (const Number& number : numbers) {
    if (number.shape != Shape::duration || number.seconds == 0) continue;
    std::size_t begin = number.begin;
    while (begin > 0 && folded[begin - 1] != '\n' && number.begin - begin < 60) --begin;
    std::size_t end = number.end;
    while (end < folded.size() && folded[end] != '\n' && end - number.end < 60) ++end;
    if (has_any(folded.substr(begin, end - begin), kLifeWords))
      return std::chrono::seconds(number.seconds);
  }
  return std::nullopt;
}

}  // namespace otpctl::code
