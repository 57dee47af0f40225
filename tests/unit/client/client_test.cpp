#include "client/client.hpp"

#include "base/private_folder.hpp"
#include "client/lock_file.hpp"
#include "client/start.hpp"
#include "rpc/agent_file.hpp"
#include "unit/client/support.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sys/file.h>
#include <fcntl.h>
#include <sys/stat.h>

using namespace std::chrono_literals;

namespace otpctl::client {
namespace {

using test::AgentSide;
using test::FakeAgent;
using test::options_in;

void write_file(const std::string& path, const std::string& text, int mode = 0600) {
  std::ofstream(path) << text;
  REQUIRE(chmod(path.c_str(), static_cast<mode_t>(mode)) == 0);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("a line of the agent has 64 KiB with its end, a longer one is a protocol error") {
  const test::TempDir home;
  const auto of_length = [](const rpc::Id& id, std::size_t length) {
    const std::string head = R"({"id":)" + id + R"(,"result":{"version":"1","pid":7,"started":"2026-11-20T09:33:58Z",)"
                             R"("sources":[],"waiters":[],"home":")", tail = "\"}}\n";
    return head + std::string(length - head.size() - tail.size(), 'x') + tail;
  };
  FakeAgent agent(home.path() + "/agent.sock",
                  {[&](AgentSide& side) { side.say(of_length(side.greet().id, rpc::kMaxLine)); },
                   [&](AgentSide& side) { side.say(of_length(side.greet().id, rpc::kMaxLine + 1)); }});
  const auto longest = Client(options_in(home)).ask<AgentStatus>(rpc::Status{});
  REQUIRE_MESSAGE(longest.has_value(), (longest ? "" : longest.error().message));
  CHECK(longest->pid == 7);
  const auto longer = Client(options_in(home)).ask<AgentStatus>(rpc::Status{});
  REQUIRE(!longer);
  CHECK(longer.error().code == ErrorCode::protocol);
  CHECK(longer.error().message == "the agent sent a line beyond the limit");
}

TEST_CASE("hello and the first request go out together, later requests on the same connection") {
  const test::TempDir home;
  rpc::Hello hello;
  FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                    const rpc::Call first = side.call();
                    hello = std::get<rpc::Hello>(first.request);
                    const rpc::Call status = side.call();  // before hello was answered
                    side.answer(first.id, rpc::HelloResult{kProtocolVersion, "9.9.9", 1, {}});
                    side.answer(status.id, AgentStatus{});
                    side.answer(side.call().id, rpc::ManualResult{"bot5@example.com", true, 0});
                  }});
  Options options = options_in(home);
  options.environment = {{"OTPCTL_MAILBOX", "imaps://u@mail.example"}};
  Client client(options);
  CHECK(client.ask<AgentStatus>(rpc::Status{}));
  CHECK(hello.protocol == kProtocolVersion);
  CHECK(hello.client == "otpctl-test 1");
  CHECK(hello.pid == getpid());
  CHECK(hello.environment == options.environment);
  const auto manual = client.ask<rpc::ManualResult>(rpc::Manual{"bot5", "1"});
  REQUIRE(manual);
  CHECK(manual->delivered);
}

TEST_CASE("an error of the agent keeps its class") {
  const test::TempDir home;
  FakeAgent agent(home.path() + "/agent.sock", {[](AgentSide& side) {
                    side.say(rpc::encode_error(side.greet().id, {ErrorCode::expired, "it ended"}));
                  }});
  const auto answer = Client(options_in(home)).call(rpc::SessionShow{"abcd"});
  REQUIRE(!answer);
  CHECK(answer.error().code == ErrorCode::expired);
}

TEST_CASE("a refused hello and another protocol are told with what to do") {
  const test::TempDir home;
  FakeAgent agent(home.path() + "/agent.sock",
                  {[](AgentSide& side) {
                     side.say(rpc::encode_error(side.call().id,
                                                {ErrorCode::config, "watches another mailbox"}));
                   },
                   [](AgentSide& side) {
                     side.answer(side.call().id, rpc::HelloResult{7, "8.0", 1, {}});
                   }});
  CHECK(Client(options_in(home)).call(rpc::Status{}).error().code == ErrorCode::config);
  const Error version = Client(options_in(home)).call(rpc::Status{}).error();
  CHECK(version.code == ErrorCode::agent_version);
  CHECK(version.message.find("otpctl agent restart") != std::string::npos);
}

TEST_CASE(
    "L24 an agent that takes the connection and says nothing is given up at the hello's deadline") {
  const test::TempDir home;
  FakeAgent agent(home.path() + "/agent.sock",
                  {[](AgentSide& side) { side.line(), side.line(), side.line(); }});
  Options options = options_in(home);
  options.hello_within = 30ms;
  options.start = Start::if_needed;  // it is there: none is started
  options.agent_program = "/bin/false";
  const Error error = Client(options).call(rpc::Status{}).error();
  CHECK(error.code == ErrorCode::agent_unreachable);
  CHECK(error.message.find("does not answer") != std::string::npos);
}

