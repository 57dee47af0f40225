#include "shared/output.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <algorithm>

namespace otpctl::apps {

namespace {

std::size_t width_of(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t pos = 0; pos < text.size(); pos += utf8_at(text, pos).size) ++count;
  return count;
}

ExitCode cannot_answer(Context& context, const Error& why, bool json) {
  return report(context, Error{ErrorCode::storage, "standard output: " + why.message}, json);
}

}  // namespace

ExitCode report(Context& context, const Error& error, bool json) {
  const std::string line =
      json ? rpc::to_json(error)
           : "otpctl " + context.command + ": " + printable(error.message, 2000);
  static_cast<void>(context.err.write(line + "\n"));  // nowhere else to say it
  return exit_code_for(error.code);
}

void warn(Context& context, const rpc::Warning& warning, bool json) {
  const std::string line =
      json ? rpc::to_json(warning)
           : "otpctl " + context.command + ": warning: " + printable(warning.message, 2000);
  static_cast<void>(context.err.write(line + "\n"));
}

ExitCode answer(Context& context, const std::string& text, bool json) {
  const auto written = context.out.write(text);
  return written ? ExitCode::done : cannot_answer(context, written.error(), json);
}

ExitCode show(Context& context, const std::string& text, bool json) {
  const auto written = context.out.write(text);
  if (written || context.out.reader_is_gone()) return ExitCode::done;
  return cannot_answer(context, written.error(), json);
}

ExitCode answer_json(Context& context, const rpc::Answer& value) {
  return answer(context, rpc::to_json(value) + "\n", true);
}

ExitCode show_json(Context& context, const rpc::Answer& value) {
  return show(context, rpc::to_json(value) + "\n", true);
}

std::string ago(WallTime then, WallTime now) {
  using namespace std::chrono;
  const auto seconds =
      std::max<std::int64_t>(0, duration_cast<std::chrono::seconds>(now - then).count());
  if (seconds < 120) return std::to_string(seconds) + "s";
  if (seconds < 7200) return std::to_string(seconds / 60) + "m";
  if (seconds < 172800) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86400) + "d";
}

std::string describe(const SourceStatus& source, WallTime now) {
  std::string text(rpc::name_of(source.state));
  std::replace(text.begin(), text.end(), '_', ' ');
  if (!source.detail.empty()) text += ", " + printable(source.detail);
  if (source.last_alive) text += ", last sign of life " + ago(*source.last_alive, now) + " ago";
  if (source.retry_at && *source.retry_at > now) {
    text += ", next try in " + ago(now, *source.retry_at);
  }
  return text;
}

std::string details_of(const WaitEnd& end, WallTime now) {
  std::string text;
  for (const Seen& seen : end.seen) {
    text += "  " + std::to_string(seen.count) + (seen.count == 1 ? " message " : " messages ") +
            std::string(words_for(seen.reason));
    if (!seen.sender.empty()) text += ", the latest from " + printable(seen.sender);
    text += ", " + ago(seen.latest, now) + " ago\n";
  }
  for (const SourceStatus& source : end.sources) {
    text += "  " + printable(source.name) + ": " + describe(source, now) + "\n";
  }
  if (end.more > 0) text += "  and " + std::to_string(end.more) + " more\n";
  return text;
}

std::string_view words_for(Unmatched reason) {
  switch (reason) {
    case Unmatched::no_code: return "with no code in it";
    case Unmatched::ambiguous_code: return "with several different codes in it";
    case Unmatched::ambiguous_sender: return "with different codes of different senders";
    case Unmatched::other_recipient: return "for another recipient";
    case Unmatched::ambiguous_recipient: return "addressed to several that are asked for";
    case Unmatched::before_mark: return "came before this wait counts";
    case Unmatched::filtered: return "did not pass the filters";
    case Unmatched::taken: return "went to another wait";
    case Unmatched::superseded: return "replaced by a later one";
  }
  return "";
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    std::size_t pad = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += std::string(pad, ' ') + row[i];
      pad = widths[i] - width_of(row[i]) + 2;
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string words_for(const Target& target) {
  if (target.email.empty()) return printable(target.phone);
  return printable(target.email) + (target.phone.empty() ? "" : " " + printable(target.phone));
}

}  // namespace otpctl::apps
