#include "message/html_open.hpp"

#include <algorithm>

namespace otpctl::message {

namespace {

constexpr std::size_t kDepth = 1000;   // deeper ones inherit, they are not remembered
constexpr int kUnknownSearch = 32;     // how far an end tag without a Tag looks for its begin
constexpr std::size_t kFrozen = 64;    // formatting that waits behind all cells that are open
constexpr int kDissolve = 16;          // elements that lose what one below them set

void add_to(Style& style, const Style& added) {
  style.hidden = style.hidden || added.hidden;
  style.invisible = style.invisible || added.invisible;
  style.no_size = style.no_size || added.no_size;
  style.bold = style.bold || added.bold;
  style.large = style.large || added.large;
  style.spaced = style.spaced || added.spaced;
  style.monospace = style.monospace || added.monospace;
}

void take_from(Style& style, const Style& added) {
  style.invisible = style.invisible && !added.invisible;
  style.no_size = style.no_size && !added.no_size;
  style.bold = style.bold && !added.bold;
  style.large = style.large && !added.large;
  style.spaced = style.spaced && !added.spaced;
  style.monospace = style.monospace && !added.monospace;
}

}  // namespace

std::uint32_t name_hash(std::string_view name) {
  std::uint32_t hash = 2166136261;
  for (const char c : name.substr(0, 64))
    hash = (hash ^ static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c)) * 16777619;
  return hash | 1;
}

bool OpenElements::push(Open element) {
  if (open_.size() >= kDepth) {
    ++deep_;
    return false;
  }
  const int index = static_cast<int>(open_.size());
  if (!open_.empty()) {
    element.barrier = open_.back().barrier;
    element.special = open_.back().special;
    element.stop = open_.back().stop;
  } else {
    element.barrier = element.special = element.stop = -1;
  }
  if (element.traits & kBarrier) element.barrier = index;
  if (element.traits & kSpecial) element.special = index;
  const bool through = element.tag == Tag::p || element.tag == Tag::div || element.tag == Tag::address;
  if ((element.traits & kSpecial) && !through) element.stop = index;
  int& newest = last_[static_cast<std::size_t>(element.tag)];
  element.previous = newest;
  newest = index;
  open_.push_back(element);
  return true;
}

void OpenElements::pop() {
  last_[static_cast<std::size_t>(open_.back().tag)] = open_.back().previous;
  open_.pop_back();
}

int OpenElements::in_scope(Tag tag) const {
  const int index = last(tag);
  if (tag == Tag::p && last(Tag::button) > index) return -1;  // "button scope"
  return index >= 0 && index >= barrier() ? index : -1;
}

int OpenElements::in_table(Tag tag) const {
  const int index = last(tag);
  return index > std::max(last(Tag::table), last(Tag::template_)) ? index : -1;
}

int OpenElements::in_scope_of_tables(Tag tag) const {
  const int other = last(tag == Tag::table ? Tag::template_ : Tag::table);
  return tag == Tag::template_ || last(tag) > other ? last(tag) : -1;
}

int OpenElements::innermost_heading() const {
  int out = -1;
  for (const Tag tag : {Tag::h1, Tag::h2, Tag::h3, Tag::h4, Tag::h5, Tag::h6}) out = std::max(out, in_scope(tag));
  return out;
}

int OpenElements::brother(Tag tag) const {
  const int stop = open_.empty() ? -1 : open_.back().stop;
  if (stop < 0) return -1;
  const Tag found = open_[static_cast<std::size_t>(stop)].tag;
  if (tag == Tag::li) return found == Tag::li ? stop : -1;
  return found == Tag::dd || found == Tag::dt ? stop : -1;
}

int OpenElements::inline_end(Tag tag, std::uint32_t name) const {
  const int special = open_.empty() ? -1 : open_.back().special;
  if (tag != Tag::other) return last(tag) > special ? last(tag) : -1;
  int index = last(Tag::other);
  for (int n = 0; n < kUnknownSearch && index > special; ++n) {
    const Open& candidate = open_[static_cast<std::size_t>(index)];
    if (candidate.name == name) return index;
    index = candidate.previous;
  }
  return -1;
}

int OpenElements::foreign() const {
  const int index = std::max(last(Tag::svg), last(Tag::math));
  return index > last(Tag::foreign_object) ? index : -1;
}

bool OpenElements::leave_deep() {
  if (deep_ == 0) return false;
  --deep_;
  return true;
}

void OpenElements::dissolve(int index) {
  const std::size_t at = static_cast<std::size_t>(index);
  const Style below = at == 0 ? none_ : open_[at - 1].style;
  Style added = open_[at].added;
  take_from(added, below);
  bool hidden = below.hidden;
  const std::size_t end = std::min(open_.size(), at + kDissolve);
  for (std::size_t i = at; i < end; ++i) {
    take_from(open_[i].style, added);
    hidden = hidden || (i != at && open_[i].own_hidden);
    open_[i].style.hidden = hidden;
  }
  // It stays as an element without a name: what lies above keeps its place.
  Open& gone = open_[at];
  int* link = &last_[static_cast<std::size_t>(gone.tag)];
  while (*link != index) link = &open_[static_cast<std::size_t>(*link)].previous;
  *link = gone.previous;
  gone.traits &= ~kFormatting;
  gone.name = 0;
  link = &last_[static_cast<std::size_t>(Tag::other)];
  gone.tag = Tag::other;
  while (*link > index) link = &open_[static_cast<std::size_t>(*link)].previous;
  gone.previous = *link;
  *link = index;
}

void Pending::add(const Open& element) {
  if (waiting_.size() == frozen_ + kKept) waiting_.pop_back();
  waiting_.insert(waiting_.begin() + frozen_, element);  // taken from the inside out
}

bool Pending::drop(Tag tag) {
  for (std::size_t i = waiting_.size(); i-- > frozen_;) {
    if (waiting_[i].tag != tag) continue;
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    return true;
  }
  return false;
}

std::uint8_t Pending::freeze() {
  const std::uint8_t before = frozen_;
  if (waiting_.size() > kFrozen) waiting_.resize(std::max<std::size_t>(kFrozen, frozen_));
  frozen_ = static_cast<std::uint8_t>(waiting_.size());
  return before;
}

void Pending::thaw(std::uint8_t frozen) {
  waiting_.resize(frozen_);
  frozen_ = frozen;
}

void Pending::reopen(OpenElements& open) {
  for (std::size_t i = frozen_; i < waiting_.size(); ++i) {
    Open& element = waiting_[i];
    element.style = open.style();
    element.framed = false;
    add_to(element.style, element.added);
    open.push(element);
  }
  waiting_.resize(frozen_);
}

}  // namespace otpctl::message
