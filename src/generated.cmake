# SPDX-License-Identifier: Apache-2.0
# Sources made at build time: the schemas as strings, and the version with its git hash.
set(CROW_GENERATED_DIR ${PROJECT_BINARY_DIR}/generated)
file(GLOB CROW_SCHEMAS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/hdf5-schemas/*.json)
add_custom_command(
  OUTPUT ${CROW_GENERATED_DIR}/schemas.c
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${CROW_GENERATED_DIR}/schemas.c "-DSCHEMAS=${CROW_SCHEMAS}"
          -P ${PROJECT_SOURCE_DIR}/src/io/embed_schemas.cmake
  DEPENDS ${CROW_SCHEMAS} ${PROJECT_SOURCE_DIR}/src/io/embed_schemas.cmake
  VERBATIM)

# The commit, looked at again when a new one is made.
execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} rev-parse --short=12 HEAD OUTPUT_VARIABLE CROW_GIT_HASH
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} rev-parse --path-format=absolute --git-path logs/HEAD
                OUTPUT_VARIABLE git_log OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(git_log AND EXISTS "${git_log}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${git_log}")
endif()
file(CONFIGURE OUTPUT ${CROW_GENERATED_DIR}/version_generated.c @ONLY CONTENT
"/* Made by CMake. */
#include <crow/base.h>
const char *crow_version(void) { return \"@PROJECT_VERSION@\"; }
const char *crow_git_hash(void) { return \"@CROW_GIT_HASH@\"; }
")
set(CROW_GENERATED_SOURCES ${CROW_GENERATED_DIR}/version_generated.c)
if(CROW_SCHEMAS)
  list(APPEND CROW_GENERATED_SOURCES ${CROW_GENERATED_DIR}/schemas.c)
endif()
