// The IMAP session against any server. Corpus: tests/transcripts/imap as it is; of the input the
// inputs of a transcript are played, whatever they are. Beyond "no crash, no hang": however the
// bytes are cut, the session tells and sends the same, and a stream that ends, ends the session.
#include "../tests/unit/imap/player.cpp"  // the player is one file, used by the tests and here

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>

using otpctl::test::Player;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) try {
  std::istringstream text(std::string(reinterpret_cast<const char*>(data), size));
  auto transcript = otpctl::test::parse_transcript(text, "fuzz");
  Player whole(transcript), cut(transcript);
  cut.cut = otpctl::test::byte_by_byte;
  for (Player* player : {&whole, &cut}) {
    player->play_until(transcript.steps.size());
    player->session().feed_eof();
    player->collect();
    if (player->session().deadline()) std::abort();
  }
  if (whole.events() != cut.events() || whole.output() != cut.output()) std::abort();
  return 0;
} catch (const std::exception&) {
  return 0;  // not a transcript
}
