#include "delivery/match.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <iterator>

namespace otpctl::delivery {

namespace {

bool lets_through(const Filters& filters, const Held& held) {
  return (filters.from.empty() || glob_match(filters.from, held.sender)) &&
         (filters.subject.empty() || glob_match(filters.subject, held.subject));
}

int characters(std::string_view text) {
  int count = 0;
  for (std::size_t pos = 0; pos < text.size(); pos += utf8_at(text, pos).size) ++count;
  return count;
}

bool length_fits(const Filters& filters, std::string_view value) {
  const int length = characters(value);
  return length >= filters.length_min && (filters.length_max == 0 || length <= filters.length_max);
}

std::optional<code::Code> find_by(const code::Pattern& pattern, const Held& held) {
  auto match = pattern.find(held.subject);
  if (!match) match = pattern.find(held.text);
  if (!match || !code::is_printable_code(match->value)) return std::nullopt;
  code::Code found;
  found.value = match->value;
  found.raw = std::move(match->value);
  found.kind = kind_of(found.value);
  found.confidence = 1;
  if (!held.codes.empty()) found.expires_in = held.codes.front().expires_in;
  return found;
}

/// The code by the gates' patterns; all that are given must match, the last one's group is the
/// code.
Pick pick_by_pattern(const Held& held, const Gate* session, const Gate* own) {
  Pick result;
  for (const Gate* gate : {session, own}) {
    if (!gate || !gate->pattern) continue;
    result.code = find_by(*gate->pattern, held);
    if (!result.code) {
      result.why = held.outcome == code::Outcome::none ? Unmatched::no_code : Unmatched::filtered;
      return result;
    }
  }
  return result;
}

Pick pick_by_verdict(const Held& held) {
  Pick result;
  if (held.outcome == code::Outcome::code && held.codes.size() == 1) {
    result.code = held.codes.front();
  } else {
    result.why =
        held.outcome == code::Outcome::ambiguous ? Unmatched::ambiguous_code : Unmatched::no_code;
  }
  return result;
}

}  // namespace

code::Kind kind_of(std::string_view value) {
  if (std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return code::Kind::digits;
  return value.find(' ') == value.npos ? code::Kind::alphanumeric : code::Kind::phrase;
}

Result<Gate> make_gate(const Filters& filters) {
  if (filters.length_min < 0 || filters.length_max < 0 ||
      (filters.length_max > 0 && filters.length_min > filters.length_max)) {
    return fail(ErrorCode::usage,
                "no code has the length asked for: the shortest is longer than the longest");
  }
  Gate gate{filters, std::nullopt};
  if (!filters.pattern.empty()) {
    auto pattern = code::Pattern::compile(filters.pattern);
    if (!pattern) return fail(pattern.error());
    gate.pattern = std::move(*pattern);
  }
  return gate;
}

Pick pick(const Held& held, const Gate* session, const Gate* own) {
  const bool person = held.arrival.channel == message::Channel::person;
  for (const Gate* gate : {session, own}) {
    if (gate && !person && !lets_through(gate->filters, held))
      return {std::nullopt, Unmatched::filtered};
  }
  const bool by_pattern = !person && ((session && session->pattern) || (own && own->pattern));
  Pick result = by_pattern ? pick_by_pattern(held, session, own) : pick_by_verdict(held);
  for (const Gate* gate : {session, own}) {
    if (gate && result.code && !length_fits(gate->filters, result.code->value))
      return {std::nullopt, Unmatched::filtered};
  }
  return result;
}

Pick pick(const Held& held, const Waiter& waiter) {
  return pick(held, waiter.session ? &waiter.session->gate : nullptr, waiter.gate.get());
}

std::vector<code::Code> choices(const Held& held, const Waiter& waiter) {
  std::vector<code::Code> all;
  if (held.outcome != code::Outcome::ambiguous) return all;
  const Gate* const gates[] = {waiter.session ? &waiter.session->gate : nullptr, waiter.gate.get()};
  for (const Gate* gate : gates) {
    if (gate && (gate->pattern || !lets_through(gate->filters, held))) return all;
  }
  for (const code::Code& code : held.codes) {
    const bool fits = std::all_of(std::begin(gates), std::end(gates), [&](const Gate* gate) {
      return !gate || length_fits(gate->filters, code.value);
    });
    const bool there = std::any_of(all.begin(), all.end(), [&](const code::Code& other) {
      return other.value == code.value;
    });
    if (fits && !there && code::is_printable_code(code.value)) all.push_back(code);
  }
  return all;
}

}  // namespace otpctl::delivery