TEST_CASE("L24 an agent whose backlog is full is given up at the deadline") {
  const test::TempDir home;
  const std::string path = home.path() + "/agent.sock";
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  REQUIRE(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(listener, 0) == 0);
  const auto first = Channel::connect(path, BootClock::now() + 1s);
  CHECK(first.has_value());
  const auto second = Channel::connect(path, BootClock::now() + 30ms);
  REQUIRE(!second);
  CHECK(second.error().code == ErrorCode::timeout);
  close(listener);
}

TEST_CASE("an agent that ends before it answers is unreachable, not a success") {
  const test::TempDir home;
  FakeAgent agent(home.path() + "/agent.sock", {[](AgentSide& side) { side.greet(); }});
  CHECK(Client(options_in(home)).call(rpc::Status{}).error().code == ErrorCode::agent_unreachable);
}

TEST_CASE("agent.json names the socket, a stale one is passed over") {
  const test::TempDir home;
  Options options = options_in(home);
  rpc::AgentFile file;
  file.socket = home.path() + "/other.sock";
  file.lmtp = home.path() + "/other-lmtp.sock";
  write_file(options.paths.agent_file, rpc::to_text(file));
  for (const char* name : {"/other-lmtp.sock", "/lmtp.sock"}) write_file(home.path() + name, "");  // they are there
  const auto answer_status = [](AgentSide& side) { side.answer(side.greet().id, AgentStatus{}); };
  {
    FakeAgent agent(file.socket, {answer_status});
    Client client(options);
    CHECK(client.lmtp_socket() == file.lmtp);
    CHECK(client.call(rpc::Status{}));
  }
  // Its socket file is still there, nobody listens: the usual place is tried.
  FakeAgent agent(home.path() + "/agent.sock", {answer_status});
  Client client(options);
  CHECK(client.lmtp_socket() == home.path() + "/lmtp.sock");
  CHECK(client.call(rpc::Status{}));
}

TEST_CASE("an agent that the connection wakes has its LMTP socket when it has answered") {
  const test::TempDir home;
  FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                    const auto call = side.greet();
                    write_file(home.path() + "/lmtp.sock", "");
                    side.answer(call.id, AgentStatus{});
                  }});
  const auto lmtp = Client(options_in(home)).lmtp_socket();
  CHECK(lmtp == home.path() + "/lmtp.sock");
  CHECK(access(lmtp->c_str(), F_OK) == 0);
}

TEST_CASE("after `agent stop` only who may start an agent asks at its socket: a socket unit may listen there") {
  const test::TempDir home;
  Options options = options_in(home);
  FakeAgent agent(home.path() + "/agent.sock", {[](AgentSide& side) { side.answer(side.greet().id, AgentStatus{}); }});
  rpc::AgentFile file;
  file.socket = home.path() + "/agent.sock";
  file.stopped = read_clocks().wall - 1h;
  write_file(options.paths.agent_file, rpc::to_text(file));
  CHECK(find_agent(options, BootClock::now() + 1s).error().code == ErrorCode::agent_unreachable);
  options.start = Start::if_needed;
  CHECK(find_agent(options, BootClock::now() + 1s).has_value());
}

