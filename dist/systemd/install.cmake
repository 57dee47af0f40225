# Writes the service units with the paths of this installation.
get_filename_component(prefix "${CMAKE_INSTALL_PREFIX}" ABSOLUTE)
get_filename_component(OTPCTL_LIBEXEC "${libexec}" ABSOLUTE BASE_DIR "${prefix}")
string(RANDOM LENGTH 8 unique)  # two installations at once do not disturb each other
set(made "${made}/made-${unique}")
# A user's manager looks into ~/.local/share, and never into ~/.local/lib.
set(user_units "lib/systemd/user")
file(TO_CMAKE_PATH "$ENV{HOME}" home)
string(FIND "${prefix}/" "${home}/" in_home)
if((NOT home STREQUAL "" AND NOT home STREQUAL "/" AND in_home EQUAL 0) OR prefix MATCHES "^/(home|root)/")
  set(user_units "share/systemd/user")
endif()
set(system_units "lib/systemd/system")
file(INSTALL "${units}/user/otpctl-agent.socket" DESTINATION "${prefix}/${user_units}")
foreach(whose user system)
  configure_file("${units}/${whose}/otpctl-agent.service.in" "${made}/${whose}/otpctl-agent.service" @ONLY)
  file(INSTALL "${made}/${whose}/otpctl-agent.service" DESTINATION "${prefix}/${${whose}_units}")
endforeach()
file(REMOVE_RECURSE "${made}")
