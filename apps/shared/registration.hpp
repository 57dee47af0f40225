// What `session register` and `run` share: their options, the request made of them, what is told of the answer. Options
// is a struct with target, filters, ttl, country, metadata, exclusive, queue, env_file and quiet.
#pragma once

#include "shared/cli.hpp"
#include "shared/output.hpp"

#include <optional>

namespace otpctl::apps {

/// Everything but --email and --phone.
template <class Options>
void add_registration(CLI::App& app, Options& options) {
  add_filters(app, options.filters);
  add_duration(app, "--ttl", options.ttl, "how long it lives when nobody waits on it [600s]");
  add_text(app, "--country", "REGION", options.country,
           "region of numbers without country code (TR, DE)");
  add_text(app, "--metadata", "JSON", options.metadata, "an object that is kept with the session");
  add_exclusive(app, options.exclusive, options.queue);
  add_env_file(app, options.env_file);
  add_quiet(app, options.quiet);
}

template <class Options>
std::optional<Error> wrong_registration(const Options& options) {
  const auto usage = [](const char* message) { return Error{ErrorCode::usage, message}; };
  if (options.ttl && *options.ttl <= Duration(0)) return usage("--ttl 0 would end it at once");
  if (options.target == Target{}) return usage("whose code? name an address or a number");
  if (options.queue && !options.exclusive) return usage("--queue belongs to --exclusive");
  if (!options.metadata.empty() && !rpc::is_metadata(options.metadata))
    return usage("--metadata must be one JSON object of at most 8 KiB, nested at most 8 deep");
  return std::nullopt;
}

template <class Options>
rpc::SessionRegister registration_of(const Options& options) {
  rpc::SessionRegister wanted;
  wanted.target = options.target;
  wanted.filters = options.filters;
  wanted.ttl = options.ttl;
  wanted.country = options.country;
  if (!options.metadata.empty()) wanted.metadata = options.metadata;
  wanted.exclusive = options.exclusive;
  wanted.queue = options.queue;
  return wanted;
}

/// Warns when an older code may count.
void warn_if_degraded(Context& context, const SessionInfo& session);
/// Warns when others ask for the same recipient.
void warn_if_contended(Context& context, const SessionInfo& session);

}  // namespace otpctl::apps
