#include <otpctl/error.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>

using otpctl::ErrorCode;
using otpctl::ExitCode;

namespace {
constexpr int kLast = static_cast<int>(ErrorCode::internal);
}

TEST_CASE("each class of error has a name of its own that reads back") {
  std::set<std::string> names;
  for (int i = 0; i <= kLast; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const std::string name(otpctl::name_of(code));
    CHECK_FALSE(name.empty());
    CHECK(names.insert(name).second);
    CHECK(otpctl::error_code_from(name) == code);
  }
  CHECK(otpctl::error_code_from("of_a_newer_peer") == ErrorCode::internal);
  CHECK(otpctl::error_code_from("") == ErrorCode::internal);
}

TEST_CASE("each class of error ends a command with its exit code") {
  CHECK(otpctl::exit_code_for(ErrorCode::usage) == ExitCode::usage);
  CHECK(otpctl::exit_code_for(ErrorCode::ambiguous) == ExitCode::usage);
  CHECK(otpctl::exit_code_for(ErrorCode::no_code) == ExitCode::unreadable);
  CHECK(otpctl::exit_code_for(ErrorCode::not_found) == ExitCode::not_found);
  CHECK(otpctl::exit_code_for(ErrorCode::expired) == ExitCode::not_found);
  CHECK(otpctl::exit_code_for(ErrorCode::config) == ExitCode::configuration);
  CHECK(otpctl::exit_code_for(ErrorCode::auth_rejected) == ExitCode::not_allowed);
  CHECK(otpctl::exit_code_for(ErrorCode::permission) == ExitCode::not_allowed);
  CHECK(otpctl::exit_code_for(ErrorCode::timeout) == ExitCode::timed_out);
  for (const auto code : {ErrorCode::busy, ErrorCode::throttled, ErrorCode::storage}) {
    CHECK(otpctl::exit_code_for(code) == ExitCode::try_later);
  }
  for (const auto code :
       {ErrorCode::agent_unreachable, ErrorCode::agent_version, ErrorCode::source_unreachable,
        ErrorCode::network, ErrorCode::tls, ErrorCode::protocol, ErrorCode::internal}) {
    CHECK(otpctl::exit_code_for(code) == ExitCode::unreachable);
  }
}

TEST_CASE("what says 'try later' may be tried again, what somebody must change may not") {
  for (int i = 0; i <= kLast; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    if (otpctl::exit_code_for(code) == ExitCode::try_later) CHECK(otpctl::is_retryable(code));
  }
  for (const auto code :
       {ErrorCode::usage, ErrorCode::config, ErrorCode::auth_rejected, ErrorCode::permission,
        ErrorCode::tls, ErrorCode::agent_version, ErrorCode::expired, ErrorCode::internal}) {
    CHECK_FALSE(otpctl::is_retryable(code));
  }
  for (const auto code : {ErrorCode::network, ErrorCode::agent_unreachable,
                          ErrorCode::source_unreachable, ErrorCode::timeout}) {
    CHECK(otpctl::is_retryable(code));
  }
}
