// The tables as the program carries them: laid out at build time (tables_to_image.cpp), read in place. Its pages are
// shared by all processes and need no start-up. Only for the machine that it was built for.
#pragma once

#include "base/result.hpp"
#include "code/automaton.hpp"
#include "code/lexicon.hpp"
#include "code/tables.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace otpctl::code {

/// Stands in front of each word of a head and of the text, so that heads are found at word begins only.
inline constexpr char32_t kWordBegin = 1;

/// True where the automaton is told kWordBegin first: a letter or digit of a script with spaces behind none.
inline bool begins_word(char before, char here) {
  if (is_spaced_letter(here)) return !is_spaced_letter(before);
  return is_digit(here) && !is_digit(before) && !is_spaced_letter(before);
}

struct PackedEntry {
  std::uint64_t languages[2];
  std::int32_t value;
  std::uint32_t tail, particles;  // places in the strings
  std::uint16_t tail_size, particles_size;
  std::uint16_t head_size;  // in symbols, word begins counted
  std::uint16_t literal;    // characters that are no inflection
  char32_t next_word;       // how the word behind the head begins, or 0 when there is none
  Role role;
  bool compound;
  bool inflected;  // '*' stands right behind the head
  std::uint8_t unused;
};

struct LexiconImage {
  struct Counts {
    std::uint32_t nodes, edges, rows, heads, entries, characters;
  };
  Counts counts;
  std::span<const Automaton::Node> nodes;
  std::span<const Automaton::Edge> edges;
  std::span<const Automaton::State> rows;
  std::span<const std::uint32_t> first_entry;  // of each head, and one more
  std::span<const PackedEntry> entries;
  std::span<const char32_t> strings;
};

/// Entries that several languages share become one.
std::vector<std::byte> make_image(std::vector<Entry> entries);

/// A view of `bytes` (8-byte aligned, made by make_image).
LexiconImage read_image(std::span<const std::byte> bytes);

}  // namespace otpctl::code
