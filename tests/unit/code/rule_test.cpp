#include "cases.hpp"

#include "base/text.hpp"
#include "code/explain.hpp"
#include "code/hinted.hpp"

#include <chrono>

using namespace otpctl;
using namespace otpctl::code;
using namespace otpctl::code::test;

namespace {

Rule label(const char* text, const char* from = "*") { return *Rule::make(from, "", text); }
Rule pattern(const char* regex, const char* from = "*") { return *Rule::make(from, regex, ""); }

message::Message from(const char* sender, message::Message message) {
  message.sender = sender;
  return message;
}

/// What the number behind the label is; "-" for nothing.
std::string behind(const char* what, const message::Message& message) {
  const Trial trial = try_rule(label(what), message, std::nullopt);
  CHECK(trial.fit != Fit::other_sender);
  return trial.fit == Fit::found ? trial.code.value : "-";
}
std::string behind(const char* what, const std::string& text) { return behind(what, sms(text)); }

Hints hints_of(std::vector<Rule> rules, std::optional<Lengths> lengths = {}) {
  Hints hints;
  hints.rules = std::move(rules);
  hints.lengths = lengths;
  return hints;
}

std::string answer(const message::Message& message, const Hints& hints) {
  const Verdict verdict = extract(message, hints);
  std::string out;
  for (const Code& code : verdict.codes) out += (out.empty() ? "" : "|") + code.value;
  return out;
}

}  // namespace

TEST_CASE("a rule needs a sender and either a pattern or a label that can be meant") {
  const auto why = [](const char* from, const std::string& pattern, const std::string& label) {
    const auto rule = Rule::make(from, pattern, label);
    REQUIRE_FALSE(rule);
    CHECK(rule.error().code == ErrorCode::usage);
    return rule.error().message;
  };
  CHECK(why("", "(a)", "") == "a rule needs the sender it is for");
  CHECK(why("*", "", "") == "a rule needs a pattern or a label, not both");
  CHECK(why("*", "(a)", "b") == "a rule needs a pattern or a label, not both");
  CHECK(why("*", "(a)(b)", "").starts_with("not a usable pattern"));
  CHECK(why("*", "", " : ") == "the label of a rule has neither letter nor digit");
  CHECK(why("*", "", std::string(201, 'x')) == "the label of a rule has more than 200 bytes");
  CHECK(why(std::string(321, 'x').c_str(), "(a)", "") == "the sender of a rule has more than 320 bytes");
  CHECK(Rule::make(std::string(320, 'x'), "", std::string(200, 'x')));
}

TEST_CASE("a rule is for the senders that its glob fits, of mails and of texts") {
  const Rule rule = label("PIN", "*@bank.example");
  CHECK(rule.fits("alert@bank.example"));
  CHECK(rule.fits("Alert@BANK.example"));
  CHECK_FALSE(rule.fits("alert@bank.example.net"));
  CHECK_FALSE(rule.fits("alert@mail.bank.example"));
  CHECK_FALSE(rule.fits(""));
  CHECK(label("PIN", "MyBank").fits("MYBANK"));
  CHECK(label("PIN", "+49*").fits("+4915123456789"));
  CHECK(label("PIN", "3370?").fits("33701"));
}

TEST_CASE("the number behind the label is the code, on the same line") {
  CHECK(behind("Ihr Zugang:", "Ihr Zugang: 482913") == "482913");
  CHECK(behind("Ihr Zugang:", "Guten Tag, Ihr Zugang:482913. Nr. 117744") == "482913");
  CHECK(behind("Ihr Zugang", "Nr. 117744\nIhr Zugang lautet 482 913.") == "482913");
  CHECK(behind("Ihr Zugang", "Ihr Zugang (10 Minuten lang): 482913") == "482913");
  CHECK(behind("Ihr Zugang", "Ihr Zugang zum Auftrag Nr. 117744: 482913") == "482913");
  CHECK(behind("Ihr Zugang:", "Ihr Zugang: kommt\n482913") == "-");
  CHECK(behind("Ihr Zugang:", "482913 ist Ihr Zugang:") == "-");
  CHECK(behind("Ihr Zugang:", "Ihr Konto: 482913") == "-");
  CHECK(behind("Ihr Zugang:", "") == "-");
}

