#include "shared/timeline.hpp"

#include "base/text.hpp"
#include "shared/cells.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace otpctl::apps {

namespace {

constexpr int kNarrow = 72;
constexpr int kTypeColumns = 7;
constexpr std::size_t kLongestGlob = 320;  // an address has at most 254 bytes
constexpr std::size_t kReason = 1000;
constexpr std::size_t kTypeName = 32;  // of a newer agent

/// Words of one event; text from outside goes through show().
class Words {
 public:
  Words(const rpc::TimelineEvent& event, bool utf8, const Zone& zone) : event_(event), utf8_(utf8), zone_(zone) {}

  InWords all() const {
    InWords words;
    words.type = shown(rpc::type_of(event_), utf8_, kTypeName);
    words.who = who();
    words.tone = tone();
    words.what = what();
    words.brief = brief();
    return words;
  }

 private:
  std::string show(std::string_view text) const { return shown(text, utf8_, kReason); }
  std::string state() const {
    std::string text = show(event_.state);
    std::replace(text.begin(), text.end(), '_', ' ');
    return text;
  }
  bool is(std::string_view state) const { return event_.state == state; }
  std::string because() const { return event_.reason.empty() ? "" : ": " + show(event_.reason); }
  std::string pid() const { return event_.pid == 0 ? "" : " (pid " + std::to_string(event_.pid) + ")"; }
  std::string session() const {
    return event_.session.empty() ? "" : ", session " + show(event_.session.substr(0, 8));
  }
  std::string waited(const char* word) const {
    if (!event_.waited) return "";
    return word + format_duration(rounded(*event_.waited));
  }
  std::string after() const { return waited(" after "); }
  std::string origin() const {
    std::string text;
    if (!event_.sender.empty()) text += " from " + show(event_.sender);
    if (!event_.source.empty()) text += " by " + show(event_.source);
    return text;
  }
  std::string shape() const { return event_.shape.empty() ? "a code" : show(event_.shape); }

  std::string who() const {
    std::string text;
    for (const std::string* each : {&event_.target.email, &event_.target.phone}) {
      if (!each->empty()) text += (text.empty() ? "" : " ") + show(*each);
    }
    for (const std::string& each : event_.recipients) text += (text.empty() ? "" : " ") + show(each);
    if (text.empty() && event_.type == EventType::source) text = show(event_.source);
    return text;
  }

  Tone tone() const {
    static const std::vector<std::pair<EventType, std::vector<std::string_view>>> bad{
        {EventType::agent, {"store_trouble", "reload_refused"}},
        {EventType::source, {"unreachable", "signed_out"}}};
    for (const auto& [type, states] : bad) {
      if (event_.type == type && std::find(states.begin(), states.end(), event_.state) != states.end())
        return Tone::bad;
    }
    switch (event_.type) {
      case EventType::agent: return Tone::dim;
      case EventType::source: return is("throttled") ? Tone::warn : is("live") ? Tone::good : Tone::plain;
      case EventType::session: return Tone::plain;
      case EventType::wait:
        if (is("ended")) return event_.exit.value_or(ExitCode::done) == ExitCode::done ? Tone::good : Tone::bad;
        return is("ambiguous") ? Tone::warn : Tone::plain;
      case EventType::message:
        return event_.verdict == "ambiguous" || is("for_nobody") ? Tone::warn : Tone::plain;
      case EventType::code: return is("acknowledged") ? Tone::good : is("expired") ? Tone::warn : Tone::plain;
      case EventType::entry:
      case EventType::other: return Tone::plain;
    }
    return Tone::plain;
  }

  std::string what() const {
    switch (event_.type) {
      case EventType::agent: return state() + because();
      case EventType::source: return source();
      case EventType::session: return state() + session() + pid() + because();
      case EventType::wait: return wait();
      case EventType::message: return message();
      case EventType::code: return code();
      case EventType::entry: return (is("taken") ? "a person entered a code" : state()) + because();
      case EventType::other: return state() + because();
    }
    return {};
  }

