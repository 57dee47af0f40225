// What rpc's .cpp files share: nlohmann/json and the reading of one bounded object. No header that
// others include may include this one.
#pragma once

#include "rpc/messages.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace otpctl::rpc {

// Reading keeps members in a tree, so that an object of 10,000 members costs n log n; writing keeps
// the order in which they were put, so that "v" stands first.
using ReadJson = nlohmann::json;
using WriteJson = nlohmann::ordered_json;

inline constexpr int kMaxDepth = 16;
inline constexpr int kUnknownMethod = -32601;  // JSON-RPC 2.0, 5.1
inline constexpr std::size_t kMaxMetadata = 8 * 1024;
inline constexpr int kMaxMetadataDepth = 8;

/// One JSON object and nothing else, nested at most kMaxDepth, no NUL byte. `protocol` and what is
/// wrong else.
Result<ReadJson> parse_object(std::string_view text);

/// Invalid UTF-8 becomes U+FFFD: what is written is always JSON. It may be shown on a terminal too: DEL
/// and is_deceptive() characters are written as \uXXXX, which is the same text.
std::string dump(const WriteJson& json);

/// The result member of an answer, `"v":1` first, its lists and texts already bounded.
WriteJson answer_json(const Answer& answer);
/// The params of a request, without members that have their default.
WriteJson params_json(const Request& request);
WriteJson filters_json(const Filters& filters);
/// Without "v": what stands in a page; to_json(Event) puts it in front.
WriteJson event_json(const TimelineEvent& event);
TimelineEvent read_event(const ReadJson& json);

/// Reads the result of `method`; members that are missing or of another type keep their default,
/// because a newer agent may say more. `protocol` when what cannot be missing is.
Result<Answer> read_answer(const std::string& method, const ReadJson& result);

/// `text` at most `limit` bytes long, cut between two characters and marked with "…".
std::string shorten(std::string_view text, std::size_t limit);

}  // namespace otpctl::rpc
