#include "support.hpp"

#include <sys/stat.h>
#include <unistd.h>

using namespace otpctl;
using namespace otpctl::store;
namespace fs = std::filesystem;

namespace {

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(umask(mask)) {}
  ~Umask() { umask(before_); }

 private:
  mode_t before_;
};

const char* kFiles[] = {"store.db", "store.db-wal", "store.db-shm", "store.db-journal", "key"};

}  // namespace

TEST_CASE("L02 whatever the umask says, the folder is 0700 and every file 0600") {
  for (const mode_t mask : {mode_t(0), mode_t(0077), mode_t(0377)}) {
    TemporaryFolder folder;
    const Umask changed(mask);
    const std::string home = folder / "home";
    if (mask == 0377) {  // with this one no folder can be made that is of use
      REQUIRE(mkdir(home.c_str(), 0700) == 0);
      REQUIRE(chmod(home.c_str(), 0700) == 0);
    }
    Store store = must_open({home + "/store.db", home + "/key"});
    REQUIRE(store.commit({put("a", "one")}).has_value());
    CHECK(mode_of(home) == 0700);
    int seen = 0;
    for (const auto& entry : fs::directory_iterator(home)) {
      CHECK_MESSAGE(mode_of(entry.path()) == 0600, entry.path().string());
      ++seen;
    }
    CHECK(seen == 4);  // store.db, -wal, -shm, key
  }
}

TEST_CASE("missing folders above the store are made, 0700 too") {
  TemporaryFolder folder;
  must_open({folder / "a/b/store.db", folder / "a/b/key"});
  CHECK(mode_of(folder / "a") == 0700);
  CHECK(mode_of(folder / "a/b") == 0700);
}

TEST_CASE("L03 a folder that others may change is refused and nothing is made in it") {
  for (const mode_t mode : {0770, 0707, 0777, 01777}) {
    TemporaryFolder folder;
    REQUIRE(chmod(folder.path().c_str(), mode) == 0);
    CHECK(error_of(folder.options()).code == ErrorCode::permission);
    CHECK(fs::is_empty(folder.path()));
  }
}

TEST_CASE("L03 a symlink in place of the folder is refused") {
  TemporaryFolder folder;
  fs::create_directory(folder / "real");
  fs::create_directory_symlink("real", folder / "link");
  const Error error = error_of({folder / "link/store.db", folder / "link/key"});
  CHECK(error.code == ErrorCode::permission);
  CHECK(contains(error.message, "symbolic link"));
  CHECK(fs::is_empty(folder / "real"));
}

TEST_CASE("a symlink further up is the system's business") {
  TemporaryFolder folder;
  fs::create_directories(folder / "real/home");
  REQUIRE(chmod((folder / "real/home").c_str(), 0700) == 0);
  fs::create_directory_symlink("real", folder / "link");
  Store store = must_open({folder / "link/home/store.db", folder / "link/home/key"});
  CHECK(store.commit({put("a", "one")}).has_value());
  CHECK(fs::exists(folder / "real/home/store.db"));
}

TEST_CASE("L03 a folder of another user is refused") {
  if (geteuid() != 0) {
    CHECK(error_of({"/store.db", "/key"}).code == ErrorCode::permission);
    return;
  }
  TemporaryFolder folder;
  REQUIRE(chown(folder.path().c_str(), 65534, 65534) == 0);
  CHECK(contains(error_of(folder.options()).message, "another user"));
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("L04 a symlink in place of a file is refused and its target is untouched") {
  for (const char* name : kFiles) {
    for (const bool dangling : {false, true}) {
      TemporaryFolder folder;
      const std::string target = folder / "target";
      if (!dangling) write_file(target, "precious");
      fs::create_symlink("target", folder / name);
      const Error error = error_of(folder.options());
      CHECK(error.code == ErrorCode::permission);
      CHECK(contains(error.message, name));
      CHECK(contains(error.message, "symbolic link"));
      CHECK(fs::exists(target) == !dangling);
      CHECK(bytes_of(target) == (dangling ? "" : "precious"));
      CHECK(fs::is_symlink(folder / name));
    }
  }
}

TEST_CASE("L04 a folder or a FIFO in place of a file is refused, without waiting, and stays") {
  for (const char* name : kFiles) {
    TemporaryFolder with_folder, with_fifo;
    fs::create_directory(with_folder / name);
    REQUIRE(mkfifo((with_fifo / name).c_str(), 0600) == 0);
    for (const TemporaryFolder* folder : {&with_folder, &with_fifo}) {
      const Error error = error_of(folder->options());
      CHECK(error.code == ErrorCode::permission);
      CHECK(contains(error.message, "no plain file"));
      CHECK(fs::exists(*folder / name));
      CHECK_FALSE(fs::is_regular_file(*folder / name));
    }
  }
}

TEST_CASE("a database that others may read is refused and not changed") {
  TemporaryFolder folder;
  must_open(folder.options());
  REQUIRE(chmod((folder / "store.db").c_str(), 0644) == 0);
  CHECK(error_of(folder.options()).code == ErrorCode::permission);
  CHECK(mode_of(folder / "store.db") == 0644);
}

TEST_CASE("L04 files of another user are refused") {
  if (geteuid() != 0) {
    MESSAGE("only root can give files away; L03 covers the same check");
    return;
  }
  for (const char* name : {"store.db", "key"}) {
    TemporaryFolder folder;
    write_file(folder / name, "theirs");
    REQUIRE(chown((folder / name).c_str(), 65534, 65534) == 0);
    CHECK(contains(error_of(folder.options()).message, "another user"));
    CHECK(bytes_of(folder / name) == "theirs");
  }
}

TEST_CASE("control characters of a path do not reach the terminal") {
  TemporaryFolder folder;
  const std::string bad = folder / "a\x1b[2J\nb";
  write_file(bad, "");
  CHECK_FALSE(contains(error_of({bad + "/store.db", bad + "/key"}).message, "\x1b"));
}
