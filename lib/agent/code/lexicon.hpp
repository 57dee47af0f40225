// The words of all languages, found in folded text in one pass: an Aho–Corasick automaton over the
// literal heads of the entries, each hit then held against the entry's tail and the word's ends.
// The tables are lib/agent/code/languages/*.txt; docs/languages.md says how to write one.
#pragma once

#include "base/result.hpp"
#include "code/fold.hpp"

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace otpctl::code {

/// What a word does in a message. The names are the sections of a language's table.
enum class Role : std::uint8_t {
  // labels: what the number beside it is
  negative,  // "order", "ref", "promo code": its number is no code
  strong,    // "verification code": can only be a one-time code
  weak,      // "code", "PIN": may be one
  soft,      // "account", "card": owns a number directly behind it, else only qualifies
  ordinary,  // "barcode", "unicode": no label, and no shorter entry counts in it
  // units: what a number beside it is
  time,   // "minutes"; Hit::value: seconds of one
  money,  // "EUR", before or behind the number
  count,  // "digit", "points": of a number of up to 4 digits
  // links between a label and its number
  copula,  // "is"
  both,    // "and", "or": between two numbers of one label
  number,  // "no.", "number", "ending in": between a label and its number
  // phrases
  request,  // "use", "enter": right before the number, or right behind it
  aim,      // "to sign in": what the request is for
  context,  // "verify your email": a code on a line of its own needs no label beside it
  promotion,  // "discount", "free spins": a number that is only called "code" is none there
  expired,  // "has expired": of the number in front of it
  life,     // "valid for": a time beside it is how long the code lives
  // purposes
  login,
  verify,
  payment,
  reset,
};
inline constexpr std::size_t kRoles = static_cast<std::size_t>(Role::reset) + 1;
inline constexpr std::size_t kLanguages = 128;
using Languages = std::bitset<kLanguages>;

inline bool is_label(Role role) { return role <= Role::ordinary; }
inline bool is_unit(Role role) { return role >= Role::time && role <= Role::count; }
inline bool is_purpose(Role role) { return role >= Role::login; }

struct Hit {
  std::uint32_t begin = 0;  // in the folded text; of the whole word where a particle is joined to it
  std::uint32_t end = 0;
  Role role = Role::weak;
  std::int32_t value = 0;
  Languages languages{};

  bool positive() const { return role == Role::strong || role == Role::weak; }
};

/// Hits of one text: of labels and of units the longest at each place, never overlapping; of the
/// other roles each role for itself. All in order.
struct Hits {
  std::vector<Hit> labels;
  std::vector<Hit> units;
  std::array<std::vector<Hit>, kRoles> of;  // links, phrases and purposes, by role

  const std::vector<Hit>& all(Role role) const { return of[static_cast<std::size_t>(role)]; }
  bool begins(Role role, std::size_t pos) const { return at(all(role), pos) != nullptr; }
  bool ends(Role role, std::size_t pos) const { return up_to(all(role), pos) != nullptr; }
  /// One lies wholly in [begin, end).
  bool within(Role role, std::size_t begin, std::size_t end) const;
  static const Hit* at(const std::vector<Hit>& hits, std::size_t begin);    // that begins there, or null
  static const Hit* up_to(const std::vector<Hit>& hits, std::size_t end);  // that ends there, or null
  static const Hit* first_from(const std::vector<Hit>& hits, std::size_t begin);
};

class Lexicon {
 public:
  /// `tables`: the text of language tables. `config` with table and line when one cannot be read.
  static Result<Lexicon> parse(const std::vector<std::string_view>& tables);
  /// All languages that are compiled in; shared by all threads, nothing is read at the start.
  static const Lexicon& built_in();

  /// Linear in the text: what is looked at behind a head is bounded.
  Hits find(const Folded& text) const;

  std::size_t size() const;  // entries

  Lexicon(Lexicon&&) noexcept;
  Lexicon& operator=(Lexicon&&) noexcept;
  ~Lexicon();

 private:
  struct Words;
  explicit Lexicon(std::unique_ptr<Words> words);
  std::unique_ptr<Words> words_;
};

}  // namespace otpctl::code
