#include "message/html_scan.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace otpctl::message {

namespace {

/// Where `name` is one of Attributes, its place there.
std::string_view* place_of(std::string_view name, Attributes& out) {
  const auto is = [name](std::string_view wanted) { return equals_ignoring_case(name, wanted); };
  switch (name.size()) {
    case 2: return is("id") ? &out.id : nullptr;
    case 4: return is("type") ? &out.type : is("size") ? &out.size : is("face") ? &out.face : nullptr;
    case 5: return is("style") ? &out.style : is("class") ? &out.classes : is("color") ? &out.colour : nullptr;
    case 7: return is("bgcolor") ? &out.background : nullptr;
    default: return nullptr;
  }
}

}  // namespace

void Scanner::skip_behind(std::string_view mark) {
  const std::size_t at = html_.find(mark, pos_);
  pos_ = at == html_.npos ? html_.size() : at + mark.size();
}

/// "<!-->" and "<!--->" are whole, "--!>" ends one too (HTML 13.2.5.43 to 51).
void Scanner::skip_comment() {
  pos_ += 4;
  if (rest().starts_with('>') || rest().starts_with("->")) return skip_behind(">");
  while (true) {
    const std::size_t dashes = html_.find("--", pos_);
    if (dashes == html_.npos) return move_to(html_.size());
    std::size_t at = dashes + 2;
    if (at < html_.size() && html_[at] == '!' && at + 1 < html_.size() && html_[at + 1] == '>') ++at;
    if (at < html_.size() && html_[at] == '>') return move_to(at + 1);
    pos_ = dashes + 1;
  }
}

std::string_view Scanner::tag_name() {
  const std::size_t begin = pos_;
  while (pos_ < html_.size() && !is_html_white(html_[pos_]) && html_[pos_] != '>' && html_[pos_] != '/') ++pos_;
  return html_.substr(begin, pos_ - begin);
}

bool Scanner::attributes(Attributes& out) {
  while (pos_ < html_.size() && html_[pos_] != '>') {
    if (is_html_white(html_[pos_]) || html_[pos_] == '/') {
      out.self_closed = html_[pos_] == '/';
      ++pos_;
      continue;
    }
    const std::size_t begin = pos_++;
    out.self_closed = false;
    while (pos_ < html_.size() && !is_html_white(html_[pos_]) && html_[pos_] != '=' && html_[pos_] != '>' &&
           html_[pos_] != '/') {
      ++pos_;
    }
    const std::string_view name = html_.substr(begin, pos_ - begin);
    const std::string_view value = attribute_value();
    std::string_view* const place = place_of(name, out);
    if (place && place->data() == nullptr) *place = value;
    out.hidden = out.hidden || equals_ignoring_case(name, "hidden");
    out.open = out.open || equals_ignoring_case(name, "open");
  }
  if (at_end()) return false;
  ++pos_;
  return true;
}

std::string_view Scanner::attribute_value() {
  std::size_t at = pos_;
  while (at < html_.size() && is_html_white(html_[at])) ++at;
  if (at == html_.size() || html_[at] != '=') return html_.substr(pos_, 0);
  ++at;
  while (at < html_.size() && is_html_white(html_[at])) ++at;
  pos_ = at;
  if (at == html_.size()) return html_.substr(at);
  if (html_[at] == '"' || html_[at] == '\'') {
    const std::size_t end = std::min(html_.find(html_[at], at + 1), html_.size());
    pos_ = std::min(end + 1, html_.size());
    return html_.substr(at + 1, end - at - 1);
  }
  while (pos_ < html_.size() && !is_html_white(html_[pos_]) && html_[pos_] != '>') ++pos_;
  return html_.substr(at, pos_ - at);
}

std::string_view Scanner::raw_text(std::string_view name) {
  const std::size_t begin = pos_;
  std::size_t end = html_.size();
  while (!at_end()) {
    skip_behind("</");
    if (pos_ == html_.size()) break;
    const char next = peek(name.size());
    if (!equals_ignoring_case(rest().substr(0, name.size()), name)) continue;
    if (next != '>' && next != '/' && next != '\0' && !is_html_white(next)) continue;
    end = pos_ - 2;
    skip_behind(">");
    break;
  }
  return html_.substr(begin, end - begin);
}

}  // namespace otpctl::message
