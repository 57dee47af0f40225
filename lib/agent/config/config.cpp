#include "config/config.hpp"

#include "base/text.hpp"
#include "config/mailbox.hpp"
#include "config/section.hpp"

#include <algorithm>
#include <tuple>

namespace otpctl::config {

namespace {

using namespace std::chrono_literals;

constexpr Duration kYear = 366 * 24h;
constexpr std::size_t kMostRules = 200;

/// Doors of later versions: their sections are known, but taking them silently would lose messages.
struct Later {
  std::string_view name;
  const char* door;
};
constexpr Later kLater[] = {
    {"smtp", "SMTP door"},       {"lmtp", "LMTP door on the network"},
    {"webhook", "webhook door"}, {"sms", "SMS provider door"},
    {"access", "access for other users"},
};

class Reader {
 public:
  Reader(const Value& root, const std::string& name) : root_(root), problems_(name) {}

  Result<Config> read(std::vector<Error>* problems, Config* understood) {
    for (const Entry& entry : root_.entries) read_entry(entry);
    check_names();
    if (problems) *problems = problems_.all();
    if (understood) *understood = config_;
    if (auto problem = problems_.first()) return fail(std::move(*problem));
    return std::move(config_);
  }

 private:
  using ReadSection = void (Reader::*)(Section&);

  void read_entry(const Entry& entry) {
    if (entry.key == "wait") return read_single(entry, &Reader::read_wait);
    if (entry.key == "session") return read_single(entry, &Reader::read_session);
    if (entry.key == "phone") return read_single(entry, &Reader::read_phone);
    if (entry.key == "log") return read_single(entry, &Reader::read_log);
    if (entry.key == "store") return read_single(entry, &Reader::read_store);
    if (entry.key == "mailbox") return read_several(entry, &Reader::read_one_mailbox);
    if (entry.key == "pattern") return read_several(entry, &Reader::read_pattern);
    if (entry.key == "rule") return read_several(entry, &Reader::read_rule);
    for (const Later& later : kLater) {
      if (entry.key != later.name) continue;
      return problems_.add(entry.line, "this version of otpctl has no " + std::string(later.door) +
                                           " yet; take [" + entry.key + "] out");
    }
    unknown(entry);
  }

  void unknown(const Entry& entry) {
    const bool section =
        entry.value.type == Value::Type::table || entry.value.type == Value::Type::array;
    std::string what = section ? "unknown section [" + printable(entry.key, 80) + "]"
                               : "unknown key " + quoted(entry.key) + " outside of any section";
    if (const auto near =
            nearest(entry.key, {"wait", "session", "phone", "log", "store", "mailbox", "pattern", "rule"})) {
      const bool several = *near == "mailbox" || *near == "pattern" || *near == "rule";
      what += "; did you mean " + (several ? "[[" + *near + "]]?" : "[" + *near + "]?");
    }
    problems_.add(entry.line, what);
  }

  void read_single(const Entry& entry, ReadSection read_section) {
    if (entry.value.type != Value::Type::table)
      return problems_.add(entry.line, "write [" + entry.key + "], once, with its keys below it");
    Section section(entry.value, "[" + entry.key + "]", problems_);
    (this->*read_section)(section);
  }

  void read_several(const Entry& entry, ReadSection read_section) {
    const auto is_table = [](const Value& item) { return item.type == Value::Type::table; };
    const bool tables = entry.value.type == Value::Type::array &&
                        std::all_of(entry.value.items.begin(), entry.value.items.end(), is_table);
    if (!tables)
      return problems_.add(
          entry.line, "write [[" + entry.key + "]] with double brackets: there may be several");
    count_ = entry.value.items.size();
    for (const Value& item : entry.value.items) {
      Section section(item, "[[" + entry.key + "]]", problems_);
      (this->*read_section)(section);
    }
  }

  void read_wait(Section& section) {
    section.allow({"timeout", "since"});
    section.read("timeout", config_.wait_timeout, 1s, kYear);
    const Value* since = section.find("since");
    const bool now = since && since->type == Value::Type::text && since->text == "now";
    if (now) config_.wait_since = 0s;
    if (!now) section.read("since", config_.wait_since, 0s, kYear);
  }

