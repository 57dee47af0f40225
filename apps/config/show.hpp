// The views of `otpctl config show`. Pure.
#pragma once

#include "config/write.hpp"

#include <string>

namespace otpctl::apps::config {

/// TOML with a first line that says where it comes from. `usual` is the file that would be read if it were there.
std::string show_toml(const otpctl::config::Config& config, const otpctl::config::Origins& origins,
                      const std::string& usual);

/// One line.
std::string show_json(const otpctl::config::Config& config, const otpctl::config::Origins& origins,
                      const std::string& usual);

/// "right, 1 mailbox, 2 patterns": what `config check` says of it.
std::string in_short(const otpctl::config::Config& config);

}  // namespace otpctl::apps::config
