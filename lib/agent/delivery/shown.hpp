// What may be told of a message: its sender and Message-ID without the code that a sender may have written into them.
// The code is wiped when it is taken, what is told of its message is not: so it is cut out while it is known.
#pragma once

#include "delivery/model.hpp"

#include <string_view>

namespace otpctl::delivery {

/// Of a message that has just come or been read back: begins anew and cuts out all codes that it holds.
void make_shown(Held& held);

/// A code of it that is found later (a pattern's), or one that it does not keep.
void hide_in_shown(Held& held, std::string_view value);

}  // namespace otpctl::delivery
