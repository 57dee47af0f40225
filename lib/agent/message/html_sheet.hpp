// The rules of <style> blocks for one class or one id: ".preheader{display:none}", "#code,td.big{font-size:32px}".
// Anything that asks for more (descendants, states, widths of screens) is left out.
#pragma once

#include "message/html_style.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace otpctl::message {

inline constexpr std::size_t kSheetRules = 1000;
inline constexpr std::size_t kRuleBytes = 256;  // of what matters in the rules of one name

class Sheet {
 public:
  /// The content of a <style>; blocks add up. Linear in `css`.
  void read(std::string_view css);

  /// The declarations that hold for an element, of those of one `weight`.
  void apply(std::string_view tag, std::string_view id, std::string_view classes, Style& style, Box& box,
             Weight weight) const;

  bool empty() const { return rules_.empty(); }

 private:
  void add(std::string_view selectors, std::string_view declarations);
  void apply_one(std::string_view tag, char mark, std::string_view name, Style& style, Box& box, Weight weight) const;

  std::unordered_map<std::uint64_t, Declarations> rules_;
};

}  // namespace otpctl::message
