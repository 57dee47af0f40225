// --rule-test: which [[rule]] of the configuration decides about a message, and what each of them finds.
#pragma once

#include "code/hinted.hpp"
#include "extract/look.hpp"

#include <string>
#include <vector>

namespace otpctl::apps::extract {

/// Prints it. 0 when a rule has decided, else 1; 75 when standard output is closed or full.
ExitCode tell_rules(const Options& options, const Knowledge& known, message::Message message, Context& context);

/// One rule in the order of the file, tried on the message.
struct Tried {
  otpctl::config::UserRule rule;
  code::Trial trial;
  bool decides = false;
};

/// Pure. A delivery report is asked no rule.
std::vector<Tried> try_rules(const Knowledge& known, const message::Message& message);

/// Pure. The sender, then one line a rule; every line is printable.
std::string rules_in_words(const std::vector<Tried>& rules, const message::Message& message, int columns);
std::string rules_as_json(const std::vector<Tried>& rules, const message::Message& message);

}  // namespace otpctl::apps::extract
