// Aho–Corasick over UTF-32: which of many literal words end at each place of a text.
// Aho, Corasick, "Efficient string matching", CACM 18(6), 1975.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace otpctl::code {

class Automaton {
 public:
  using State = std::uint32_t;
  static constexpr State kStart = 0;

  /// The word's number: the same for the same word. Before seal() only.
  std::uint32_t add(std::u32string_view word);
  /// Makes it ready to run; nothing is added any more.
  void seal();

  State step(State state, char32_t symbol) const;
  /// Calls `found(word)` for each word that ends here, the longest first.
  template <class Found>
  void each_end(State state, Found found) const {
    for (State s = nodes_[state].word != kNone ? state : nodes_[state].shorter; s != kStart; s = nodes_[s].shorter)
      found(nodes_[s].word);
  }
  bool ends_word(State state) const { return nodes_[state].word != kNone || nodes_[state].shorter != kStart; }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct Node {
    std::uint32_t first = 0;  // of its edges
    std::uint32_t count = 0;
    State fail = kStart;
    State shorter = kStart;  // the longest proper suffix that is a word
    std::uint32_t word = kNone;
  };
  struct Edge {
    char32_t symbol;
    State to;
  };
  State child(State state, char32_t symbol) const;  // kStart when there is none
  void lay_out_edges();

  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::vector<Edge> edges_;                            // of each node together, by symbol
  std::array<State, 128> ascii_start_{};               // the start's edges: most steps end there
  std::vector<std::map<char32_t, State>> building_ = std::vector<std::map<char32_t, State>>(1);
  std::uint32_t words_ = 0;
};

}  // namespace otpctl::code
