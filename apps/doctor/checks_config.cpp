// The configuration, and whether the secrets that it names can be had.
#include "base/text.hpp"
#include "config/show.hpp"
#include "config/warnings.hpp"
#include "doctor/checks.hpp"
#include "io/command.hpp"
#include "io/loop.hpp"
#include "io/secrets.hpp"

namespace otpctl::apps::doctor {

namespace {

using otpctl::config::Mailbox;
using otpctl::config::SecretSource;

Result<Secret> run_program(const std::vector<std::string>& command) {
  io::Loop loop;
  std::optional<Result<Secret>> result;
  const io::Running running(loop, command, [&](Result<Secret> secret) {
    result = std::move(secret);
    loop.stop();
  });
  loop.run();
  return std::move(*result);
}

Row program_row(const Facts& facts, const SecretSource& secret) {
  const std::string name = "'" + printable(secret.command.front(), 80) + "'";
  if (facts.options.secrets) {
    const auto got = run_program(secret.command);
    return got ? passed(name + " gives one")
               : failed(got.error().code, got.error().message, "run it by hand as the agent's user");
  }
  const std::string missing = config::missing_here(secret, facts.context.surroundings.env);
  if (missing.empty()) return passed(name + " is there (--secrets runs it)");
  return failed(ErrorCode::config, missing, "install it, or write its whole path");
}

/// What the service is given, this shell may not see.
Row hidden_row(const Facts& facts, const std::string& what, const std::string& fix) {
  if (facts.agent.found == Agent::Found::answers) return skipped(what + "; the agent has an environment of its own");
  return failed(ErrorCode::config, what, fix);
}

Row row_of(const Facts& facts, const SecretSource& secret) {
  const std::string name = printable(secret.name, 1000);
  const std::string missing = config::missing_here(secret, facts.context.surroundings.env);
  switch (secret.kind) {
    case SecretSource::Kind::none: return skipped("none");
    case SecretSource::Kind::command: return program_row(facts, secret);
    case SecretSource::Kind::file: {
      const auto got = io::read_secret_file(secret.name);
      return got ? passed(name) : failed(got.error().code, got.error().message, "write the secret into that file, mode 600");
    }
    case SecretSource::Kind::credential:
      return missing.empty() ? passed("credential " + name) : hidden_row(facts, missing, "LoadCredential= in the service");
    case SecretSource::Kind::env:
      return missing.empty() ? passed("the variable " + name)
                             : hidden_row(facts, missing, "set it where the agent is started");
  }
  return skipped("");
}

}  // namespace

Rows check_config(const Facts& facts) {
  if (!facts.paths) return {skipped("no home")};
  Rows rows;
  for (const Error& problem : facts.problems) {
    const bool of_file = problem.message.starts_with(facts.paths->config + ":");
    rows.push_back(failed(problem.code, problem.message,
                          of_file ? "otpctl config check, then otpctl agent reload" : "correct the variable, or unset it"));
  }
  if (!rows.empty()) return rows;
  const bool from_file = !facts.config->path.empty();
  std::string words = config::in_short(*facts.config);
  if (!from_file) words += facts.config->mailboxes.empty() ? "; no file, embedded default" : "; from the environment";
  if (facts.agent.other_mailbox) {
    rows.push_back(failed(ErrorCode::config, facts.agent.other_mailbox->message, "otpctl agent restart, or unset the variable"));
  }
  rows.insert(rows.begin(), passed(words));
  for (const std::string& each : config::warnings_of(*facts.config)) rows.push_back(warning(each, "see otpctl.toml(5)"));
  return rows;
}

Rows check_secrets(const Facts& facts) {
  if (!facts.config) return {skipped("no configuration that can be read")};
  if (facts.config->mailboxes.empty()) return {skipped("no mailbox")};
  Rows rows;
  for (const Mailbox& mailbox : facts.config->mailboxes) {
    const bool token = mailbox.token.kind != SecretSource::Kind::none;
    rows.push_back(of(mailbox.name, row_of(facts, token ? mailbox.token : mailbox.password)));
  }
  return rows;
}

}  // namespace otpctl::apps::doctor
