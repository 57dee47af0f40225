#include "code/score.hpp"

namespace otpctl::code {

double confidence(Tie tie, bool strong) {
  switch (tie) {
    case Tie::tied: return strong ? 0.98 : 0.93;
    case Tie::line: return strong ? 0.95 : 0.88;
    case Tie::near: return 0.85;
    case Tie::context: return 0.75;
  }
  return 0;
}

}  // namespace otpctl::code
