/* SPDX-License-Identifier: Apache-2.0 */
/* A result that cannot have its name gets another one: the work of hours is worth more than a name. */
#include "io/target_impl.h"
#include <crow/io.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of the name that are kept, so that the other one is a name that file systems take, and other names tried. */
enum { PATH_BYTES = 4096, NAME_MOST = 200, NAMES_TRIED = 100 };

/* "FOLDER/NAME.saved-1.h5", the first number that is free. Local. */
static crow_status result_name(const char *folder, const char *name, char *out) {
  const char *dot = strrchr(name, '.'), *suffix = dot && strcmp(dot, ".json") == 0 ? dot : ".h5";
  const size_t stem = dot && dot > name && strcmp(dot, suffix) == 0 ? (size_t)(dot - name) : strlen(name);
  for (int number = 1; number <= NAMES_TRIED; number++) {
    const int bytes = snprintf(out, PATH_BYTES, "%s%.*s.saved-%d%s", folder, (int)(stem < NAME_MOST ? stem : NAME_MOST),
                               name, number, suffix);
    if (bytes < 0 || bytes >= PATH_BYTES) break;
    if (access(out, F_OK) != 0) return CROW_OK;
  }
  return crow_error(CROW_FILE_SYSTEM, "no other name is free");
}

static crow_status result_other_name(const char *path, bool beside, char *out) {
  crow_status status = CROW_OK;
  char folder[PATH_BYTES] = "";
  crow_target target = {.descriptor = -1};
  const char *temporary = getenv("TMPDIR");
  CROW_TRY(crow_target_find(path, &target));
  const char *slash = strrchr(target.path, '/'), *name = slash ? slash + 1 : target.path;
  if (beside)
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(name - target.path), target.path);
  else
    (void)snprintf(folder, sizeof folder, "%s/", temporary && *temporary ? temporary : "/tmp");
  CROW_TRY(result_name(folder, name, out));
cleanup:
  crow_target_free(&target);
  return status;
}

crow_status crow_result_save(const crow_comm *comm, const char *path, bool overwrite, crow_result_function *write,
                             void *context) {
  crow_status status = write(context, path, overwrite);
  char problem[CROW_ERROR_BYTES], other[PATH_BYTES];
  if (status != CROW_FILE_SYSTEM) return status;
  (void)snprintf(problem, sizeof problem, "%s", crow_error_message());
  for (int beside = 1; beside >= 0; beside--) {
    memset(other, 0, sizeof other);
    const bool root = crow_comm_rank(comm) == 0;
    status = crow_comm_agree(comm, root ? result_other_name(path, beside != 0, other) : CROW_OK);
    if (status == CROW_OK) status = crow_comm_broadcast(comm, other, sizeof other, 0);
    if (status == CROW_OK) status = write(context, other, false);
    if (status == CROW_OK)
      return crow_error(CROW_FILE_SYSTEM, "%s; the result is whole in %s: move it where it belongs", problem, other);
    if (status != CROW_FILE_SYSTEM) return status;
  }
  return crow_error(CROW_FILE_SYSTEM, "%s; nor could the result be saved under another name beside it or as %s",
                    problem, other);
}
