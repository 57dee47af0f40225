// Where the bytes come from: a file, standard input, a mailbox.
#pragma once

#include "base/fd.hpp"
#include "config/config.hpp"
#include "extract/extract.hpp"

#include <cstdint>
#include <string>

namespace otpctl::apps::extract {

inline constexpr std::size_t kLongest = 50 * 1024 * 1024;  // read
inline constexpr std::size_t kLookedAt = 256 * 1024;       // of a message: what the agent fetches of one

struct Input {
  std::string bytes;
  std::uint64_t size = 0;
  bool truncated = false;
};

struct Opened {
  Fd file;  // none: standard input
  Source source;
  std::string name;  // for people
};

/// `not_found`: no such file. `permission`.
Result<Opened> open_input(const Options& options, Context& context);

/// Errors of open_input(); `not_found` also for a folder. `no_code`: empty, longer than 50 MB, or no text at all.
Result<Input> read_input(const Options& options, Context& context);

struct FromMailbox {
  Input input;
  otpctl::config::Config config;  // the agent's
  std::string mailbox;    // name of the one that it lies in
};

/// The mail of an event of the timeline, from its mailbox. Errors of source::fetch_one; `not_found` also when there is no
/// such event, when it is none of a mail, or when the mail lies in no mailbox that is configured.
Result<FromMailbox> fetch_message(const Options& options, Context& context);

}  // namespace otpctl::apps::extract
