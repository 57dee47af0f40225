// The cases below [cases] in each language's table: CODE: text, none: text, ambiguous: text, where
// "\n" is a line end and "Subject: …\n" in front makes it a mail.
#include "cases.hpp"
#include "code/lexicon.hpp"
#include "code/tables.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace otpctl::code;
using namespace otpctl::code::test;

namespace {

struct TableCase {
  std::string expected;  // "none", "ambiguous" or the code
  std::string text;
  int line = 0;
};

struct TableCases {
  std::string language;
  std::vector<TableCase> cases;
};

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

/// `OTPCTL_TEST_LANGUAGES=tr,de` reads these alone.
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

otpctl::message::Message message_of(const std::string& text) {
  constexpr std::string_view kSubject = "Subject: ";
  const std::size_t feed = text.find('\n');
  if (!text.starts_with(kSubject) || feed == text.npos) return sms(text);
  return mail(text.substr(kSubject.size(), feed - kSubject.size()), text.substr(feed + 1));
}

}  // namespace

TEST_CASE("every case of every language's table") {
  for (const TableCases& table : all_cases()) {
    for (const TableCase& one : table.cases) {
      const std::string got = answer(message_of(one.text));
      const std::string said = got.empty() ? "none" : got.find('|') == got.npos ? got : "ambiguous";
      CHECK_MESSAGE(said == one.expected, table.language, ".txt:", one.line, ": ", one.text, "\n  gives ", got);
    }
  }
}

TEST_CASE("a table that cannot be read names the language and the line") {
  const auto wrong = [](std::string_view table) {
    const auto parsed = Lexicon::parse({table});
    return parsed ? std::string() : parsed.error().message;
  };
  CHECK(wrong("language = xx\n[weak]\nkode\n") == "");
  CHECK(wrong("[weak]\nkode\n").find("which language") != std::string::npos);
  CHECK(wrong("language = xx\nspeed = 3\n") == "language table xx, line 2: no such setting");
  CHECK(wrong("language = xx\n[wek]\n") == "language table xx, line 2: no such section");
  CHECK(wrong("language = xx\n[time]\nminute\n") == "language table xx, line 3: a unit of time is WORD = SECONDS");
  CHECK(wrong("language = xx\n[weak]\n*\n") == "language table xx, line 3: an entry begins with a word");
  CHECK(wrong("language = xx\n[weak]\nko*de\n") == "language table xx, line 3: a '*' ends a word");
}

TEST_CASE("a word is found whole, inflected, in a compound, behind a joined particle, over a line end") {
  const auto lexicon = *Lexicon::parse({"language = xx\njoined = h b\n[weak]\nkode*\n[strong]\nlogin kode\n*pass\n"
                                        "ver* kod\n[negative]\npromo kode\n[ordinary]\nbarkode\n"});
  const auto found = [&](std::string_view text) {
    const Folded folded = fold(text);
    std::string out;
    for (const Hit& hit : lexicon.find(folded).labels) {
      out += (out.empty() ? "" : " | ") + folded.text.substr(hit.begin, hit.end - hit.begin);
    }
    return out;
  };
  CHECK(found("the kode") == "kode");
  CHECK(found("KODEISTA") == "kodeista");
  CHECK(found("ekode") == "");
  CHECK(found("hbkode") == "hbkode");
  CHECK(found("xhkode") == "");
  CHECK(found("a login-\nkode, kode") == "login-\nkode | kode");
  CHECK(found("login\n\nkode") == "kode");
  CHECK(found("promo kode") == "promo kode");
  CHECK(found("barkode kode") == "kode");
  CHECK(found("wachtpass") == "wachtpass");
  CHECK(found("passing") == "");
  CHECK(found("veramos kod") == "veramos kod");
  CHECK(found("kodeabcdefghijklmnop") == "");  // too much for an inflection
}
