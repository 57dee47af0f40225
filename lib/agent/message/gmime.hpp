// The only door to GMime: started once, its objects owned, its strings taken over. For .cpp files
// of this room.
#pragma once

#include <gmime/gmime.h>

#include <memory>
#include <string>

namespace otpctl::message {

struct ObjectUnref {
  template <class T>
  void operator()(T* object) const {
    g_object_unref(object);
  }
};
template <class T>
using Owned = std::unique_ptr<T, ObjectUnref>;

/// Starts GMime at the first call (any thread). Header text without a charset is read as UTF-8,
/// else as windows-1252, whatever the locale says.
GMimeParserOptions* gmime_options();

/// Takes over a string that GMime or GLib allocated; empty for null.
std::string take(char* text);

}  // namespace otpctl::message
