#include "base/private_folder.hpp"

#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace otpctl;

TEST_CASE("L03 a folder that is open to others, a symlink or a file is refused with the reason") {
  test::TempDir dir;
  const auto open_dir = dir.path() + "/open";
  std::filesystem::create_directory(open_dir);
  ::chmod(open_dir.c_str(), 0770);
  CHECK(make_private_folder(open_dir).error().message.find("chmod 700") != std::string::npos);
  const auto link = dir.path() + "/link";
  std::filesystem::create_directory_symlink(dir.path(), link);
  CHECK(make_private_folder(link).error().message.find("symbolic link") != std::string::npos);
  const auto file = dir.path() + "/file";
  std::ofstream(file) << "x";
  CHECK(make_private_folder(file).error().code == ErrorCode::permission);
}

TEST_CASE("a missing folder is made with all that is missing above it, 0700 whatever the umask") {
  test::TempDir dir;
  const auto before = ::umask(0);
  const auto made = make_private_folder(dir.path() + "/a/b/c");
  ::umask(before);
  REQUIRE(made);
  for (const char* part : {"/a", "/a/b", "/a/b/c"}) {
    struct stat status {};
    REQUIRE(::stat((dir.path() + part).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
  }
}

TEST_CASE("the folder of a path") {
  CHECK(folder_of("/a/b/c") == "/a/b");
  CHECK(folder_of("/c") == "/");
  CHECK(folder_of("c") == ".");
}