TEST_CASE("or alone on the next line that is not empty") {
  CHECK(behind("Ihr Zugang:", "Ihr Zugang:\n482913\nGruss") == "482913");
  CHECK(behind("Ihr Zugang:", "Ihr Zugang:  \n\n \n  482-913\n") == "482913");
  CHECK(behind("Ihr Zugang", "Ihr Zugang:\n*482913*\n") == "482913");
  CHECK(behind("Ihr Zugang:", "Ihr Zugang:\n482913 Punkte\n") == "-");
  CHECK(behind("Ihr Zugang:", "Ihr Zugang:\nbitte\n482913\n") == "-");
  CHECK(behind("Ihr Zugang:", "Ihr Zugang:\n\n\n\n\n\n\n482913\n") == "-");
}

TEST_CASE("the label is folded as the extractor folds: case, accents, digits, white space, full width") {
  CHECK(behind("Zugänge für Sie:", "ZUGANGE  FUR\nSIE: 482913") == "482913");
  CHECK(behind("giriş  kodu", "GİRİŞ KODU 482913") == "482913");
  CHECK(behind("код входа", "Код\u00a0входа — 482913") == "482913");
  CHECK(behind("密码", "您的密码４８２９１３。") == "482913");
  CHECK(behind("PIN2:", "pin\u0662: 482913") == "482913");
  CHECK(behind("Zugang", "Zu\u00adgang: 482913") == "482913");
}

TEST_CASE("no word goes on at its ends, and the first place that has a number counts") {
  CHECK(behind("PIN", "shopping 4829") == "-");
  CHECK(behind("PIN", "PINK 4829") == "-");
  CHECK(behind("PIN", "Your PIN\n\nshopping 1177, PIN 4829") == "4829");
  CHECK(behind("aab", "aaab 1111, aab 4829") == "4829");
  CHECK(behind("no 1", "no 11 is 4829, no 1 is 7733") == "7733");
}

TEST_CASE("right behind the label what looks like something else is the code, too") {
  CHECK(behind("Zugang:", "Zugang: 2026") == "2026");
  CHECK(behind("Zugang:", "Zugang: 20261120") == "20261120");
  CHECK(behind("Zugang:", "Zugang: 1234567890") == "1234567890");
  CHECK(behind("Zugang:", "Zugang: 12 34 56 78 90") == "1234567890");
  CHECK(behind("Zugang:", "Zugang: AB12CD") == "AB12CD");
  CHECK(behind("Zugang:", "Zugang: x7kp29qmls3v") == "x7kp29qmls3v");
  CHECK(behind("Zugang:", "Zugang: QGFDAE") == "QGFDAE");
  CHECK(behind("Zugang:", "Zugang: G-482913") == "482913");
  for (const char* text : {"Zugang: 12,50 EUR", "Zugang: 20.11.2026", "Zugang: 10 Minuten", "Zugang: 7", "Zugang: 14:30"})
    CHECK_MESSAGE(behind("Zugang:", text) == "-", text);
}

TEST_CASE("subject, text and HTML are looked at, quotes are not") {
  CHECK(behind("Zugang:", mail("Zugang: 482913", "Zugang: 117744")) == "482913");
  const Trial html = try_rule(label("Zugang:"), mail("", "see the HTML", "Zugang:\n482 913"), std::nullopt);
  CHECK(html.code.value == "482913");
  CHECK(html.code.raw == "482 913");
  CHECK(html.code.evidence.in_html);
  CHECK(html.code.confidence == 1);
}

