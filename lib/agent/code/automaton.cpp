#include "code/automaton.hpp"

namespace otpctl::code {

using State = Automaton::State;

constexpr std::size_t kFewEdges = 8;  // a search among these is faster than a further cache line

std::uint32_t AutomatonBuilder::add(std::u32string_view word) {
  State state = Automaton::kStart;
  for (const char32_t symbol : word) {
    const auto [edge, is_new] = children_[state].try_emplace(symbol, static_cast<State>(children_.size()));
    state = edge->second;
    if (!is_new) continue;
    children_.emplace_back();
    words_.push_back(Automaton::kNone);
  }
  if (words_[state] == Automaton::kNone) words_[state] = count_++;
  return words_[state];
}

AutomatonBuilder::Built AutomatonBuilder::build() const {
  Built out;
  out.nodes.resize(children_.size() + 1);
  for (State state = 0; state < children_.size(); ++state) {
    out.nodes[state].first = static_cast<std::uint32_t>(out.edges.size());
    out.nodes[state].word = words_[state];
    for (const auto& [symbol, to] : children_[state]) out.edges.push_back({symbol, to});
    if (children_[state].size() <= kFewEdges) continue;
    out.nodes[state].row = static_cast<std::uint32_t>(out.rows.size());
    out.rows.resize(out.rows.size() + Automaton::kRow, Automaton::kStart);
    for (const auto& [symbol, to] : children_[state]) {
      if (symbol < Automaton::kRow) out.rows[out.nodes[state].row + symbol] = to;
    }
  }
  out.nodes.back().first = static_cast<std::uint32_t>(out.edges.size());
  const Automaton sofar(out.nodes, out.edges, out.rows);
  std::vector<State> queue = {Automaton::kStart};  // breadth first: a node's fail is nearer to the start
  for (std::size_t next = 0; next < queue.size(); ++next) {
    const State state = queue[next];
    for (const auto& [symbol, to] : children_[state]) {
      queue.push_back(to);
      if (state == Automaton::kStart) continue;
      const State fail = sofar.step(out.nodes[state].fail, symbol);
      out.nodes[to].fail = fail;
      out.nodes[to].shorter = words_[fail] != Automaton::kNone ? fail : out.nodes[fail].shorter;
    }
  }
  return out;
}

}  // namespace otpctl::code
