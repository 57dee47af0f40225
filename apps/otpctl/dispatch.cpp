#include "otpctl/dispatch.hpp"

#include "base/text.hpp"
#include "shared/commands.hpp"
#include "shared/exit_codes.hpp"
#include "shared/hang.hpp"

#include <otpctl/version.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace otpctl::apps {

namespace {

/// False when not all of it could be written.
bool say(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = write(fd, text.data(), text.size());
    if (done < 0 && errno != EINTR) return false;
    if (done > 0) text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

int number(ExitCode code) { return static_cast<int>(code); }

/// Of the terminal; 0 where standard output is none.
int columns() {
  winsize told{};
  if (isatty(STDOUT_FILENO) != 1) return 0;
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &told) == 0 && told.ws_col > 0) return told.ws_col;
  const char* named = std::getenv("COLUMNS");
  const int number = named == nullptr ? 0 : std::atoi(named);
  return number > 0 ? std::min(number, 1000) : 80;
}

int print(const std::string& text) {
  if (say(STDOUT_FILENO, hung(text, columns()))) return number(ExitCode::done);
  const int why = errno;
  say(STDERR_FILENO, std::string("otpctl: standard output: cannot write: ") + std::strerror(why) + "\n");
  return number(ExitCode::try_later);
}

int usage(const std::string& text) {
  say(STDERR_FILENO, text);
  return number(ExitCode::usage);
}

std::string self_path() {
  char buffer[4096];
  const ssize_t size = readlink("/proc/self/exe", buffer, sizeof buffer);
  return std::string(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? "." : path.substr(0, slash);
}

std::string_view path_variable() {
  const char* path = std::getenv("PATH");
  return path == nullptr ? "" : path;
}

/// Replaces this process by the first program that can be run; returns when none can.
void run_first(const std::vector<std::string>& programs, char** argv) {
  for (const std::string& program : programs) execv(program.c_str(), argv);
}

/// `otpctl help wait`: the manual page where it is and can be shown, else what the command says
/// itself.
int help_on(const char* name) {
  if (std::string_view(name) == "exit-codes") return print(exit_code_help());
  const std::string self = self_path();
  const std::string page =
      std::string(folder_of(folder_of(self))) + "/share/man/man1/otpctl-" + name + ".1";
  const std::vector<std::string> programs = programs_for(name, self, path_variable());
  struct stat info {};
  if (!programs.empty() && isatty(STDOUT_FILENO) == 1 && stat(page.c_str(), &info) == 0) {
    execlp("man", "man", page.c_str(), nullptr);
  }
  std::string word = "--help";
  std::string own_name = "otpctl-" + std::string(name);
  char* argv[] = {own_name.data(), word.data(), nullptr};
  run_first(programs, argv);
  return usage(unknown_command(name));
}

}  // namespace

std::vector<std::string> programs_for(std::string_view name, const std::string& self,
                                      std::string_view path) {
  std::vector<std::string> programs;
  if (name.empty() || name.find('/') != name.npos || name.front() == '-' || name.front() == '.')
    return programs;
  const std::string file = "/otpctl-" + std::string(name);
  programs.push_back(std::string(folder_of(folder_of(self))) + "/" OTPCTL_LIBEXEC + file);
  while (!path.empty()) {
    const std::size_t colon = std::min(path.find(':'), path.size());
    // An empty entry would be the working directory, where anybody may have put something.
    if (colon > 0 && path.front() == '/')
      programs.push_back(std::string(path.substr(0, colon)) + file);
    path.remove_prefix(std::min(colon + 1, path.size()));
  }
  return programs;
}

std::string general_help() {
  std::string text =
      "Usage: otpctl COMMAND [ARGUMENTS]\n\n"
      "Hands the one-time code that just arrived to the script that waits for it.\n\n"
      "Examples:\n"
      "  code=$(otpctl wait bot5@example.com)\n"
      "  otpctl status\n\n"
      "Commands:\n";
  for (const CommandInfo& each : kCommands) {
    std::string line = "  " + std::string(each.name);
    line.resize(12, ' ');
    text += line + std::string(each.summary) + "\n";
  }
  return text +
         "  help      this text; help COMMAND; help exit-codes\n\n"
         "Options:\n"
         "  -h --help     print this help and exit\n"
         "  -V --version  print the version and exit\n";
}

std::string exit_code_help() {
  std::string text;
  for (const ExitMeaning& each : kExitCodes) {
    std::string line = std::to_string(number(each.code));
    line.resize(5, ' ');
    text += line + each.meaning + "\n";
  }
  return text;
}

std::string unknown_command(std::string_view name) {
  std::vector<std::string> known;
  for (const CommandInfo& each : kCommands) known.emplace_back(each.name);
  known.emplace_back("help");
  const auto near = nearest(name, known);
  const bool option = !name.empty() && name.front() == '-';
  return std::string("otpctl: unknown ") + (option ? "option" : "command") + " '" + printable(name, 60) + "'" +
         (near ? ", did you mean '" + *near + "'?\n" : " (see otpctl help)\n");
}

int dispatch(int argc, char** argv) {
  if (argc < 2) return usage(general_help());
  const std::string_view name = argv[1];
  if (name == "-h" || name == "--help" || (name == "help" && argc == 2))
    return print(general_help());
  if (name == "-V" || name == "--version") return print(std::string("otpctl ") + kVersion + "\n");
  if (name == "help") return help_on(argv[2]);
  std::string own_name = "otpctl-" + std::string(name);
  char** rest = argv + 1;
  rest[0] = own_name.data();
  run_first(programs_for(name, self_path(), path_variable()), rest);
  return usage(unknown_command(name));
}

}  // namespace otpctl::apps
