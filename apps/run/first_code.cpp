#include "run/first_code.hpp"

#include "base/text.hpp"
#include "shared/output.hpp"

namespace otpctl::apps::run {

void tell_end(Context& context, const WaitEnd& end, bool quiet) {
  std::string text = "otpctl " + context.command + ": " + printable(end.message, 1000) + "\n";
  if (!quiet) text += details_of(end, context.now().wall);
  static_cast<void>(context.err.write(text));
}

std::variant<Delivered, ExitCode> first_code(client::Waiter& waiter, Context& context, bool quiet) {
  for (;;) {
    auto event = waiter.next({}, std::nullopt);
    if (auto* code = std::get_if<Delivered>(&event)) return std::move(*code);
    if (const auto* end = std::get_if<WaitEnd>(&event)) {
      tell_end(context, *end, quiet);
      return end->exit;
    }
    if (const auto* error = std::get_if<Error>(&event)) return report(context, *error, false);
    const auto* warning = std::get_if<rpc::Warning>(&event);
    if (warning != nullptr && !quiet) warn(context, *warning, false);
  }
}

}  // namespace otpctl::apps::run
