# `cpack -G DEB` in a release build: otpctl (programs, libotpctl.so, manual pages, completions, units) and
# libotpctl-dev (headers, CMake package, pkg-config). One runtime package, because the library is of no use without
# the agent. scripts/package-check installs, tries and purges them in a fresh Debian 12 root.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME otpctl)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "otpctl maintainers <maintainers@otpctl.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL otpctl development)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENT_OTPCTL_GROUP otpctl)
set(CPACK_COMPONENT_DEVELOPMENT_GROUP development)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION mail)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_OTPCTL_PACKAGE_NAME otpctl)
set(CPACK_DEBIAN_OTPCTL_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_OTPCTL_PACKAGE_SUGGESTS "bash-completion")
set(CPACK_DEBIAN_OTPCTL_DESCRIPTION
"One local agent watches one catch-all mailbox for any number of virtual
addresses, takes SMS and what operators type, finds the code in each message
and gives it, exactly once, to the command that waits for it.")
set(debian ${CMAKE_CURRENT_SOURCE_DIR}/dist/debian)
set(CPACK_DEBIAN_OTPCTL_PACKAGE_CONTROL_EXTRA ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/triggers)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libotpctl-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "otpctl (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION
"Headers, CMake package and pkg-config file of libotpctl, the C++ library behind
the commands: register, wait, submit, watch.")
include(CPack)
