#include "client/link.hpp"

#include "base/text.hpp"

#include <otpctl/version.hpp>

#include <unistd.h>

namespace otpctl::client {

namespace {

constexpr int kHelloId = 1;

}  // namespace

Error hung(int agent_pid) {
  return Error{ErrorCode::agent_unreachable,
               "the agent (pid " + std::to_string(agent_pid) +
                   ") does not answer; if it hangs: otpctl agent restart"};
}

Result<Link> Link::open(const Options& options) {
  auto found = find_or_start(options);
  if (!found && found.error().code == ErrorCode::timeout) {
    return fail(ErrorCode::agent_unreachable, found.error().message);
  }
  if (!found) return fail(found.error());
  return Link(std::move(*found), options);
}

Link::Link(Found found, const Options& options)
    : found_(std::move(found)),
      name_(options.name),
      environment_(options.environment),
      hello_by_(BootClock::now() + options.hello_within) {}

Result<rpc::Id> Link::send(const rpc::Request& request) {
  std::string bytes;
  if (last_id_ == 0) {
    last_id_ = kHelloId;
    const rpc::Hello hello{kProtocolVersion, name_, getpid(), environment_};
    bytes = rpc::encode_call(std::to_string(kHelloId), hello);
    method_of_[std::to_string(kHelloId)] = "hello";
  }
  const rpc::Id id = std::to_string(++last_id_);
  method_of_[id] = rpc::method_name(request);
  bytes += rpc::encode_call(id, request);
  if (auto sent = found_.channel.send(
          bytes, greeted_ ? BootClock::now() + std::chrono::seconds(5) : hello_by_);
      !sent) {
    // The agent may have refused the hello and closed: what it said is still to be read.
    if (sent.error().code != ErrorCode::network) return fail(sent.error());
  }
  return id;
}

Result<std::optional<rpc::Incoming>> Link::next() {
  for (;;) {
    const auto line = found_.channel.line();
    if (!line) return std::optional<rpc::Incoming>();
    auto incoming = rpc::decode_incoming(*line, method_of_);
    if (!incoming) return fail(incoming.error());
    const auto* reply = std::get_if<rpc::Reply>(&*incoming);
    if (reply == nullptr) return std::optional<rpc::Incoming>(std::move(*incoming));
    if (reply->id == "null") {  // the agent could not read us, and closes
      const auto* error = std::get_if<Error>(&reply->outcome);
      return fail(ErrorCode::protocol,
                  error == nullptr ? "the agent sent an answer to nothing" : error->message);
    }
    if (reply->id != std::to_string(kHelloId))
      return std::optional<rpc::Incoming>(std::move(*incoming));
    if (auto hello = take_hello(*reply); !hello) return fail(hello.error());
  }
}

Result<void> Link::take_hello(const rpc::Reply& reply) {
  if (const auto* error = std::get_if<Error>(&reply.outcome)) return fail(*error);
  const auto& hello = std::get<rpc::HelloResult>(std::get<rpc::Answer>(reply.outcome));
  if (hello.protocol != kProtocolVersion) {
    return fail(ErrorCode::agent_version,
                "the agent is version " + printable(hello.version, 40) + " and speaks protocol " +
                    std::to_string(hello.protocol) + ", this command speaks " +
                    std::to_string(kProtocolVersion) + ": run `otpctl agent restart`");
  }
  greeted_ = true;
  return {};
}

Result<void> Link::fill() {
  const auto open = found_.channel.fill();
  if (!open) return fail(open.error());
  if (!*open) return fail(ErrorCode::network, "the agent closed the connection");
  return {};
}

std::optional<Instant> Link::hello_deadline() const {
  return greeted_ ? std::nullopt : std::optional<Instant>(hello_by_);
}

}  // namespace otpctl::client
