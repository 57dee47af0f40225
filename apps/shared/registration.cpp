#include "shared/registration.hpp"

namespace otpctl::apps {

void warn_if_degraded(Context& context, const SessionInfo& session) {
  if (!session.degraded) return;
  warn(context,
       {"a source could not say where it stands: a code that came before now may count", 0}, false);
}

void warn_if_contended(Context& context, const SessionInfo& session) {
  if (session.contended < 2) return;
  const int others = session.contended - 1;  // sessions, and waits without one
  warn(context,
       {std::to_string(others) + (others == 1 ? " more asks" : " more ask") +
            " for the same recipient: each code goes to one",
        0},
       false);
}

}  // namespace otpctl::apps
