# SPDX-License-Identifier: Apache-2.0
# The man page comes from the program's own declarations.
add_custom_command(
  OUTPUT ${PROJECT_BINARY_DIR}/crow.1
  COMMAND crow --man > ${PROJECT_BINARY_DIR}/crow.1
  DEPENDS crow
  COMMENT "Writing the man page"
  VERBATIM)
add_custom_target(crow_man ALL DEPENDS ${PROJECT_BINARY_DIR}/crow.1)
