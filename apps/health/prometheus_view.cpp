// https://prometheus.io/docs/instrumenting/exposition_formats/, text format: HELP, TYPE, then the samples of one name.
#include "base/text.hpp"
#include "health/views.hpp"
#include "rpc/messages.hpp"

#include <array>
#include <cstdio>
#include <functional>

namespace otpctl::apps::health {

namespace {

constexpr std::array kStates{SourceState::starting, SourceState::live, SourceState::unreachable,
                             SourceState::signed_out, SourceState::throttled};

/// In double quotes: backslash, quote and line feed are escaped; printable() leaves no other control.
std::string label(const char* name, const std::string& value) {
  std::string text = std::string(name) + "=\"";
  for (const char c : printable(value)) {
    if (c == '\\' || c == '"') text += '\\';
    text += c;
  }
  return text + "\"";
}

std::string number(Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%06lld", static_cast<long long>(duration.count() / 1000000),
                static_cast<long long>(duration.count() % 1000000));
  return text;
}

class Page {
 public:
  void begin(const char* name, const char* type, const char* help) {
    name_ = std::string("otpctl_") + name;
    text_ += "# HELP " + name_ + " " + help + "\n# TYPE " + name_ + " " + type + "\n";
  }
  void sample(const std::string& value, const std::string& labels = {}) {
    text_ += name_ + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
  }
  void one(const char* name, const char* type, const char* help, const std::string& value) {
    begin(name, type, help);
    sample(value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::string name_;
};

/// One metric with a sample for each source; nothing where `value` has none.
void each_source(Page& page, const Outcome& outcome, const char* name, const char* type,
                 const char* help,
                 const std::function<std::string(const SourceHealth&, Duration down)>& value) {
  page.begin(name, type, help);
  const auto& sources = outcome.report->sources;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::string text = value(sources[i], outcome.assessment.down[i]);
    if (!text.empty()) page.sample(text, label("source", sources[i].status.name));
  }
}

void agent_metrics(Page& page, const HealthReport& report) {
  page.begin("agent_info", "gauge", "The running agent.");
  page.sample("1", label("version", report.version));
  page.one("agent_start_time_seconds", "gauge", "When the agent started, Unix time.",
           number(report.started.time_since_epoch()));
  page.one("store_up", "gauge", "1: the store can be written.", report.store_trouble.empty() ? "1" : "0");
  page.one("waiters", "gauge", "Waits that are blocked.", std::to_string(report.waiters));
  page.one("sessions", "gauge", "Living sessions.", std::to_string(report.sessions));
  page.one("codes_pending", "gauge", "Codes that nobody has asked for yet.",
           std::to_string(report.codes_pending));
  page.one("oldest_pending_seconds", "gauge", "Age of the oldest of them, 0 without any.",
           number(report.oldest_pending.value_or(Duration(0))));
  page.one("codes_delivered_total", "counter", "Codes handed over since the agent started.",
           std::to_string(report.codes_delivered));
}

void state_metrics(Page& page, const Outcome& outcome) {
  each_source(page, outcome, "source_up", "gauge", "1: the source is live.",
              [](const SourceHealth& source, Duration) {
                return source.status.state == SourceState::live ? "1" : "0";
              });
  page.begin("source_state", "gauge", "1 for the state that the source is in.");
  for (const SourceHealth& source : outcome.report->sources) {
    for (const SourceState state : kStates) {
      page.sample(source.status.state == state ? "1" : "0",
                  label("source", source.status.name) + "," +
                      label("state", std::string(rpc::name_of(state))));
    }
  }
  each_source(page, outcome, "source_down_seconds", "gauge",
              "How long the source has been down, or longer silent than it may be.",
              [](const SourceHealth&, Duration down) { return number(down); });
  each_source(page, outcome, "source_alive_age_seconds", "gauge",
              "Age of the last byte that was due.", [](const SourceHealth& source, Duration) {
                return source.alive_age ? number(*source.alive_age) : std::string();
              });
  each_source(page, outcome, "source_due_seconds", "gauge",
              "A byte is due that often; 0: nothing is ever due.",
              [](const SourceHealth& source, Duration) { return number(source.due_every); });
}

void count_metrics(Page& page, const Outcome& outcome) {
  const auto count = [&](const char* name, const char* type, const char* help,
                         std::uint64_t (*value)(const SourceHealth&)) {
    each_source(page, outcome, name, type, help, [value](const SourceHealth& source, Duration) {
      return std::to_string(value(source));
    });
  };
  count("source_messages_total", "counter", "Messages since the agent started.",
        [](const SourceHealth& source) { return source.status.messages; });
  count("source_reconnects_total", "counter", "Reconnects since the agent started.",
        [](const SourceHealth& source) { return source.status.reconnects; });
  count("source_day_messages", "gauge", "Messages of the last 24 hours.",
        [](const SourceHealth& source) { return source.messages; });
  count("source_day_errors", "gauge", "Errors of the last 24 hours.",
        [](const SourceHealth& source) { return source.errors; });
  count("source_day_reconnects", "gauge", "Reconnects of the last 24 hours.",
        [](const SourceHealth& source) { return source.reconnects; });
  each_source(page, outcome, "source_processing_mean_seconds", "gauge",
              "From the bytes being here to the decision being on disk, mean of 24 hours.",
              [](const SourceHealth& source, Duration) { return number(source.processing_mean); });
  each_source(page, outcome, "source_processing_p95_seconds", "gauge",
              "From the bytes being here to the decision being on disk, 95th percentile of 24 hours.",
              [](const SourceHealth& source, Duration) { return number(source.processing_p95); });
}

}  // namespace

std::string prometheus_text(const Outcome& outcome) {
  Page page;
  page.one("up", "gauge", "1: an agent runs and answers.", outcome.report ? "1" : "0");
  page.one("health_status", "gauge", "0 ok, 1 warning, 2 critical, 3 unknown.",
           std::to_string(static_cast<int>(outcome.assessment.status)));
  if (outcome.report) {
    agent_metrics(page, *outcome.report);
    state_metrics(page, outcome);
    count_metrics(page, outcome);
  }
  return page.text();
}

}  // namespace otpctl::apps::health
