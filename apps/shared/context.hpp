// What a command meets outside of itself: its streams, environment and clock. Tests give buffers.
#pragma once

#include "base/paths.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace otpctl::apps {

/// Standard output or error. Writes everything or fails; never raises SIGPIPE; waits for a slow
/// reader, also where the descriptor does not block: for ever, or as long as its patience().
class Sink {
 public:
  explicit Sink(int fd) : fd_(fd) {}
  explicit Sink(std::string* buffer) : buffer_(buffer) {}

  Result<void> write(std::string_view text);  // `storage`: closed, full, or the reader is gone
  bool is_open() const;                       // false: closed when the command began
  bool reader_is_gone() const { return reader_is_gone_; }  // that is why the last write failed
  int fd() const { return fd_; }              // -1: a buffer

  /// From now on a write fails that a living reader keeps waiting for so long. Of what is longer than PIPE_BUF a part
  /// may have been written.
  void set_patience(Duration patience) { patience_ = patience; }

 private:
  Result<void> write_in_time(std::string_view text);

  int fd_ = -1;
  bool reader_is_gone_ = false;
  std::optional<Duration> patience_;
  std::string* buffer_ = nullptr;
};

class Source {
 public:
  explicit Source(int fd) : fd_(fd) {}
  explicit Source(std::string text) : text_(std::move(text)) {}

  /// Everything until the end of file. `usage` when it is longer than `limit`, `storage` when it
  /// cannot be read.
  Result<std::string> read_all(std::size_t limit);
  /// The first line, without its LF.
  Result<std::string> read_line(std::size_t limit);
  /// What is there now, up to 64 KiB; waits for the first of it. Empty: the end of file.
  Result<std::string> read_some();
  int fd() const { return fd_; }

 private:
  Result<std::string> read(std::size_t limit, bool one_line);

  int fd_ = -1;
  std::string text_;
};

/// How the process was before Context::real changed it: what a program that is run gets again.
struct Inherited {
  bool ignored_sigpipe = false;
  std::array<bool, 3> closed{};  // standard streams that were
};

struct Context {
  std::string command;  // "wait"; stands in front of messages
  Source in;
  Sink out;
  Sink err;
  bool in_tty = false;
  bool err_tty = false;
  Surroundings surroundings;
  std::function<void(const std::string&, const std::string&)> set_env;
  std::function<Now()> now;
  Inherited inherited = {};

  std::string env(const char* name) const { return surroundings.env(name); }

  /// The process as it is. Standard streams that are closed are filled with /dev/null, so that no
  /// socket takes their number; writing to a closed standard output still fails. SIGPIPE is
  /// ignored.
  static Context real(std::string command);
};

/// Buffers behind a Context.
struct TestContext {
  explicit TestContext(std::string command, std::string input = {},
                       std::map<std::string, std::string> environment = {});
  TestContext(const TestContext&) = delete;
  TestContext& operator=(const TestContext&) = delete;

  std::string out;
  std::string err;
  std::map<std::string, std::string> environment;
  Now now{};
  Context context;
};

}  // namespace otpctl::apps
