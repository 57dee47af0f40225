#include "doctor/row.hpp"

#include "base/text.hpp"
#include "rpc/json.hpp"
#include "shared/cells.hpp"
#include "shared/terminal.hpp"

#include <algorithm>

namespace otpctl::apps::doctor {

namespace {

constexpr int kNarrow = 60;
constexpr std::size_t kLongestText = 2000;

struct Look {
  std::string_view mark;
  Tone tone;
};

Look look_of(State state) {
  switch (state) {
    case State::passed: return {"ok", Tone::good};
    case State::warning: return {"WARN", Tone::warn};
    case State::failed: return {"FAIL", Tone::bad};
    case State::skipped: return {"-", Tone::dim};
  }
  return {"", Tone::plain};
}

std::string name_of_row(const Row& row) {
  return printable(row.subject.empty() ? row.check : row.check + " " + row.subject);
}

std::string mark_of(const Row& row, bool color) {
  const Look look = look_of(row.state);
  return painted({std::string(look.mark), look.tone}, color) + std::string(6 - look.mark.size(), ' ');
}

/// `text` behind `indent` spaces; its first line begins where the cursor is, so many columns from the left.
std::string folded(const std::string& text, int columns, int indent) {
  const std::string whole = printable(text, kLongestText);
  if (columns == 0) return whole + "\n";
  std::string out;
  for (const std::string& line : wrap(std::string(static_cast<std::size_t>(indent), 'x') + whole, columns, indent)) {
    out += line + "\n";
  }
  return out.substr(static_cast<std::size_t>(indent));
}

std::string row_in_words(const Row& row, std::size_t width, Shape shape) {
  const bool narrow = shape.columns != 0 && shape.columns < kNarrow;
  const int indent = narrow ? 2 : static_cast<int>(width) + 8;
  const std::string spaces(static_cast<std::size_t>(indent), ' ');
  std::string name = name_of_row(row);
  std::string text = mark_of(row, shape.color);
  if (narrow) {
    text += name + "\n" + spaces;
  } else {
    name.resize(std::max(width + 2, name.size()), ' ');
    text += name;
  }
  text += folded(row.words, shape.columns, indent);
  if (!row.fix.empty()) text += spaces + folded("fix: " + row.fix, shape.columns, indent);
  return text;
}

std::size_t count(const std::vector<Row>& rows, State state) {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [&](const Row& row) { return row.state == state; }));
}

std::string summary(const std::vector<Row>& rows) {
  std::string text = std::to_string(count(rows, State::passed)) + " passed";
  if (const auto n = count(rows, State::warning); n > 0) {
    text += ", " + std::to_string(n) + (n == 1 ? " warning" : " warnings");
  }
  if (const auto n = count(rows, State::failed); n > 0) text += ", " + std::to_string(n) + " failed";
  if (const auto n = count(rows, State::skipped); n > 0) text += ", " + std::to_string(n) + " skipped";
  return text;
}

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::passed: return "passed";
    case State::warning: return "warning";
    case State::failed: return "failed";
    case State::skipped: return "skipped";
  }
  return "";
}

ExitCode exit_code_of(const std::vector<Row>& rows) {
  const auto first =
      std::find_if(rows.begin(), rows.end(), [](const Row& row) { return row.state == State::failed; });
  return first == rows.end() ? ExitCode::done : exit_code_for(first->code);
}

std::string in_words(const std::vector<Row>& rows, Shape shape) {
  std::size_t width = 0;
  for (const Row& row : rows) width = std::max(width, std::min<std::size_t>(name_of_row(row).size(), 24));
  std::string text;
  for (const Row& row : rows) text += row_in_words(row, width, shape);
  return text + folded(summary(rows), shape.columns, 0);
}

std::string as_json(const std::vector<Row>& rows) {
  rpc::WriteJson json;
  json["v"] = 1;
  json["exit"] = static_cast<int>(exit_code_of(rows));
  for (const State state : {State::passed, State::warning, State::failed, State::skipped}) {
    json[std::string(name_of(state))] = count(rows, state);
  }
  json["checks"] = rpc::WriteJson::array();
  for (const Row& row : rows) {
    rpc::WriteJson one;
    one["check"] = row.check;
    one["subject"] = row.subject.empty() ? rpc::WriteJson() : rpc::WriteJson(row.subject);
    one["state"] = name_of(row.state);
    one["words"] = row.words;
    one["fix"] = row.fix.empty() ? rpc::WriteJson() : rpc::WriteJson(row.fix);
    one["class"] = row.state == State::failed ? rpc::WriteJson(otpctl::name_of(row.code)) : rpc::WriteJson();
    json["checks"].push_back(std::move(one));
  }
  return rpc::dump(json) + "\n";
}

}  // namespace otpctl::apps::doctor
