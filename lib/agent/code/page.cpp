#include "code/page.hpp"

#include "base/utf8.hpp"
#include "code/conventions.hpp"

namespace otpctl::code {

Page read_page(std::string_view original, Where where) {
  Page page;
  page.original = original;
  page.where = where;
  const std::string unquoted = where == Where::subject ? std::string(original) : without_quotes(original);
  page.folded = fold(without_app_hash(unquoted));
  blank_links(page.folded);
  page.hits = Lexicon::built_in().find(page.folded);
  page.numbers = find_numbers(page.folded, page.hits, original);
  page.ownership = assign(page.folded.text, page.hits, page.numbers);
  return page;
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
