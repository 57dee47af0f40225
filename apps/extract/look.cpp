#include "extract/look.hpp"

#include <utility>

namespace otpctl::apps::extract {

Looked look_at(const Input& input, bool sms, const Knowledge& known) {
  Looked looked;
  looked.size = input.size;
  looked.truncated = input.truncated;
  if (sms || !looks_like_mail(input.bytes)) {
    looked.message = message::read_sms({"", "", input.bytes, {}}, known.region);
  } else {
    looked.message = message::read_mail({{}, input.bytes}, known.mail);
  }
  code::Explanation explanation = code::explain(looked.message, known.hints);
  looked.verdict = std::move(explanation.verdict);
  looked.candidates = std::move(explanation.candidates);
  return looked;
}

}  // namespace otpctl::apps::extract
