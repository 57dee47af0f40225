// HTML → visible text: UTF-8 without NUL, within its limit, and a smaller limit gives a beginning
// of the same text.
#include "base/text.hpp"
#include "message/html.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view html(reinterpret_cast<const char*>(data), size);
  const std::string whole = otpctl::message::visible_text(html);
  if (!otpctl::is_utf8(whole) || whole.find('\0') != whole.npos) std::abort();
  const std::string some = otpctl::message::visible_text(html, 10);
  if (some.size() > 10 || !otpctl::is_utf8(some)) std::abort();
  if (!std::string_view(whole).starts_with(some)) std::abort();
  return 0;
}
