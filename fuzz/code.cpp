// Any text as a message: a code is one printable line, its evidence lies inside the text, and no reason repeats a code.
// Corpus: tests/mail/*.eml
#include "code/code.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace otpctl;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  static const code::Hints hints = {{},
                                    {*code::Rule::make("*shop*", "", "Zugang:")},
                                    {*code::Pattern::compile("PIN[: ]+(\\d{4})")},
                                    {}};
  const auto mail = message::read_mail({{}, bytes}, {"catchall@example.com", {}});
  const auto sms = message::read_sms({"", "Shop", bytes, {}}, "TR");
  for (const auto* one : {&mail, &sms}) {
    const auto verdict = code::extract(*one, hints);
    const std::size_t codes = verdict.codes.size();
    if ((verdict.outcome == code::Outcome::code) != (codes == 1)) std::abort();
    if (verdict.outcome == code::Outcome::ambiguous && codes < 2) std::abort();
    for (const auto& found : verdict.codes) {
      if (!code::is_printable_code(found.value)) std::abort();
      if (found.evidence.begin > found.evidence.end) std::abort();
      if (found.value.size() > 3 && verdict.reason.find(found.value) != std::string::npos) std::abort();
    }
  }
  return 0;
}
