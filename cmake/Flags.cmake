# Compiler flags that every target of ours shares: link against otpctl::flags.
add_library(otpctl_flags INTERFACE)
target_compile_options(otpctl_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wswitch-enum -Wnon-virtual-dtor -Woverloaded-virtual
  # optimising, g++ 12 sees overlaps in std::string (GCC bug 105651) and unset members of variants that are none
  $<$<AND:$<CONFIG:Release>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict$<SEMICOLON>-Wno-maybe-uninitialized>
  $<$<BOOL:${OTPCTL_WERROR}>:-Werror>
  $<$<BOOL:${OTPCTL_SANITIZE}>:-fsanitize=address,undefined;-fno-sanitize-recover=all;-fno-omit-frame-pointer>)
target_compile_definitions(otpctl_flags INTERFACE
  $<$<CONFIG:Release>:_FORTIFY_SOURCE=2> $<$<BOOL:${OTPCTL_SANITIZE}>:OTPCTL_SANITIZED>)
target_link_options(otpctl_flags INTERFACE
  -Wl,--as-needed -Wl,-z,relro,-z,now
  $<$<BOOL:${OTPCTL_SANITIZE}>:-fsanitize=address,undefined>)
add_library(otpctl::flags ALIAS otpctl_flags)

# In releases a command carries what it needs of the C++ runtime: loading and relocating the whole of it is a third
# of the time a command needs to start (bench/).
function(otpctl_quick_start target)
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT OTPCTL_SANITIZE)
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
  endif()
endfunction()
