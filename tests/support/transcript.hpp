// Transcript: a dialogue between a scripted peer and one of our byte machines, read from a text
// file. tests/transcripts/README.md describes the format. This is the reader only; each machine's
// test has the runner that plays the steps.
#pragma once

#include <cstddef>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::test {

struct Step {
  enum class Kind { option, server, client, time, event, action, end_of_stream };
  Kind kind;
  std::string text;  // server: the bytes; others: what stands behind the colon
  int line = 0;      // of the file
};

struct Transcript {
  std::string name;
  std::vector<Step> steps;
};

namespace detail {

inline int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  throw std::runtime_error("bad hex digit");
}

/// \r \n \t \\ \xNN (two lower-case digits)
inline std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    switch (text.at(++i)) {
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case '\\': out += '\\'; break;
      case 'x':
        out += static_cast<char>(hex(text.at(i + 1)) * 16 + hex(text.at(i + 2)));
        i += 2;
        break;
      default: throw std::runtime_error("unknown escape");
    }
  }
  return out;
}

/// Every {{text}} becomes a literal, "{4}" CRLF "text"; the rest is unescaped.
inline std::string server_bytes(std::string_view line) {
  std::string out;
  while (true) {
    std::size_t open = line.find("{{");
    out += unescape(line.substr(0, open));
    if (open == std::string_view::npos) return out;
    std::size_t close = line.find("}}", open);
    if (close == std::string_view::npos) throw std::runtime_error("{{ without }}");
    std::string literal = unescape(line.substr(open + 2, close - open - 2));
    out += '{' + std::to_string(literal.size()) + "}\r\n" + literal;
    line.remove_prefix(close + 2);
  }
}

inline std::string_view value_of(std::string_view line, std::size_t from) {
  while (from < line.size() && line[from] == ' ') ++from;
  return line.substr(from);
}

inline Step read_step(std::string_view line) {
  if (line.substr(0, 3) == "S~:") return {Step::Kind::server, server_bytes(value_of(line, 3))};
  std::string_view key = line.substr(0, 2);
  std::string_view value = value_of(line, 2);
  if (key == "S:") return {Step::Kind::server, server_bytes(value) + "\r\n"};
  if (key == "C:") return {Step::Kind::client, unescape(value)};
  if (key == "O:") return {Step::Kind::option, std::string(value)};
  if (key == "T:") return {Step::Kind::time, std::string(value)};
  if (key == "E:") return {Step::Kind::event, std::string(value)};
  if (key == "A:") return {Step::Kind::action, std::string(value)};
  if (key == "X:") return {Step::Kind::end_of_stream, ""};
  throw std::runtime_error("not a step");
}

}  // namespace detail

/// Server lines that follow each other become one step, one write. Throws std::runtime_error that
/// names the line.
inline Transcript parse_transcript(std::istream& text, const std::string& name) {
  Transcript transcript;
  transcript.name = name;
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    try {
      Step step = detail::read_step(line);
      step.line = number;
      bool joins = step.kind == Step::Kind::server && !transcript.steps.empty() &&
                   transcript.steps.back().kind == Step::Kind::server;
      if (joins) {
        transcript.steps.back().text += step.text;
      } else {
        transcript.steps.push_back(std::move(step));
      }
    } catch (const std::exception& error) {
      throw std::runtime_error(name + ':' + std::to_string(number) + ": " + error.what());
    }
  }
  return transcript;
}

inline Transcript read_transcript(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return parse_transcript(file, path.substr(path.rfind('/') + 1));
}

}  // namespace otpctl::test
