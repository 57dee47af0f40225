// How sure a finding is.
#pragma once

#include "code/owner.hpp"

namespace otpctl::code {

/// 0..1. `strong`: its label can only mean a one-time code.
double confidence(Tie tie, bool strong);

}  // namespace otpctl::code
