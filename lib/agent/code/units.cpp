#include "code/units.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

namespace otpctl::code {

namespace {

constexpr long kMinute = 60;
constexpr long kHour = 60 * kMinute;
constexpr long kDay = 24 * kHour;

struct Entry {
  std::string_view word;
  UnitKind kind;
  long seconds;
};

// clang-format off
constexpr std::array<Entry, 78> kUnits = {{
    {"s", UnitKind::time, 1}, {"sec", UnitKind::time, 1}, {"secs", UnitKind::time, 1},
    {"second", UnitKind::time, 1}, {"seconds", UnitKind::time, 1}, {"sn", UnitKind::time, 1},
    {"saniye", UnitKind::time, 1}, {"sekunde", UnitKind::time, 1}, {"sekunden", UnitKind::time, 1},
    {"sek", UnitKind::time, 1}, {"min", UnitKind::time, kMinute}, {"mins", UnitKind::time, kMinute},
    {"minute", UnitKind::time, kMinute}, {"minutes", UnitKind::time, kMinute},
    {"minuten", UnitKind::time, kMinute}, {"dk", UnitKind::time, kMinute},
    {"dakika", UnitKind::time, kMinute}, {"dakikadir", UnitKind::time, kMinute},
    {"dakikalik", UnitKind::time, kMinute}, {"dakikada", UnitKind::time, kMinute},
    {"h", UnitKind::time, kHour}, {"hr", UnitKind::time, kHour}, {"hrs", UnitKind::time, kHour},
    {"hour", UnitKind::time, kHour}, {"hours", UnitKind::time, kHour},
    {"saat", UnitKind::time, kHour}, {"saattir", UnitKind::time, kHour},
    {"std", UnitKind::time, kHour}, {"stunde", UnitKind::time, kHour},
    {"stunden", UnitKind::time, kHour}, {"day", UnitKind::time, kDay},
    {"days", UnitKind::time, kDay}, {"gun", UnitKind::time, kDay}, {"tag", UnitKind::time, kDay},
    {"tage", UnitKind::time, kDay}, {"tagen", UnitKind::time, kDay},
    {"week", UnitKind::time, 7 * kDay}, {"weeks", UnitKind::time, 7 * kDay},
    {"hafta", UnitKind::time, 7 * kDay}, {"woche", UnitKind::time, 7 * kDay},
    {"wochen", UnitKind::time, 7 * kDay}, {"usd", UnitKind::money, 0}, {"eur", UnitKind::money, 0},
    {"euro", UnitKind::money, 0}, {"euros", UnitKind::money, 0}, {"gbp", UnitKind::money, 0},
    {"tl", UnitKind::money, 0}, {"lira", UnitKind::money, 0}, {"dollar", UnitKind::money, 0},
    {"dollars", UnitKind::money, 0}, {"chf", UnitKind::money, 0}, {"inr", UnitKind::money, 0},
    {"rs", UnitKind::money, 0}, {"aed", UnitKind::money, 0}, {"am", UnitKind::count, 0},
    {"pm", UnitKind::count, 0}, {"uhr", UnitKind::count, 0}, {"digit", UnitKind::count, 0},
    {"digits", UnitKind::count, 0}, {"haneli", UnitKind::count, 0}, {"hane", UnitKind::count, 0},
    {"stellig", UnitKind::count, 0}, {"stellige", UnitKind::count, 0},
    {"stelligen", UnitKind::count, 0}, {"puan", UnitKind::count, 0}, {"points", UnitKind::count, 0},
    {"punkte", UnitKind::count, 0}, {"adet", UnitKind::count, 0}, {"kb", UnitKind::count, 0},
    {"mb", UnitKind::count, 0}, {"gb", UnitKind::count, 0}, {"km", UnitKind::count, 0},
    {"kg", UnitKind::count, 0}, {"new", UnitKind::count, 0}, {"people", UnitKind::count, 0},
    {"characters", UnitKind::count, 0}, {"zeichen", UnitKind::count, 0},
    {"items", UnitKind::count, 0},
}};
// clang-format on

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

Unit find(std::string_view word) {
  const auto* at = std::find_if(kUnits.begin(), kUnits.end(),
                                [&](const Entry& entry) { return entry.word == word; });
  return at == kUnits.end() ? Unit{} : Unit{at->kind, at->seconds};
}

}  // namespace

Unit unit_at(std::string_view folded, std::size_t pos) {
  if (pos < folded.size() && (folded[pos] == ' ' || folded[pos] == '-')) ++pos;
  std::size_t end = pos;
  while (end < folded.size() && end - pos < 12 && is_letter(folded[end])) ++end;
  return find(folded.substr(pos, end - pos));
}

Unit unit_in(std::string_view folded, std::size_t begin, std::size_t end) {
  const std::string_view word = folded.substr(begin, end - begin);
  const std::size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
  if (digits == 0 || digits > 4) return {};
  Unit unit = find(word.substr(digits));
  unit.seconds *= std::strtol(std::string(word.substr(0, digits)).c_str(), nullptr, 10);
  return unit;
}

bool money_before(std::string_view folded, std::size_t pos) {
  std::size_t begin = pos;
  if (begin > 0 && folded[begin - 1] == '.') --begin;  // "Rs. 4500"
  const std::size_t end = begin;
  while (begin > 0 && end - begin < 8 && is_letter(folded[begin - 1])) --begin;
  return find(folded.substr(begin, end - begin)).kind == UnitKind::money;
}

}  // namespace otpctl::code
