/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: the file is surveyed by one rank, held against its schema, and opened by all. */
#include "io/file_impl.h"

#include <string.h>

crow_status crow_file_check_kind(const char *path, const char *kind) {
  if (crow_schema_text(kind)) return CROW_OK;
  crow_schema *none = NULL;
  (void)crow_schema_create(kind, &none);
  return crow_error(CROW_BAD_INPUT, "%s: attribute crow_kind of /: %s", path, crow_error_message());
}

/* The kind that the file says it is, held against the expected one. */
static crow_status find_kind(const crow_catalogue *catalogue, const char *path, const char *expected,
                             const char **out) {
  const crow_attribute *kind = crow_catalogue_attribute(catalogue, "/", "crow_kind");
  if (!kind || kind->class != CROW_CLASS_TEXT) {
    return crow_error(CROW_BAD_INPUT, "%s: / has no text attribute crow_kind%s%s%s: not a crow file", path,
                      expected ? " (expected \"" : "", expected ? expected : "", expected ? "\")" : "");
  }
  *out = catalogue->texts + kind->text;
  if (expected && strcmp(*out, expected) != 0) {
    return crow_error(CROW_BAD_INPUT, "%s: attribute crow_kind of / is \"%.100s\", expected \"%s\"", path, *out,
                      expected);
  }
  return crow_file_check_kind(path, *out);
}

/* The local part of opening, the same on all ranks: the catalogue becomes a file's, checked against its schema. */
static crow_status file_accept(const crow_comm *comm, const char *path, const char *kind, bool complete,
                               crow_catalogue *catalogue, crow_file **out) {
  const char *found = "";
  if (!kind || kind[0]) CROW_NEED(find_kind(catalogue, path, kind, &found));
  CROW_NEED(crow_file_make(comm, path, found, out));
  if ((*out)->schema) CROW_NEED(crow_catalogue_check(catalogue, (*out)->schema, path, complete));
  return CROW_OK;
}

crow_status crow_file_open_checked(const crow_comm *comm, const char *path, const char *kind, bool complete,
                                   crow_file **out) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  crow_catalogue catalogue = {0};
  *out = NULL;
  crow_hdf5_quiet();
  CROW_TRY_AGREE(comm, crow_comm_rank(comm) == 0 ? crow_survey_file(path, &catalogue) : CROW_OK);
  CROW_TRY(crow_catalogue_broadcast(comm, &catalogue));
  CROW_TRY_AGREE(comm, file_accept(comm, path, kind, complete, &catalogue, &file));
  file->catalogue = catalogue;
  catalogue = (crow_catalogue){0};
  CROW_TRY(crow_file_attach(file, path, false));
cleanup:
  crow_catalogue_free(&catalogue);
  if (status == CROW_OK) {
    *out = file;
  } else {
    crow_file_close(&file);
  }
  return status;
}

crow_status crow_file_open(const crow_comm *comm, const char *path, const char *kind, crow_file **out) {
  return crow_file_open_checked(comm, path, kind, true, out);
}
