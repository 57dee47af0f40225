// The agent's lines. None is ever longer than kMaxLine: lists give up their last entries.
#include "rpc/json.hpp"

namespace otpctl::rpc {

namespace {

constexpr std::size_t kMessage = 1000;

std::string frame(const Id& id, const char* member, const WriteJson& content) {
  return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"" + member + "\":" + dump(content) + "}\n";
}

WriteJson* longest_list(WriteJson& result) {
  WriteJson* longest = nullptr;
  for (const char* name : {"sessions", "waiters", "sources", "seen"}) {
    const auto found = result.find(name);
    if (found == result.end() || !found->is_array() || found->empty()) continue;
    if (longest == nullptr || found->size() > longest->size()) longest = &*found;
  }
  return longest;
}

/// Takes entries away until at least `excess` bytes are gone; false when there is nothing left to
/// take.
bool cut_lists(WriteJson& result, std::size_t excess) {
  std::size_t gone = 0;
  int dropped = 0;
  while (gone < excess) {
    WriteJson* list = longest_list(result);
    if (list == nullptr) return false;
    gone += dump(list->back()).size();
    list->erase(list->size() - 1);
    ++dropped;
  }
  if (result.contains("more") && result["more"].is_boolean()) {
    result["more"] = true;
  } else {
    result["more"] = result.value("more", 0) + dropped;
  }
  return true;
}

}  // namespace

std::string encode_answer(const Id& id, const Answer& answer) {
  constexpr std::size_t kRoomForMore = 32;
  WriteJson result = answer_json(answer);
  std::string line = frame(id, "result", result);
  if (line.size() <= kMaxLine) return line;
  if (cut_lists(result, line.size() - kMaxLine + kRoomForMore)) return frame(id, "result", result);
  return encode_error(id, Error{ErrorCode::internal, "the answer does not fit into one line"});
}

std::string encode_error(const Id& id, const Error& error, int rpc_code) {
  WriteJson json = WriteJson::object();
  json["code"] = rpc_code;
  json["message"] = shorten(error.message, kMessage);
  json["data"]["class"] = name_of(error.code);
  json["data"]["exit"] = static_cast<int>(exit_code_for(error.code));
  return frame(id, "error", json);
}

namespace {

WriteJson told(const Waiting& waiting) {
  WriteJson json = WriteJson::object();
  json["session"] = waiting.session;
  json["resume"] = waiting.resume;
  json["remaining"] =
      waiting.remaining ? WriteJson(format_duration(*waiting.remaining)) : WriteJson(nullptr);
  return json;
}

WriteJson told(const Warning& warning) {
  WriteJson json = WriteJson::object();
  json["message"] = shorten(warning.message, kMessage);
  json["contended"] = warning.contended;
  return json;
}

}  // namespace

std::string encode_notification(const Id& wait_id, const Notification& notification) {
  const bool waiting = std::holds_alternative<Waiting>(notification);
  const WriteJson params = std::visit([](const auto& value) { return told(value); }, notification);
  // The id is put in as text: it already is JSON.
  return std::string(R"({"jsonrpc":"2.0","method":")") + (waiting ? "waiting" : "warning") +
         R"(","params":{"id":)" + wait_id + "," + dump(params).substr(1) + "}\n";
}

}  // namespace otpctl::rpc
