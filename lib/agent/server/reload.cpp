#include "server/reload.hpp"

#include "base/paths.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "server/agent.hpp"
#include "server/check.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace otpctl::server {

Result<Plan> read_plan(const Origin& origin) {
  const auto env = real_surroundings().env;
  auto config = read_config(origin.path, origin.named, env);
  if (!config) return fail(config.error());
  if (auto good = check_config(*config, env); !good) return fail(good.error());
  auto hints = compile_hints(*config);
  if (!hints) return fail(hints.error());
  const auto level = io::parse_log_level(origin.log_level.empty() ? config->log_level : origin.log_level);
  if (!level) return fail(level.error());
  Plan plan;
  plan.log_file = config->log_file.empty() ? origin.log_file : config->log_file;
  plan.config = std::move(*config);
  plan.hints = std::move(*hints);
  plan.level = *level;
  return plan;
}

// ------------------------------------------------------------------------- what differs

namespace {

using config::Config;
using config::Mailbox;

/// What a connection depends on.
Mailbox substance(Mailbox mailbox) {
  mailbox.line = 0;
  mailbox.recipients_all = false;  // a setting of delivery's
  return mailbox;
}

const Mailbox* find(const std::vector<Mailbox>& mailboxes, const std::string& name) {
  const auto found = std::find_if(mailboxes.begin(), mailboxes.end(), [&](const Mailbox& m) { return m.name == name; });
  return found == mailboxes.end() ? nullptr : &*found;
}

/// The keys of [[mailbox]] that differ, as they are written.
std::string differing_keys(const Mailbox& before, const Mailbox& after) {
  std::string keys;
  const auto note = [&](const char* key, bool differs) {
    if (differs) keys += (keys.empty() ? "" : ", ") + std::string(key);
  };
  note("address", before.address != after.address);
  note("host", before.host != after.host);
  note("port", before.port != after.port);
  note("tls", before.tls != after.tls);
  note("insecure", before.insecure != after.insecure);
  note("ca-file", before.ca_file != after.ca_file);
  note("user", before.user != after.user);
  note("password", before.password != after.password);
  note("token", before.token != after.token);
  note("proxy", before.proxy != after.proxy);
  note("folders", before.folders != after.folders);
  note("poll", before.poll != after.poll);
  note("probe", before.probe != after.probe || before.probe_auto != after.probe_auto);
  note("recipient-headers", before.recipient_headers != after.recipient_headers);
  return keys.empty() ? "settings" : keys;
}

class Changes {
 public:
  void add(std::string line) { lines_.push_back(std::move(line)); }
  void add(const char* key, const std::string& before, const std::string& after) {
    if (before != after) add(std::string(key) + ": " + shown(after) + " (was " + shown(before) + ")");
  }
  void add(const char* key, Duration before, Duration after) {
    add(key, format_duration(before), format_duration(after));
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  static std::string shown(const std::string& value) { return value.empty() ? "none" : printable(value, 200); }
  std::vector<std::string> lines_;
};

void compare_mailboxes(const Config& before, const Config& after, Changes& changes) {
  for (const auto& old : before.mailboxes) {
    if (!find(after.mailboxes, old.name)) changes.add("mailbox " + printable(old.name) + ": removed");
  }
  for (const auto& mailbox : after.mailboxes) {
    const std::string name = "mailbox " + printable(mailbox.name) + ": ";
    const Mailbox* old = find(before.mailboxes, mailbox.name);
    switch (fate_of(mailbox, before.mailboxes)) {
      case Fate::begins: changes.add(name + "new, connecting"); break;
      case Fate::reconnects: changes.add(name + differing_keys(*old, mailbox) + " changed, reconnecting"); break;
      case Fate::stays: break;
    }
    if (old && old->recipients_all != mailbox.recipients_all) {
      changes.add(name + "recipients = " + (mailbox.recipients_all ? "\"all\"" : "\"one\""));
    }
  }
}

std::vector<std::string> regexes(const Config& config) {
  std::vector<std::string> all;
  for (const auto& pattern : config.patterns) all.push_back(pattern.regex);
  return all;
}

std::vector<config::UserRule> rules_without_lines(const Config& config) {
  auto all = config.rules;
  for (auto& rule : all) rule.line = rule.what_line = 0;
  return all;
}

}  // namespace

Fate fate_of(const Mailbox& wanted, const std::vector<Mailbox>& before) {
  const Mailbox* old = find(before, wanted.name);
  if (!old) return Fate::begins;
  return substance(*old) == substance(wanted) ? Fate::stays : Fate::reconnects;
}

bool same_account(const Mailbox& one, const Mailbox& other) {
  return one.user == other.user && equals_ignoring_case(one.host, other.host);
}

std::vector<std::string> describe_changes(const Config& before, const Config& after) {
  Changes changes;
  compare_mailboxes(before, after, changes);
  changes.add("[wait] timeout", before.wait_timeout, after.wait_timeout);
  changes.add("[wait] since", before.wait_since, after.wait_since);
  changes.add("[session] ttl", before.session_ttl, after.session_ttl);
  changes.add("[session] keep", before.keep, after.keep);
  changes.add("[phone] default-region", before.default_region, after.default_region);
  changes.add("[log] level", before.log_level, after.log_level);
  changes.add("[log] file", before.log_file, after.log_file);
  changes.add("[store] history", before.history, after.history);
  if (before.store_in_memory != after.store_in_memory) {
    changes.add("[store] memory: takes effect at the next start (otpctl agent restart)");
  }
  if (regexes(before) != regexes(after)) {
    changes.add("patterns: " + std::to_string(after.patterns.size()) + " (were " +
                std::to_string(before.patterns.size()) + ")");
  }
  if (rules_without_lines(before) != rules_without_lines(after)) {
    changes.add("rules: " + std::to_string(after.rules.size()) + " (were " + std::to_string(before.rules.size()) + ")");
  }
  return changes.take();
}

// ------------------------------------------------------------------------- the agent

Result<rpc::ReloadResult> Agent::reload() {
  supervisor_.reloading();
  auto result = read_again();
  supervisor_.ready();
  return result;
}

Result<rpc::ReloadResult> Agent::read_again() {
  Origin origin = origin_;
  origin.named = origin.named || !config_.path.empty();  // a file that is gone must not cost its mailboxes
  auto plan = read_plan(origin);
  // The log is opened again even when its file is the same: whoever rotates it sends SIGHUP.
  if (plan) {
    if (auto logging = io::start_log(plan->log_file, plan->level); !logging) plan = fail(logging.error());
  }
  if (!plan) {
    io::log_error("the configuration was not taken, nothing has changed: " + plan.error().message);
    note("reload_refused", plan.error().message);
    return fail(ErrorCode::config, plan.error().message);
  }
  rpc::ReloadResult result{take_up(std::move(*plan))};
  const auto count = result.changes.size();
  for (const auto& change : result.changes) io::log_info("reload: " + change);
  io::log_info("the configuration was read again" + std::string(count == 0 ? ", nothing has changed" : ""));
  note("reloaded", count == 0 ? "nothing has changed" : count == 1 ? result.changes.front()
                                                                   : std::to_string(count) + " changes");
  return result;
}

std::vector<std::string> Agent::take_up(Plan plan) {
  auto changes = describe_changes(config_, plan.config);
  const auto before = std::exchange(config_, std::move(plan.config));
  hints_ = std::move(plan.hints);
  delivery_.set_settings(settings_of(config_));
  events_.set_keep(config_.history);
  replace_mailboxes(before.mailboxes, changes);
  update_demand();
  return changes;
}

void Agent::replace_mailboxes(const std::vector<Mailbox>& before, std::vector<std::string>& changes) {
  std::vector<std::unique_ptr<source::Mailbox>> old = std::exchange(mailboxes_, {});
  std::vector<std::unique_ptr<source::Mailbox>> leaving;
  std::vector<source::Mailbox*> fresh;
  const auto take_old = [&](const std::string& name) {
    const auto found =
        std::find_if(old.begin(), old.end(), [&](const auto& m) { return m && m->config().name == name; });
    return found == old.end() ? nullptr : std::move(*found);
  };
  for (const auto& wanted : config_.mailboxes) {
    auto kept = take_old(wanted.name);
    if (fate_of(wanted, before) == Fate::stays && kept) {
      if (wake(*kept)) changes.push_back("mailbox " + printable(wanted.name) + ": trying again");
      mailboxes_.push_back(std::move(kept));
      continue;
    }
    const bool resumes = kept && same_account(kept->config(), wanted);
    mailboxes_.push_back(make_mailbox(wanted, resumes || !kept));
    fresh.push_back(mailboxes_.back().get());
    if (kept) leaving.push_back(std::move(kept));
  }
  std::move(old.begin(), old.end(), std::back_inserter(leaving));
  for (auto& gone : leaving) {
    if (gone) retire(std::move(gone));
  }
  for (auto* mailbox : fresh) mailbox->start();
}

/// True when one of its folders does not work and tries again now.
bool Agent::wake(source::Mailbox& mailbox) {
  mailbox.set_keep(config_.keep);
  const auto status = mailbox.status();
  const bool down = std::any_of(status.begin(), status.end(), [](const SourceStatus& source) {
    return source.state == SourceState::signed_out || source.state == SourceState::unreachable;
  });
  mailbox.retry();
  return down;
}

void Agent::retire(std::unique_ptr<source::Mailbox> mailbox) {
  auto* leaving = mailbox.get();
  const auto sources = leaving->status();
  retiring_.push_back(std::move(mailbox));
  leaving->retire([this, leaving] {
    loop_.post([this, leaving] { std::erase_if(retiring_, [&](const auto& one) { return one.get() == leaving; }); });
  });
  for (const auto& source : sources) {
    const bool stays =
        std::any_of(mailboxes_.begin(), mailboxes_.end(), [&](const auto& m) { return m->has(source.name); });
    if (!stays) apply(delivery::SourceGone{source.name});
  }
}

}  // namespace otpctl::server
