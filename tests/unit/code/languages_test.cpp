// The cases below [cases] in each language's table: CODE: text, none: text, ambiguous: text, where
// "\n" is a line end and "Subject: …\n" in front makes it a mail.
#include "table_cases.hpp"
#include "code/lexicon.hpp"
#include "code/tables.hpp"

#include <algorithm>
#include <cstdlib>

using namespace otpctl::code;
using namespace otpctl::code::test;

TEST_CASE("every case of every language's table") {
  for (const TableCases& table : all_cases()) {
    for (const TableCase& one : table.cases) {
      const std::string got = answer(message_of(one.text));
      const std::string said = got.empty() ? "none" : got.find('|') == got.npos ? got : "ambiguous";
      CHECK_MESSAGE(said == one.expected, table.language, ".txt:", one.line, ": ", one.text, "\n  gives ", got);
    }
  }
}

TEST_CASE("at least 25 languages have 12 messages with a code and 12 without") {
  if (std::getenv("OTPCTL_TEST_LANGUAGES")) return;
  const auto is_none = [](const TableCase& one) { return one.expected == "none"; };
  const auto tables = all_cases();
  const auto rich = std::count_if(tables.begin(), tables.end(), [&](const TableCases& table) {
    const auto none = std::count_if(table.cases.begin(), table.cases.end(), is_none);
    return none >= 12 && static_cast<std::ptrdiff_t>(table.cases.size()) - none >= 12;
  });
  CHECK(rich >= 25);
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
