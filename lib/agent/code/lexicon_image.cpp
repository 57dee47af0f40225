#include "code/lexicon_image.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace otpctl::code {

namespace {

/// The head as the automaton meets it: with its word begins. What may stand joined to another word has none in front.
std::u32string symbols_of(const Entry& entry) {
  std::u32string out;
  char before = ' ';
  for (const char32_t letter : entry.head) {
    const char here = fold_type(letter);
    const bool joined = out.empty() && (entry.compound || !entry.particles.empty());
    if (begins_word(before, here) && !joined) out += kWordBegin;
    out += letter;
    before = here;
  }
  return out;
}

using Key = std::tuple<std::u32string, std::u32string, Role, std::int32_t, bool, std::u32string>;

std::map<Key, Languages> merged(std::vector<Entry> entries) {
  std::map<Key, Languages> out;
  for (Entry& entry : entries) {
    Key key{symbols_of(entry), std::move(entry.tail), entry.role, entry.value, entry.compound, entry.particles};
    out[std::move(key)] |= entry.languages;
  }
  return out;
}

class Strings {
 public:
  std::uint32_t add(const std::u32string& text) {
    const auto [at, is_new] = places_.try_emplace(text, static_cast<std::uint32_t>(all_.size()));
    if (is_new) all_.insert(all_.end(), text.begin(), text.end());
    return at->second;
  }
  const std::vector<char32_t>& all() const { return all_; }

 private:
  std::map<std::u32string, std::uint32_t> places_;
  std::vector<char32_t> all_;
};

PackedEntry packed(const Key& key, const Languages& languages, Strings& strings) {
  const auto& [head, tail, role, value, compound, particles] = key;
  PackedEntry out{};
  const Languages low = Languages(~std::uint64_t{0});
  out.languages[0] = (languages & low).to_ullong();
  out.languages[1] = ((languages >> 64) & low).to_ullong();
  out.value = value;
  out.tail = strings.add(tail);
  out.particles = strings.add(particles);
  out.tail_size = static_cast<std::uint16_t>(tail.size());
  out.particles_size = static_cast<std::uint16_t>(particles.size());
  out.head_size = static_cast<std::uint16_t>(head.size());
  out.literal = static_cast<std::uint16_t>(head.size() + tail.size());
  const std::size_t gap = tail.find(U' ');
  out.inflected = tail.starts_with(U'*');
  out.next_word = gap <= (out.inflected ? 1U : 0U) ? tail[gap + 1] : 0;
  out.role = role;
  out.compound = compound;
  return out;
}

template <class T>
void append(std::vector<std::byte>& out, const std::vector<T>& values) {
  const std::size_t begin = out.size();
  const std::size_t bytes = values.size() * sizeof(T);
  out.resize(begin + (bytes + 7) / 8 * 8);
  if (bytes > 0) std::memcpy(out.data() + begin, values.data(), bytes);
}

template <class T>
std::span<const T> take(std::span<const std::byte>& rest, std::size_t count) {
  const std::span<const T> out(reinterpret_cast<const T*>(rest.data()), count);
  rest = rest.subspan((count * sizeof(T) + 7) / 8 * 8);
  return out;
}

}  // namespace

std::vector<std::byte> make_image(std::vector<Entry> entries) {
  AutomatonBuilder builder;
  Strings strings;
  std::vector<PackedEntry> all;
  std::vector<std::uint32_t> first_entry;  // the keys are in the order of their heads, so each head's are together
  for (const auto& [key, languages] : merged(std::move(entries))) {
    if (builder.add(std::get<0>(key)) == first_entry.size()) first_entry.push_back(static_cast<std::uint32_t>(all.size()));
    all.push_back(packed(key, languages, strings));
  }
  first_entry.push_back(static_cast<std::uint32_t>(all.size()));
  const auto built = builder.build();
  const auto size = [](const auto& list) { return static_cast<std::uint32_t>(list.size()); };
  const std::vector<LexiconImage::Counts> counts = {
      {size(built.nodes), size(built.edges), size(built.rows), size(first_entry), size(all), size(strings.all())}};
  std::vector<std::byte> out;
  append(out, counts);
  append(out, built.nodes);
  append(out, built.edges);
  append(out, built.rows);
  append(out, first_entry);
  append(out, all);
  append(out, strings.all());
  return out;
}

LexiconImage read_image(std::span<const std::byte> bytes) {
  LexiconImage out{};
  out.counts = take<LexiconImage::Counts>(bytes, 1).front();
  out.nodes = take<Automaton::Node>(bytes, out.counts.nodes);
  out.edges = take<Automaton::Edge>(bytes, out.counts.edges);
  out.rows = take<Automaton::State>(bytes, out.counts.rows);
  out.first_entry = take<std::uint32_t>(bytes, out.counts.heads);
  out.entries = take<PackedEntry>(bytes, out.counts.entries);
  out.strings = take<char32_t>(bytes, out.counts.characters);
  return out;
}

}  // namespace otpctl::code
