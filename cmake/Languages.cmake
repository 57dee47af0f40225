# Compiles lib/agent/code/languages/*.txt into TARGET: a program of the build lays them out as one image
# (lexicon_image.hpp), which the assembler takes in as it is. English first: it counts in messages of all languages.
function(otpctl_languages target folder)
  file(GLOB tables CONFIGURE_DEPENDS "${folder}/languages/*.txt")
  list(REMOVE_ITEM tables "${folder}/languages/en.txt")
  list(SORT tables)
  list(PREPEND tables "${folder}/languages/en.txt")

  set(maker "${folder}/languages/tables_to_image.cpp")
  add_executable(tables_to_image "${maker}" "${folder}/tables.cpp" "${folder}/fold.cpp" "${folder}/automaton.cpp"
                 "${folder}/lexicon_image.cpp")
  target_link_libraries(tables_to_image PRIVATE otpctl::flags otpctl::base PkgConfig::UTF8PROC)
  target_include_directories(tables_to_image PRIVATE "${folder}/..")

  set(image "${CMAKE_CURRENT_BINARY_DIR}/lexicon.image")
  add_custom_command(OUTPUT "${image}" COMMAND tables_to_image "${image}" ${tables} DEPENDS tables_to_image ${tables}
                     VERBATIM COMMENT "Laying out the language tables")
  set(source "${CMAKE_CURRENT_BINARY_DIR}/lexicon_image_data.cpp")
  file(CONFIGURE OUTPUT "${source}" @ONLY CONTENT [[
asm(".section .rodata\n"
    ".balign 64\n"
    ".global otpctl_lexicon_image\n"
    "otpctl_lexicon_image:\n"
    ".incbin \"@image@\"\n"
    ".global otpctl_lexicon_image_end\n"
    "otpctl_lexicon_image_end:\n"
    ".byte 0\n"
    ".previous\n");
]])
  set_source_files_properties("${source}" PROPERTIES OBJECT_DEPENDS "${image}")
  target_sources(${target} PRIVATE "${source}")
endfunction()
