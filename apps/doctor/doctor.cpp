#include "doctor/doctor.hpp"

#include "doctor/checks.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"
#include "shared/terminal.hpp"

namespace otpctl::apps::doctor {

const Command<Options> kCommand{
    "doctor",
    "  otpctl doctor\n"
    "  otpctl doctor --secrets                   # run the programs that give passwords, too\n"
    "  otpctl doctor --json | jq '.checks[] | select(.state == \"failed\")'\n",
    add, run};

void add(CLI::App& app, Options& options) {
  add_flag(app, "--secrets", options.secrets, "run password-command and token-command to see whether they work");
  add_reading(app, options, "this configuration instead of the usual one");
}

Rows run_all(const Facts& facts) {
  Rows all;
  for (const Check& check : kChecks) {
    Rows rows = check.run(facts);
    if (rows.empty()) rows.push_back(skipped("nothing to look at"));
    for (Row& row : rows) {
      row.check = check.name;
      all.push_back(std::move(row));
    }
  }
  return all;
}

ExitCode run(const Options& options, Context& context) {
  if (!options.env_file.empty()) {
    if (auto loaded = load_env_file(context, options.env_file); !loaded) return report(context, loaded.error(), options.json);
  }
  const Rows rows = run_all(gather(options, context));
  const Looks looks = looks_of(context);
  const Shape shape{looks.terminal ? size_of(context).columns : 0, looks.color};
  const ExitCode written =
      show(context, options.json ? as_json(rows) : in_words(rows, shape), options.json);
  return written == ExitCode::done ? exit_code_of(rows) : written;
}

}  // namespace otpctl::apps::doctor
