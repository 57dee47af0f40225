#include "io/log.hpp"

#include "base/text.hpp"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace otpctl::io {
namespace {

std::shared_ptr<spdlog::logger> logger;  // one thread

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::trace: return spdlog::level::trace;
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::off: return spdlog::level::off;
  }
  return spdlog::level::info;
}

// spdlog opens by name and follows what stands there: refuse anything but a plain file of ours first.
Result<void> make_sure_of(const std::string& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
  struct stat status {};
  const bool good = fd >= 0 && ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
                    status.st_uid == ::geteuid() && ::fchmod(fd, 0600) == 0;
  if (fd >= 0) ::close(fd);
  if (good) return {};
  return fail(ErrorCode::permission, "the log " + file + " is not a plain file of ours; move it away");
}

}  // namespace

Result<LogLevel> parse_log_level(std::string_view text) {
  for (auto level : {LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error,
                     LogLevel::off}) {
    static constexpr std::string_view names[] = {"trace", "debug", "info", "warning", "error", "off"};
    if (text == names[static_cast<int>(level)]) return level;
  }
  return fail(ErrorCode::usage, "'" + printable(text, 40) +
                                    "' is no log level; use trace, debug, info, warning, error or off");
}

Result<void> start_log(const std::string& file, LogLevel level) {
  try {
    if (file.empty()) {
      logger = std::make_shared<spdlog::logger>("otpctl", std::make_shared<spdlog::sinks::stderr_sink_st>());
    } else {
      if (auto sure = make_sure_of(file); !sure) return sure;
      logger = std::make_shared<spdlog::logger>(
          "otpctl", std::make_shared<spdlog::sinks::rotating_file_sink_st>(file, 5 * 1024 * 1024, 2));
    }
    // A full disk or a closed pipe must not disturb the work: spdlog would print the error itself.
    logger->set_error_handler([](const std::string&) {});
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    logger->flush_on(spdlog::level::trace);
    logger->set_level(level_of(level));
    return {};
  } catch (const std::exception& error) {
    return fail(ErrorCode::permission, std::string("cannot log: ") + error.what());
  }
}

void set_log_level(LogLevel level) {
  if (logger) logger->set_level(level_of(level));
}
bool log_enabled(LogLevel level) { return logger && logger->should_log(level_of(level)); }

void log(LogLevel level, const std::string& line) {
  if (log_enabled(level)) logger->log(level_of(level), printable(line, 2000));
}

}  // namespace otpctl::io
