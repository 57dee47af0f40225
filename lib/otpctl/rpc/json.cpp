#include "rpc/json.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace otpctl::rpc {

namespace {

/// The deepest nesting of `text`, brackets inside strings not counted. Says nothing about validity:
/// it runs before the parser, so that the parser never sees a deep text.
int depth_of(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

std::string escaped(char32_t point) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text = "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) text += kHex[(point >> shift) & 15];
  return text;
}

}  // namespace

Result<ReadJson> parse_object(std::string_view text) {
  if (text.find('\0') != text.npos) return fail(ErrorCode::protocol, "a NUL byte in the line");
  if (depth_of(text) > kMaxDepth) {
    return fail(ErrorCode::protocol, "nested deeper than " + std::to_string(kMaxDepth));
  }
  ReadJson json = ReadJson::parse(text.begin(), text.end(), nullptr, false);
  if (json.is_discarded()) return fail(ErrorCode::protocol, "not JSON");
  if (!json.is_object()) return fail(ErrorCode::protocol, "not one JSON object");
  return json;
}

bool is_metadata(std::string_view text) {
  return text.size() <= kMaxMetadata && depth_of(text) <= kMaxMetadataDepth &&
         parse_object(text).has_value();
}

std::string dump(const WriteJson& json) {
  const std::string text = json.dump(-1, ' ', false, WriteJson::error_handler_t::replace);
  std::string shown;
  std::size_t copied = 0;
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_at(text, pos);
    if (c.point == 0x7F || is_deceptive(c.point)) {
      shown.append(text, copied, pos - copied).append(escaped(c.point));
      copied = pos + c.size;
    }
    pos += c.size;
  }
  return shown.append(text, copied);
}

std::string shorten(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  constexpr std::string_view kCut = "…";
  std::size_t end = 0;
  while (end < text.size()) {
    const std::size_t next = end + utf8_at(text, end).size;
    if (next + kCut.size() > limit) break;
    end = next;
  }
  return std::string(text.substr(0, end)).append(kCut);
}

}  // namespace otpctl::rpc
