// Result<T>: the value or the Error, at every border. No exception crosses a layer.
#pragma once

#include <otpctl/error.hpp>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace otpctl {

template <class T>
using Result = tl::expected<T, Error>;

/// `return fail(ErrorCode::config, "config.toml:3: …");`
inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace otpctl