TEST_CASE("the first rule for the sender that finds something decides, with a reason that names it") {
  const auto message = from("alert@bank.example", mail("", "Zugang: 482913\nYour code is 117744"));
  const Hints hints = hints_of({label("Your code", "*@shop.example"), label("PIN", "*@bank.example"),
                                label("Zugang:", "*@bank.example"), pattern("is (\\d+)", "*")});
  const Verdict verdict = extract(message, hints);
  REQUIRE(verdict.outcome == Outcome::code);
  CHECK(verdict.codes[0].value == "482913");
  CHECK(verdict.codes[0].confidence == 1);
  CHECK(verdict.reason == "your rule for *@bank.example");
  CHECK(answer(from("x@other.example", message), hints) == "117744");
  CHECK(extract(from("x@other.example", message), hints).reason == "your rule for *");
  CHECK(answer(from("x@other.example", message), hints_of({label("PIN", "*@bank.example")})) == "117744");
  auto bounce = message;
  bounce.bounce = true;
  CHECK(extract(bounce, hints).outcome == Outcome::none);
}

TEST_CASE("the pattern of a call goes before the rules, the rules before the patterns for everybody") {
  const auto message = from("alert@bank.example", mail("", "A 1111 B 2222 C 3333"));
  Hints hints;
  hints.patterns = {*Pattern::compile("C (\\d+)")};
  CHECK(answer(message, hints) == "3333");
  CHECK(extract(message, hints).reason == "your pattern C (\\d+)");
  hints.rules = {pattern("B (\\d+)")};
  CHECK(answer(message, hints) == "2222");
  hints.asked = *Pattern::compile("A (\\d+)");
  CHECK(answer(message, hints) == "1111");
  hints.asked = *Pattern::compile("Z (\\d+)");
  CHECK(answer(message, hints) == "2222");
}

TEST_CASE("M19 slow rules end soon, are reported, and after eight of them no other is tried") {
  std::string text;
  for (int i = 0; i < 40; ++i) text += std::string(499, 'a') + "!\n";
  const auto message = from("a@b.example", sms(text + "Your code is 482913"));
  const auto evil = [](const char* from) { return pattern("(a+)+$", from); };
  CHECK(extract(message, hints_of({evil("*@b.example")})).reason.ends_with(
      "; your rule for *@b.example was too slow for it"));
  CHECK(extract(message, hints_of({evil("*@c.example")})).reason.find("slow") == std::string::npos);
  const Trial trial = try_rule(evil("*"), message, std::nullopt);
  CHECK(trial.too_slow);
  CHECK(trial.fit == Fit::nothing);
  std::vector<Rule> many(200, evil("*"));
  many.push_back(label("code is"));
  const auto begin = std::chrono::steady_clock::now();
  const Verdict verdict = extract(message, hints_of(many));
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(verdict.reason.ends_with("; your rule for * was too slow for it; those behind it were not tried"));
  CHECK(verdict.codes.at(0).confidence < 1);
#ifdef OTPCTL_SANITIZED
  CHECK(took < std::chrono::seconds(10));
#else
  CHECK(took < std::chrono::seconds(1));
#endif
}

TEST_CASE("M19 many rules, each just below the bound of a line, have a bound together") {
  std::string text;
  for (int i = 0; i < 2400; ++i) text += std::string(100, 'a') + "\n";
  const auto message = sms(text + "Your code is 482913");
  const std::vector<Rule> many(200, pattern("(?:a|b)*q(b)"));
  const auto begin = std::chrono::steady_clock::now();
  const Verdict verdict = extract(message, hints_of(many));
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(verdict.reason.ends_with("was too slow for it; those behind it were not tried"));
  CHECK(verdict.codes.at(0).value == "482913");
#ifdef OTPCTL_SANITIZED
  CHECK(took < std::chrono::seconds(40));
#else
  CHECK(took < std::chrono::seconds(4));
#endif
}

