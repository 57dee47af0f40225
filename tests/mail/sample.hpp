// A whole mail with what must come of it: NAME.eml and NAME.expect, lines "key: value" (README.md
// beside them).
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace otpctl::test {

struct MailSample {
  std::string name;
  std::string bytes;
  std::multimap<std::string, std::string> expect;

  std::string first(const std::string& key) const {
    const auto at = expect.find(key);
    return at == expect.end() ? std::string() : at->second;
  }
  /// Every value of `key`, joined by spaces.
  std::string all(const std::string& key) const {
    std::string out;
    const auto [begin, end] = expect.equal_range(key);
    for (auto at = begin; at != end; ++at) out += (out.empty() ? "" : " ") + at->second;
    return out;
  }
};

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// All samples of OTPCTL_TEST_DIR/mail by name.
inline std::vector<MailSample> mail_samples() {
  std::vector<MailSample> out;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(OTPCTL_TEST_DIR) + "/mail")) {
    if (entry.path().extension() != ".eml") continue;
    MailSample sample{entry.path().stem(), read_file(entry.path()), {}};
    std::ifstream lines(std::filesystem::path(entry.path()).replace_extension(".expect"));
    for (std::string line; std::getline(lines, line);) {
      const auto colon = line.find(": ");
      if (colon != line.npos) sample.expect.emplace(line.substr(0, colon), line.substr(colon + 2));
    }
    out.push_back(std::move(sample));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

}  // namespace otpctl::test
