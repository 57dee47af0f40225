#include "config/document.hpp"

#include "base/text.hpp"

#include <algorithm>

// toml++ recurses once a level. Its own limit counts brackets only, a dotted key nests too.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

namespace otpctl::config {

namespace {

constexpr std::size_t kLargest = 1024 * 1024;
constexpr std::ptrdiff_t kDotsInLine = 100;
constexpr int kDeepest = 16;

tl::unexpected<Error> refuse(const std::string& name, long line, const std::string& what) {
  return fail(ErrorCode::config, name + ":" + std::to_string(line) + ": " + what);
}

/// The line with more dots than any key or list of ours needs, or 0.
long line_with_too_many_dots(std::string_view text) {
  long number = 0;
  while (!text.empty()) {
    ++number;
    const std::string_view line = text.substr(0, text.find('\n'));
    if (std::count(line.begin(), line.end(), '.') > kDotsInLine) return number;
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return 0;
}

/// What may be said of a syntax error: toml++ quotes the text it stumbled over, only names of keys
/// are safe.
std::string explain(std::string_view description) {
  const std::size_t redefined = description.find("cannot redefine existing ");
  if (redefined != description.npos) {
    return "given twice: " + printable(description.substr(redefined + 25), 80);
  }
  constexpr std::string_view kIntroduction = "Error while parsing ";
  std::string what = "no valid TOML";
  if (description.substr(0, kIntroduction.size()) == kIntroduction) {
    const std::string_view rest = description.substr(kIntroduction.size());
    what += " (in a " + printable(rest.substr(0, rest.find(':')), 40) + ")";
  }
  return what + ": a key is followed by =, a text stands in double quotes";
}

Value convert(const toml::node& node, int depth);

Value convert_table(const toml::table& table, int depth) {
  Value value;
  for (const auto& [key, node] : table) {
    const int line = static_cast<int>(key.source().begin.line);
    value.entries.push_back({std::string(key.str()), line, convert(node, depth + 1)});
  }
  std::stable_sort(value.entries.begin(), value.entries.end(),
                   [](const Entry& a, const Entry& b) { return a.line < b.line; });
  return value;
}

/// What lies deeper than anything of ours becomes an empty table: its place is refused as an
/// unknown key anyway.
Value convert(const toml::node& node, int depth) {
  Value value;
  if (depth <= kDeepest) {
    if (const auto* table = node.as_table()) {
      value = convert_table(*table, depth);
    } else if (const auto* array = node.as_array()) {
      value.type = Value::Type::array;
      for (const auto& item : *array) value.items.push_back(convert(item, depth + 1));
    } else if (const auto* text = node.as_string()) {
      value.type = Value::Type::text;
      value.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
      value.type = Value::Type::integer;
      value.integer = integer->get();
    } else if (const auto* boolean = node.as_boolean()) {
      value.type = Value::Type::boolean;
      value.boolean = boolean->get();
    } else {
      value.type = node.is_floating_point() ? Value::Type::real : Value::Type::date;
    }
  }
  value.line = static_cast<int>(node.source().begin.line);
  return value;
}

}  // namespace

Result<Value> parse_document(std::string_view toml, const std::string& name) {
  if (toml.size() > kLargest) return fail(ErrorCode::config, name + ": longer than 1 MiB");
  if (const long line = line_with_too_many_dots(toml))
    return refuse(name, line, "more than 100 dots in one line");
  const auto parsed = toml::parse(toml);
  if (!parsed)
    return refuse(name, static_cast<long>(parsed.error().source().begin.line),
                  explain(parsed.error().description()));
  return convert_table(parsed.table(), 0);
}

}  // namespace otpctl::config
