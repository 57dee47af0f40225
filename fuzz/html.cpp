// HTML → visible text: UTF-8 without NUL, within its limit, a smaller limit gives a beginning of the same text, and
// spans are in order, inside the text and never inside a character.
#include "base/text.hpp"
#include "message/html.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

bool begins_character(std::string_view text, std::size_t at) {
  return at == text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
}

void check_spans(std::string_view text, const std::vector<otpctl::message::Span>& spans) {
  std::size_t last = 0;
  if (spans.size() > otpctl::message::kSpans) std::abort();
  for (const auto& span : spans) {
    if (span.begin < last || span.end <= span.begin || span.end > text.size()) std::abort();
    if (!begins_character(text, span.begin) || !begins_character(text, span.end)) std::abort();
    last = span.end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view html(reinterpret_cast<const char*>(data), size);
  const otpctl::message::Visible whole = otpctl::message::see(html);
  if (!otpctl::is_utf8(whole.text) || whole.text.find('\0') != whole.text.npos) std::abort();
  check_spans(whole.text, whole.emphasis);
  check_spans(whole.text, whole.quotes);
  const otpctl::message::Visible some = otpctl::message::see(html, 10);
  if (some.text.size() > 10 || !otpctl::is_utf8(some.text)) std::abort();
  if (!std::string_view(whole.text).starts_with(some.text)) std::abort();
  check_spans(some.text, some.emphasis);
  return 0;
}