  std::string brief() const {
    switch (event_.type) {
      case EventType::agent:
      case EventType::session:
      case EventType::code: return std::string(rpc::name_of(event_.type)) + " " + state();
      case EventType::other: return shown(rpc::type_of(event_), utf8_, kTypeName) + " " + state();
      case EventType::source: return state();
      case EventType::wait:
        if (is("ended")) return "exit " + std::to_string(static_cast<int>(event_.exit.value_or(ExitCode::done)));
        return "wait " + state();
      case EventType::message:
        if (!is("arrived")) return state();
        if (event_.verdict == "code") return "code came";
        return event_.verdict == "none" ? "no code" : show(event_.verdict);
      case EventType::entry: return "entered";
    }
    return {};
  }

  std::string source() const {
    std::string text = state() + because();
    if (event_.retry_at) text += ", next try at " + clock_of(*event_.retry_at, zone_);
    return text;
  }

  std::string wait() const {
    if (!is("ended")) return state() + pid() + session() + after() + because();
    const ExitCode exit = event_.exit.value_or(ExitCode::done);
    if (exit == ExitCode::done) return "ended with its code" + after() + because();
    return "ended without a code, exit " + std::to_string(static_cast<int>(exit)) + "," + after() + pid() + because();
  }

  /// The verdict and its reason first: a narrow terminal cuts the rest.
  std::string message() const {
    std::string text = state();
    if (event_.verdict == "code") text = "holds a code" + (event_.shape.empty() ? "" : " of " + shape());
    if (event_.verdict == "none") text = "no code in it";
    if (event_.verdict == "ambiguous") text = "ambiguous";
    if (!event_.verdict.empty() && !is("arrived")) text = state() + ", " + text;
    return text + because() + in_brackets(origin());
  }

  std::string code() const {
    std::string text = state();
    if (is("claimed")) text = "claimed for a wait" + waited(" that had waited ");
    if (is("acknowledged")) text = "acknowledged, the caller has it";
    return text + ": " + shape() + origin() + (event_.reason.empty() ? "" : "; " + show(event_.reason));
  }

  static std::string in_brackets(const std::string& text) {
    return text.empty() ? "" : " (" + text.substr(1) + ")";
  }

  const rpc::TimelineEvent& event_;
  bool utf8_;
  const Zone& zone_;
};

}  // namespace

Zone local_zone() {
  return [](WallTime time) {
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm local{};
    localtime_r(&seconds, &local);
    return std::chrono::seconds(local.tm_gmtoff);
  };
}

std::string date_of(WallTime time, const Zone& zone) { return format_time(time + zone(time)).substr(0, 10); }
std::string clock_of(WallTime time, const Zone& zone) { return format_time(time + zone(time)).substr(11, 8); }

InWords in_words(const rpc::TimelineEvent& event, bool utf8, const Zone& zone) {
  return Words(event, utf8, zone).all();
}

std::string one_line(const rpc::TimelineEvent& event, bool utf8, const Zone& zone) {
  const InWords words = in_words(event, utf8, zone);
  return date_of(event.at, zone) + " " + clock_of(event.at, zone) + "  " + pad(words.type, kTypeColumns, utf8) + "  " +
         (words.who.empty() ? "" : words.who + "  ") + words.what;
}

std::vector<Line> in_lines(const rpc::TimelineEvent& event, int columns, bool utf8, const Zone& zone,
                           std::string& day) {
  const InWords words = in_words(event, utf8, zone);
  std::vector<Line> lines;
  const auto add = [&](const std::string& text, int indent) {
    for (std::string& each : wrap(text, columns, indent)) lines.push_back(Line{std::move(each), words.tone});
  };
  if (columns >= kNarrow) {
    add(one_line(event, utf8, zone), 30);
    return lines;
  }
  if (const std::string today = date_of(event.at, zone); today != day) {
    lines.push_back(Line{fit(today, columns, utf8), Tone::head});
    day = today;
  }
  add(clock_of(event.at, zone) + " " + words.type + (words.who.empty() ? "" : " " + words.who), 2);
  for (std::string& each : wrap(words.what, columns - 2, 0)) lines.push_back(Line{"  " + std::move(each), words.tone});
  return lines;
}

