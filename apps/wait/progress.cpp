#include "wait/progress.hpp"

#include "shared/cells.hpp"
#include "shared/layout.hpp"

#include <algorithm>
#include <string_view>

namespace otpctl::apps::wait {

namespace {

const std::string kName = "otpctl wait: ";
constexpr std::string_view kWords = "waiting for ";

std::chrono::seconds interval(bool lines) { return std::chrono::seconds(lines ? 10 : 1); }

}  // namespace

Progress::Progress(Context& context, const std::string& how)
    : context_(context), began_(context.now().instant) {
  const bool terminal = context.err_tty && context.env("TERM") != "dumb";
  if (how == "plain") how_ = How::lines;
  if (how == "auto" && terminal) how_ = How::rewrite;
  due_ = began_ + interval(how_ == How::lines);
}

std::optional<Instant> Progress::due() const {
  return how_ == How::none ? std::nullopt : std::optional<Instant>(due_);
}

void Progress::show(std::optional<Instant> deadline) {
  const Instant now = context_.now().instant;
  if (how_ == How::none || now < due_) return;
  const bool lines = how_ == How::lines;
  while (due_ <= now) due_ += interval(lines);
  const std::string line = text(now - began_, deadline ? std::optional(*deadline - now) : std::nullopt);
  shown_ = !lines;
  // The window may have another size by now.
  static_cast<void>(context_.err.write(lines ? kName + line + "\n"
                                             : "\r" + fitted(line, columns_of_errors(context_)) + "\x1b[K"));
}

void Progress::clear() {
  if (std::exchange(shown_, false)) static_cast<void>(context_.err.write("\r\x1b[K"));
}

std::string Progress::fitted(const std::string& text, int columns) {
  const std::string whole = kName + text;
  const int room = columns - 1;  // behind a full line the next clearing would take its last character
  if (columns <= 0 || cells(whole) <= room) return whole;
  return fit(text.size() > kWords.size() && cells(text) > room ? text.substr(kWords.size()) : text, room, false);
}

std::string Progress::text(Duration waited, std::optional<Duration> left) {
  const auto whole = [](Duration duration) {
    return format_duration(
        std::max(std::chrono::floor<std::chrono::seconds>(duration), std::chrono::seconds(0)));
  };
  return std::string(kWords) + whole(waited) +
         (left ? ", " + whole(*left + std::chrono::milliseconds(500)) + " left" : "");
}

}  // namespace otpctl::apps::wait
