// What one message may cost. The reason stands beside each figure; every one is tested at n and n
// + 1.
#pragma once

#include <cstddef>

namespace otpctl::message {

inline constexpr std::size_t kHeaderBytes =
    64 * 1024;  // a bounded fetch brings no more; real ones have 4 to 20 KiB
inline constexpr std::size_t kHeaderFields = 1000;  // real mails have 20 to 100
inline constexpr std::size_t kAddresses =
    200;  // of a mail; a code goes to one person, a circular to many
inline constexpr std::size_t kGroupMarks =
    50;  // ':' in an address field: GMime recurses on nested groups
inline constexpr std::size_t kParts = 100;  // MIME entities looked at
inline constexpr std::size_t kDepth = 20;   // multiparts within each other
inline constexpr std::size_t kBoundaryBytes =
    200;  // RFC 2046 5.1.1 allows 70; some senders write more
inline constexpr std::size_t kEncodedPart =
    3 * 1024 * 1024;  // of one text part, before decoding (QP may triple it)
inline constexpr std::size_t kDecodedPart =
    1024 * 1024;  // of one text part, after it: CSS and layout included
inline constexpr std::size_t kVisibleText =
    256 * 1024;  // what a person sees; a code stands in the first screen
inline constexpr std::size_t kSubjectBytes = 1000;
inline constexpr std::size_t kMessageIdBytes = 998;  // RFC 5322 2.1.1

}  // namespace otpctl::message
