#include "rpc/agent_file.hpp"

#include "rpc/json.hpp"

namespace otpctl::rpc {
namespace {

std::string text_of(const ReadJson& json, const char* name) {
  const auto member = json.find(name);
  return member != json.end() && member->is_string() ? member->get<std::string>() : std::string();
}

}  // namespace

std::string to_text(const AgentFile& file) {
  WriteJson json;
  json["v"] = 1;
  json["socket"] = file.socket;
  json["lmtp"] = file.lmtp;
  json["pid"] = file.pid;
  json["version"] = file.version;
  json["started"] = format_time(file.started);
  if (file.stopped) json["stopped"] = format_time(*file.stopped);
  return dump(json) + "\n";
}

Result<AgentFile> read_agent_file(std::string_view text) {
  auto json = parse_object(text);
  if (!json) return fail(json.error());
  AgentFile file;
  file.socket = text_of(*json, "socket");
  file.lmtp = text_of(*json, "lmtp");
  file.version = text_of(*json, "version");
  if (const auto pid = json->find("pid"); pid != json->end() && pid->is_number_integer()) file.pid = pid->get<int>();
  if (auto started = parse_time(text_of(*json, "started"))) file.started = *started;
  if (json->contains("stopped")) {
    if (auto stopped = parse_time(text_of(*json, "stopped"))) file.stopped = *stopped;
  }
  if (file.socket.empty()) return fail(ErrorCode::protocol, "the agent file names no socket");
  return file;
}

std::optional<Error> read_error_line(std::string_view line) {
  const auto json = parse_object(line);
  if (!json) return std::nullopt;
  const auto error = json->find("error");
  if (error == json->end() || !error->is_object()) return std::nullopt;
  return Error{error_code_from(text_of(*error, "class")), text_of(*error, "message")};
}

}  // namespace otpctl::rpc