TEST_CASE("where the last agent has let its lock go, who starts none does not ask: a socket unit would start one") {
  const test::TempDir home;
  Options options = options_in(home);
  const std::string own = options.paths.candidates[0], other = home.path() + "/of-another.sock";
  options.paths.candidates.push_back(other);
  options.paths.of_others = {other};
  const auto asked = [&](Start start) { return sockets_to_ask(options.paths, start); };
  const std::vector<std::string> all{own, other};
  CHECK(asked(Start::never) == all);  // no lock: the other end of a tunnel, or no agent so far
  write_file(options.paths.agent_lock, "4711\n");
  CHECK(asked(Start::never) == std::vector<std::string>{other});
  CHECK(asked(Start::by_unit) == all);
  CHECK(asked(Start::if_needed) == all);
  {
    const Fd held(open(options.paths.agent_lock.c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(flock(held.get(), LOCK_EX) == 0);
    CHECK(asked(Start::never) == all);
  }
  rpc::AgentFile file;
  file.socket = other;  // of this store's agent, after all
  write_file(options.paths.agent_file, rpc::to_text(file));
  CHECK(asked(Start::never).empty());
  CHECK(asked(Start::by_unit) == std::vector<std::string>{other, own});
  FakeAgent agent(own, {[](AgentSide& side) { side.answer(side.greet().id, AgentStatus{}); }});
  CHECK(find_agent(options, BootClock::now() + 1s).error().code == ErrorCode::agent_unreachable);
  CHECK(Client(not_starting(options)).call(rpc::Status{}).error().code == ErrorCode::agent_unreachable);
  options.start = Start::if_needed;
  CHECK(Client(not_starting(options)).call(rpc::Status{}));
}

TEST_CASE("a lock that cannot be looked at, or is none, does not say that no agent runs") {
  const test::TempDir home;
  const std::string lock = home.path() + "/agent.lock";
  CHECK_FALSE(is_let_go(lock));
  REQUIRE(symlink("elsewhere", lock.c_str()) == 0);
  write_file(home.path() + "/elsewhere", "");
  CHECK_FALSE(is_let_go(lock));
  CHECK(is_let_go(home.path() + "/elsewhere"));
  CHECK(lock_file(home.path() + "/elsewhere", BootClock::now()).has_value());  // a look holds nothing
}

TEST_CASE("a folder that others can write to is refused") {
  const test::TempDir home;
  const std::string folder = home.path() + "/open";
  REQUIRE(mkdir(folder.c_str(), 0700) == 0);
  FakeAgent agent(folder + "/agent.sock", {});
  REQUIRE(chmod(folder.c_str(), 0777) == 0);
  const auto open = Channel::connect(folder + "/agent.sock", BootClock::now() + 1s);
  REQUIRE(!open);
  CHECK(open.error().code == ErrorCode::permission);
  REQUIRE(chmod(folder.c_str(), 0700) == 0);
  CHECK(Channel::connect(folder + "/agent.sock", BootClock::now() + 1s).has_value());
  write_file(folder + "/file", "");
  CHECK(Channel::connect(folder + "/file", BootClock::now() + 1s).error().code ==
        ErrorCode::permission);
}

TEST_CASE("L03 a private folder is made 0700, a link, a file and an open folder are refused") {
  const test::TempDir home;
  const std::string folder = home.path() + "/a/b";
  REQUIRE(make_private_folder(folder));
  struct stat info {};
  REQUIRE(stat(folder.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0700);
  CHECK(make_private_folder(folder));
  REQUIRE(symlink(folder.c_str(), (home.path() + "/link").c_str()) == 0);
  CHECK(make_private_folder(home.path() + "/link").error().code == ErrorCode::permission);
  write_file(home.path() + "/file", "");
  CHECK(make_private_folder(home.path() + "/file").error().code == ErrorCode::permission);
  REQUIRE(chmod(folder.c_str(), 0770) == 0);
  CHECK(make_private_folder(folder).error().code == ErrorCode::permission);
}

TEST_CASE("L04 a lock file is never taken through a link, nor a FIFO for one") {
  const test::TempDir home;
  write_file(home.path() + "/target", "kept");
  REQUIRE(symlink((home.path() + "/target").c_str(), (home.path() + "/link").c_str()) == 0);
  CHECK(lock_file(home.path() + "/link", BootClock::now() + 1s).error().code ==
        ErrorCode::permission);
  CHECK(read_file(home.path() + "/target") == "kept");
  REQUIRE(mkfifo((home.path() + "/fifo").c_str(), 0600) == 0);
  CHECK(lock_file(home.path() + "/fifo", BootClock::now() + 1s).error().code ==
        ErrorCode::permission);
}

TEST_CASE("a lock that is held is waited for until the deadline, and taken when it is let go") {
  const test::TempDir home;
  const std::string path = home.path() + "/lock";
  auto held = lock_file(path, BootClock::now() + 1s);
  REQUIRE(held);
  CHECK(lock_file(path, BootClock::now() + 20ms).error().code == ErrorCode::busy);
  // Let go from outside, while this thread already waits: a descriptor of the same open file
  // unlocks it.
  const Fd same(fcntl(held->get(), F_DUPFD_CLOEXEC, 0));
  Result<Fd> second = fail(ErrorCode::internal, "");
  std::thread waiter([&] { second = lock_file(path, BootClock::now() + 10s); });
  flock(same.get(), LOCK_UN);
  waiter.join();
  REQUIRE(second);
  CHECK(lock_file(path, BootClock::now() + 20ms).error().code == ErrorCode::busy);
}

/// A shell script that stands for otpctl-agentd.
std::string script(const test::TempDir& home, const std::string& text) {
  write_file(home.path() + "/agentd", "#!/bin/sh\n" + text, 0700);
  return home.path() + "/agentd";
}

TEST_CASE("a started agent inherits nothing but its environment") {
  const test::TempDir home;
  setenv("OTPCTL_TEST_HOME", home.path().c_str(), 1);
  const Fd leaked(open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  REQUIRE(leaked);
  REQUIRE(leaked.get() < 10);
  const std::string program =
      script(home,
             // dash keeps its own descriptors at 10 and above
             "for n in 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$n ] || fds=$fds$n; done\n"
             "streams=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)\n"
             "pwd > $OTPCTL_TEST_HOME/pwd\n"
             "echo \"$@\" > $OTPCTL_TEST_HOME/arguments\n"
             "echo \"$fds\" > $OTPCTL_TEST_HOME/fds\n"
             "echo \"$streams\" > $OTPCTL_TEST_HOME/streams\n"
             "umask > $OTPCTL_TEST_HOME/umask\n"
             "cut -d' ' -f6 /proc/$$/stat > $OTPCTL_TEST_HOME/session\n"
             "echo $$ > $OTPCTL_TEST_HOME/pid\n"
             "printf R >&3\n");
  REQUIRE(start_agent(program, {"--config", "/x y"}, BootClock::now() + 10s));
  CHECK(read_file(home.path() + "/pwd") == "/\n");
  CHECK(read_file(home.path() + "/arguments") == "--ready-fd 3 --config /x y\n");
  CHECK(read_file(home.path() + "/fds") == "\n");
  CHECK(read_file(home.path() + "/streams") == "/dev/null\n/dev/null\n/dev/null\n");
  CHECK(read_file(home.path() + "/umask") == "0077\n");
  CHECK(read_file(home.path() + "/session") != std::to_string(getsid(0)) + "\n");
  CHECK(read_file(home.path() + "/pid") != std::to_string(getpid()) + "\n");
}

TEST_CASE(
    "an agent that cannot start says why with its own class, one that says nothing is "
    "unreachable") {
  const test::TempDir home;
  const auto start = [&](const std::string& text) {
    return start_agent(script(home, text), {}, BootClock::now() + 10s).error();
  };
  const Error config = start(
      R"(echo '{"v":1,"error":{"class":"config","message":"config.toml:3: unknown key","exit":78}}' >&3)");
  CHECK(config.code == ErrorCode::config);
  CHECK(config.message == "config.toml:3: unknown key");
  CHECK(start("exit 1").code == ErrorCode::agent_unreachable);
  CHECK(start("echo garbage >&3").code == ErrorCode::agent_unreachable);
  const Error missing = start_agent(home.path() + "/none", {}, BootClock::now() + 10s).error();
  CHECK(missing.code == ErrorCode::agent_unreachable);
  CHECK(missing.message.find(home.path() + "/none") != std::string::npos);
}

TEST_CASE("an agent that never gets ready is given up at the deadline") {
  const test::TempDir home;
  REQUIRE(mkfifo((home.path() + "/go").c_str(), 0600) == 0);
  setenv("OTPCTL_TEST_HOME", home.path().c_str(), 1);
  const auto started =
      start_agent(script(home, "read x < $OTPCTL_TEST_HOME/go\n"), {}, BootClock::now() + 30ms);
  CHECK(started.error().code == ErrorCode::agent_unreachable);
  std::ofstream(home.path() + "/go") << "on\n";  // lets it end
}

TEST_CASE("after `agent stop` nobody starts an agent for 2 s") {
  const test::TempDir home;
  Options options = options_in(home);
  options.start = Start::if_needed;
  options.agent_program =
      script(home, R"(echo '{"error":{"class":"config","message":"started"}}' >&3)");
  const auto with_stop = [&](WallTime stopped) {
    rpc::AgentFile file;
    file.socket = home.path() + "/agent.sock";
    file.stopped = stopped;
    write_file(options.paths.agent_file, rpc::to_text(file));
    return Client(options).call(rpc::Status{}).error();
  };
  CHECK(with_stop(read_clocks().wall - 500ms).message.find("was stopped") != std::string::npos);
  CHECK(with_stop(read_clocks().wall - 3s).message == "started");
  CHECK(with_stop(read_clocks().wall + 1h).message == "started");  // the clock was set back
  options.start_after_stop = true;
  CHECK(with_stop(read_clocks().wall).message == "started");
}

TEST_CASE("the agent file survives the way there and back") {
  rpc::AgentFile file{
      "/run/user/1/otpctl/agent.sock", "/run/user/1/otpctl/lmtp.sock", 4711, "0.1.0",
      WallTime(1700000000s),           WallTime(1700000001s)};
  const std::string text = rpc::to_text(file);
  CHECK(text.back() == '\n');
  CHECK(*rpc::read_agent_file(text) == file);
  CHECK(!rpc::read_agent_file("{"));
  CHECK(rpc::read_agent_file(R"({"pid":"x","socket":"/a.sock","started":7})").has_value());
  CHECK(!rpc::read_agent_file(R"({"socket":7})"));
}

}  // namespace
}  // namespace otpctl::client
