#include "extract/rule_test.hpp"

#include "base/text.hpp"
#include "message/address.hpp"
#include "rpc/json.hpp"
#include "shared/layout.hpp"
#include "shared/output.hpp"

#include <algorithm>

namespace otpctl::apps::extract {

namespace {

using code::Fit;
using rpc::WriteJson;

std::string_view place_of(const code::Span& span) { return span.in_subject ? "subject" : span.in_html ? "html" : "text"; }

std::string_view words_for_place(const code::Span& span) {
  return span.in_subject ? "in the subject" : span.in_html ? "in the HTML" : "in the text";
}

std::string_view name_of(Fit fit) {
  switch (fit) {
    case Fit::other_sender: return "other_sender";
    case Fit::nothing: return "nothing";
    case Fit::other_length: return "other_length";
    case Fit::found: return "found";
  }
  return "";
}

std::string result_in_words(const Tried& tried) {
  switch (tried.trial.fit) {
    case Fit::other_sender: return "does not fit the sender";
    case Fit::nothing: return tried.trial.too_slow ? "finds nothing: a line was too slow for it" : "finds nothing";
    case Fit::other_length: return "finds nothing of the length asked for";
    case Fit::found: break;
  }
  return "finds " + printable(tried.trial.code.value) + " " + std::string(words_for_place(tried.trial.code.evidence)) +
         (tried.decides ? ": it decides" : ", but a rule above decides");
}

std::string what_in_words(const otpctl::config::UserRule& rule) {
  if (rule.label.empty()) return "pattern '" + printable(rule.pattern, 80) + "'";
  return "label \"" + printable(rule.label, 80) + "\"";
}

WriteJson or_null(const std::string& text) { return text.empty() ? WriteJson() : WriteJson(text); }

WriteJson rule_json(const Tried& tried) {
  const bool found = tried.trial.fit == Fit::found;
  WriteJson json;
  json["line"] = tried.rule.line;
  json["from"] = tried.rule.from;
  json["pattern"] = or_null(tried.rule.pattern);
  json["label"] = or_null(tried.rule.label);
  json["result"] = name_of(tried.trial.fit);
  json["too_slow"] = tried.trial.too_slow;
  json["code"] = found ? WriteJson(tried.trial.code.value) : WriteJson();
  json["in"] = found ? WriteJson(place_of(tried.trial.code.evidence)) : WriteJson();
  json["decides"] = tried.decides;
  return json;
}

const Tried* decider(const std::vector<Tried>& rules) {
  const auto found = std::find_if(rules.begin(), rules.end(), [](const Tried& one) { return one.decides; });
  return found == rules.end() ? nullptr : &*found;
}

}  // namespace

std::vector<Tried> try_rules(const Knowledge& known, const message::Message& message) {
  std::vector<Tried> all;
  bool decided = message.bounce;
  for (std::size_t i = 0; i < known.hints.rules.size() && i < known.rules.size(); ++i) {
    Tried tried{known.rules[i], code::try_rule(known.hints.rules[i], message, known.hints.lengths), false};
    tried.decides = !decided && tried.trial.fit == Fit::found;
    decided = decided || tried.decides;
    all.push_back(std::move(tried));
  }
  return all;
}

std::string rules_in_words(const std::vector<Tried>& rules, const message::Message& message, int columns) {
  std::string text = "sender  " + (message.sender.empty() ? "none" : printable(message.sender)) + "\n";
  if (message.bounce) return text + "a delivery report or an automatic reply: no rule is asked\n";
  std::vector<std::vector<std::string>> rows{{"LINE", "FROM", "WHAT", "RESULT"}};
  for (const Tried& one : rules)
    rows.push_back({std::to_string(one.rule.line), printable(one.rule.from, 80), what_in_words(one.rule), result_in_words(one)});
  return text + table_in(rows, columns);
}

std::string rules_as_json(const std::vector<Tried>& rules, const message::Message& message) {
  const Tried* const first = decider(rules);
  WriteJson json;
  json["v"] = 1;
  json["sender"] = or_null(message.sender);
  json["code"] = first ? WriteJson(first->trial.code.value) : WriteJson();
  json["line"] = first ? WriteJson(first->rule.line) : WriteJson();
  json["rules"] = WriteJson::array();
  for (const Tried& one : rules) json["rules"].push_back(rule_json(one));
  return rpc::dump(json) + "\n";
}

ExitCode tell_rules(const Options& options, const Knowledge& known, message::Message message, Context& context) {
  if (!options.rule_test->empty()) {
    const auto sender = message::normalise_recipient(*options.rule_test, known.region);
    message.sender = sender ? *sender : *options.rule_test;
  }
  const auto rules = try_rules(known, message);
  const ExitCode exit = decider(rules) ? ExitCode::done : ExitCode::no;
  if (!options.json && rules.empty()) {
    static_cast<void>(context.err.write("otpctl extract: the configuration has no [[rule]]\n"));
    return exit;
  }
  const std::string text = options.json ? rules_as_json(rules, message) : rules_in_words(rules, message, columns_of(context));
  const ExitCode written = answer(context, text, options.json);
  return written == ExitCode::done ? exit : written;
}

}  // namespace otpctl::apps::extract
