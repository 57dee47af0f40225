// Log lines (spdlog behind a wall): time, level, one printable line. Never a code, token, password or body: callers
// pass what people may read; text from outside goes through otpctl::printable first.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace otpctl::io {

enum class LogLevel { trace, debug, info, warning, error, off };

/// "trace" … "error", "off"; `usage` for anything else.
Result<LogLevel> parse_log_level(std::string_view text);

/// `file` empty: standard error. Appends, 0600, rotated at 5 MB, two old ones kept. `permission` when it cannot.
Result<void> start_log(const std::string& file, LogLevel level);
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

void log(LogLevel level, const std::string& line);
inline void log_debug(const std::string& line) { log(LogLevel::debug, line); }
inline void log_info(const std::string& line) { log(LogLevel::info, line); }
inline void log_warning(const std::string& line) { log(LogLevel::warning, line); }
inline void log_error(const std::string& line) { log(LogLevel::error, line); }

}  // namespace otpctl::io
