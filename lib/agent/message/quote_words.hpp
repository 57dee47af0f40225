// The words that mail programs put around an earlier mail, in the languages they speak.
#pragma once

#include <string_view>

namespace otpctl::message {

enum class HeadWord { none, from, other };

/// Of a line "From: …": what its word says. `other` is sent, date, to and subject.
HeadWord head_word(std::string_view line);

/// "wrote", "schrieb", "写道" in it.
bool says_wrote(std::string_view line);

/// "Forwarded message", "Weitergeleitete Nachricht" in it.
bool says_forwarded(std::string_view line);

}  // namespace otpctl::message
