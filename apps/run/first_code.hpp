// --env: the code that is there before the program starts.
#pragma once

#include "client/waiter.hpp"
#include "shared/context.hpp"

#include <variant>

namespace otpctl::apps::run {

/// Blocks until the wait ends: the code, which is to be acknowledged once the program has it, or the exit code of a
/// wait that found none, told on standard error.
std::variant<Delivered, ExitCode> first_code(client::Waiter& waiter, Context& context, bool quiet);

/// "otpctl run: …" and the details: why a wait ended.
void tell_end(Context& context, const WaitEnd& end, bool quiet);

}  // namespace otpctl::apps::run
