#include "shared/cli.hpp"

#include "base/text.hpp"
#include "base/time.hpp"
#include "shared/commands.hpp"
#include "shared/hang.hpp"
#include "shared/layout.hpp"
#include "shared/output.hpp"

#include <otpctl/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <exception>

namespace otpctl::apps {

namespace {

constexpr std::size_t kHelpColumn = 28;
constexpr char kIsEmpty[] = "it is empty";

// CLI11 calls this while it parses; the text is what the user reads.
[[noreturn]] void refuse(const CLI::Option& option, const std::string& message) {
  throw CLI::ValidationError(option.get_name(), message);
}

/// An option whose text is read by `read`, which throws by refuse().
CLI::Option* add_read(CLI::App& app, const char* names, const char* metavar, const char* help,
                      std::function<void(const CLI::Option&, const std::string&)> read) {
  auto self = std::make_shared<CLI::Option*>(nullptr);
  auto* option = app.add_option_function<std::string>(
      names, [self, read = std::move(read)](const std::string& text) { read(**self, text); }, help);
  *self = option;
  return option->type_name(metavar);
}

std::vector<std::string> long_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> action_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* action : app.get_subcommands(nullptr)) names.push_back(action->get_name());
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

const CLI::App& innermost(const CLI::App& app) {
  const auto picked = app.get_subcommands();
  return picked.empty() ? app : innermost(*picked.front());
}

/// What a line of arguments leaves over. A value is never repeated: it could be a code.
Error left_over(const CLI::App& app, const std::string& argument) {
  const std::string name = argument.substr(0, argument.find('='));
  if (name.size() > 1 && name.front() == '-') {
    const auto near = nearest(name, long_names(app));
    return Error{ErrorCode::usage, "unknown option " + printable(name, 60) +
                                       (near ? ", did you mean " + *near + "?" : "")};
  }
  const std::vector<std::string> actions = action_names(app);
  if (actions.empty()) return Error{ErrorCode::usage, "one argument too many"};
  const auto near = nearest(argument, actions);
  return Error{ErrorCode::usage,
               "unknown action '" + printable(argument, 60) + "'" +
                   (near ? ", did you mean '" + *near + "'?" : ": there is " + joined(actions))};
}

std::string usage_line(const CLI::App& app) {
  std::string line = "Usage: " + app.get_display_name();
  for (const CLI::App* up = app.get_parent(); up != nullptr; up = up->get_parent()) {
    line.insert(7, up->get_display_name() + " ");
  }
  line += " [OPTIONS]";
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional()) continue;
    const bool many = option->get_items_expected_max() > 1;
    const std::string name = option->get_name(true, false) + (many ? "..." : "");
    line += option->get_required() ? " " + name : " [" + name + "]";
  }
  if (!app.get_subcommands(nullptr).empty()) line += " ACTION";
  if (app.get_prefix_command()) line += " -- COMMAND [ARGUMENT]...";
  return line + "\n";
}

std::string two_columns(const std::string& left, const std::string& right) {
  std::string line = "  " + left;
  if (line.size() + 2 > kHelpColumn) {
    line += "\n" + std::string(kHelpColumn, ' ');
  } else {
    line.resize(kHelpColumn, ' ');
  }
  return line + right + "\n";
}

std::string help_text(const CLI::App& app) {
  std::string text = usage_line(app) + "\n" + app.get_description() + "\n";
  if (!app.get_footer().empty()) text += "\nExamples:\n" + app.get_footer();
  if (const auto actions = app.get_subcommands(nullptr); !actions.empty()) {
    text += "\nActions:\n";
    for (const CLI::App* each : actions)
      text += two_columns(each->get_name(), each->get_description());
  }
  text += "\nOptions:\n";
  for (const CLI::Option* option : app.get_options()) {
    const bool is_positional = option->get_positional();
    std::string left =
        is_positional ? option->get_name(true, false) : option->get_name(false, true);
    std::replace(left.begin(), left.end(), ',', ' ');
    if (!is_positional && option->get_items_expected_max() > 0)
      left += " " + option->get_type_name();
    if (option->get_items_expected_max() == 0 && option->get_type_name().rfind("[=", 0) == 0)
      left += option->get_type_name();
    text += two_columns(left, option->get_description());
  }
  return text;
}

/// CLI11's words and numbers stay in here.
std::string message_of(const CLI::Error& error) {
  std::string message = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string name = message.substr(0, message.find(':'));
    const bool missing =
        message.find("missing") != message.npos || message.find("at least") != message.npos;
    return missing ? name + " needs a value" : name + " may be given once, with one value";
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return message.substr(0, message.find(" is required")) + " is missing";
  }
  return printable(message, 400);
}

}  // namespace

void AppDeleter::operator()(CLI::App* app) const { delete app; }

