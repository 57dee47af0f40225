#include "config/section.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace otpctl::config {

void Problems::add(int line, const std::string& what) {
  const auto after = std::upper_bound(problems_.begin(), problems_.end(), line,
                                      [](int at, const Problem& each) { return at < each.line; });
  problems_.insert(after, {line, what});
}

Error Problems::error_of(const Problem& problem) const {
  return {ErrorCode::config, name_ + ":" + std::to_string(problem.line) + ": " + problem.what};
}

std::optional<Error> Problems::first() const {
  if (problems_.empty()) return std::nullopt;
  return error_of(problems_.front());
}

std::vector<Error> Problems::all() const {
  std::vector<Error> errors;
  for (const Problem& problem : problems_) errors.push_back(error_of(problem));
  return errors;
}

std::string quoted(std::string_view text) { return "'" + printable(text, 80) + "'"; }

void Section::allow(const std::vector<std::string>& keys) {
  for (const Entry& entry : table_.entries) {
    if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) continue;
    std::string what = "unknown key " + quoted(entry.key) + " in " + where_;
    if (const auto near = nearest(entry.key, keys)) what += "; did you mean " + quoted(*near) + "?";
    problems_.add(entry.line, what);
    misspelt_ = true;
  }
}

const Value* Section::find(std::string_view key) const {
  const auto found = std::find_if(table_.entries.begin(), table_.entries.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  return found == table_.entries.end() ? nullptr : &found->value;
}

const Value* Section::find_typed(std::string_view key, Value::Type type,
                                 const char* example) const {
  const Value* value = find(key);
  if (!value || value->type == type) return value;
  problem(*value,
          quoted(key) + " is of the wrong type; write " + std::string(key) + " = " + example);
  return nullptr;
}

bool Section::is_plain_text(const Value& value, std::string_view key) const {
  const bool plain = std::none_of(value.text.begin(), value.text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (value.text.empty()) problem(value, quoted(key) + " is empty");
  if (!plain) problem(value, quoted(key) + " holds control characters");
  return plain && !value.text.empty();
}

void Section::read(std::string_view key, std::string& out) const {
  const Value* value = find_typed(key, Value::Type::text, "\"…\"");
  if (value && is_plain_text(*value, key)) out = value->text;
}

void Section::read(std::string_view key, bool& out) const {
  if (const Value* value = find_typed(key, Value::Type::boolean, "true or false"))
    out = value->boolean;
}

void Section::read(std::string_view key, int& out, int least, int most) const {
  const Value* value = find_typed(key, Value::Type::integer, "a number");
  if (!value) return;
  if (value->integer < least || value->integer > most) {
    return problem(*value, quoted(key) + " must lie between " + std::to_string(least) + " and " +
                               std::to_string(most));
  }
  out = static_cast<int>(value->integer);
}

void Section::read(std::string_view key, Duration& out, Duration least, Duration most) const {
  const Value* value = find(key);
  if (!value) return;
  const bool number = value->type == Value::Type::integer;  // seconds, as everywhere
  if (!number && value->type != Value::Type::text) {
    return problem(*value,
                   quoted(key) + " is of the wrong type; write " + std::string(key) + " = \"90s\"");
  }
  const auto duration = parse_duration(number ? std::to_string(value->integer) : value->text);
  if (!duration) return problem(*value, quoted(key) + ": " + duration.error().message);
  if (*duration < least || *duration > most) {
    return problem(*value, quoted(key) + " must lie between " + format_duration(least) + " and " +
                               format_duration(most));
  }
  out = *duration;
}

void Section::read(std::string_view key, std::vector<std::string>& out) const {
  const Value* value = find_typed(key, Value::Type::array, "[\"…\"]");
  if (!value) return;
  if (value->items.empty()) return problem(*value, quoted(key) + " is empty");
  std::vector<std::string> texts;
  for (const Value& item : value->items) {
    if (item.type != Value::Type::text)
      return problem(item, quoted(key) + " takes texts only: [\"…\", \"…\"]");
    if (!is_plain_text(item, key)) return;
    texts.push_back(item.text);
  }
  out = std::move(texts);
}

void Section::read_path(std::string_view key, std::string& out) const {
  std::string path;
  read(key, path);
  if (path.empty()) return;
  // The agent works in `/`; a relative path would mean another file for each way it is started.
  if (path.front() != '/')
    return problem(*find(key), quoted(key) + " must be a path from the root, beginning with /");
  out = path;
}

std::optional<std::size_t> Section::choose(std::string_view key,
                                           const std::vector<std::string>& choices) const {
  std::string text;
  read(key, text);
  if (text.empty()) return std::nullopt;
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  std::string what = quoted(key) + " is one of";
  for (const std::string& choice : choices)
    what += (choice == choices.front() ? " \"" : ", \"") + choice + "\"";
  problem(*find(key), what);
  return std::nullopt;
}

}  // namespace otpctl::config
