#include "message/gmime.hpp"

#include <mutex>

namespace otpctl::message {

GMimeParserOptions* gmime_options() {
  static std::once_flag once;
  static GMimeParserOptions* options = nullptr;  // never freed: GMime lives as long as the process
  std::call_once(once, [] {
    g_mime_init();
    static const char* fallback[] = {"utf-8", "windows-1252", nullptr};
    options = g_mime_parser_options_new();
    g_mime_parser_options_set_fallback_charsets(options, fallback);
  });
  return options;
}

std::string take(char* text) {
  std::string out = text ? text : "";
  g_free(text);
  return out;
}

}  // namespace otpctl::message
