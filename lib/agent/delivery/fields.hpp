// A row of values as bytes: numbers as decimals with a space behind, texts as "length:bytes". What
// a record is made of.
#pragma once

#include "base/time.hpp"
#include "delivery/mark.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace otpctl::delivery {

class FieldWriter {
 public:
  template <class T>
  requires(std::is_integral_v<T> || std::is_enum_v<T>) FieldWriter& operator<<(T value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number(value)).ptr;
    bytes_.append(digits, end);
    bytes_ += ' ';
    return *this;
  }
  FieldWriter& operator<<(std::string_view text) {
    *this << text.size();
    bytes_.back() = ':';
    bytes_ += text;
    return *this;
  }
  FieldWriter& operator<<(const std::string& text) { return *this << std::string_view(text); }
  FieldWriter& operator<<(WallTime time) { return *this << time.time_since_epoch().count(); }
  FieldWriter& operator<<(Duration duration) { return *this << duration.count(); }
  template <class T>
  FieldWriter& operator<<(const std::optional<T>& value) {
    *this << value.has_value();
    if (value) *this << *value;
    return *this;
  }

  std::string take() { return std::move(bytes_); }

 private:
  template <class T>
  static auto number(T value) {
    if constexpr (std::is_enum_v<T>) {
      return static_cast<std::int64_t>(value);
    } else if constexpr (std::is_signed_v<T>) {
      return static_cast<std::int64_t>(value);
    } else {
      return static_cast<std::uint64_t>(value);
    }
  }
  std::string bytes_;
};

/// Reads what FieldWriter wrote. After the first field that is not what was asked for, all are
/// empty and ok() is false; no length is believed beyond the bytes that are there.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  requires(std::is_integral_v<T>) FieldReader& operator>>(T& value) {
    std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t> wide = 0;
    take_number(wide, ' ');
    value = static_cast<T>(wide);
    if (static_cast<decltype(wide)>(value) != wide) fail();
    return *this;
  }
  /// An enumerator up to `last`.
  template <class T>
  requires(std::is_enum_v<T>) void read(T& value, T last) {
    int number = 0;
    *this >> number;
    if (number < 0 || number > static_cast<int>(last)) return fail();
    value = static_cast<T>(number);
  }
  FieldReader& operator>>(std::string& text) {
    std::uint64_t size = 0;
    take_number(size, ':');
    if (size > rest_.size()) fail();
    text = ok_ ? rest_.substr(0, size) : std::string_view();
    rest_.remove_prefix(text.size());
    return *this;
  }
  FieldReader& operator>>(WallTime& time) {
    Duration::rep micros = 0;
    *this >> micros;
    time = WallTime(Duration(micros));
    if (!is_plausible(time)) fail();
    return *this;
  }
  FieldReader& operator>>(Duration& duration) {
    Duration::rep micros = 0;
    *this >> micros;
    duration = Duration(micros);
    return *this;
  }
  template <class T>
  FieldReader& operator>>(std::optional<T>& value) {
    bool has = false;
    *this >> has;
    value.reset();
    if (has && ok_) *this >> value.emplace();
    return *this;
  }
  /// How many follow: never more than there are bytes.
  std::size_t count() {
    std::size_t number = 0;
    *this >> number;
    if (number > rest_.size()) fail();
    return ok_ ? number : 0;
  }

  bool ok() const { return ok_; }
  bool more() const { return ok_ && !rest_.empty(); }
  bool done() const { return ok_ && rest_.empty(); }
  void fail() { ok_ = false; }

 private:
  template <class T>
  void take_number(T& value, char end) {
    const auto [at, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    const auto used = static_cast<std::size_t>(at - rest_.data());
    if (!ok_ || error != std::errc() || used >= rest_.size() || *at != end) {
      value = 0;
      return fail();
    }
    rest_.remove_prefix(used + 1);
  }
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace otpctl::delivery
