#include "shared/terminal.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace otpctl::apps {

namespace {

// ECMA-48 and xterm's private modes. Without automatic wrapping a character whose width the terminal sees otherwise
// cannot break the lines below it.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr std::string_view kCancel = "\x18";  // ends an escape sequence that was written in part
constexpr int kLargest = 1000;

std::string_view escape_of(Tone tone) {
  switch (tone) {
    case Tone::plain: return "";
    case Tone::head: return "\x1b[1m";
    case Tone::good: return "\x1b[32m";
    case Tone::bad: return "\x1b[31m";
    case Tone::warn: return "\x1b[33m";
    case Tone::dim: return "\x1b[2m";
  }
  return "";
}

bool is_utf8_locale(const Context& context) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = to_lower(context.env(name));
    if (value.empty()) continue;
    return value.find("utf-8") != value.npos || value.find("utf8") != value.npos;
  }
  return false;
}

int number_in(const std::string& text) {
  const bool digits = !text.empty() && text.size() <= 4 && text.find_first_not_of("0123456789") == text.npos;
  return digits ? std::stoi(text) : 0;
}

}  // namespace

Looks looks_of(const Context& context) {
  Looks looks;
  const std::string term = context.env("TERM");
  looks.terminal = context.out.fd() >= 0 && isatty(context.out.fd()) == 1;
  looks.escapes = looks.terminal && !term.empty() && term != "dumb";
  looks.color = looks.escapes && context.env("NO_COLOR").empty();
  looks.utf8 = is_utf8_locale(context);
  return looks;
}

Size size_of(const Context& context, const Sink& terminal) {
  winsize told{};
  if (terminal.fd() < 0 || ioctl(terminal.fd(), TIOCGWINSZ, &told) != 0) told = winsize{};
  Size size{told.ws_col, told.ws_row};
  if (size.columns == 0) size.columns = number_in(context.env("COLUMNS"));
  if (size.rows == 0) size.rows = number_in(context.env("LINES"));
  if (size.columns == 0) size.columns = Size{}.columns;
  if (size.rows == 0) size.rows = Size{}.rows;
  return Size{std::min(size.columns, kLargest), std::min(size.rows, kLargest)};
}

std::string painted(const Line& line, bool color) {
  const std::string_view escape = color ? escape_of(line.tone) : std::string_view();
  if (escape.empty() || line.text.empty()) return line.text;
  return std::string(escape) + line.text + "\x1b[0m";
}

std::string Screen::change_to(std::vector<Line> frame, Size size) {
  frame.resize(static_cast<std::size_t>(size.rows));
  std::string bytes;
  if (size != size_) {
    bytes = "\x1b[2J";
    shown_.assign(frame.size(), Line{});
    size_ = size;
  }
  for (std::size_t row = 0; row < frame.size(); ++row) {
    if (frame[row] == shown_[row]) continue;
    // Cleared first: behind a line that fills the terminal the cursor stands on its last character.
    bytes += "\x1b[" + std::to_string(row + 1) + ";1H\x1b[K" + painted(frame[row], color_);
  }
  shown_ = std::move(frame);
  return bytes;
}

Terminal::Terminal(const Context& context)
    : out_(context.out.fd()), keys_(context.in_tty ? context.in.fd() : -1) {
  const std::string path = "/proc/self/fd/" + std::to_string(out_);
  own_ = Fd(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (own_ && isatty(own_.get()) == 1) out_ = own_.get();
}

void Terminal::enter() {
  if (entered_) return;
  // What a shell has set for itself while this runs in its background is not what is to be given back.
  if (!raw_ || tcgetpgrp(out_) == getpgrp()) raw_ = tcgetattr(out_, &before_) == 0;
  if (raw_) {  // first, because it stops a process in the background before it has written anything
    termios keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON);
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    tcsetattr(out_, TCSANOW, &keys);
  }
  entered_ = true;
  write(std::string(kEnter));
}

void Terminal::leave() {
  if (!entered_) return;
  entered_ = false;
  write_for_a_second(std::string(torn_ ? kCancel : "") + std::string(kLeave));
  kept_.clear();
  torn_ = false;
  if (raw_) tcsetattr(out_, TCSANOW, &before_);
}

bool Terminal::write(std::string bytes) {
  kept_ += bytes;
  return flush();
}

bool Terminal::flush() {
  while (!kept_.empty()) {
    const ssize_t done = ::write(out_, kept_.data(), kept_.size());
    if (done >= 0) {
      kept_.erase(0, static_cast<std::size_t>(done));
      torn_ = !kept_.empty();
    } else if (errno == EAGAIN) {
      return true;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

void Terminal::write_for_a_second(std::string_view bytes) {
  const Instant until = BootClock::now() + std::chrono::seconds(1);
  while (!bytes.empty()) {
    const ssize_t done = ::write(out_, bytes.data(), bytes.size());
    if (done >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(done));
    } else if (errno == EAGAIN && BootClock::now() < until) {
      pollfd ready{out_, POLLOUT, 0};
      poll(&ready, 1, 100);
    } else if (errno != EINTR) {
      return;
    }
  }
}

std::optional<std::string> Terminal::keys() const {
  std::array<char, 256> buffer{};
  const ssize_t got = read(keys_, buffer.data(), buffer.size());
  if (got > 0) return std::string(buffer.data(), static_cast<std::size_t>(got));
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? std::optional<std::string>("") : std::nullopt;
}

}  // namespace otpctl::apps
