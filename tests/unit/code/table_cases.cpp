#include "table_cases.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace otpctl::code::test {

namespace {

std::string with_line_ends(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool feed = text.substr(i).starts_with("\\n");
    out += feed ? '\n' : text[i];
    i += feed ? 1 : 0;
  }
  return out;
}

TableCases read_cases(const std::filesystem::path& path) {
  TableCases out;
  out.language = path.stem().string();
  std::ifstream file(path);
  bool cases = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line == "[cases]") {
      cases = true;
    } else if (cases && !line.empty() && line[0] != '#') {
      const std::size_t colon = line.find(": ");
      REQUIRE_MESSAGE(colon != line.npos, out.language, ".txt:", number, ": a case is CODE: text");
      out.cases.push_back({line.substr(0, colon), with_line_ends(line.substr(colon + 2)), number});
    }
  }
  return out;
}

}  // namespace

std::vector<TableCases> all_cases() {
  const char* only = std::getenv("OTPCTL_TEST_LANGUAGES");
  std::vector<TableCases> out;
  for (const auto& file : std::filesystem::directory_iterator(OTPCTL_TEST_DIR "/../lib/agent/code/languages")) {
    if (file.path().extension() != ".txt") continue;
    const std::string name = file.path().stem().string();
    if (!only || ("," + std::string(only) + ",").find("," + name + ",") != std::string::npos)
      out.push_back(read_cases(file.path()));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.language < b.language; });
  return out;
}

message::Message message_of(const std::string& text) {
  constexpr std::string_view kSubject = "Subject: ";
  const std::size_t feed = text.find('\n');
  if (!text.starts_with(kSubject) || feed == text.npos) return sms(text);
  return mail(text.substr(kSubject.size(), feed - kSubject.size()), text.substr(feed + 1));
}

}  // namespace otpctl::code::test
