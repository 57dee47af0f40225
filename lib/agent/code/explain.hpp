// Why a message has the verdict it has: every candidate with all that speaks for and against it. For people; what is
// found is found by extract().
#pragma once

#include "code/code.hpp"

#include <string>
#include <vector>

namespace otpctl::code {

struct Reason {
  bool in_favour = true;
  std::string text;  // one line; may quote the message
};

/// Anything with the look of a code, in the order of the texts: subject, text, HTML.
struct Candidate {
  std::string raw;    // as it stands there
  std::string value;  // what would be given out, or empty
  Span span;
  double score = 0;  // 0..1: the confidence that this finding alone gives; 0: it is none
  std::vector<Reason> reasons;
};

struct Explanation {
  Verdict verdict;
  std::vector<Candidate> candidates;
};

Explanation explain(const message::Message& message, const Hints& hints = {});

}  // namespace otpctl::code
