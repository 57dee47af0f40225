// Reading one JSON object leniently: members that are missing or of another type keep their default, because a newer
// peer may say more. Private to rpc's .cpp files.
#pragma once

#include "base/time.hpp"
#include "rpc/json.hpp"

#include <limits>

namespace otpctl::rpc {

template <class Values>
auto by_name(const Values& values, std::string_view name) {
  for (const auto value : values) {
    if (name_of(value) == name) return value;
  }
  return values.front();
}

/// Members with defaults.
class Members {
 public:
  explicit Members(const ReadJson& object) : object_(object) {}

  const ReadJson* find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  std::string text(const char* name) const {
    const ReadJson* value = find(name);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
  }
  bool flag(const char* name) const {
    const ReadJson* value = find(name);
    return value != nullptr && value->is_boolean() && value->get<bool>();
  }
  double real(const char* name) const {
    const ReadJson* value = find(name);
    return value != nullptr && value->is_number() ? value->get<double>() : 0;
  }
  std::uint64_t count(const char* name) const {
    const ReadJson* value = find(name);
    return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
  }
  int number(const char* name) const {
    const std::uint64_t found = count(name);
    return found <= std::numeric_limits<int>::max() ? static_cast<int>(found) : 0;
  }
  std::optional<WallTime> time(const char* name) const {
    const auto read = parse_time(text(name));
    return read ? std::optional<WallTime>(*read) : std::nullopt;
  }
  WallTime time_or_zero(const char* name) const { return time(name).value_or(WallTime{}); }
  std::optional<Duration> duration(const char* name) const {
    const auto read = parse_duration(text(name));
    return read ? std::optional<Duration>(*read) : std::nullopt;
  }
  /// Nothing for one that is not in our enum: a newer agent's, or none at all.
  std::optional<ExitCode> exit_code(const char* name) const {
    const ReadJson* value = find(name);
    for (const ExitCode each :
         {ExitCode::done, ExitCode::no, ExitCode::usage, ExitCode::unreadable, ExitCode::not_found,
          ExitCode::unreachable, ExitCode::try_later, ExitCode::not_allowed, ExitCode::configuration,
          ExitCode::timed_out, ExitCode::interrupted, ExitCode::terminated}) {
      if (value != nullptr && value->is_number_integer() && *value == static_cast<int>(each)) return each;
    }
    return std::nullopt;
  }
  Target target() const { return Target{text("email"), text("phone")}; }
  template <class Read>
  auto list(const char* name, Read read) const {
    std::vector<decltype(read(object_))> values;
    const ReadJson* found = find(name);
    if (found == nullptr || !found->is_array()) return values;
    for (const ReadJson& each : *found) values.push_back(read(each));
    return values;
  }

  std::vector<std::string> texts(const char* name) const {
    return list(name, [](const ReadJson& each) { return each.is_string() ? each.get<std::string>() : std::string(); });
  }

 private:
  const ReadJson& object_;
};

}  // namespace otpctl::rpc
