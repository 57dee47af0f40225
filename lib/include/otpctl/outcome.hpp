// A value or an Error: what every call of the public library returns.
#pragma once

#include <otpctl/error.hpp>

#include <utility>
#include <variant>

namespace otpctl {

/// Either a T or an Error. `*outcome` and `outcome->` need has_value(), error() needs the opposite; both are checked in
/// no build: ask first. As copyable, movable and thread-compatible as T.
template <class T>
class Outcome {
 public:
  Outcome(T value) : value_(std::in_place_index<0>, std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Outcome(Error error) : value_(std::in_place_index<1>, std::move(error)) {}      // NOLINT(google-explicit-constructor)

  bool has_value() const noexcept { return value_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  T& operator*() & { return *std::get_if<0>(&value_); }
  const T& operator*() const& { return *std::get_if<0>(&value_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&value_)); }
  T* operator->() { return std::get_if<0>(&value_); }
  const T* operator->() const { return std::get_if<0>(&value_); }
  const Error& error() const { return *std::get_if<1>(&value_); }

 private:
  std::variant<T, Error> value_;
};

template <>
class Outcome<void> {
 public:
  Outcome() = default;
  Outcome(Error error) : error_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const noexcept { return error_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  const Error& error() const { return *std::get_if<1>(&error_); }

 private:
  std::variant<std::monostate, Error> error_;
};

}  // namespace otpctl
