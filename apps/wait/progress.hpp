// What a blocked wait shows on standard error: one rewritten line on a terminal, or a line each 10
// s.
#pragma once

#include "shared/context.hpp"

#include <optional>
#include <string>

namespace otpctl::apps::wait {

class Progress {
 public:
  /// `how`: "auto", "plain", "none". "auto" shows nothing where standard error is no terminal, or a
  /// dumb one.
  Progress(Context& context, const std::string& how);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// When show() has something new to say; nothing when it never has.
  std::optional<Instant> due() const;
  void show(std::optional<Instant> deadline);
  /// Takes the line away, so that what follows stands at its place.
  void clear();

  /// "waiting for 1m5s, 55s left". Pure.
  static std::string text(Duration waited, std::optional<Duration> left);
  /// `text` with our name in front, or as much of it as a line of a terminal of `columns` takes without wrapping (0: all).
  /// Pure.
  static std::string fitted(const std::string& text, int columns);

 private:
  enum class How { none, rewrite, lines };

  Context& context_;
  How how_ = How::none;
  Instant began_;
  Instant due_;
  bool shown_ = false;
};

}  // namespace otpctl::apps::wait
