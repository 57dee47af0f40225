// What a program is started with: its words, the names of its variables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace otpctl {

/// As execve takes them, which changes nothing in them; `words` stay where they are until then.
inline std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// A name that a shell could set: letters, digits and _, no digit first.
inline bool is_variable_name(std::string_view text) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
  return !text.empty() && text.find_first_not_of(kLetters) == text.npos && (text.front() < '0' || text.front() > '9');
}

}  // namespace otpctl
