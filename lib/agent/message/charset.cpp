#include "message/charset.hpp"

#include "base/text.hpp"
#include "message/gmime.hpp"

#include <algorithm>
#include <optional>

namespace otpctl::message {

namespace {

constexpr std::size_t kSample = 1024;  // bytes that tell UTF-16 and a document's own charset

/// A name that iconv may be asked for: it looks for a module of that name on the disk.
bool is_charset_name(std::string_view name) {
  return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return c == '-' || c == '_' || c == '.' || c == ':' || (c >= '0' && c <= '9') ||
           (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

/// Names that say nothing; GMime would read them as the charset of the locale.
bool is_no_charset(std::string_view name) {
  constexpr std::string_view kNames[] = {"us-ascii", "ascii", "ansi_x3.4-1968", "unknown", "unknown-8bit",
                                         "x-unknown", "default", "binary", "8bit", "_charset"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

/// What senders mean: the superset that their systems have (Encoding 4.2), or what iconv calls it.
std::string_view meant(std::string_view name) {
  struct Alias {
    std::string_view name, meant;
  };
  static constexpr Alias kAliases[] = {
      {"iso-8859-1", "windows-1252"}, {"iso8859-1", "windows-1252"},     {"iso_8859-1", "windows-1252"},
      {"latin1", "windows-1252"},     {"l1", "windows-1252"},            {"cp-1252", "windows-1252"},
      {"iso-8859-9", "windows-1254"}, {"iso8859-9", "windows-1254"},     {"latin5", "windows-1254"},
      {"iso-8859-11", "cp874"},       {"tis-620", "cp874"},              {"windows-874", "cp874"},
      {"gb2312", "gb18030"},          {"gbk", "gb18030"},                {"x-gbk", "gb18030"},
      {"gb_2312-80", "gb18030"},      {"euc-cn", "gb18030"},             {"euc-kr", "cp949"},
      {"ks_c_5601-1987", "cp949"},    {"ksc5601", "cp949"},              {"ks_c_5601", "cp949"},
      {"shift_jis", "cp932"},         {"shift-jis", "cp932"},            {"sjis", "cp932"},
      {"x-sjis", "cp932"},            {"windows-31j", "cp932"},          {"big5", "big5-hkscs"},
      {"x-euc-jp", "euc-jp"},         {"utf8", "utf-8"},                 {"unicode-1-1-utf-8", "utf-8"},
      {"unicode", "utf-16"},          {"ucs-2", "utf-16"},               {"iso-10646-ucs-2", "utf-16"},
      {"utf7", "utf-7"},              {"unicode-1-1-utf-7", "utf-7"},    {"x-unicode-2-0-utf-7", "utf-7"},
      {"iso-8859-8-i", "iso-8859-8"}, {"iso-8859-8-e", "iso-8859-8"},    {"x-mac-roman", "macintosh"},
      {"koi8", "koi8-r"},             {"x-windows-1251", "windows-1251"}};
  for (const Alias& alias : kAliases) {
    if (alias.name == name) return alias.meant;
  }
  return name;
}

/// One byte a character, ASCII below 0x80: what is valid UTF-8 beyond ASCII is hardly ever meant so.
bool is_single_byte(std::string_view name) {
  return name.starts_with("iso-8859-") || name.starts_with("windows-125") || name.starts_with("koi8-") ||
         name == "cp874" || name == "macintosh";
}

/// nullopt when the charset is not known.
std::optional<std::string> convert(const std::string& bytes, const std::string& charset) {
  const Owned<GMimeFilter> filter(g_mime_filter_charset_new(charset.c_str(), "utf-8"));
  if (!filter) return std::nullopt;
  char* out = nullptr;
  std::size_t size = 0, prespace = 0;
  std::string in = bytes;  // the filter may write in front of what it is given
  g_mime_filter_complete(filter.get(), in.data(), in.size(), 0, &out, &size, &prespace);
  return std::string(out, size);
}

/// UTF-16 of Latin text has a zero in every second byte; "utf-16le", "utf-16be" or empty. NULs elsewhere are dirt.
std::string_view looks_like_utf16(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE")) return "utf-16le";
  if (bytes.starts_with("\xFE\xFF")) return "utf-16be";
  const std::string_view sample = bytes.substr(0, kSample & ~std::size_t{1});
  std::size_t zeros[2] = {0, 0};
  for (std::size_t i = 0; i < sample.size(); ++i) zeros[i % 2] += sample[i] == '\0' ? 1 : 0;
  const std::size_t pairs = sample.size() / 2;
  if (pairs < 2) return {};
  if (zeros[1] * 10 >= pairs * 4 && zeros[0] * 20 < pairs) return "utf-16le";
  if (zeros[0] * 10 >= pairs * 4 && zeros[1] * 20 < pairs) return "utf-16be";
  return {};
}

/// ASCII without NUL. Looks at all bytes, which is faster than to stop early.
bool is_ascii(std::string_view bytes) {
  unsigned char high = 0;
  unsigned zeros = 0;
  for (const char c : bytes) {
    high = static_cast<unsigned char>(high | static_cast<unsigned char>(c));
    zeros += c == '\0' ? 1U : 0U;
  }
  return high < 0x80 && zeros == 0;
}

/// Charsets whose ASCII bytes are not always ASCII characters.
bool has_states(std::string_view name) {
  return name == "utf-7" || name.starts_with("iso-2022") || name.starts_with("hz") || name.starts_with("ibm") ||
         name.starts_with("ebcdic") || name.starts_with("cp");
}

std::string without_mark(std::string text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

/// The declared charset corrected by what the bytes show; empty when neither says anything.
std::string settle_charset(std::string_view bytes, std::string_view declared) {
  if (const std::string_view utf16 = looks_like_utf16(bytes); !utf16.empty()) return std::string(utf16);
  const std::string lower = to_lower(trim(declared));
  if (!is_charset_name(lower) || is_no_charset(lower)) return {};
  const std::string_view name = meant(lower);
  if (!has_states(name) && is_ascii(bytes)) return {};  // also where it is called UTF-16
  if (is_single_byte(name) && is_utf8(bytes)) return "utf-8";
  if (name == "utf-16") return "utf-16be";  // without a mark (RFC 2781 4.3)
  return std::string(name);
}

}  // namespace

std::string to_utf8(const std::string& bytes, std::string_view charset) {
  gmime_options();
  if (charset.empty() && is_ascii(bytes)) return bytes;
  const std::string name = settle_charset(bytes, charset);
  if (!name.empty() && name != "utf-8") {
    if (const auto converted = convert(bytes, name)) return without_mark(to_valid_utf8(*converted));
  }
  // UTF-8 looks like nothing else. What is not and says nothing better is the Latin of old mailers.
  if (name.empty() && is_ascii(bytes)) return bytes;
  if (name == "utf-8" || is_utf8(bytes)) return without_mark(to_valid_utf8(bytes));
  return to_valid_utf8(convert(bytes, "windows-1252").value_or(bytes));
}

std::string_view charset_of_html(std::string_view html) {
  const std::string_view head = html.substr(0, kSample);
  const std::string lower = to_lower(head);
  for (std::size_t at = lower.find("charset"); at != lower.npos; at = lower.find("charset", at + 1)) {
    const std::size_t equals = lower.find_first_not_of(" \t\r\n", at + 7);
    if (equals == lower.npos || lower[equals] != '=') continue;
    const std::size_t begin = lower.find_first_not_of(" \t\r\n\"'", equals + 1);
    if (begin == lower.npos) return {};
    return head.substr(begin, std::min(lower.find_first_of(" \t\r\n\"';/>", begin), lower.size()) - begin);
  }
  return {};
}

}  // namespace otpctl::message
