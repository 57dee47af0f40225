// Standard input line by line, each as soon as it is there.
#pragma once

#include "shared/context.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace otpctl::apps {

struct InputLine {
  std::string text;       // without its LF
  bool too_long = false;  // over the limit: `text` is only its beginning, the rest was passed over
};

/// `source` outlives it. A last line without LF counts.
class Lines {
 public:
  Lines(Source& source, std::size_t limit) : source_(source), limit_(limit) {}

  /// Nothing at the end of file. `storage` when it cannot be read.
  Result<std::optional<InputLine>> next();

 private:
  Source& source_;
  std::size_t limit_;
  std::string chunk_;
  std::size_t pos_ = 0;  // in chunk_
  bool ended_ = false;
};

}  // namespace otpctl::apps
