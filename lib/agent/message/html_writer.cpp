#include "message/html_writer.hpp"

#include <algorithm>

namespace otpctl::message {

namespace {

constexpr std::size_t kTables = 100;     // within each other; those deeper are one with it
constexpr std::size_t kShortBox = 40;    // bytes: "482 913", "A1B2-C3D4", not a paragraph
constexpr unsigned kBoxed = 16;

unsigned reasons_of(const Style& style) {
  return (style.bold ? 1U : 0U) | (style.large ? 2U : 0U) | (style.spaced ? 4U : 0U) | (style.monospace ? 8U : 0U);
}

}  // namespace

void Writer::begin_table() {
  if (tables_.size() < kTables) {
    tables_.push_back({size(), size()});
  } else {
    ++deeper_;
  }
}

void Writer::end_table() {
  if (deeper_ > 0) {
    --deeper_;
  } else if (tables_.size() > 1) {
    tables_.pop_back();
  }
}

void Writer::row() {
  if (gap_ == Gap::cell && depth() > gap_depth_) return;  // the first of a table at the begin of a cell
  gap_depth_ = gap_ == Gap::row ? std::min(gap_depth_, depth()) : depth();
  gap_ = Gap::row;
  table().row = size();
}

void Writer::cell() {
  const bool one_line = line_ <= table().cell + 1;
  const bool first = size() <= table().row;
  table().cell = size();
  if (gap_ == Gap::row && gap_depth_ <= depth()) return;
  if (first || !one_line) return line();
  gap_ = Gap::cell;
  gap_depth_ = depth();
}

void Writer::put(std::string_view piece, const Style& style, bool ascii) {
  if (full_ || piece.empty()) return;
  std::string& text = out_.text;
  const Gap gap = text.empty() ? Gap::none : gap_;
  const std::size_t room = limit_ - text.size();
  const std::size_t needed = (gap == Gap::none ? 0U : 1U) + (ascii ? 1U : piece.size());
  if (needed > room) {
    full_ = true;
    return;
  }
  if (gap != Gap::none) text += gap == Gap::space ? ' ' : gap == Gap::cell ? '\t' : '\n';
  if (gap == Gap::line || gap == Gap::row) line_ = text.size();
  gap_ = Gap::none;
  const std::size_t begin = text.size();
  text += piece.substr(0, limit_ - begin);
  full_ = text.size() >= limit_;
  mark(begin, style, gap == Gap::none || gap == Gap::space);
}

void Writer::mark(std::size_t begin, const Style& style, bool joined) {
  const std::size_t before = begin - (begin > 0 && joined && out_.text[begin - 1] == ' ' ? 1U : 0U);
  const unsigned reasons = reasons_of(style);
  if (reasons != 0) {
    std::vector<Span>& spans = out_.emphasis;
    if (joined && !spans.empty() && reasons == reasons_ && spans.back().end >= before) {
      spans.back().end = size();
    } else if (spans.size() < kSpans) {
      spans.push_back({begin, size()});
    }
    reasons_ = reasons;
  }
  if (style.quoted) {
    std::vector<Span>& quotes = out_.quotes;
    if (!quotes.empty() && quotes.back().end + 1 >= begin) {
      quotes.back().end = size();
    } else if (quotes.size() < kSpans) {
      quotes.push_back({begin, size()});
    } else {
      quotes.back().end = size();  // too many to tell apart: all from there on is taken for quoted
    }
  }
}

void Writer::boxed(std::size_t begin) {
  const char first = begin < size() ? out_.text[begin] : '\0';
  if (first == ' ' || first == '\t' || first == '\n') ++begin;  // the gap in front of it
  if (begin >= size() || size() - begin > kShortBox || line_ > begin) return;
  std::vector<Span>& spans = out_.emphasis;
  while (!spans.empty() && spans.back().begin >= begin) spans.pop_back();
  if (!spans.empty()) spans.back().end = std::min(spans.back().end, begin);
  if (spans.size() < kSpans) spans.push_back({begin, size()});
  reasons_ = kBoxed;
}

}  // namespace otpctl::message
