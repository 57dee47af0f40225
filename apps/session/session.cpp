#include "session/session.hpp"

#include "base/text.hpp"
#include "client/client.hpp"
#include "shared/agent.hpp"
#include "shared/layout.hpp"
#include "shared/output.hpp"
#include "shared/registration.hpp"
#include "shared/sessions.hpp"
#include "shared/unique_address.hpp"

#include <limits>

namespace otpctl::apps::session {

const Command<Options> kCommand{
    "session",
    "  id=$(otpctl session register bot5@example.com)   # before the login is triggered\n"
    "  code=$(otpctl wait --session \"$id\")\n"
    "  address=$(otpctl session register --unique qa@example.com)\n"
    "  otpctl session mark \"$id\"                        # the code was wrong: only later ones\n"
    "  otpctl session list\n",
    add, run};

namespace {

constexpr Duration kAnswerWithin = std::chrono::seconds(10);

void add_register(CLI::App& app, Options& options) {
  CLI::App& action = add_action(app, "register", "begin a session and print its id",
                                [&options] { options.action = Action::register_; });
  add_target(action, options.target);
  add_registration(action, options);
  add_flag(action, "--unique", options.unique,
           "for a plus-address that nobody has used; print that address");
  add_json(action, options.json);
}

CLI::App& add_on_one(CLI::App& app, const char* name, const char* summary, Options& options,
                     Action which) {
  CLI::App& action = add_action(app, name, summary, [&options, which] { options.action = which; });
  add_filled(action, "ID", "ID", options.session, "id, unique prefix or address [$OTPCTL_SESSION]");
  add_json(action, options.json);
  return action;
}

}  // namespace

void add(CLI::App& app, Options& options) {
  add_register(app, options);
  add_json(add_action(app, "list", "list the living sessions",
                      [&options] { options.action = Action::list; }),
           options.json);
  add_on_one(app, "show", "show one session", options, Action::show);
  add_on_one(app, "mark", "only codes that come from now on count", options, Action::mark);
  CLI::App& refresh =
      add_on_one(app, "refresh", "let it live for another --ttl", options, Action::refresh);
  add_duration(refresh, "--ttl", options.ttl,
               "from now on, when nobody waits on it [as registered]");
  add_on_one(app, "close", "end it; a wait on it ends too", options, Action::close);
}

namespace {

std::string expires_in(const SessionInfo& session, WallTime now) {
  if (!session.expires) return "-";
  return *session.expires > now ? ago(now, *session.expires) : "now";
}

std::string describe_filters(const Filters& filters) {
  std::string text;
  if (!filters.from.empty()) text += " from " + printable(filters.from);
  if (!filters.subject.empty()) text += " subject " + printable(filters.subject);
  if (!filters.pattern.empty()) text += " pattern " + printable(filters.pattern);
  if (filters.length_max > 0)
    text += " length " + rpc::format_length({filters.length_min, filters.length_max});
  return text.empty() ? "-" : text.substr(1);
}

std::string in_words(const SessionInfo& session, WallTime now, int columns) {
  return pairs_in({{"id", session.id},
                   {"state", std::string(rpc::name_of(session.state))},
                   {"recipient", words_for(session.target)},
                   {"filters", describe_filters(session.filters)},
                   {"country", session.country.empty() ? "-" : printable(session.country)},
                   {"metadata", printable(session.metadata, 1000)},
                   {"created", format_time(session.created)},
                   {"counts from", format_time(session.marked)},
                   {"expires in", expires_in(session, now)},
                   {"waiters", std::to_string(session.waiters)},
                   {"codes given", std::to_string(session.codes_given)}},
                  columns);
}

std::string in_words(const std::vector<SessionInfo>& sessions, WallTime now, int columns) {
  std::vector<std::vector<std::string>> rows{
      {"ID", "STATE", "RECIPIENT", "EXPIRES IN", "WAITERS", "CODES"}};
  for (const SessionInfo& each : sessions) {
    rows.push_back({each.id, std::string(rpc::name_of(each.state)), words_for(each.target),
                    expires_in(each, now), std::to_string(each.waiters),
                    std::to_string(each.codes_given)});
  }
  return table_in(rows, columns);
}

ExitCode register_session(const Options& options, Context& context, client::Client& agent) {
  rpc::SessionRegister wanted = registration_of(options);
  if (options.unique) {
    const Target& target = options.target;
    auto address = with_nonce(target.email.empty() ? target.phone : target.email, random_nonce());
    if (!address) return report(context, address.error(), options.json);
    wanted.target.email = std::move(*address);
  }
  const auto session =
      agent.ask<SessionInfo>(wanted, kAnswerWithin + options.queue.value_or(Duration(0)));
  if (!session) return report(context, session.error(), options.json);
  if (!options.json && !options.quiet) {  // the object says both
    warn_if_degraded(context, *session);
    warn_if_contended(context, *session);
  }
  const ExitCode told =
      options.json ? answer_json(context, *session)
                   : answer(context, (options.unique ? session->target.email : session->id) + "\n", false);
  // Nobody knows of it: it would only stand in the way of the next one.
  if (told != ExitCode::done) static_cast<void>(agent.ask<SessionInfo>(rpc::SessionClose{session->id}, kAnswerWithin));
  return told;
}

ExitCode list(const Options& options, Context& context, client::Client& agent) {
  auto all = all_sessions(agent);
  if (!all) return report(context, all.error(), options.json);
  if (options.json) return show_json(context, rpc::SessionListResult{std::move(*all), false});
  return show(context, in_words(*all, context.now().wall, columns_of(context)), false);
}

rpc::Request request_on(const Options& options, const std::string& id) {
  switch (options.action) {
    case Action::mark: return rpc::SessionMark{id};
    case Action::refresh: return rpc::SessionRefresh{id, options.ttl};
    case Action::close: return rpc::SessionClose{id};
    case Action::show:
    case Action::none:
    case Action::register_:
    case Action::list: break;
  }
  return rpc::SessionShow{id};
}

ExitCode on_one(const Options& options, Context& context, client::Client& agent) {
  const std::string named = options.session.empty() ? session_of(context) : options.session;
  if (named.empty()) {
    return report(
        context,
        Error{ErrorCode::usage, "which session? give its id or the first characters of it"},
        options.json);
  }
  const auto refuse = [&](const Error& error) {
    return report(context, options.session.empty() ? of_variable(error) : error, options.json);
  };
  const auto id = session_named(agent, named);
  if (!id) return refuse(id.error());
  const auto session = agent.ask<SessionInfo>(request_on(options, *id), kAnswerWithin);
  if (!session) return refuse(session.error());
  if (options.json) return show_json(context, *session);
  // mark, refresh and close have nothing to say but that they did it.
  if (options.action != Action::show) return ExitCode::done;
  return show(context, in_words(*session, context.now().wall, columns_of(context)), false);
}

std::optional<Error> wrong(const Options& options) {
  if (options.action == Action::register_) return wrong_registration(options);
  if (options.ttl && *options.ttl <= Duration(0))
    return Error{ErrorCode::usage, "--ttl 0 would end it at once"};
  return std::nullopt;
}

}  // namespace

ExitCode run(const Options& options, Context& context) {
  if (const auto error = wrong(options)) return report(context, *error, options.json);
  if (!options.env_file.empty()) {
    if (auto loaded = load_env_file(context, options.env_file); !loaded)
      return report(context, loaded.error(), options.json);
  }
  const bool starts = options.action == Action::register_;
  const auto connection =
      agent_options(context, starts ? client::Start::if_needed : client::Start::by_unit);
  if (!connection) return report(context, connection.error(), options.json);
  client::Client agent(*connection);
  if (starts) return register_session(options, context, agent);
  if (options.action == Action::list) return list(options, context, agent);
  return on_one(options, context, agent);
}

}  // namespace otpctl::apps::session
