// Words beside a number that make it a time, an amount of money or a count (English, Turkish,
// German; folded).
#pragma once

#include <cstddef>
#include <string_view>

namespace otpctl::code {

enum class UnitKind { none, time, money, count };

struct Unit {
  UnitKind kind = UnitKind::none;
  long seconds = 0;  // of one, for time
};

/// The unit behind a number that ends at `pos`, with or without a space or hyphen between.
Unit unit_at(std::string_view folded, std::size_t pos);

/// The unit glued to digits ("10min", "24h"); `seconds` is then of the whole.
Unit unit_in(std::string_view folded, std::size_t begin, std::size_t end);

/// True when a currency ("usd", "tl") ends at `pos`.
bool money_before(std::string_view folded, std::size_t pos);

}  // namespace otpctl::code
