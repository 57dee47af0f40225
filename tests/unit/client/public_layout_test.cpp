// The sizes that programs were compiled with. One that changes is an ABI change as a lost function is
// (tests/lint/public_symbols.txt): SOVERSION and the version node of exports.map go up with it.
#include <otpctl/client.hpp>

#include <doctest/doctest.h>

namespace otpctl {
namespace {

#if defined(__x86_64__) && defined(__LP64__) && defined(_GLIBCXX_USE_CXX11_ABI)

TEST_CASE("the public values have the size that programs were compiled with") {
  CHECK(sizeof(Client) == 8);
  CHECK(sizeof(ClientOptions) == 136);
  CHECK(sizeof(RegisterOptions) == 272);
  CHECK(sizeof(WaitOptions) == 304);
  CHECK(sizeof(WaitOutcome) == 504);
  CHECK(sizeof(WatchOptions) == 88);
  CHECK(sizeof(Sms) == 144);
  CHECK(sizeof(SmsTaken) == 2);
  CHECK(sizeof(Entry) == 72);
  CHECK(sizeof(EntryTaken) == 40);
  CHECK(sizeof(Error) == 40);
  CHECK(sizeof(Outcome<void>) == 48);
  CHECK(sizeof(Outcome<int>) == 48);
  CHECK(sizeof(SessionInfo) == 320);
  CHECK(sizeof(Delivered) == 376);
  CHECK(sizeof(WaitEnd) == 104);
  CHECK(sizeof(Event) == 520);
  CHECK(sizeof(SourceHealth) == 248);
  CHECK(sizeof(HealthReport) == 160);
  CHECK(sizeof(WaiterInfo) == 184);
  CHECK(sizeof(AgentStatus) == 216);
}

#endif

}  // namespace
}  // namespace otpctl
