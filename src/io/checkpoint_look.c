/* SPDX-License-Identifier: Apache-2.0 */
/* What is under the names of a run's checkpoints before it begins. Only checkpoints are replaced and removed; a file
 * that is none, an input perhaps, is its owner's. */
#include "io/checkpoint_impl.h"
#include <stdlib.h>
#include <string.h>

typedef enum look_kind {
  LOOK_ABSENT,
  LOOK_CHECKPOINT, /* whole, or damaged where it does not matter for what it is */
  LOOK_DAMAGED,    /* an HDF5 file that cannot be opened, or nothing at all: what is left of whatever it was */
  LOOK_OTHER
} look_kind;

/* Local, for the first rank: a file that HDF5 cannot open, cut off perhaps within its very first bytes. */
static int64_t look_at_ruin(const char *path) {
  static const char signature[] = "\211HDF\r\n\032\n";
  char begin[sizeof signature - 1];
  FILE *file = fopen(path, "rb");
  if (!file) return LOOK_OTHER;
  const size_t bytes = fread(begin, 1, sizeof begin, file);
  (void)fclose(file);
  return memcmp(begin, signature, bytes) == 0 ? LOOK_DAMAGED : LOOK_OTHER;
}

/* A file that is no whole checkpoint. Collective. */
static crow_status look_closer(const crow_comm *comm, const char *path, int64_t *kind) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  char *text = NULL;
  const crow_status opened = crow_file_open(comm, path, "", &file);
  if (opened != CROW_OK && opened != CROW_BAD_INPUT) return opened;
  if (opened == CROW_OK) {
    const bool has = crow_file_get_text(file, "/", "crow_kind", &text) == CROW_OK;
    *kind = has && strcmp(text, "checkpoint") == 0 ? LOOK_CHECKPOINT : LOOK_OTHER;
  } else {
    *kind = crow_comm_rank(comm) == 0 ? look_at_ruin(path) : 0;
    CROW_TRY(crow_comm_max_i64(comm, kind, 1));
  }
cleanup:
  crow_free(text);
  crow_file_close(&file);
  return status;
}

static crow_status look_at_one(crow_checkpoint *checkpoint, int which, crow_file **file, int64_t *sequence,
                               int64_t *kind) {
  crow_status status = CROW_OK;
  const char *path = checkpoint->path[which];
  char problem[CROW_ERROR_BYTES];
  *kind = LOOK_ABSENT;
  status = crow_checkpoint_open(checkpoint->comm, path, file, sequence);
  if (status == CROW_OK) {
    if (*file) *kind = LOOK_CHECKPOINT;
    return CROW_OK;
  }
  if (status != CROW_BAD_INPUT) return status;
  (void)snprintf(problem, sizeof problem, "%s", crow_error_message());
  CROW_TRY(look_closer(checkpoint->comm, path, kind));
  if (*kind != LOOK_OTHER) crow_log(CROW_LOG_WARNING, "checkpoint %s is not whole and passed over: %s", path, problem);
cleanup:
  return status;
}

crow_status crow_checkpoint_look(crow_checkpoint *checkpoint, crow_file *file[2], int64_t sequence[2]) {
  int64_t kind[2] = {LOOK_ABSENT, LOOK_ABSENT};
  for (int k = 0; k < 2; k++) CROW_NEED(look_at_one(checkpoint, k, &file[k], &sequence[k], &kind[k]));
  for (int k = 0; k < 2; k++) {
    /* A damaged file is taken for ours if it has the default name, or the other of the two is a checkpoint. */
    const bool ours = checkpoint->own_name || kind[!k] == LOOK_CHECKPOINT;
    if (kind[k] == LOOK_OTHER || (kind[k] == LOOK_DAMAGED && !ours)) {
      return crow_error(CROW_USAGE,
                        "%s: is no checkpoint of crow, and one would replace it: remove it, or choose another name "
                        "with --checkpoint NAME",
                        checkpoint->path[k]);
    }
    checkpoint->owned[k] = kind[k] != LOOK_ABSENT;
  }
  return CROW_OK;
}
