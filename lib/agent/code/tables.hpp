// A language's table as it is written, and what the lexicon makes of it. docs/languages.md.
#pragma once

#include "base/result.hpp"
#include "code/lexicon.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace otpctl::code {

struct Entry {
  std::u32string head;  // folded, literal; up to the first '*'
  std::u32string tail;  // what must follow: '*' for letters, ' ' for a gap, else itself
  Role role = Role::weak;
  std::int32_t value = 0;
  Languages languages{};
  bool compound = false;     // "*code": the word may begin with anything
  std::u32string particles;  // letters that may be joined in front ("ה" in "הקוד")
};

/// The entries of all tables; the first table is number 0 of the languages, and so on. `config` with the
/// language and the line when a table cannot be read.
Result<std::vector<Entry>> read_tables(const std::vector<std::string_view>& tables);

}  // namespace otpctl::code
