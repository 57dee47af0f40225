// Which part of a mail's text is of an earlier mail: a reply repeats it, a mail that is passed on consists of it.
#pragma once

#include "message/message.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace otpctl::message {

/// What the header says of the mail's place in a conversation.
enum class ChainPlace { unknown, reply, forward };

/// By the mark in front of the subject ("Re:", "WG:", "转发：").
ChainPlace chain_place(std::string_view subject);

/// What `text` quotes: lines that begin with '>', what stands below "… wrote:", below a head of From, Sent, To and
/// Subject, and `marked` (html.hpp). Sorted, not overlapping, at most 1,000. Empty when nothing else is there, and when
/// the mail is passed on: then what it quotes is its content.
std::vector<Span> find_quotes(std::string_view text, std::vector<Span> marked, ChainPlace place);

inline constexpr std::size_t kFewWords = 200;  // bytes: "The one you asked for. Kind regards, …"
inline constexpr std::size_t kOneWord = 24;    // "FYI", "see below"

/// True when `text` outside `quotes` has at most `limit` bytes and no number that could be a code.
bool says_little(std::string_view text, const std::vector<Span>& quotes, std::size_t limit);

}  // namespace otpctl::message
