// https://www.monitoring-plugins.org/doc/guidelines.html: "STATUS - text | 'label'=value[UOM];warn;crit;min".
#include "base/text.hpp"
#include "health/views.hpp"
#include "rpc/messages.hpp"
#include "shared/output.hpp"

#include <algorithm>
#include <set>

namespace otpctl::apps::health {

namespace {

constexpr std::size_t kProblemsInLine = 5;

/// '|' begins performance data, in every line.
std::string harmless(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  return text;
}

std::string upper(std::string_view name) {
  std::string text;
  for (const char c : name) text += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return text;
}

std::string counted(std::uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string seconds(Duration duration) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(duration).count()) + "s";
}

/// What every agent has, whatever it watches: it says nothing of how well that works.
bool is_own_door(const SourceHealth& source) { return source.status.kind == "lmtp" || source.status.kind == "pipe"; }

std::string live_of(const Outcome& outcome) {
  std::size_t all = 0, live = 0;
  for (const SourceHealth& each : outcome.report->sources) {
    if (is_own_door(each) && !outcome.chosen) continue;
    ++all;
    if (each.status.state == SourceState::live) ++live;
  }
  if (all == 0) return "no mailbox: takes what deliver, sms and manual bring";
  const std::string sources = counted(all, "source") + " live";
  return live == all ? sources : std::to_string(live) + " of " + sources;
}

std::string reason_of(const Outcome& outcome) {
  const std::vector<Problem>& problems = outcome.assessment.problems;
  std::string text;
  for (std::size_t i = 0; i < std::min(problems.size(), kProblemsInLine); ++i)
    text += problems[i].text + "; ";
  if (problems.size() > kProblemsInLine)
    text += std::to_string(problems.size() - kProblemsInLine) + " more; ";
  return text + live_of(outcome) + ", " + std::to_string(outcome.report->waiters) +
         " waiting";
}

/// "main/INBOX" → "main_INBOX". Two sources may become the same: the later gets a number.
std::string label_of(const std::string& name, std::set<std::string>& used) {
  std::string label;
  for (const char c : name.substr(0, 100)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-';
    label += plain ? c : '_';
  }
  std::string unique = label;
  for (int number = 2; !used.insert(unique).second; ++number)
    unique = label + "_" + std::to_string(number);
  return unique;
}

std::string performance_data(const Outcome& outcome) {
  const HealthReport& report = *outcome.report;
  const std::string limits =
      ";" + std::to_string(std::chrono::ceil<std::chrono::seconds>(outcome.thresholds.warning).count()) +
      ";" + std::to_string(std::chrono::ceil<std::chrono::seconds>(outcome.thresholds.critical).count()) +
      ";0";
  std::set<std::string> used;
  std::string text;
  for (std::size_t i = 0; i < report.sources.size(); ++i) {
    const std::string label = label_of(report.sources[i].status.name, used);
    text += label + "_down=" + seconds(outcome.assessment.down[i]) + limits + " " + label +
            "_errors=" + std::to_string(report.sources[i].errors) + ";;;0 ";
  }
  text += "waiting=" + std::to_string(report.waiters) + ";;;0 sessions=" +
          std::to_string(report.sessions) + ";;;0 pending=" + std::to_string(report.codes_pending) +
          ";;;0 oldest_pending=" + seconds(report.oldest_pending.value_or(Duration(0))) +
          ";;;0 messages=" + std::to_string(report.messages) + ";;;0";
  return text;
}

std::string source_lines(const SourceHealth& source, WallTime now) {
  std::string text = printable(source.status.name) + ": " + describe(source.status, now);
  if (source.due_every > Duration(0)) text += ", due every " + format_duration(source.due_every);
  text += "\n  24 h: " + counted(source.messages, "message") + ", " +
          counted(source.errors, "error") + ", " + counted(source.reconnects, "reconnect");
  if (source.processed > 0) {
    text += "; processing " + format_duration(rounded(source.processing_mean)) + " mean, " +
            format_duration(rounded(source.processing_p95)) + " p95";
  }
  return text + "\n";
}

std::string agent_lines(const HealthReport& report, WallTime now) {
  std::string text = "codes: " + std::to_string(report.codes_pending) + " pending";
  if (report.oldest_pending) text += ", the oldest for " + ago(now - *report.oldest_pending, now);
  text += "; " + std::to_string(report.codes_delivered) + " handed over\n";
  return text + "agent: " + printable(report.version, 40) + ", pid " + std::to_string(report.pid) +
         ", running for " + ago(report.started, now) + ", " +
         counted(static_cast<std::uint64_t>(report.sessions), "session") + "\n";
}

}  // namespace

std::string plugin_line(Status status, const std::string& reason) {
  return "OTPCTL " + upper(name_of(status)) + " - " + harmless(printable(reason, 2000));
}

std::string plugin_text(const Outcome& outcome, WallTime now) {
  if (!outcome.report) {
    const Error& error = outcome.report.error();
    return plugin_line(outcome.assessment.status, error.message) + "\n";
  }
  std::string text = plugin_line(outcome.assessment.status, reason_of(outcome)) + " | " +
                     performance_data(outcome) + "\n";
  std::string details;
  for (const SourceHealth& source : outcome.report->sources) details += source_lines(source, now);
  return text + harmless(details + agent_lines(*outcome.report, now));
}

}  // namespace otpctl::apps::health
