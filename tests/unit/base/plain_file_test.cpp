#include "base/plain_file.hpp"

#include "../../support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace otpctl;
using otpctl::test::TempDir;

namespace {

Error why_not(const std::string& path) {
  ::alarm(10);  // what waits for a writer would wait for ever
  const auto file = read_plain_file(path, 100);
  ::alarm(0);
  REQUIRE(!file.has_value());
  return file.error();
}

}  // namespace

TEST_CASE("a plain file is read up to the limit, through a link as well") {
  const TempDir folder;
  const std::string path = folder.path() + "/file", link = folder.path() + "/link";
  std::ofstream(path) << std::string(50'000, 'x');
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  REQUIRE(::symlink("file", link.c_str()) == 0);
  const auto part = read_plain_file(path, 20'001);
  REQUIRE(part.has_value());
  CHECK(part->text == std::string(20'001, 'x'));
  CHECK((part->mode & 0777) == 0640);
  const auto whole = read_plain_file(link, 100'000);
  REQUIRE(whole.has_value());
  CHECK(whole->text.size() == 50'000);
}

TEST_CASE("what is no plain file is refused at once") {
  const TempDir folder;
  const std::string fifo = folder.path() + "/fifo", link = folder.path() + "/link";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  REQUIRE(::symlink("fifo", link.c_str()) == 0);
  for (const std::string& path : {fifo, link, std::string("/dev/zero"), std::string("/dev/null")}) {
    CAPTURE(path);
    CHECK(why_not(path).code == ErrorCode::config);
    CHECK(why_not(path).message == "it is no plain file");
  }
  CHECK(why_not(folder.path()).message == "it is a folder");
  CHECK(why_not(folder.path() + "/none").code == ErrorCode::not_found);
  CHECK(why_not(folder.path() + "/none").message == "No such file or directory");
}
