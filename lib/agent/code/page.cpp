#include "code/page.hpp"

#include "base/utf8.hpp"
#include "code/conventions.hpp"

#include <algorithm>

namespace otpctl::code {

namespace {

/// Marks the numbers that stand out by themselves: nothing but signs and space is emphasised with them.
void mark_emphasised(Page& page, const std::vector<message::Span>& emphasis) {
  for (Number& number : page.numbers) {
    const Span at = page.span_of(number);
    const auto span = std::lower_bound(emphasis.begin(), emphasis.end(), at.end,
                                       [](const message::Span& one, std::size_t end) { return one.end < end; });
    if (span == emphasis.end() || span->begin > at.begin) continue;
    const std::string_view front = page.original.substr(span->begin, at.begin - span->begin);
    const std::string_view behind = page.original.substr(at.end, span->end - at.end);
    constexpr std::string_view kSigns = " \t\n:.-=()[]\"'*";
    number.emphasised = front.find_first_not_of(kSigns) == front.npos && behind.find_first_not_of(kSigns) == behind.npos;
  }
}

/// The same length, with what is quoted as spaces.
std::string without(std::string_view original, const std::vector<message::Span>& quotes) {
  std::string out(original);
  for (const message::Span& quote : quotes) {
    for (std::size_t i = quote.begin; i < quote.end && i < out.size(); ++i) {
      if (out[i] != '\n') out[i] = ' ';
    }
  }
  return out;
}

Page read_page(std::string_view original, Where where, const std::vector<message::Span>& emphasis,
               const std::vector<message::Span>& quotes) {
  Page page;
  page.original = original;
  page.where = where;
  const std::string unquoted = without(original, quotes);
  page.folded = fold(without_app_hash(unquoted));
  blank_links(page.folded);
  page.hits = Lexicon::built_in().find(page.folded);
  page.numbers = find_numbers(page.folded, page.hits, original);
  mark_emphasised(page, emphasis);
  page.ownership = assign(page.folded.text, page.hits, page.numbers);
  return page;
}

}  // namespace

Page read_subject(const message::Message& message) { return read_page(message.subject, Where::subject, {}, {}); }

Page read_text(const message::Message& message) {
  return read_page(message.text, Where::text, message.text_emphasis, message.text_quotes);
}

Page read_html(const message::Message& message) {
  return read_page(message.html_text, Where::html, message.html_emphasis, message.html_quotes);
}

Span Page::span_of(const Number& number) const {
  Span span;
  const std::size_t last = folded.origin(number.end - 1);
  span.begin = folded.origin(number.begin);
  span.end = last + utf8_at(original, last).size;
  span.in_subject = where == Where::subject;
  span.in_html = where == Where::html;
  return span;
}

bool is_plain_line(const Number& number) {
  return number.alone && number.shape == Shape::digits && number.needs == Number::Needs::nothing;
}

}  // namespace otpctl::code