AppPtr make_app(std::string_view command, const char* examples) {
  AppPtr app(new CLI::App(std::string(summary_of(command)), "otpctl " + std::string(command)));
  app->footer(examples);
  app->set_help_flag("-h,--help", "print this help and exit");
  app->add_flag_callback(
         "-V,--version", [] { throw CLI::CallForVersion(); }, "print the version and exit")
      ->trigger_on_parse();
  app->allow_extras();
  app->fallthrough(false);
  return app;
}

void add_flag(CLI::App& app, const char* names, bool& value, const char* help) {
  app.add_flag(names, value, help);
}

void add_flag_or_text(CLI::App& app, const char* name, const char* metavar, std::optional<std::string>& value,
                      const char* help) {
  const auto text = std::make_shared<std::string>();
  app.add_flag(name, *text, help)
      ->each([text, &value](const std::string& given) { value = given == "true" ? "" : given; })
      ->type_name("[=" + std::string(metavar) + "]");
}

void add_count(CLI::App& app, const char* names, int& value, const char* help) {
  app.add_flag(names, value, help);
}

void add_text(CLI::App& app, const char* names, const char* metavar, std::string& value,
              const char* help) {
  app.add_option(names, value, help)->type_name(metavar);
}

void add_filled(CLI::App& app, const char* names, const char* metavar, std::string& value, const char* help) {
  add_read(app, names, metavar, help, [&value](const CLI::Option& option, const std::string& text) {
    if (text.empty()) refuse(option, kIsEmpty);
    value = text;
  });
}

void add_texts(CLI::App& app, const char* names, const char* metavar,
               std::vector<std::string>& values, const char* help) {
  app.add_option(names, values, help)->type_name(metavar);
}

void add_word(CLI::App& app, const char* names, const std::vector<std::string>& words,
              std::string& value, const char* help) {
  add_read(app, names, "WORD", help,
           [words, &value](const CLI::Option& option, const std::string& text) {
             if (std::find(words.begin(), words.end(), text) == words.end()) {
               refuse(option, "'" + printable(text, 40) + "' is none of " + joined(words));
             }
             value = text;
           });
}

void add_number(CLI::App& app, const char* names, const char* metavar, int low, int high,
                std::optional<int>& value, const char* help) {
  add_read(app, names, metavar, help,
           [low, high, &value](const CLI::Option& option, const std::string& text) {
             const bool digits = !text.empty() && text.size() <= 9 &&
                                 text.find_first_not_of("0123456789") == text.npos;
             if (!digits || std::stoi(text) < low || std::stoi(text) > high) {
               refuse(option, "'" + printable(text, 40) + "' is no number from " +
                                  std::to_string(low) + " to " + std::to_string(high));
             }
             value = std::stoi(text);
           });
}

void add_duration(CLI::App& app, const char* names, std::optional<Duration>& value,
                  const char* help) {
  add_duration_or(app, names, nullptr, nullptr, value, help);
}

void add_duration_or(CLI::App& app, const char* names, const char* word, std::function<void()> said,
                     std::optional<Duration>& value, const char* help) {
  const std::string metavar = word == nullptr ? "DURATION" : "DURATION|" + std::string(word);
  add_read(
      app, names, metavar.c_str(), help,
      [word, said = std::move(said), &value](const CLI::Option& option, const std::string& text) {
        if (word != nullptr && text == word) return said();
        const bool endless = word != nullptr && std::string_view(word) == "none";
        const Result<std::optional<Duration>> read =
            endless ? parse_duration_or_none(text) : Result<std::optional<Duration>>(parse_duration(text));
        if (!read) refuse(option, read.error().message);
        value = *read;
      });
}

void add_value(CLI::App& app, const char* names, const char* metavar,
               std::function<Result<void>(const std::string&)> read, const char* help) {
  add_read(app, names, metavar, help,
           [read = std::move(read)](const CLI::Option& option, const std::string& text) {
             if (const auto taken = read(text); !taken) refuse(option, taken.error().message);
           });
}

void add_time(CLI::App& app, const char* names, std::optional<WallTime>& value, const char* help) {
  add_read(app, names, "TIME", help, [&value](const CLI::Option& option, const std::string& text) {
    const auto read = parse_time(text);
    if (!read) refuse(option, read.error().message);
    value = *read;
  });
}

void add_filters(CLI::App& app, Filters& filters) {
  add_filled(app, "--from", "GLOB", filters.from, "only codes of this sender (* and ?)");
  add_filled(app, "--subject", "GLOB", filters.subject, "only mails with this subject (* and ?)");
  add_filled(app, "--pattern", "REGEX", filters.pattern, "the code is what the one group matches");
  add_read(app, "--length", "N|N-M", "only codes of this many characters",
           [&filters](const CLI::Option& option, const std::string& text) {
             const auto range = rpc::parse_length(text);
             if (!range) refuse(option, range.error().message);
             filters.length_min = range->min;
             filters.length_max = range->max;
           });
}

