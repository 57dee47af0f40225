// The command line. CLI11 is included by cli.cpp alone: it costs seconds a file, so commands
// describe their options with these few functions.
#pragma once

#include "base/result.hpp"
#include "rpc/messages.hpp"
#include "shared/context.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace otpctl::apps {

struct AppDeleter {
  void operator()(CLI::App* app) const;
};
using AppPtr = std::unique_ptr<CLI::App, AppDeleter>;

/// The app of a command of kCommands: its summary, its examples (lines of a shell), -h and -V.
AppPtr make_app(std::string_view command, const char* examples);

// `names` as CLI11 writes them ("-q,--quiet"; without a dash: a positional). `help` is one line.
void add_flag(CLI::App& app, const char* names, bool& value, const char* help);
/// `--name`, or `--name=VALUE`; never the next word, which is another argument. Without a value (or with the word "true")
/// it becomes "".
void add_flag_or_text(CLI::App& app, const char* name, const char* metavar, std::optional<std::string>& value,
                      const char* help);
void add_count(CLI::App& app, const char* names, int& value, const char* help);
void add_text(CLI::App& app, const char* names, const char* metavar, std::string& value,
              const char* help);
/// The same, of one that means nothing when it is empty: `--from "$UNSET"` is refused, not taken for no filter.
void add_filled(CLI::App& app, const char* names, const char* metavar, std::string& value, const char* help);
void add_texts(CLI::App& app, const char* names, const char* metavar,
               std::vector<std::string>& values, const char* help);
/// One of `words`.
void add_word(CLI::App& app, const char* names, const std::vector<std::string>& words,
              std::string& value, const char* help);
void add_number(CLI::App& app, const char* names, const char* metavar, int low, int high,
                std::optional<int>& value, const char* help);
void add_duration(CLI::App& app, const char* names, std::optional<Duration>& value,
                  const char* help);
/// As add_duration; `word` ("now", "none") calls `said` instead.
void add_duration_or(CLI::App& app, const char* names, const char* word, std::function<void()> said,
                     std::optional<Duration>& value, const char* help);
/// Text that `read` takes or refuses; its error's message is what the user reads.
void add_value(CLI::App& app, const char* names, const char* metavar,
               std::function<Result<void>(const std::string&)> read, const char* help);
/// RFC 3339.
void add_time(CLI::App& app, const char* names, std::optional<WallTime>& value, const char* help);
/// --from --subject --pattern --length.
void add_filters(CLI::App& app, Filters& filters);
/// --email --phone and the positional RECIPIENT, which is one or the other.
void add_target(CLI::App& app, Target& target);
/// --email and --phone alone, for a command whose other arguments are a program.
void add_named_target(CLI::App& app, Target& target);
/// What stands behind the options: `[--] COMMAND [ARGUMENT]...`, taken as it is. An option of ours behind COMMAND is
/// COMMAND's.
void add_program(CLI::App& app, std::vector<std::string>& words);
/// --exclusive and --queue.
void add_exclusive(CLI::App& app, bool& exclusive, std::optional<Duration>& queue);
void add_env_file(CLI::App& app, std::string& file);

/// What commands that read the configuration by themselves have in common: --config, --env-file, --json.
struct ReadingOptions {
  std::string config;
  std::string env_file;
  bool json = false;
  bool operator==(const ReadingOptions&) const = default;
};
void add_reading(CLI::App& app, ReadingOptions& options, const char* config_help);
void add_json(CLI::App& app, bool& json);
void add_quiet(CLI::App& app, bool& quiet);
/// An action of a command ("session register"); `picked` runs when it is the one that was asked
/// for.
CLI::App& add_action(CLI::App& app, const char* name, const char* summary,
                     std::function<void()> picked);

/// An address when it holds '@', a number when it looks like one, else `usage`.
Result<Target> parse_recipient(const std::string& text);

/// What a command line asks for: to run (nothing), or text to print (help, version), in lines of at most `columns`.
using Parsed = Result<std::optional<std::string>>;
Parsed parse(CLI::App& app, const std::vector<std::string>& arguments, int columns = 0);

template <class Options>
struct Command {
  const char* name;
  const char* examples;
  void (*add)(CLI::App&, Options&);
  ExitCode (*run)(const Options&, Context&);
};

/// Parses; on help, version and errors the exit code, else nothing.
std::optional<ExitCode> parse_or_exit(CLI::App& app, const std::vector<std::string>& arguments,
                                      Context& context);

/// The last catch: what is thrown anywhere becomes one line and 69.
int guarded(Context& context, const std::function<ExitCode()>& run);

template <class Options>
int main_of(const Command<Options>& command, int argc, char** argv) {
  Context context = Context::real(command.name);
  return guarded(context, [&] {
    Options options;
    const AppPtr app = make_app(command.name, command.examples);
    command.add(*app, options);
    if (const auto exit = parse_or_exit(*app, {argv + 1, argv + argc}, context)) return *exit;
    return command.run(options, context);
  });
}

}  // namespace otpctl::apps
