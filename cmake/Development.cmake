# Installs libotpctl.so with what a program needs to be built on it: headers, CMake package, pkg-config file. The file's
# paths are relative to itself, so that the whole tree can be moved. Included by lib/CMakeLists.txt.
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/otpctl)

install(TARGETS otpctl_public EXPORT otpctlTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} NAMELINK_COMPONENT development
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/otpctl DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.hpp")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/include/otpctl/version.hpp
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/otpctl COMPONENT development)

install(EXPORT otpctlTargets NAMESPACE otpctl:: DESTINATION ${package} COMPONENT development)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/otpctlConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/otpctlConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/otpctlConfigVersion.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/otpctlConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/otpctlConfigVersion.cmake
  DESTINATION ${package} COMPONENT development)

file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/../otpctl.pc.in ${CMAKE_CURRENT_BINARY_DIR}/otpctl.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/otpctl.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
