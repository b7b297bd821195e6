/* SPDX-License-Identifier: Apache-2.0 */
/* What an import needs of memory, reckoned from the sizes of its files and their first lines. */
#include "import/bytes_impl.h"
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

/* The first bytes of a file, unpacked, and how many bytes all of it has when unpacked; 0 of a file that is not there,
 * which its reader will say. */
static size_t probe_file(const char *path, char *probe, double *bytes) {
  struct stat facts;
  crow_bytes *unpacked = NULL;
  size_t filled = 0, got = 0;
  FILE *file = path && stat(path, &facts) == 0 && S_ISREG(facts.st_mode) ? fopen(path, "rb") : NULL;
  *bytes = 0;
  if (!file || crow_bytes_open(file, path, &unpacked) != CROW_OK) return 0;
  while (filled < PROBE_BYTES && crow_bytes_read(unpacked, probe + filled, PROBE_BYTES - filled, &got) == CROW_OK &&
         got > 0) {
    filled += got;
  }
  const double taken = crow_bytes_taken(unpacked), size = (double)facts.st_size;
  const bool packed = filled > 0 && (double)filled > taken;
  *bytes = packed ? size / taken * (double)filled : size;
  crow_bytes_close(&unpacked);
  return filled;
}

static outline look(const char *path) {
  outline o = {0, 0, 0};
  char *probe = malloc(PROBE_BYTES);
  const size_t got = probe ? probe_file(path, probe, &o.bytes) : 0;
  size_t lines = 0, last = 0;
  for (size_t i = 0; i < got; i++) {
    if (lines == 0) o.columns += probe[i] == ',' || probe[i] == '\t' || probe[i] == ';';
    if (probe[i] != '\n') continue;
    lines++;
    last = i + 1;
  }
  if (got) {
    o.columns++;
    o.rows = lines ? o.bytes / ((double)last / (double)lines) : 1;
  }
  free(probe);
  return o;
}

static double ids_bytes(const outline *o) { return GROWTH * ID_BYTES * o->rows; }

/* Numbers, all columns but the id. */
static double contexts_bytes(const outline *o) { return GROWTH * 8 * o->rows * (o->columns - 1) + ids_bytes(o); }

double crow_import_need_bytes(const crow_import_file *comparisons, const crow_import_file *contexts,
                              const crow_import_file *items) {
  const outline pairs = look(comparisons->path), listed = look(items->path);
  double bytes = (double)CROW_PROCESS_BYTES + COMPARISON_BYTES * pairs.rows;
  bytes += ids_bytes(&listed) + GROWTH * listed.bytes;
  if (!contexts->path) return bytes + (items->path ? 0 : GROWTH * pairs.bytes);
  const char *colon = NULL;
  crow_source_split(contexts->path, &colon);
  if (colon || crow_floats_is(contexts->path)) return bytes + PIECE_BYTES;
  const outline numbers = look(contexts->path);
  return bytes + contexts_bytes(&numbers) - (items->path ? ids_bytes(&numbers) : 0);
}

double crow_context_source_rank_bytes(const char *source) {
  if (access(source, F_OK) != 0 || crow_floats_is(source) || crow_file_is_hdf5(source)) return 0;
  const outline o = look(source);
  return contexts_bytes(&o);
}

crow_status crow_context_source_check_memory(const crow_comm *comm, const char *source, double memory_per_rank) {
  double bytes = crow_comm_rank(comm) == 0 ? crow_context_source_rank_bytes(source) : 0;
  CROW_NEED(crow_comm_max_f64(comm, &bytes, 1));
  if (bytes <= 0) return CROW_OK;
  return crow_comm_check_memory(comm, memory_per_rank, (double)CROW_PROCESS_BYTES + bytes,
                                "give contexts as .npy, which is read in pieces", "the contexts of %s", source);
}
