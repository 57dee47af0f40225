#include <otpctl/error.hpp>

#include <array>

namespace otpctl {

namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  ExitCode exit;
  bool retryable;
};

// One row a class, in the order of the enum (checked below).
constexpr std::array kRows{
    Row{ErrorCode::usage, "usage", ExitCode::usage, false},
    Row{ErrorCode::config, "config", ExitCode::configuration, false},
    Row{ErrorCode::not_found, "not_found", ExitCode::not_found, false},
    Row{ErrorCode::expired, "expired", ExitCode::not_found, false},
    Row{ErrorCode::no_code, "no_code", ExitCode::unreadable, false},
    Row{ErrorCode::ambiguous, "ambiguous", ExitCode::usage, false},
    Row{ErrorCode::agent_unreachable, "agent_unreachable", ExitCode::unreachable, true},
    Row{ErrorCode::agent_version, "agent_version", ExitCode::unreachable, false},
    Row{ErrorCode::source_unreachable, "source_unreachable", ExitCode::unreachable, true},
    Row{ErrorCode::auth_rejected, "auth_rejected", ExitCode::not_allowed, false},
    Row{ErrorCode::permission, "permission", ExitCode::not_allowed, false},
    Row{ErrorCode::network, "network", ExitCode::unreachable, true},
    Row{ErrorCode::tls, "tls", ExitCode::unreachable, false},
    Row{ErrorCode::protocol, "protocol", ExitCode::unreachable, true},
    Row{ErrorCode::timeout, "timeout", ExitCode::timed_out, true},
    Row{ErrorCode::busy, "busy", ExitCode::try_later, true},
    Row{ErrorCode::throttled, "throttled", ExitCode::try_later, true},
    Row{ErrorCode::storage, "storage", ExitCode::try_later, true},
    Row{ErrorCode::cancelled, "cancelled", ExitCode::interrupted, false},
    Row{ErrorCode::internal, "internal", ExitCode::unreachable, false},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].code != static_cast<ErrorCode>(i)) return false;
  }
  return true;
}
static_assert(in_order() && kRows.back().code == ErrorCode::internal);

const Row& row(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  return index < kRows.size() ? kRows[index] : kRows.back();
}

}  // namespace

bool is_retryable(ErrorCode code) { return row(code).retryable; }
ExitCode exit_code_for(ErrorCode code) { return row(code).exit; }
std::string_view name_of(ErrorCode code) { return row(code).name; }

ErrorCode error_code_from(std::string_view name) {
  for (const Row& each : kRows) {
    if (each.name == name) return each.code;
  }
  return ErrorCode::internal;
}

}  // namespace otpctl
