# Writes the service units with the paths of this installation.
get_filename_component(prefix "${CMAKE_INSTALL_PREFIX}" ABSOLUTE)
get_filename_component(OTPCTL_LIBEXEC "${libexec}" ABSOLUTE BASE_DIR "${prefix}")
string(RANDOM LENGTH 8 unique)  # two installations at once do not disturb each other
set(made "${made}/made-${unique}")
foreach(whose user system)
  configure_file("${units}/${whose}/otpctl-agent.service.in" "${made}/${whose}/otpctl-agent.service" @ONLY)
  file(INSTALL "${made}/${whose}/otpctl-agent.service" DESTINATION "${prefix}/lib/systemd/${whose}")
endforeach()
file(REMOVE_RECURSE "${made}")
