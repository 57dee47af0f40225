#include "code/automaton.hpp"

#include <algorithm>

namespace otpctl::code {

std::uint32_t Automaton::add(std::u32string_view word) {
  State state = kStart;
  for (const char32_t symbol : word) {
    const auto [edge, is_new] = building_[state].try_emplace(symbol, static_cast<State>(nodes_.size()));
    state = edge->second;
    if (!is_new) continue;
    nodes_.emplace_back();
    building_.emplace_back();
  }
  if (nodes_[state].word == kNone) nodes_[state].word = words_++;
  return nodes_[state].word;
}

void Automaton::seal() {
  lay_out_edges();
  std::vector<State> queue = {kStart};  // breadth first: a node's fail is nearer to the start
  for (std::size_t next = 0; next < queue.size(); ++next) {
    const State state = queue[next];
    for (const auto& [symbol, to] : building_[state]) {
      queue.push_back(to);
      if (state == kStart) continue;
      Node& node = nodes_[to];
      node.fail = step(nodes_[state].fail, symbol);
      node.shorter = nodes_[node.fail].word != kNone ? node.fail : nodes_[node.fail].shorter;
    }
  }
  building_ = {};
}

void Automaton::lay_out_edges() {
  edges_.reserve(nodes_.size());
  for (State state = 0; state < nodes_.size(); ++state) {
    nodes_[state].first = static_cast<std::uint32_t>(edges_.size());
    nodes_[state].count = static_cast<std::uint32_t>(building_[state].size());
    for (const auto& [symbol, to] : building_[state]) edges_.push_back({symbol, to});
  }
  for (const auto& [symbol, to] : building_[kStart]) {
    if (symbol < ascii_start_.size()) ascii_start_[symbol] = to;
  }
}

Automaton::State Automaton::child(State state, char32_t symbol) const {
  if (state == kStart && symbol < ascii_start_.size()) return ascii_start_[symbol];
  const Node& node = nodes_[state];
  const Edge* begin = edges_.data() + node.first;
  const Edge* end = begin + node.count;
  if (node.count > 8) {
    begin = std::lower_bound(begin, end, symbol, [](const Edge& edge, char32_t s) { return edge.symbol < s; });
    return begin != end && begin->symbol == symbol ? begin->to : kStart;
  }
  for (; begin != end; ++begin) {
    if (begin->symbol == symbol) return begin->to;
  }
  return kStart;
}

Automaton::State Automaton::step(State state, char32_t symbol) const {
  while (true) {
    if (const State next = child(state, symbol); next != kStart) return next;
    if (state == kStart) return kStart;
    state = nodes_[state].fail;
  }
}

}  // namespace otpctl::code
