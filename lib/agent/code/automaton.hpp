// Aho–Corasick over UTF-32: which of many literal words end at each place of a text.
// Aho, Corasick, "Efficient string matching", CACM 18(6), 1975.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace otpctl::code {

/// The machine at work, over nodes and edges that somebody else keeps (lexicon_image.hpp).
class Automaton {
 public:
  using State = std::uint32_t;
  static constexpr State kStart = 0;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  struct Node {
    std::uint32_t first = 0;  // of its edges; they end where the next node's begin
    State fail = kStart;
    State shorter = kStart;  // the longest proper suffix that is a word
    std::uint32_t word = kNone;
    std::uint32_t row = kNone;  // of a node with many edges: where ASCII leads from it
  };
  static constexpr std::uint32_t kRow = 128;
  struct Edge {
    char32_t symbol = 0;
    State to = kStart;
  };

  Automaton() = default;
  /// One node more than there are states: the last only ends the edges.
  Automaton(std::span<const Node> nodes, std::span<const Edge> edges, std::span<const State> rows)
      : nodes_(nodes), edges_(edges), rows_(rows) {}

  State step(State state, char32_t symbol) const {
    while (true) {
      if (const State next = child(state, symbol); next != kStart) return next;
      if (state == kStart) return kStart;
      state = nodes_[state].fail;
    }
  }

  /// Calls `found(word)` for each word that ends here, the longest first.
  template <class Found>
  void each_end(State state, Found found) const {
    for (State s = nodes_[state].word != kNone ? state : nodes_[state].shorter; s != kStart; s = nodes_[s].shorter)
      found(nodes_[s].word);
  }

 private:
  State child(State state, char32_t symbol) const {
    const Node& node = nodes_[state];
    if (symbol < kRow && node.row != kNone) return rows_[node.row + symbol];
    std::uint32_t low = node.first;
    std::uint32_t high = nodes_[state + 1].first;
    while (high - low > 4) {
      const std::uint32_t middle = low + (high - low) / 2;
      (edges_[middle].symbol <= symbol ? low : high) = middle;
    }
    for (; low < high; ++low) {
      if (edges_[low].symbol == symbol) return edges_[low].to;
    }
    return kStart;
  }

  std::span<const Node> nodes_;
  std::span<const Edge> edges_;
  std::span<const State> rows_;
};

class AutomatonBuilder {
 public:
  /// The word's number: the same for the same word, counted from 0. `word` is not empty.
  std::uint32_t add(std::u32string_view word);

  struct Built {
    std::vector<Automaton::Node> nodes;
    std::vector<Automaton::Edge> edges;
    std::vector<Automaton::State> rows;
  };
  Built build() const;

 private:
  std::vector<std::map<char32_t, Automaton::State>> children_ = std::vector<std::map<char32_t, Automaton::State>>(1);
  std::vector<std::uint32_t> words_ = {Automaton::kNone};  // of each state
  std::uint32_t count_ = 0;
};

}  // namespace otpctl::code
