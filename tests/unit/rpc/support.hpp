// What the tests of the protocol share: lines by hand, and the way there and back.
#pragma once

#include "rpc/messages.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

namespace otpctl::rpc {

inline std::string call(const std::string& method, const std::string& params,
                 const std::string& id = "1") {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":)" + params +
         "}";
}

template <class T>
T decoded(const std::string& line) {
  const auto result = decode_call(line);
  if (!result) FAIL(result.error().error.message);
  REQUIRE(std::holds_alternative<T>(result->request));
  return std::get<T>(result->request);
}

inline CallError refused(const std::string& line) {
  const auto result = decode_call(line);
  REQUIRE(!result);
  return result.error();
}

template <class T>
T answered(const std::string& method, const Answer& answer) {
  const std::string line = encode_answer("1", answer);
  CHECK(line.size() <= kMaxLine);
  CHECK(line.find('\n') == line.size() - 1);
  const auto incoming =
      decode_incoming(std::string_view(line).substr(0, line.size() - 1), {{"1", method}});
  if (!incoming) FAIL(incoming.error().message);
  const auto& outcome = std::get<Reply>(*incoming).outcome;
  if (const auto* error = std::get_if<Error>(&outcome)) FAIL(error->message);
  return std::get<T>(std::get<Answer>(outcome));
}

/// The class and message of an answer that is an error.
inline Error refused_answer(const std::string& method, const std::string& line) {
  const auto incoming = decode_incoming(std::string_view(line).substr(0, line.size() - 1), {{"1", method}});
  if (!incoming) return incoming.error();
  return std::get<Error>(std::get<Reply>(*incoming).outcome);
}

}  // namespace otpctl::rpc
