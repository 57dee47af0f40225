// How every command speaks: the answer on standard output, all else on standard error, one line
// each.
#pragma once

#include "rpc/messages.hpp"
#include "shared/context.hpp"

#include <string>
#include <string_view>

namespace otpctl::apps {

/// "otpctl wait: message", or with `json` the error object; the exit code of its class.
ExitCode report(Context& context, const Error& error, bool json);

/// "otpctl wait: warning: message", or the warning object.
void warn(Context& context, const rpc::Warning& warning, bool json);

/// Writes the answer. When it cannot be written: 75 and a line on standard error, nothing is lost.
ExitCode answer(Context& context, const std::string& text, bool json);

/// answer() of a command that only shows what there is: a reader that has seen enough (`| head`) is no failure.
ExitCode show(Context& context, const std::string& text, bool json);

/// The answer as one line of JSON.
ExitCode answer_json(Context& context, const rpc::Answer& value);
ExitCode show_json(Context& context, const rpc::Answer& value);

/// "3s", "5m", "2h", "4d" ago: for people.
std::string ago(WallTime then, WallTime now);

/// "live, IDLE, last sign of life 3s ago": one line of a source, for people.
std::string describe(const SourceStatus& source, WallTime now);

/// The lines below a wait that ended without a code: what was seen, how the sources are.
std::string details_of(const WaitEnd& end, WallTime now);

/// "other recipient", "before the mark": why a message did not count, for people.
std::string_view words_for(Unmatched reason);

/// Columns padded to the widest, two spaces between, no trailing spaces; the first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows);

/// bot5@example.com, +905…, or both.
std::string words_for(const Target& target);

}  // namespace otpctl::apps
