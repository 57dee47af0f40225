// Words that say what a number is: tables of English, Turkish and German, found in folded text in
// one pass.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace otpctl::code {

enum class Sense {
  strong,  // "verification code": can only be a one-time code
  weak,    // "code", "PIN": may be one
  soft,  // "account", "card": owns a number directly behind it, else only qualifies ("code for your
         // account: …")
  negative,  // "order", "ref", "amount", "promo code": its number is no code
};

/// `text`: folded (fold.hpp). A space stands for any run of spaces, hyphens and one line end; a
/// final '*' for up to eight further letters (inflection). The longest entry that fits at a word's
/// begin counts, so "promo code" swallows "code".
struct LabelEntry {
  std::string_view text;
  Sense sense;
};

// One table a language; adding a language is adding a table.
std::vector<LabelEntry> english_labels();
std::vector<LabelEntry> turkish_labels();
std::vector<LabelEntry> german_labels();

struct Label {
  std::size_t begin = 0;  // in the folded text
  std::size_t end = 0;
  Sense sense = Sense::weak;

  bool positive() const { return sense == Sense::strong || sense == Sense::weak; }
};

/// In order, never overlapping.
std::vector<Label> find_labels(std::string_view folded);

}  // namespace otpctl::code
