// A message that somebody hands in, as the agent would look at it.
#pragma once

#include "code/hints.hpp"
#include "extract/input.hpp"
#include "extract/view.hpp"

#include <string>
#include <vector>

namespace otpctl::apps::extract {

/// What the extractor is told beside the message.
struct Knowledge {
  code::Hints hints;
  std::vector<otpctl::config::UserRule> rules;  // what hints.rules were made of
  std::string region;
  message::MailOptions mail;
};

/// `sms`: it is a text, whatever it looks like.
Looked look_at(const Input& input, bool sms, const Knowledge& known);

}  // namespace otpctl::apps::extract
