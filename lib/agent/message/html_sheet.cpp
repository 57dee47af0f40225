#include "message/html_sheet.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace otpctl::message {

namespace {

constexpr std::size_t kClasses = 8;  // of one element
constexpr std::size_t kSelectorBytes = 2048;
constexpr std::string_view kWhite = " \t\r\n\f";

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

/// FNV-1a of "tag.name"; a class is compared without case, as mails from quirks mode need it.
std::uint64_t key_of(std::string_view tag, char mark, std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](char c) {
    hash = (hash ^ static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c)) * 0x100000001b3;
  };
  for (const char c : tag) add(c);
  add(mark);
  for (const char c : name) add(c);
  return hash;
}

/// Behind the block that opens at `open`.
std::size_t behind_block(std::string_view css, std::size_t open) {
  std::size_t depth = 0;
  for (std::size_t at = css.find_first_of("{}", open); at != css.npos; at = css.find_first_of("{}", at + 1)) {
    if (css[at] == '{') {
      ++depth;
    } else if (--depth == 0) {
      return at + 1;
    }
  }
  return css.size();
}

std::string without_comments(std::string_view css) {
  std::string out;
  for (std::size_t at = 0; at < css.size();) {
    const std::size_t begin = std::min(css.find("/*", at), css.size());
    out += css.substr(at, begin - at);
    const std::size_t end = css.find("*/", std::min(begin + 2, css.size()));
    at = end == css.npos ? css.size() : end + 2;
  }
  return out;
}

}  // namespace

void Sheet::read(std::string_view css) {
  const std::string text = without_comments(css);
  const std::string_view all = text;
  for (std::size_t pos = 0; pos < all.size();) {
    pos = std::min(all.find_first_not_of(" \t\r\n\f;}", pos), all.size());
    for (const std::string_view mark : {"<!--", "-->"}) {
      if (all.substr(pos).starts_with(mark)) pos += mark.size();
    }
    const std::size_t open = all.find_first_of("{;", pos);
    if (open == all.npos) return;
    const std::string_view head = trim(all.substr(pos, open - pos));
    if (head.starts_with('@')) {
      pos = all[open] == ';' ? open + 1 : behind_block(all, open);
      continue;
    }
    const std::size_t close = std::min(all.find('}', open), all.size());
    if (all[open] == '{') add(head, all.substr(open + 1, close - open - 1));
    pos = all[open] == ';' ? open + 1 : close;
  }
}

void Sheet::add(std::string_view selectors, std::string_view declarations) {
  if (selectors.size() > kSelectorBytes || selectors.find_first_of(".#") == selectors.npos) return;
  const Declarations picked = pick_declarations(declarations);
  if (picked.all.empty()) return;
  while (!selectors.empty()) {
    const std::size_t comma = std::min(selectors.find(','), selectors.size());
    const std::string_view one = trim(selectors.substr(0, comma));
    selectors.remove_prefix(std::min(comma + 1, selectors.size()));
    const std::size_t mark = one.find_first_of(".#");
    if (mark == one.npos || (mark > 0 && !is_name(one.substr(0, mark))) || !is_name(one.substr(mark + 1))) continue;
    if (rules_.size() >= kSheetRules) return;
    Declarations& rule = rules_[key_of(one.substr(0, mark), one[mark], one.substr(mark + 1))];
    if (rule.all.size() + picked.all.size() > kRuleBytes) continue;
    rule.all += picked.all;
    rule.important += picked.important;
  }
}

void Sheet::apply_one(std::string_view tag, char mark, std::string_view name, Style& style, Box& box,
                      Weight weight) const {
  for (const std::string_view owner : {std::string_view(), tag}) {
    const auto at = rules_.find(key_of(owner, mark, name));
    if (at == rules_.end()) continue;
    const std::string& css = weight == Weight::important ? at->second.important : at->second.all;
    if (!css.empty()) apply_style(css, style, box, weight);
  }
}

void Sheet::apply(std::string_view tag, std::string_view id, std::string_view classes, Style& style, Box& box,
                  Weight weight) const {
  if (rules_.empty()) return;
  for (std::size_t n = 0; n < kClasses && !classes.empty(); ++n) {
    const std::size_t begin = std::min(classes.find_first_not_of(kWhite), classes.size());
    const std::size_t end = std::min(classes.find_first_of(kWhite, begin), classes.size());
    if (end > begin) apply_one(tag, '.', classes.substr(begin, end - begin), style, box, weight);
    classes.remove_prefix(end);
  }
  if (id = trim(id); !id.empty()) apply_one(tag, '#', id, style, box, weight);
}

}  // namespace otpctl::message
