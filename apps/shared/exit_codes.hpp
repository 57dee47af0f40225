// The one table of exit codes: `otpctl help exit-codes` prints it, otpctl(1) repeats it, a test
// compares them.
#pragma once

#include <otpctl/exit_code.hpp>

#include <array>

namespace otpctl::apps {

struct ExitMeaning {
  ExitCode code;
  const char* meaning;
};

inline constexpr std::array kExitCodes{
    ExitMeaning{ExitCode::done, "done; the answer stands on standard output"},
    ExitMeaning{ExitCode::no, "a definite no: --timeout 0 found nothing"},
    ExitMeaning{ExitCode::usage, "the command line is wrong"},
    ExitMeaning{ExitCode::unreadable, "a message came, its code is missing or ambiguous"},
    ExitMeaning{ExitCode::not_found, "no such file or session, or it expired"},
    ExitMeaning{ExitCode::unreachable, "the agent or every source is unreachable"},
    ExitMeaning{ExitCode::try_later, "nothing is lost; the same command later may succeed"},
    ExitMeaning{ExitCode::not_allowed, "sign-in refused, or not permitted"},
    ExitMeaning{ExitCode::configuration,
                "the configuration is wrong; the message names file and line"},
    ExitMeaning{ExitCode::timed_out, "the deadline came and the sources were well"},
    ExitMeaning{ExitCode::interrupted, "ended by SIGINT"},
    ExitMeaning{ExitCode::terminated, "ended by SIGTERM"},
};

}  // namespace otpctl::apps
