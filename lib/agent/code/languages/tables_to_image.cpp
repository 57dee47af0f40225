// A program of the build: language tables in, the image that is compiled in out.
//   tables_to_image IMAGE TABLE…       (English first)
#include "code/lexicon_image.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
  using namespace otpctl::code;
  std::vector<std::string> texts;
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    if (!file || texts.back().empty()) return std::fprintf(stderr, "%s: cannot be read\n", argv[i]), 1;
  }
  auto entries = read_tables({texts.begin(), texts.end()});
  if (!entries) return std::fprintf(stderr, "%s\n", entries.error().message.c_str()), 1;
  const std::vector<std::byte> image = make_image(std::move(*entries));
  std::ofstream out(argv[1], std::ios::binary);
  out.write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
  return out.flush() ? 0 : 1;
}