void add_target(CLI::App& app, Target& target) {
  add_read(app, "RECIPIENT", "RECIPIENT", "the address or number that the code is sent to",
           [&target](const CLI::Option& option, const std::string& text) {
             if (text.empty()) refuse(option, kIsEmpty);
             const auto read = parse_recipient(text);
             if (!read) refuse(option, read.error().message);
             if (!read->email.empty()) target.email = read->email;
             if (!read->phone.empty()) target.phone = read->phone;
           });
  // RECIPIENT is read first: a second address would silently be the only one.
  add_named_target(app, target);
}

void add_named_target(CLI::App& app, Target& target) {
  const auto add_named = [&app](const char* name, const char* metavar, const char* help,
                                std::string& value) {
    add_read(app, name, metavar, help,
             [&value](const CLI::Option& option, const std::string& text) {
               if (text.empty()) refuse(option, kIsEmpty);
               if (!value.empty() && value != text)
                 refuse(option, "RECIPIENT names another one already");
               value = text;
             });
  };
  add_named("--email", "ADDRESS", "an address that the code is sent to", target.email);
  add_named("--phone", "NUMBER", "a number that the code is sent to", target.phone);
}

void add_program(CLI::App& app, std::vector<std::string>& words) {
  app.prefix_command();
  app.callback([&app, &words] {
    words = app.remaining();
    if (!words.empty() && words.front() == "--") words.erase(words.begin());
  });
}

void add_exclusive(CLI::App& app, bool& exclusive, std::optional<Duration>& queue) {
  add_flag(app, "--exclusive", exclusive, "nobody else may wait for this recipient meanwhile");
  add_duration(app, "--queue", queue, "stand in line that long behind another --exclusive");
}

void add_env_file(CLI::App& app, std::string& file) {
  add_text(app, "--env-file", "FILE", file, "read OTPCTL_* and related variables from FILE");
}

void add_reading(CLI::App& app, ReadingOptions& options, const char* config_help) {
  add_text(app, "--config", "FILE", options.config, config_help);
  add_env_file(app, options.env_file);
  add_json(app, options.json);
}

void add_json(CLI::App& app, bool& json) {
  add_flag(app, "--json", json, "answer and errors as JSON");
}
void add_quiet(CLI::App& app, bool& quiet) {
  add_flag(app, "-q,--quiet", quiet, "no progress, no warnings");
}

CLI::App& add_action(CLI::App& app, const char* name, const char* summary,
                     std::function<void()> picked) {
  CLI::App* action = app.add_subcommand(name, summary);
  action->set_help_flag("-h,--help", "print this help and exit");
  action->callback(std::move(picked));
  return *action;
}

Result<Target> parse_recipient(const std::string& text) {
  Target target;
  if (text.find('@') != text.npos) {
    target.email = text;
    return target;
  }
  const std::size_t first = text.find_first_not_of("+( ");
  const bool number = first != text.npos && text[first] >= '0' && text[first] <= '9' &&
                      text.find_first_not_of("+0123456789 ()-./") == text.npos;
  if (!number) {
    return fail(ErrorCode::usage,
                "'" + printable(text, 80) + "' is neither an e-mail address nor a phone number");
  }
  target.phone = text;
  return target;
}

Parsed parse(CLI::App& app, const std::vector<std::string>& arguments, int columns) {
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return std::optional<std::string>(hung(help_text(innermost(app)), columns));
  } catch (const CLI::CallForVersion&) {
    return std::optional<std::string>(std::string("otpctl ") + kVersion + "\n");
  } catch (const CLI::Error& error) {
    return fail(ErrorCode::usage, message_of(error));
  }
  const CLI::App& used = innermost(app);
  // An option of ours that does not exist stands in front of the program; what stands behind is the program's.
  const auto is_wrong = [&app](const std::vector<std::string>& rest) {
    if (rest.empty() || !app.get_prefix_command()) return !rest.empty();
    return rest.front().size() > 1 && rest.front().front() == '-' && rest.front() != "--";
  };
  if (const auto rest = used.remaining(); is_wrong(rest)) return fail(left_over(used, rest.front()));
  if (const auto rest = app.remaining(); is_wrong(rest)) return fail(left_over(app, rest.front()));
  if (&used == &app && !action_names(app).empty()) {
    return fail(ErrorCode::usage, "an action is missing: " + joined(action_names(app)));
  }
  return std::optional<std::string>();
}

std::optional<ExitCode> parse_or_exit(CLI::App& app, const std::vector<std::string>& arguments,
                                      Context& context) {
  const Parsed parsed = parse(app, arguments, columns_of(context));
  if (parsed && !*parsed) return std::nullopt;
  const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  if (parsed) return show(context, **parsed, json);
  Error error = parsed.error();
  error.message += " (see otpctl " + context.command + " --help)";
  return report(context, error, json);
}

int guarded(Context& context, const std::function<ExitCode()>& run) {
  try {
    return static_cast<int>(run());
  } catch (const std::exception& error) {
    return static_cast<int>(
        report(context, Error{ErrorCode::internal, std::string("a bug: ") + error.what()}, false));
  }
}

}  // namespace otpctl::apps
