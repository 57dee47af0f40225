#include "message/domain.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <utf8proc.h>
#include <vector>

namespace otpctl::message {

namespace {

constexpr std::size_t kLabelBytes = 63;  // RFC 1035 2.3.4
constexpr std::size_t kDomainBytes = 253;

using Points = std::vector<char32_t>;

char punycode_digit(std::uint32_t value) {
  return static_cast<char>(value < 26 ? 'a' + value : '0' + (value - 26));
}

std::uint32_t adapt(std::uint32_t delta, std::uint32_t count, bool first) {  // RFC 3492 6.1
  delta = first ? delta / 700 : delta / 2;
  delta += delta / count;
  std::uint32_t k = 0;
  for (; delta > 455; k += 36) delta /= 35;
  return k + 36 * delta / (delta + 38);
}

void append_delta(std::string& out, std::uint32_t delta, std::uint32_t bias) {
  for (std::uint32_t k = 36;; k += 36) {
    const std::uint32_t t = k <= bias ? 1 : std::min<std::uint32_t>(26, k - bias);
    if (delta < t) break;
    out += punycode_digit(t + (delta - t) % (36 - t));
    delta = (delta - t) / (36 - t);
  }
  out += punycode_digit(delta);
}

/// RFC 3492 6.3. `label` has at most kLabelBytes characters, so nothing can overflow.
std::string punycode(const Points& label) {
  std::string out;
  for (const char32_t c : label) {
    if (c < 0x80) out += static_cast<char>(c);
  }
  const auto basic = static_cast<std::uint32_t>(out.size());
  std::uint32_t handled = basic;
  if (basic > 0) out += '-';
  std::uint32_t n = 0x80, delta = 0, bias = 72;
  while (handled < label.size()) {
    std::uint32_t next = UINT32_MAX;
    for (const char32_t c : label) {
      if (c >= n) next = std::min<std::uint32_t>(next, c);
    }
    delta += (next - n) * (handled + 1);
    n = next;
    for (const char32_t c : label) {
      if (c < n) ++delta;
      if (c != n) continue;
      append_delta(out, delta, bias);
      bias = adapt(delta, handled + 1, handled == basic);
      delta = 0;
      ++handled;
    }
    ++delta;
    ++n;
  }
  return out;
}

/// NFC or NFKC of `points`; empty when the library refuses.
Points normal_form(const Points& points, bool compatibility) {
  std::string text;
  for (const char32_t c : points) append_utf8(text, c);
  auto flags = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE |
                                              (compatibility ? UTF8PROC_COMPAT : 0));
  utf8proc_uint8_t* mapped = nullptr;
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &mapped, flags);
  Points out;
  if (size >= 0) {
    const std::string_view view(reinterpret_cast<const char*>(mapped),
                                static_cast<std::size_t>(size));
    for (std::size_t pos = 0; pos < view.size();) {
      const Utf8Char c = utf8_at(view, pos);
      out.push_back(c.point);
      pos += c.size;
    }
  }
  std::free(mapped);
  return out;
}

/// Letters, marks and digits: what RFC 5892 allows, near enough for a refusal.
bool is_label_character(char32_t c) {
  constexpr std::array kAllowed = {UTF8PROC_CATEGORY_LL, UTF8PROC_CATEGORY_LM,
                                   UTF8PROC_CATEGORY_LO, UTF8PROC_CATEGORY_MN,
                                   UTF8PROC_CATEGORY_MC, UTF8PROC_CATEGORY_ND};
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return std::find(kAllowed.begin(), kAllowed.end(), category) != kAllowed.end();
}

/// The A-label of a label with other than ASCII characters; empty when it is none.
std::string a_label(std::string_view label) {
  Points points;
  for (std::size_t pos = 0; pos < label.size();) {
    const Utf8Char c = utf8_at(label, pos);
    pos += c.size;
    const auto lower =
        static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c.point)));
    if (!c.valid || (c.point >= 0x80 && lower < 0x80)) return {};
    points.push_back(lower);
  }
  points = normal_form(points, false);
  if (points.empty() || points != normal_form(points, true)) return {};
  const bool clean = std::all_of(points.begin(), points.end(), [](char32_t c) {
    return c == '-' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c >= 0x80 && is_label_character(c));
  });
  return clean && points.size() <= kLabelBytes ? "xn--" + punycode(points) : std::string();
}

bool is_ldh(std::string_view label) {
  return std::all_of(label.begin(), label.end(), [](char c) {
    return c == '-' || c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

/// Empty when it is no label.
std::string normalise_label(std::string_view text) {
  std::string label = to_lower(text);
  const bool ascii = std::all_of(label.begin(), label.end(), [](char c) { return c > 0; });
  if (!ascii) label = label.size() <= 4 * kLabelBytes ? a_label(label) : std::string();
  const bool fits = !label.empty() && label.size() <= kLabelBytes && is_ldh(label);
  return fits && label.front() != '-' && label.back() != '-' ? label : std::string();
}

bool is_address_literal(std::string_view text) {  // RFC 5321 4.1.3
  return text.size() > 2 && text.size() <= 64 && text.front() == '[' && text.back() == ']' &&
         text.find_first_not_of("0123456789abcdefipvABCDEFIPV.:", 1) == text.size() - 1;
}

}  // namespace

Result<std::string> normalise_domain(std::string_view text) {
  if (is_address_literal(text)) return to_lower(text);
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty()) return fail(ErrorCode::usage, "no domain after the @");
  std::string out;
  for (std::size_t pos = 0; pos <= text.size();) {
    const std::size_t dot = std::min(text.find('.', pos), text.size());
    const std::string label = normalise_label(text.substr(pos, dot - pos));
    if (label.empty()) return fail(ErrorCode::usage, "not a domain: '" + printable(text) + "'");
    if (!out.empty()) out += '.';
    out += label;
    pos = dot + 1;
  }
  if (out.size() > kDomainBytes) return fail(ErrorCode::usage, "a domain of more than 253 bytes");
  return out;
}

}  // namespace otpctl::message
