// What happens to the store when its process or its disk does not live on. Children are forked and
// killed here.
#include "support.hpp"

#include <csignal>
#include <fcntl.h>
#include <random>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace otpctl;
using namespace otpctl::store;

namespace {

/// Three records a commit; writes the number of each commit that was acknowledged to
/// `acknowledged`.
[[noreturn]] void commit_for_ever(const Store::Options& options, int first, int acknowledged) {
  auto store = Store::open(options);
  if (!store) _exit(1);
  for (int number = first;; ++number) {
    const std::string value = std::to_string(number);
    const std::vector<delivery::Change> changes{put("last", value), put("a" + value, value),
                                                put("b" + value, value)};
    if (!store->commit(changes, number % 5 == 0)) _exit(1);
    if (write(acknowledged, &number, sizeof number) != sizeof number) _exit(1);
  }
}

int read_acknowledged(int from, int last, int count) {
  for (int number = 0; count-- > 0 && read(from, &number, sizeof number) == sizeof number;)
    last = number;
  return last;
}

int exit_of(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// Commits until the disk is full, makes room, commits again. 0 when every promise of commit() was
/// kept, else which not.
template <class MakeRoom>
int fill_and_recover(const Store::Options& options, MakeRoom make_room) {
  auto store = Store::open(options);
  if (!store) return 11;
  std::size_t stored = 0;
  Result<void> done;
  while (stored < 1000) {
    const std::string name = std::to_string(stored);
    done = store->commit({put("a" + name, std::string(8'000, 'x')), put("b" + name, name)},
                         stored % 2 == 1);
    if (!done) break;
    ++stored;
  }
  if (done || stored < 2) return 12;
  if (done.error().code != ErrorCode::storage || !is_retryable(done.error().code)) return 13;
  std::size_t damaged = 0;
  const auto records = store->load(&damaged);
  if (!records || records->size() != 2 * stored || damaged != 0)
    return 14;  // half of a commit, or a loss
  make_room();
  if (!store->commit({put("later", "works")}, true)) return 15;
  const auto again = store->load();
  return again && again->size() == 2 * stored + 1 ? 0 : 16;
}

void limit_files_to(rlim_t bytes) {
  const rlimit limit{bytes, RLIM_INFINITY};
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(10);
}

bool write_text(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  const bool written =
      fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) close(fd);
  return written;
}

/// A disk of 400 KB of our own, where namespaces are allowed.
bool mount_small_disk(const std::string& at) {
  const std::string uid = std::to_string(geteuid()), gid = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (!write_text("/proc/self/uid_map", uid + " " + uid + " 1")) return false;
  if (!write_text("/proc/self/setgroups", "deny")) return false;
  if (!write_text("/proc/self/gid_map", gid + " " + gid + " 1")) return false;
  return mount("none", at.c_str(), "tmpfs", 0, "size=400k,mode=0700") == 0;
}

constexpr int kNoNamespace = 77;

int on_small_disk(const std::string& at) {
  if (!mount_small_disk(at)) return kNoNamespace;
  const std::string ballast = at + "/ballast";
  std::ofstream(ballast) << std::string(100'000, 'b');
  return fill_and_recover({at + "/store.db", at + "/key"}, [&] { unlink(ballast.c_str()); });
}

}  // namespace

TEST_CASE(
    "R03 kill -9 at a random moment, 50 rounds: nothing acknowledged is lost, no commit is half "
    "there") {
  TemporaryFolder folder;
  std::mt19937 random(3);
  int last = 0;
  for (int round = 0; round < 50; ++round) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) commit_for_ever(folder.options(), last + 1, ends[1]);
    close(ends[1]);
    last = read_acknowledged(ends[0], last, 1 + static_cast<int>(random() % 30));
    REQUIRE(kill(child, SIGKILL) == 0);
    CHECK(exit_of(child) == 1000 + SIGKILL);
    last = read_acknowledged(ends[0], last, 1'000'000);
    close(ends[0]);

    const auto found = content(must_open(folder.options()));
    const int written = std::stoi(found.at("2/last"));
    REQUIRE(written >= last);
    REQUIRE(written <= last + 1);  // committed, but killed before it could say so
    REQUIRE(found.size() == 1 + 2 * static_cast<std::size_t>(written));
    last = written;
  }
  CHECK(last >= 50);
}

TEST_CASE("a first start that dies at any write leaves a store that opens") {
  for (rlim_t bytes = 0; bytes < 24'000; bytes += bytes < 40 ? 8 : 1'000) {
    TemporaryFolder folder;
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const rlimit no_core{0, 0};
      setrlimit(RLIMIT_CORE, &no_core);
      signal(SIGXFSZ,
             SIG_DFL);  // the kernel kills the child in the write that would exceed the limit
      limit_files_to(bytes);
      (void)Store::open(folder.options());
      _exit(0);
    }
    const int ended = exit_of(child);
    CHECK((ended == 0 || ended == 1000 + SIGXFSZ));
    if (bytes < 32) CHECK(ended == 1000 + SIGXFSZ);
    Store store = must_open(folder.options());
    CHECK(store.commit({put("a", "one")}).has_value());
  }
}

TEST_CASE(
    "when the file may not grow a commit fails whole, what was there stays, later commits work") {
  TemporaryFolder folder;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    limit_files_to(200'000);
    _exit(fill_and_recover(folder.options(), [] { limit_files_to(RLIM_INFINITY); }));
  }
  CHECK(exit_of(child) == 0);
  CHECK(content(must_open(folder.options())).count("2/later") == 1);
}

TEST_CASE("a full disk fails a commit whole, what was there stays, later commits work") {
  TemporaryFolder folder;
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) _exit(on_small_disk(folder.path()));
  const int result = exit_of(child);
  if (result == kNoNamespace) {
    MESSAGE(
        "no user namespace may be made here; the case above covers all but the error number of the "
        "system");
    return;
  }
  CHECK(result == 0);
}
