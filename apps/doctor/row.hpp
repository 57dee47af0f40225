// One line of the doctor's answer, and how the whole of it is shown. Pure.
#pragma once

#include <otpctl/error.hpp>

#include <optional>
#include <string>
#include <vector>

namespace otpctl::apps::doctor {

enum class State { passed, warning, failed, skipped };
std::string_view name_of(State state);

struct Row {
  std::string check;    // "secret": the same for all rows of one check
  std::string subject;  // "main/INBOX": what of it, where there are several
  State state = State::passed;
  std::string words;  // what was found, one line
  std::string fix;    // what to do, one line; of warnings and failures
  ErrorCode code = ErrorCode::internal;  // of failures: decides the exit code
};

inline Row passed(std::string words) { return {{}, {}, State::passed, std::move(words), {}, {}}; }
inline Row skipped(std::string words) { return {{}, {}, State::skipped, std::move(words), {}, {}}; }
inline Row warning(std::string words, std::string fix) {
  return {{}, {}, State::warning, std::move(words), std::move(fix), {}};
}
inline Row failed(ErrorCode code, std::string words, std::string fix) {
  return {{}, {}, State::failed, std::move(words), std::move(fix), code};
}
inline Row of(std::string subject, Row row) {
  row.subject = std::move(subject);
  return row;
}

/// 0 when none has failed, else that of the first one that has.
ExitCode exit_code_of(const std::vector<Row>& rows);

struct Shape {
  int columns = 0;  // 0: as long as they are
  bool color = false;
};
std::string in_words(const std::vector<Row>& rows, Shape shape);
std::string as_json(const std::vector<Row>& rows);

}  // namespace otpctl::apps::doctor
