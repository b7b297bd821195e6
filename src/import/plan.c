/* SPDX-License-Identifier: Apache-2.0 */
/* What an import needs of memory, reckoned from the sizes of its files and their first lines. */
#include "import/import_impl.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROBE_BYTES (1 << 18)
/* A piece of a .npy file; texts at one width while they are written. */
#define PIECE_BYTES (INT64_C(32) << 20)
/* A comparison in its block. */
#define COMPARISON_BYTES 24
/* An id's place, line and slots in the table of ids, with the room that tables grow by. */
#define ID_BYTES 60
#define GROWTH 1.25

/* How many rows and columns a CSV file has, and its bytes. */
typedef struct outline {
  double bytes, rows, columns;
} outline;

/* Nothing of a file that is not there, which its reader will say. */
static outline look(const char *path) {
  outline o = {0, 0, 0};
  struct stat facts;
  char *probe = malloc(PROBE_BYTES);
  FILE *file = path && probe && stat(path, &facts) == 0 && S_ISREG(facts.st_mode) ? fopen(path, "rb") : NULL;
  const size_t got = file ? fread(probe, 1, PROBE_BYTES, file) : 0;
  size_t lines = 0, last = 0;
  for (size_t i = 0; i < got; i++) {
    if (lines == 0) o.columns += probe[i] == ',' || probe[i] == '\t';
    if (probe[i] != '\n') continue;
    lines++;
    last = i + 1;
  }
  if (file) {
    o.bytes = (double)facts.st_size;
    o.columns++;
    o.rows = lines ? o.bytes / ((double)last / (double)lines) : 1;
    (void)fclose(file);
  }
  free(probe);
  return o;
}

static double ids_bytes(const outline *o) { return GROWTH * ID_BYTES * o->rows; }

/* Numbers, all columns but the id. */
static double contexts_bytes(const outline *o) { return GROWTH * 8 * o->rows * (o->columns - 1) + ids_bytes(o); }

double crow_import_need_bytes(const crow_import_options *options) {
  const outline comparisons = look(options->comparisons), items = look(options->items);
  double bytes = (double)CROW_PROCESS_BYTES + COMPARISON_BYTES * comparisons.rows;
  bytes += ids_bytes(&items) + GROWTH * items.bytes;
  if (crow_npy_is(options->contexts)) return bytes + PIECE_BYTES;
  const outline contexts = look(options->contexts);
  return bytes + contexts_bytes(&contexts) - (options->items ? ids_bytes(&contexts) : 0);
}

double crow_context_source_rank_bytes(const char *source) {
  if (access(source, F_OK) != 0 || crow_npy_is(source) || crow_file_is_hdf5(source)) return 0;
  const outline o = look(source);
  return contexts_bytes(&o);
}

crow_status crow_context_source_check_memory(const crow_comm *comm, const char *source, double memory_per_rank) {
  crow_status status = CROW_OK;
  double bytes = crow_comm_rank(comm) == 0 ? crow_context_source_rank_bytes(source) : 0;
  CROW_TRY(crow_comm_max_f64(comm, &bytes, 1));
  if (bytes <= 0) goto cleanup;
  CROW_TRY(crow_comm_check_memory(comm, memory_per_rank, (double)CROW_PROCESS_BYTES + bytes,
                                  "give contexts as .npy, which is read in pieces", "the contexts of %s", source));
cleanup:
  return status;
}
