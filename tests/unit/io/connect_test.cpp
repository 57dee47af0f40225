#include "io/connect.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <dlfcn.h>
#include <memory>
#include <mutex>
#include <netdb.h>

using namespace otpctl;
using namespace otpctl::io;

namespace {

// A resolver that hangs: names of the test are "resolved" when the test lets go.
std::mutex mutex;
std::condition_variable changed;
bool asked = false, let_go = false;
std::atomic<bool> hang{false};

}  // namespace

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
  if (!hang) {
    using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    return reinterpret_cast<Real>(::dlsym(RTLD_NEXT, "getaddrinfo"))(node, service, hints, result);
  }
  std::unique_lock lock(mutex);
  asked = true;
  changed.notify_all();
  changed.wait_for(lock, std::chrono::seconds(20), [] { return let_go; });
  return EAI_AGAIN;
}

TEST_CASE("giving up while the name is being resolved does not wait for the resolver") {
  hang = true;
  Loop loop;
  ConnectOptions options;
  options.host = "mail.example.com";
  auto connecting = std::make_unique<Connecting>(loop, options, [](Result<std::unique_ptr<Stream>>) {});
  std::function<void()> look = [&] {
    std::unique_lock lock(mutex);
    if (asked) return loop.stop();
    lock.unlock();
    loop.post(look);
  };
  loop.post(look);
  loop.run();
  const auto began = std::chrono::steady_clock::now();
  connecting.reset();
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
  std::unique_lock lock(mutex);
  let_go = true;
  changed.notify_all();
  hang = false;
}

TEST_CASE("where a connection was refused is said once, and why") {
  Loop loop;
  ConnectOptions options;
  options.host = "127.0.0.1";
  options.port = 1;
  std::string said;
  const Connecting connecting(loop, options, [&](Result<std::unique_ptr<Stream>> stream) {
    if (!stream) said = stream.error().message;
    loop.stop();
  });
  loop.run();
  CHECK(said.rfind("127.0.0.1:1: ", 0) == 0);
  CHECK(said.find("127.0.0.1", 1) == said.npos);
  CHECK(said.size() > 20);
}
