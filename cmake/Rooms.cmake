# A room is one folder of lib/: its .cpp files become one static library, its header names what comes
# out of it. `USES` are the rooms that its public headers need, `LINKS` third-party libraries.
function(otpctl_room name)
  cmake_parse_arguments(ROOM "" "" "USES;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp")
  if(NOT sources)  # an empty room: CMake wants at least one file
    set(sources "${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.cpp")
    file(WRITE ${sources} "")
  endif()
  add_library(otpctl_${name} STATIC ${sources})
  add_library(otpctl::${name} ALIAS otpctl_${name})
  set_target_properties(otpctl_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(otpctl_${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(otpctl_${name} PRIVATE otpctl::flags)
  foreach(used ${ROOM_USES})
    target_link_libraries(otpctl_${name} PUBLIC otpctl::${used})
  endforeach()
  target_link_libraries(otpctl_${name} PRIVATE ${ROOM_LINKS})
endfunction()
