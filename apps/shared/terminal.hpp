// A terminal that is taken over and given back. What can be thought without one (what it can show, what a frame
// changes) is pure; Terminal holds the descriptor.
#pragma once

#include "base/fd.hpp"
#include "shared/context.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <termios.h>
#include <vector>

namespace otpctl::apps {

struct Size {
  int columns = 80;
  int rows = 24;
  bool operator==(const Size&) const = default;
};

/// What a terminal can show, by the environment: TERM, NO_COLOR, and the locale's name (of a terminal over ssh it says
/// more than what is installed here).
struct Looks {
  bool terminal = false;  // standard output is one
  bool escapes = false;   // … that can move the cursor: TERM is neither unset nor dumb
  bool color = false;
  bool utf8 = false;
};
Looks looks_of(const Context& context);

/// COLUMNS and LINES, then 80×24, where it cannot be told. At least 1×1, at most 1000×1000.
Size size_of(const Context& context, const Sink& terminal);
/// Of standard output.
inline Size size_of(const Context& context) { return size_of(context, context.out); }

enum class Tone { plain, head, good, bad, warn, dim };

struct Line {
  std::string text;  // printable, fits
  Tone tone = Tone::plain;
  bool operator==(const Line&) const = default;
};

/// `text` between the escapes of its tone.
std::string painted(const Line& line, bool color);

/// Remembers what stands on the screen and says what to write so that the next frame stands there. Pure.
class Screen {
 public:
  explicit Screen(bool color) : color_(color) {}

  /// "" when nothing changed. Another size, or forget(), paints everything.
  std::string change_to(std::vector<Line> frame, Size size);
  void forget() { size_ = Size{0, 0}; }

 private:
  bool color_;
  Size size_{0, 0};
  std::vector<Line> shown_;
};

/// The terminal of standard output: alternate screen, no cursor, no echo, keys without Enter (Ctrl-C and Ctrl-Z stay
/// signals). It is as it was after leave() or the destructor. Writing never blocks: what the terminal does not take is
/// kept, and one who has something kept makes no new frame.
class Terminal {
 public:
  explicit Terminal(const Context& context);
  ~Terminal() { leave(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void enter();
  void leave();

  /// In one write where the terminal takes it. False: the terminal is gone.
  bool write(std::string bytes);
  /// Tries again to write what was kept; call it when fd() is writable.
  bool flush();
  bool has_kept() const { return !kept_.empty(); }
  int fd() const { return out_; }

  /// Where keys come from; -1: standard input is no terminal.
  int keys_fd() const { return keys_; }
  /// The keys that were pressed; nothing: no more will come.
  std::optional<std::string> keys() const;

 private:
  void write_for_a_second(std::string_view bytes);

  Fd own_;  // the same terminal, opened again: not to block must not become the shell's setting
  int out_;
  int keys_;
  bool entered_ = false;
  bool raw_ = false;
  bool torn_ = false;  // kept_ begins in the middle of what was meant
  termios before_{};
  std::string kept_;
};

}  // namespace otpctl::apps
