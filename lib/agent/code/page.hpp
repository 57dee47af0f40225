// One text of a message (its subject, its plain text, its visible HTML) as the extractor has read it.
#pragma once

#include "code/code.hpp"
#include "code/fold.hpp"
#include "code/lexicon.hpp"
#include "code/numbers.hpp"
#include "code/owner.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace otpctl::code {

enum class Where { subject, text, html };

struct Page {
  std::string_view original;  // lives longer than this
  Where where = Where::text;
  Folded folded;  // without what is quoted, the app's hash, links
  Hits hits;
  std::vector<Number> numbers;
  Ownership ownership;  // a fate for each number

  /// Where a number stands in the original: behind its last character, not behind what was folded away after it.
  Span span_of(const Number& number) const;
};

Page read_subject(const message::Message& message);
Page read_text(const message::Message& message);
Page read_html(const message::Message& message);

/// Digits on a line of their own that a label in the subject, or what the message is about, may make a code.
bool is_plain_line(const Number& number);

}  // namespace otpctl::code