namespace {

/// "+03:00", "-05:30" at the end of `text`.
std::optional<std::chrono::minutes> offset_of(std::string_view text) {
  if (text.size() < 6) return std::nullopt;
  const std::string_view zone = text.substr(text.size() - 6);
  const auto digit = [&](std::size_t at) { return zone[at] >= '0' && zone[at] <= '9'; };
  if ((zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || !digit(1) || !digit(2) || !digit(4) || !digit(5))
    return std::nullopt;
  const int hours = (zone[1] - '0') * 10 + zone[2] - '0';
  const int minutes = (zone[4] - '0') * 10 + zone[5] - '0';
  if (hours > 23 || minutes > 59) return std::nullopt;
  return std::chrono::minutes((zone[0] == '-' ? -1 : 1) * (hours * 60 + minutes));
}

/// "2026-11-20 14:14", "03:00:05".
std::optional<Moment> parse_local(const std::string& text) {
  const bool dated = text.size() > 11 && text[10] == ' ';
  std::string time = dated ? text.substr(11) : text;
  if (time.size() == 5) time += ":00";
  if (time.size() != 8) return std::nullopt;
  const auto at = parse_time((dated ? text.substr(0, 10) : "1970-01-01") + "T" + time + "Z");
  if (!at) return std::nullopt;
  Moment moment;
  if (dated) moment.local = *at;
  if (!dated) moment.time_of_day = at->time_since_epoch();
  return moment;
}

/// The moment at which clocks of `zone` show `local`.
WallTime from_local(WallTime local, const Zone& zone) {
  const WallTime near = local - zone(local);
  return local - zone(near);
}

}  // namespace

Result<Moment> parse_moment(const std::string& text) {
  Moment moment;
  if (const auto ago = parse_duration(text)) {
    moment.ago = *ago;
    return moment;
  }
  if (const auto local = parse_local(text)) return *local;
  const auto offset = offset_of(text);
  const auto at = parse_time(offset ? text.substr(0, text.size() - 6) + "Z" : text);
  if (!at) {
    return fail(ErrorCode::usage, "'" + printable(text, 40) +
                                      "' is no moment: write 2h (so long ago), 03:00, '2026-11-20 14:14' or 2026-11-20T09:33:58Z");
  }
  moment.at = *at - offset.value_or(std::chrono::minutes(0));
  return moment;
}

WallTime resolve(const Moment& moment, WallTime now, const Zone& zone) {
  if (moment.at) return *moment.at;
  if (moment.local) return from_local(*moment.local, zone);
  if (!moment.time_of_day) return now - moment.ago.value_or(Duration(0));
  const auto today = std::chrono::floor<std::chrono::days>(now + zone(now));
  const WallTime at = from_local(today + *moment.time_of_day, zone);
  return at <= now ? at : from_local(today - std::chrono::days(1) + *moment.time_of_day, zone);
}

Result<std::vector<EventType>> parse_types(const std::string& text) {
  std::vector<EventType> types;
  std::string_view rest = text;
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    more = comma != rest.npos;
    const auto type = rpc::parse_event_type(trim(rest.substr(0, comma)));
    if (!type) return fail(type.error());
    if (std::find(types.begin(), types.end(), *type) == types.end()) types.push_back(*type);
    if (more) rest.remove_prefix(comma + 1);
  }
  return types;
}

Result<std::string> parse_glob(const std::string& text) {
  const std::string glob(trim(text));
  if (glob.empty()) return fail(ErrorCode::usage, "the pattern is empty: '*' is everybody");
  if (glob.size() > kLongestGlob)
    return fail(ErrorCode::usage, "the pattern is longer than " + std::to_string(kLongestGlob) + " bytes");
  if (printable(glob, kLongestGlob) != glob)
    return fail(ErrorCode::usage, "'" + printable(glob, 80) + "' holds what no address does");
  return glob;
}

void add_which(CLI::App& app, std::string& recipient, std::vector<EventType>& types) {
  add_value(
      app, "--email", "GLOB",
      [&recipient](const std::string& text) -> Result<void> {
        auto glob = parse_glob(text);
        if (!glob) return fail(glob.error());
        recipient = std::move(*glob);
        return {};
      },
      "only of this address or number (* and ?)");
  add_value(
      app, "--type", "LIST",
      [&types](const std::string& text) -> Result<void> {
        auto list = parse_types(text);
        if (!list) return fail(list.error());
        types = std::move(*list);
        return {};
      },
      "only these types: message,wait …");
}

void add_moment(CLI::App& app, const char* names, std::optional<Moment>& value, const char* help) {
  add_value(
      app, names, "TIME",
      [&value](const std::string& text) -> Result<void> {
        auto moment = parse_moment(text);
        if (!moment) return fail(moment.error());
        value = *moment;
        return {};
      },
      help);
}

}  // namespace otpctl::apps
