// TOML text → a small tree of our own. The only place that sees toml++ (a heavy header) is
// document.cpp.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::config {

struct Entry;

struct Value {
  enum class Type { text, integer, real, boolean, date, array, table };
  Type type = Type::table;
  int line = 0;
  std::string text;
  std::int64_t integer = 0;
  bool boolean = false;
  std::vector<Value> items;    // of an array
  std::vector<Entry> entries;  // of a table, in the order of the file
};

struct Entry {
  std::string key;
  int line = 0;
  Value value;
};

/// The root table. `name` stands in errors. An error tells the line and what kind of thing is wrong
/// there, never a piece of the text: the line may hold a password. At most 1 MiB, 100 dots a line,
/// 16 levels.
Result<Value> parse_document(std::string_view toml, const std::string& name);

}  // namespace otpctl::config
