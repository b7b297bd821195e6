# SPDX-License-Identifier: Apache-2.0
# Writes OUTPUT: each file of SCHEMAS as a C string, in a table that src/io/schema.c reads.
set(text "/* Made by CMake from hdf5-schemas/. */\n#include \"io/schema_impl.h\"\nconst crow_embedded_schema crow_embedded_schemas[] = {\n")
foreach(schema IN LISTS SCHEMAS)
  get_filename_component(kind ${schema} NAME_WE)
  file(READ ${schema} content)
  string(REPLACE "\\" "\\\\" content "${content}")
  string(REPLACE "\"" "\\\"" content "${content}")
  string(REPLACE "\n" "\\n\"\n    \"" content "${content}")
  string(APPEND text "  {\"${kind}\",\n    \"${content}\"},\n")
endforeach()
string(APPEND text "  {0, 0}};\n")
file(WRITE ${OUTPUT} "${text}")
