#include "io/command.hpp"

#include "base/text.hpp"
#include "base/fd.hpp"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace otpctl::io {

struct Running::State {
  State(Loop& l, std::function<void(Result<Secret>)> call) : loop(l), done(std::move(call)), timer(l) {}

  Loop& loop;
  std::function<void(Result<Secret>)> done;
  std::string name;
  pid_t pid = -1;
  Fd output, process;  // pidfd: becomes readable when it has ended
  std::string text;
  Timer timer;
  std::unique_ptr<Watch> output_watch, process_watch;
  std::shared_ptr<int> alive = std::make_shared<int>(0);

  void read_output() {
    char buffer[4096];
    for (;;) {
      const ssize_t n = ::read(output.get(), buffer, sizeof buffer);
      if (n > 0 && text.size() < 64 * 1024) {
        text.append(buffer, static_cast<std::size_t>(n));
      } else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        break;
      } else {
        output_watch->want_read(false);
        break;
      }
    }
    ::explicit_bzero(buffer, sizeof buffer);
  }

  void on_exit() {
    read_output();
    int status = 0;
    ::waitpid(pid, &status, 0);
    pid = -1;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      const auto line = trim(std::string_view(text).substr(0, text.find('\n')));
      if (!line.empty()) {
        finish(Secret(std::string(line)));
        return;
      }
      finish(fail(ErrorCode::auth_rejected, "'" + name + "' printed nothing"));
    } else if (WIFEXITED(status)) {
      finish(fail(ErrorCode::auth_rejected,
                  "'" + name + "' failed with status " + std::to_string(WEXITSTATUS(status)) + "; run it by hand"));
    } else {
      finish(fail(ErrorCode::auth_rejected, "'" + name + "' was killed"));
    }
  }

  void finish(Result<Secret> result) {
    wipe(text);
    timer.clear();
    process_watch.reset();
    output_watch.reset();
    auto call = std::move(done);
    call(std::move(result));  // may destroy us
  }

  ~State() {
    wipe(text);
    process_watch.reset();
    output_watch.reset();
    if (pid > 0) {
      ::kill(-pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
};

namespace {

// A process group of its own (so that a time-out ends its children too), default signals, nothing inherited.
pid_t spawn(const std::vector<std::string>& argv, int output) {
  std::vector<char*> raw;
  for (const auto& word : argv) raw.push_back(const_cast<char*>(word.c_str()));
  raw.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  // Libraries open without O_CLOEXEC (the log): a program that leaves a daemon behind would keep it for ever.
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                           POSIX_SPAWN_SETPGROUP));
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, raw[0], &actions, &attributes, raw.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? pid : -1;
}

}  // namespace

Running::Running(Loop& loop, const std::vector<std::string>& argv,
                 std::function<void(Result<Secret>)> done, Duration within)
    : state_(std::make_unique<State>(loop, std::move(done))) {
  auto& state = *state_;
  state.name = argv.empty() ? "" : printable(argv.front(), 80);
  int ends[2] = {-1, -1};
  if (!argv.empty() && ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
    state.output = Fd(ends[0]);
    Fd writer(ends[1]);
    ::fcntl(writer.get(), F_SETFL, 0);  // the program writes as it is used to
    state.pid = spawn(argv, writer.get());
    if (state.pid > 0) state.process = Fd(static_cast<int>(::syscall(SYS_pidfd_open, state.pid, 0)));
  }
  if (!state.process) {
    loop.post([&state, alive = std::weak_ptr<int>(state.alive)] {
      if (alive.expired()) return;
      state.finish(fail(ErrorCode::auth_rejected, "'" + state.name + "' cannot be started; is it on the PATH?"));
    });
    return;
  }
  state.output_watch = std::make_unique<Watch>(loop, state.output.get(), [&state] { state.read_output(); });
  state.process_watch = std::make_unique<Watch>(loop, state.process.get(), [&state] { state.on_exit(); });
  state.timer.set(loop.now().instant + within, [&state, within] {
    state.finish(fail(ErrorCode::auth_rejected,
                      "'" + state.name + "' gave no answer within " + format_duration(within)));
  });
}

Running::~Running() = default;

}  // namespace otpctl::io
