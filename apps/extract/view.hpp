// What is said of a message and its verdict. Pure.
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

/// For --explain: recipients and where they come from, the visible text with the evidence between ">>>" and "<<<", the
/// verdict and why. Every line is printable.
std::string explained(const Looked& looked);

/// One object; with `explain` also what a person would see.
std::string as_json(const Looked& looked, bool explain);

/// Why there is no code: one line that holds none.
std::string why_not(const code::Verdict& verdict);

/// `text` line by line, each printable and behind `prefix`, the spans (byte offsets, any order) marked.
std::string marked(std::string_view text, std::vector<code::Span> spans, std::string_view prefix);

}  // namespace otpctl::apps::extract
