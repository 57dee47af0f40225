// The checks, in the order in which they are told: what comes first is a cause of what comes later.
//
// How to add one (the checks of a mailbox: name, TLS, sign-in, IDLE …): a function that looks at Facts and returns a row
// for each thing it looked at (`of("main", …)` when there are several), and its line in kChecks. A check that needs what
// an earlier one has found broken returns skipped("…"). What takes time or runs programs belongs behind an option, as
// `--secrets` does; what several checks need is gathered once, in Facts. Names of checks are stable, they stand in JSON.
#pragma once

#include "doctor/facts.hpp"
#include "doctor/row.hpp"

#include <string_view>
#include <vector>

namespace otpctl::apps::doctor {

using Rows = std::vector<Row>;

// checks_here.cpp: this machine and this installation
Rows check_versions(const Facts& facts);
Rows check_clock(const Facts& facts);
Rows check_home(const Facts& facts);
Rows check_files(const Facts& facts);
Rows check_disk(const Facts& facts);
// checks_config.cpp
Rows check_config(const Facts& facts);
Rows check_secrets(const Facts& facts);
// checks_agent.cpp
Rows check_agent(const Facts& facts);
Rows check_in_force(const Facts& facts);
Rows check_store(const Facts& facts);
Rows check_launcher(const Facts& facts);
Rows check_sources(const Facts& facts);

struct Check {
  std::string_view name;
  Rows (*run)(const Facts&);
};
inline constexpr Check kChecks[] = {
    {"versions", check_versions}, {"clock", check_clock},       {"home", check_home},
    {"files", check_files},       {"disk", check_disk},         {"config", check_config},
    {"secret", check_secrets},    {"agent", check_agent},       {"in force", check_in_force},
    {"store", check_store},       {"launcher", check_launcher}, {"source", check_sources},
};

/// Runs all; every check gives at least one row, which carries its name.
Rows run_all(const Facts& facts);

}  // namespace otpctl::apps::doctor