TEST_CASE("M19 no label and no text make the search for it slower than their length") {
  const auto seconds = [](const std::string& what, const std::string& text) {
    const Rule rule = *Rule::make("*", "", what);
    const auto message = sms(text);
    const auto begin = std::chrono::steady_clock::now();
    static_cast<void>(try_rule(rule, message, std::nullopt));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  constexpr std::size_t kSize = 256 * 1024;
  const auto repeated = [](const std::string& part) {
    std::string text;
    while (text.size() < kSize) text += part;
    return text;
  };
  for (const auto& [what, text] : {std::pair<std::string, std::string>{std::string(199, 'a') + "b", std::string(kSize, 'a')},
                                   {"a", repeated("a ")},
                                   {"a :", repeated("a :::: ")},
                                   {"a", repeated("a \n\n\n ")},
                                   {"a", repeated("a 12,50 EUR ")},
                                   {"a 1", repeated("a 1 12:30 ")},
                                   {"a", "a" + std::string(kSize, ' ')},
                                   {"a b", "a" + std::string(kSize, '\n')}}) {
    CAPTURE(what);
    CHECK(seconds(what, text) < 3);
  }
}

TEST_CASE("lengths leave out, and say nothing in favour of what is left") {
  const auto text = sms("Your codes are 1234 and 567890");
  CHECK(answer(text, {}) == "1234|567890");
  CHECK(answer(text, hints_of({}, Lengths{6, 6})) == "567890");
  CHECK(answer(text, hints_of({}, Lengths{4, 4})) == "1234");
  CHECK(answer(text, hints_of({}, Lengths{4, 8})) == "1234|567890");
  CHECK(answer(text, hints_of({}, Lengths{7, 8})) == "");
  CHECK(extract(text, hints_of({}, Lengths{7, 8})).reason == "what looks like the code has not the length asked for");
  const auto confidence = [](const Verdict& verdict) { return verdict.codes.at(0).confidence; };
  const auto one = sms("Your code is 482913");
  CHECK(confidence(extract(one, hints_of({}, Lengths{6, 6}))) == confidence(extract(one)));
  CHECK(answer(sms("Order 482913 is on its way"), hints_of({}, Lengths{6, 6})) == "");
  CHECK(answer(sms("Your code is 482 913"), hints_of({}, Lengths{6, 6})) == "482913");
  CHECK(answer(sms("Your code is 4829\n@bank.example #4829"), hints_of({}, Lengths{6, 6})) == "");
}

TEST_CASE("a rule whose number has another length finds nothing, and the next is tried") {
  const auto message = sms("Zugang: 1234, Code 567890");
  const std::vector<Rule> rules{label("Zugang:"), label("Code")};
  CHECK(answer(message, hints_of(rules)) == "1234");
  CHECK(answer(message, hints_of(rules, Lengths{6, 6})) == "567890");
  CHECK(try_rule(rules[0], message, Lengths{6, 6}).fit == Fit::other_length);
  CHECK(Lengths{2, 2}.fit("ığ"));
}

TEST_CASE("explain names the rule beside the candidates, and a candidate of another length is none") {
  const auto message = from("a@b.example", mail("", "Zugang: zugang-zwei, 12:30. Your code is 117744"));
  const Explanation all = explain(message, hints_of({pattern("Zugang: ([a-z-]+)", "*@b.example")}));
  REQUIRE(!all.candidates.empty());
  const Candidate& first = all.candidates.front();
  CHECK(first.raw == "zugang-zwei");
  CHECK(first.score == 1);
  CHECK(first.reasons.at(0).text == "your rule for *@b.example");
  CHECK(all.candidates.back().value == "117744");
  const Explanation known = explain(message, hints_of({label("Your code")}));
  CHECK(known.candidates.size() + 1 == all.candidates.size());
  CHECK(known.candidates.back().score == 1);
  const Explanation other = explain(message, hints_of({}, Lengths{4, 4}));
  CHECK(other.verdict.outcome == Outcome::none);
  CHECK(other.candidates.back().score == 0);
  CHECK(other.candidates.back().reasons.at(0).text == "it has not the length asked for");
}
