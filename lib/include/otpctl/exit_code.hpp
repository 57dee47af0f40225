// The exit codes of every otpctl command: one enum, one table in otpctl(1), one test holds them together.
// `otpctl health` alone speaks Nagios 0/1/2/3.
#pragma once

namespace otpctl {

enum class ExitCode : int {
  done = 0,
  no = 1,             // a definite no: `--timeout 0` found nothing
  usage = 64,         // the command line is wrong
  unreadable = 65,    // a message came, its code is missing or ambiguous
  not_found = 66,     // no such file or session, or it expired
  unreachable = 69,   // the agent or every source is unreachable
  try_later = 75,     // nothing is lost; the same command later may succeed
  not_allowed = 77,   // sign-in or permission
  configuration = 78, // the configuration is wrong; the message names file:line
  timed_out = 124,    // the deadline came, the sources were well
  interrupted = 130,  // SIGINT
  terminated = 143,   // SIGTERM
};

}  // namespace otpctl
