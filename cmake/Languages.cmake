# Compiles lib/agent/code/languages/*.txt in, without the cases below the line [cases]: those are for the tests.
# English first: it counts in messages of all languages.
function(otpctl_languages target folder)
  file(GLOB tables CONFIGURE_DEPENDS "${folder}/*.txt")
  list(REMOVE_ITEM tables "${folder}/en.txt")
  list(SORT tables)
  list(PREPEND tables "${folder}/en.txt")
  set(body "")
  foreach(table ${tables})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${table}")
    file(READ "${table}" text)
    string(FIND "${text}" "\n[cases]" cases)
    string(SUBSTRING "${text}" 0 ${cases} text)  # -1: all of it
    string(APPEND body "    R\"table(${text}\n)table\",\n")
  endforeach()
  set(source "${CMAKE_CURRENT_BINARY_DIR}/languages.cpp")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
#include "code/tables.hpp"

std::vector<std::string_view> otpctl::code::built_in_tables() {
  return {
@body@  };
}
]])
  target_sources(${target} PRIVATE "${source}")
endfunction()