  void read_session(Section& section) {
    section.allow({"ttl", "keep"});
    section.read("ttl", config_.session_ttl, 1s, kYear);
    section.read("keep", config_.keep, 1s, 7 * 24h);
  }

  void read_phone(Section& section) {
    section.allow({"default-region"});
    std::string region;
    section.read("default-region", region);
    if (region.empty()) return;
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    if (region.size() != 2 || !std::all_of(region.begin(), region.end(), is_letter))
      return section.problem(
          *section.find("default-region"),
          "'default-region' is a country of two letters: default-region = \"TR\"");
    std::transform(region.begin(), region.end(), region.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
    config_.default_region = region;
    config_.default_region_line = section.find("default-region")->line;
  }

  void read_log(Section& section) {
    section.allow({"level", "file"});
    const std::vector<std::string> levels{"trace", "debug", "info", "warning", "error", "off"};
    if (const auto level = section.choose("level", levels)) config_.log_level = levels[*level];
    section.read_path("file", config_.log_file);
  }

  void read_store(Section& section) {
    section.allow({"memory", "history"});
    section.read("memory", config_.store_in_memory);
    section.read("history", config_.history, 1h, 365 * 24h);
  }

  void read_one_mailbox(Section& section) {
    config_.mailboxes.push_back(read_mailbox(section, count_ == 1));
  }

  void read_pattern(Section& section) {
    section.allow({"regex"});
    UserPattern pattern;
    section.read("regex", pattern.regex);
    if (!section.has("regex")) return section.missing("[[pattern]] needs a regex");
    pattern.line = section.find("regex")->line;
    if (pattern.regex.size() > 500)
      section.problem(*section.find("regex"), "'regex' has more than 500 bytes");
    config_.patterns.push_back(std::move(pattern));
  }

  void read_rule(Section& section) {
    section.allow({"from", "pattern", "label"});
    UserRule rule;
    rule.line = rule.what_line = section.line();
    for (const auto& [key, text, most] : {std::tuple<const char*, std::string*, std::size_t>{"from", &rule.from, 320},
                                          {"pattern", &rule.pattern, 500},
                                          {"label", &rule.label, 200}}) {
      section.read(key, *text);
      if (text->size() > most)
        section.problem(*section.find(key), quoted(key) + " has more than " + std::to_string(most) + " bytes");
    }
    const Value* what = section.find(section.has("pattern") ? "pattern" : "label");
    if (what) rule.what_line = what->line;
    if (!section.has("from")) section.missing("[[rule]] needs a 'from': whose messages it is for");
    if (!what) section.missing("[[rule]] needs a 'pattern' or a 'label'");
    if (section.has("pattern") && section.has("label"))
      section.problem(*section.find("label"), "[[rule]] takes a 'pattern' or a 'label', not both");
    if (config_.rules.size() == kMostRules)
      problems_.add(rule.line, "more than " + std::to_string(kMostRules) + " of [[rule]]");
    config_.rules.push_back(std::move(rule));
  }

  void check_names() {
    for (std::size_t i = 0; i < config_.mailboxes.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const Mailbox& first = config_.mailboxes[j];
        const Mailbox& second = config_.mailboxes[i];
        if (first.name == second.name)
          problems_.add(second.line, "two mailboxes are named " + quoted(second.name) +
                                         " (the other in line " + std::to_string(first.line) + ")");
      }
    }
  }

  const Value& root_;
  Problems problems_;
  Config config_;
  std::size_t count_ = 0;  // tables of the section that is being read
};

}  // namespace

Result<Config> parse(std::string_view toml, const std::string& name, std::vector<Error>* problems, Config* understood) {
  const auto root = parse_document(toml, name);
  if (!root && problems) problems->push_back(root.error());
  if (!root) return fail(root.error());
  auto config = Reader(*root, name).read(problems, understood);
  if (config) config->path = name;
  return config;
}

}  // namespace otpctl::config
