// A plain main for the fuzz targets: every file of the corpus whole, cut at 32 places, and with single bytes changed.
// Deterministic, so that a finding stays a finding.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  run(bytes);
  if (bytes.size() > 256 * 1024) return;
  const std::size_t step = bytes.size() / 32 + 1;
  for (std::size_t at = 0; at < bytes.size(); at += step) run(bytes.substr(0, at));
  std::uint32_t state = 2463534242u;
  for (int change = 0; change < 64 && !bytes.empty(); ++change) {
    state = state * 1664525u + 1013904223u;
    std::string changed = bytes;
    changed[(state >> 8) % bytes.size()] = static_cast<char>(state >> 24);
    run(changed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t files = 0;
  run({});
  for (int i = 1; i < argc; ++i) {
    if (std::filesystem::is_regular_file(argv[i])) {
      replay(argv[i]);
      ++files;
    } else if (std::filesystem::is_directory(argv[i])) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
        if (!entry.is_regular_file()) continue;
        replay(entry.path());
        ++files;
      }
    }
  }
  std::printf("%zu files replayed\n", files);
  return files > 0 ? 0 : 1;
}
