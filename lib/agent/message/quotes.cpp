#include "message/quotes.hpp"

#include "base/text.hpp"
#include "message/html.hpp"
#include "message/quote_words.hpp"

#include <algorithm>
#include <optional>

namespace otpctl::message {

namespace {

constexpr std::size_t kCodeDigits = 4;    // the shortest run that could be a code
constexpr std::size_t kHeadLines = 6;     // From, Sent, To, Cc, Subject, Reply-To
constexpr std::size_t kLineLooked = 400;  // bytes of a line

struct Line {
  std::size_t begin = 0, end = 0;  // without its line end
  std::string_view text;           // trimmed, at most kLineLooked
};

/// The line from `pos`; its end is the text's when there is none.
Line line_at(std::string_view text, std::size_t pos) {
  const std::size_t end = std::min(text.find('\n', pos), text.size());
  return {pos, end, trim(text.substr(pos, std::min(end - pos, kLineLooked)))};
}

/// The next line that is not blank, looking at most at three; its text is empty when there is none.
Line next_line(std::string_view text, const Line& line) {
  Line next = line;
  for (int n = 0; n < 3 && next.end < text.size(); ++n) {
    next = line_at(text, next.end + 1);
    if (!next.text.empty()) return next;
  }
  return {text.size(), text.size(), {}};
}

bool has_digit(std::string_view text) { return text.find_first_of("0123456789") != text.npos; }

bool ends_with_colon(std::string_view text) { return text.ends_with(':') || text.ends_with("："); }

/// "On 20 Nov 2026 at 12:33, Example <a@example.com> wrote:", perhaps over two lines.
bool is_attribution(std::string_view line, std::string_view before) {
  if (!ends_with_colon(line) || !says_wrote(line)) return false;
  return has_digit(line) || line.find('@') != line.npos || has_digit(before) || before.find('@') != before.npos;
}

/// "-----Original Message-----", "---------- Forwarded message ---------", or a rule of one sign alone.
bool is_separator(std::string_view line) {
  if (line.size() < 8 || std::string_view("-_=*").find(line.front()) == std::string_view::npos) return false;
  const std::size_t head = line.find_first_not_of(line.front());
  if (head == line.npos) return true;
  return head >= 3 && line.size() - 1 - line.find_last_not_of(line.front()) >= 3;
}

/// The lines from `line` on are the head of a mail. With a separator above it the shape does: three lines "Word: …",
/// one of them with an address. Else its words have to be known: a notice of a sign-in has the same shape.
bool is_head(std::string_view text, Line line, bool below_separator) {
  std::size_t fields = 0, known = 0;
  bool address = false, from = head_word(line.text) == HeadWord::from;
  for (std::size_t n = 0; n < kHeadLines && !line.text.empty(); ++n) {
    const std::size_t colon = line.text.find_first_of(':');
    const std::size_t wide = line.text.find("：");
    if (std::min(colon, wide) > 40) break;
    ++fields;
    if (head_word(line.text) != HeadWord::none) ++known;
    address = address || line.text.find('@') != line.text.npos;
    line = next_line(text, line);
  }
  return (known >= 3 && from) || (below_separator && (known >= 2 || (fields >= 3 && address)));
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  void run() {
    Line before;
    for (std::size_t pos = 0; pos < text_.size() && !rest_;) {
      const Line line = line_at(text_, pos);
      if (line.text.starts_with('>')) {
        add_line(line, before);
      } else if (!line.text.empty()) {
        look(line, before);
      }
      if (!line.text.empty()) before = line;
      pos = line.end + 1;
    }
    if (rest_) lines_.push_back({*rest_, text_.size()});
  }

  const std::vector<Span>& spans() const { return lines_; }
  bool forwarded() const { return forwarded_; }  // it says so itself
  bool by_head() const { return by_head_; }      // the rest is quoted because of a head: replies and forwards look so

 private:
  void add_line(const Line& line, const Line& before) {
    const bool introduced = ends_with_colon(before.text) && !before.text.starts_with('>') &&
                            (has_digit(before.text) || before.text.find('@') != before.text.npos);
    const std::size_t begin = introduced ? before.begin : line.begin;
    if (!lines_.empty() && lines_.back().end + 1 >= begin) {
      lines_.back().end = line.end;
    } else if (lines_.size() + 1 < kSpans) {
      lines_.push_back({begin, line.end});
    } else {
      lines_.back().end = line.end;
    }
  }

  void look(const Line& line, const Line& before) {
    const bool separator = is_separator(line.text);
    if (separator || (ends_with_colon(line.text) && says_forwarded(line.text))) {
      const Line next = next_line(text_, line);
      const bool quoted_head = next.text.starts_with('>');
      if (!quoted_head && !is_head(text_, next, true)) return;
      forwarded_ = forwarded_ || says_forwarded(line.text);
      if (!quoted_head) begin_rest(line.begin, true);
    } else if (head_word(line.text) == HeadWord::from && is_head(text_, line, false)) {
      begin_rest(line.begin, true);
    } else if (is_attribution(line.text, before.text)) {
      if (next_line(text_, line).text.starts_with('>')) return;  // those lines say it themselves
      begin_rest(has_digit(line.text) ? line.begin : before.begin, false);
    }
  }

  void begin_rest(std::size_t at, bool by_head) {
    rest_ = lines_.empty() ? at : std::max(at, lines_.back().end);
    by_head_ = by_head;
  }

  std::string_view text_;
  std::vector<Span> lines_;
  std::optional<std::size_t> rest_;
  bool forwarded_ = false;
  bool by_head_ = false;
};

/// Both, sorted; those that touch or overlap as one.
std::vector<Span> merge(std::vector<Span> a, const std::vector<Span>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end(), [](const Span& x, const Span& y) { return x.begin < y.begin; });
  std::vector<Span> out;
  for (const Span& span : a) {
    if (span.begin == span.end) continue;
    if (!out.empty() && span.begin <= out.back().end) {
      out.back().end = std::max(out.back().end, span.end);
    } else if (out.size() < kSpans) {
      out.push_back(span);
    } else {
      out.back().end = span.end;
    }
  }
  return out;
}

/// Calls `use` with each piece of `text` between `quotes`.
template <class Use>
void each_own_piece(std::string_view text, const std::vector<Span>& quotes, Use use) {
  std::size_t pos = 0;
  for (const Span& quote : quotes) {
    use(text.substr(pos, quote.begin - pos));
    pos = quote.end;
  }
  use(text.substr(pos));
}

/// A letter or a digit of any script.
bool says_something(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || static_cast<unsigned char>(c) >= 0xC3;
  });
}

