// What is said of a message and its verdict, for programs and in one line (explained.hpp: for people). Pure.
#pragma once

#include "code/code.hpp"
#include "code/explain.hpp"
#include "message/message.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::apps::extract {

/// A message on its way to the extractor.
struct Looked {
  message::Message message;
  code::Verdict verdict;
  std::vector<code::Candidate> candidates;  // for --explain
  std::uint64_t size = 0;  // of the whole message, in bytes
  bool truncated = false;  // only its first 256 KiB were looked at
};

/// True for a header block of a mail (RFC 5322), also behind the "From " line of an mbox.
bool looks_like_mail(std::string_view bytes);

/// One object. With `explain` also what a person would see, and as candidates all that has the look of a code, the best
/// first, each with what speaks for and against it; else only those among which it could not be decided.
std::string as_json(const Looked& looked, bool explain);

/// Why there is no code: one line that holds none.
std::string why_not(const code::Verdict& verdict);

}  // namespace otpctl::apps::extract
