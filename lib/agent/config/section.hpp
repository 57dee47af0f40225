// Reads the keys of one table with their types and bounds. Wrong things are collected, the first
// one of the file is what the user gets to see.
#pragma once

#include "base/time.hpp"
#include "config/document.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::config {

class Problems {
 public:
  explicit Problems(std::string name) : name_(std::move(name)) {}
  void add(int line, const std::string& what);
  std::optional<Error> first() const;  // of the file
  std::vector<Error> all() const;      // in the order of the file

 private:
  struct Problem {
    int line = 0;
    std::string what;
  };
  Error error_of(const Problem& problem) const;

  std::string name_;
  std::vector<Problem> problems_;  // by line
};

std::string quoted(std::string_view text);

class Section {
 public:
  /// `where` is how the table is written: "[wait]", "[[mailbox]]".
  Section(const Value& table, std::string where, Problems& problems)
      : table_(table),
        where_(std::move(where)),
        problems_(problems) {}

  /// Every other key is a problem, with the nearest of these.
  void allow(const std::vector<std::string>& keys);

  const Value* find(std::string_view key) const;
  bool has(std::string_view key) const { return find(key) != nullptr; }
  int line() const { return table_.line; }
  const std::string& where() const { return where_; }
  void problem(const Value& at, const std::string& what) const { problems_.add(at.line, what); }
  /// Something is missing. Not told where a misspelt key is: that is most likely it.
  void missing(const std::string& what) const {
    if (!misspelt_) problems_.add(table_.line, what);
  }

  // Each leaves `out` alone when the key is not there or wrong, and says then what is wrong.
  void read(std::string_view key, std::string& out) const;  // not empty, no control characters
  void read(std::string_view key, bool& out) const;
  void read(std::string_view key, int& out, int least, int most) const;
  void read(std::string_view key, Duration& out, Duration least, Duration most) const;
  void read(std::string_view key,
            std::vector<std::string>& out) const;                // not empty, each as a text
  void read_path(std::string_view key, std::string& out) const;  // from the root
  /// One of `choices`; its index.
  std::optional<std::size_t> choose(std::string_view key,
                                    const std::vector<std::string>& choices) const;

 private:
  const Value* find_typed(std::string_view key, Value::Type type, const char* example) const;
  bool is_plain_text(const Value& value, std::string_view key) const;

  const Value& table_;
  std::string where_;
  Problems& problems_;
  bool misspelt_ = false;
};

}  // namespace otpctl::config