bool has_code_digits(std::string_view text) {
  std::size_t run = 0;
  for (const char c : text) {
    run = c >= '0' && c <= '9' ? run + 1 : c == ' ' || c == '-' ? run : 0;
    if (run >= kCodeDigits) return true;
  }
  return false;
}

bool all_is_quoted(std::string_view text, const std::vector<Span>& quotes) {
  bool own = false;
  each_own_piece(text, quotes, [&](std::string_view piece) { own = own || says_something(piece); });
  return !own;
}

}  // namespace

bool says_little(std::string_view text, const std::vector<Span>& quotes, std::size_t limit) {
  std::size_t size = 0;
  bool digits = false;
  each_own_piece(text, quotes, [&](std::string_view piece) {
    size += trim(piece).size();
    digits = digits || has_code_digits(piece);
  });
  return size <= limit && !digits;
}

std::vector<Span> find_quotes(std::string_view text, std::vector<Span> marked, ChainPlace place) {
  Finder finder(text);
  finder.run();
  std::vector<Span> quotes = merge(std::move(marked), finder.spans());
  if (quotes.empty() || all_is_quoted(text, quotes)) return {};
  if (place == ChainPlace::forward || finder.forwarded()) return {};
  if (place == ChainPlace::unknown && finder.by_head() && says_little(text, quotes, kFewWords)) return {};
  return quotes;
}

}  // namespace otpctl::message
