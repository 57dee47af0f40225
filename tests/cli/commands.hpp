// Every command as a test sees it: its app, without its run.
#pragma once

#include "agent/agent.hpp"
#include "config/command.hpp"
#include "deliver/deliver.hpp"
#include "doctor/doctor.hpp"
#include "extract/extract.hpp"
#include "health/health.hpp"
#include "log/log.hpp"
#include "manual/manual.hpp"
#include "run/run.hpp"
#include "session/session.hpp"
#include "sms/sms.hpp"
#include "status/status.hpp"
#include "wait/wait.hpp"
#include "watch/watch.hpp"

#include <CLI/CLI.hpp>

#include <map>
#include <memory>
#include <string>

namespace otpctl::apps::test {

/// A built app that keeps the options alive that it points to.
struct Built {
  AppPtr app;
  std::shared_ptr<void> options;
};

template <class Options>
Built build(const Command<Options>& command) {
  auto options = std::make_shared<Options>();
  AppPtr app = make_app(command.name, command.examples);
  command.add(*app, *options);
  return Built{std::move(app), options};
}

inline std::map<std::string, Built> all_commands() {
  std::map<std::string, Built> all;
  all["wait"] = build(wait::kCommand);
  all["run"] = build(run::kCommand);
  all["session"] = build(session::kCommand);
  all["manual"] = build(manual::kCommand);
  all["sms"] = build(sms::kCommand);
  all["deliver"] = build(deliver::kCommand);
  all["watch"] = build(watch::kCommand);
  all["log"] = build(log::kCommand);
  all["status"] = build(status::kCommand);
  all["health"] = build(health::kCommand);
  all["agent"] = build(agent::kCommand);
  all["config"] = build(config::kCommand);
  all["extract"] = build(extract::kCommand);
  all["doctor"] = build(doctor::kCommand);
  return all;
}

/// What `arguments` are read as; fails the test when they are not.
template <class Options>
Options parsed(const Command<Options>& command, const std::vector<std::string>& arguments) {
  Options options;
  const AppPtr app = make_app(command.name, command.examples);
  command.add(*app, options);
  const Parsed result = parse(*app, arguments);
  if (!result) throw std::runtime_error(result.error().message);
  if (*result) throw std::runtime_error("help or version");
  return options;
}

/// Why `arguments` are refused; "" when they are not.
template <class Options>
std::string refused(const Command<Options>& command, const std::vector<std::string>& arguments) {
  Options options;
  const AppPtr app = make_app(command.name, command.examples);
  command.add(*app, options);
  const Parsed result = parse(*app, arguments);
  if (result) return {};
  return result.error().code == ErrorCode::usage ? result.error().message : "wrong class";
}

}  // namespace otpctl::apps::test
