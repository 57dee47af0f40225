#include "message/headers.hpp"

#include "base/text.hpp"
#include "message/limits.hpp"

#include <algorithm>

namespace otpctl::message {

namespace {

/// End of the line that begins at `pos`, its LF included.
std::size_t line_end(std::string_view bytes, std::size_t pos) {
  const std::size_t feed = bytes.find('\n', pos);
  return feed == bytes.npos ? bytes.size() : feed + 1;
}

std::string_view without_line_end(std::string_view line) {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

bool is_fold(std::string_view bytes, std::size_t pos) {
  return pos < bytes.size() && (bytes[pos] == ' ' || bytes[pos] == '\t');
}

/// Length of the field name that `line` begins with, 0 when it is no field (RFC 5322 2.2, 4.5.8).
std::size_t name_size(std::string_view line) {
  std::size_t size = 0;
  while (size < line.size() && line[size] > ' ' && line[size] < 0x7F && line[size] != ':') ++size;
  const std::size_t colon = line.find_first_not_of(" \t", size);
  return colon != line.npos && line[colon] == ':' ? size : 0;
}

/// Where the body begins, for a block that is not read to its end.
std::size_t find_body(std::string_view bytes, std::size_t pos, bool stop_at_dashes) {
  while (pos < bytes.size()) {
    const std::size_t end = line_end(bytes, pos);
    const std::string_view line = without_line_end(bytes.substr(pos, end - pos));
    if (line.empty()) return end;
    if (stop_at_dashes && line.starts_with("--")) return pos;
    pos = end;
  }
  return bytes.size();
}

HeaderBlock read(std::string_view bytes, bool stop_at_dashes) {
  HeaderBlock block;
  std::size_t pos = 0;
  while (pos < bytes.size()) {
    if (block.fields.size() == kHeaderFields) break;
    std::size_t end = line_end(bytes, pos);
    const std::string_view first = without_line_end(bytes.substr(pos, end - pos));
    if (first.empty()) {
      block.body = end;
      return block;
    }
    if (stop_at_dashes && first.starts_with("--")) {
      block.body = pos;
      return block;
    }
    while (is_fold(bytes, end) && end < kHeaderBytes) end = line_end(bytes, end);
    if (end > kHeaderBytes || is_fold(bytes, end)) break;  // half a field is worse than none
    const std::size_t name = name_size(first);
    if (name > 0) {
      const std::string_view field = without_line_end(bytes.substr(pos, end - pos));
      block.fields.push_back({field.substr(0, name), field.substr(field.find(':', name) + 1)});
    }
    pos = end;
  }
  block.body = find_body(bytes, pos, stop_at_dashes);
  const std::string_view rest = bytes.substr(std::min(pos, bytes.size()));
  const bool ended = rest.empty() || rest.starts_with('\n') || rest.starts_with("\r\n");
  block.too_many = !ended && block.fields.size() == kHeaderFields;
  block.too_long = !ended && !block.too_many;
  return block;
}

}  // namespace

std::size_t HeaderBlock::find(std::string_view name) const {
  const auto same = [&](const Header& field) { return equals_ignoring_case(field.name, name); };
  return static_cast<std::size_t>(std::find_if(fields.begin(), fields.end(), same) -
                                  fields.begin());
}

std::string_view HeaderBlock::value(std::string_view name) const {
  const std::size_t at = find(name);
  return at < fields.size() ? fields[at].value : std::string_view();
}

HeaderBlock read_headers(std::string_view bytes) { return read(bytes, false); }
HeaderBlock read_part_headers(std::string_view bytes) { return read(bytes, true); }

std::string unfold(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (const char c : raw) {
    if (c == '\r' || c == '\n') continue;
    out += c == '\t' || c == '\0' ? ' ' : c;
  }
  return std::string(trim(out));
}

}  // namespace otpctl::message
