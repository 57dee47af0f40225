// Any bytes of a client of the agent: no crash, the same calls and answers whether they come whole
// or byte by byte, a call that was read is written so that it is read again the same. The same
// bytes as lines of an agent: no crash.
#include "rpc/agent_file.hpp"
#include "rpc/peer.hpp"

#include <cstdint>
#include <cstdlib>

using namespace otpctl;

static std::string play(std::string_view bytes, std::size_t step) {
  rpc::Peer peer(
      {.max_line = 600, .max_output = 64 * 1024, .hello_within = std::chrono::seconds(5)}, Now{});
  for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size())))
    peer.feed(bytes.substr(0, step));
  peer.feed_eof();
  std::string account, output;
  do {
    while (const auto event = peer.next()) {
      const auto* call = std::get_if<rpc::Call>(&*event);
      account += call ? rpc::encode_call(call->id, call->request)
                      : std::get<rpc::Peer::Ended>(*event).why.message + "\n";
    }
    output += peer.take_output();
  } while (peer.has_more());
  return account + output;
}

static void write_and_read_again(std::string_view line) {
  const auto call = rpc::decode_call(line);
  if (!call) return;
  std::string written = rpc::encode_call(call->id, call->request);
  if (written.size() > 4 * rpc::kMaxLine || written.find('\n') != written.size() - 1) std::abort();
  written.pop_back();
  const auto again = rpc::decode_call(written);
  if (!again || rpc::encode_call(again->id, again->request) != written + "\n") std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (play(bytes, 1) != play(bytes, size + 1)) std::abort();
  for (std::size_t at = 0; at < bytes.size();) {
    const std::string_view line = bytes.substr(at, bytes.find('\n', at) - at);
    write_and_read_again(line);
    for (const char* method : {"hello", "wait", "session.list", "session.show", "status", "sms", "manual", "waiters", "events",
                               "health", "agent.reload"}) {
      static_cast<void>(rpc::decode_incoming(line, {{"1", method}, {"2", method}}));
    }
    static_cast<void>(rpc::read_agent_file(line));
    static_cast<void>(rpc::read_error_line(line));
    at += line.size() + 1;
  }
  return 0;
}
