/* SPDX-License-Identifier: Apache-2.0 */
#include "io/checkpoint_impl.h"
#include <string.h>
#include <xxhash.h>

/* The sum of the digests of the blocks, each seeded with its place: blocks belong to one rank each, and a sum does not
 * depend on which. `begin` is a multiple of CROW_BLOCK. */
static uint64_t sum_blocks(crow_gidx begin, crow_gidx count, size_t element_bytes, const void *values) {
  uint64_t sum = 0;
  for (crow_gidx at = 0; at < count; at += CROW_BLOCK) {
    const crow_gidx n = count - at < CROW_BLOCK ? count - at : CROW_BLOCK;
    sum += XXH3_64bits_withSeed((const char *)values + (size_t)at * element_bytes, (size_t)n * element_bytes,
                                (uint64_t)((begin + at) / CROW_BLOCK + 1));
  }
  return sum;
}

static crow_status add_sums(const crow_comm *comm, uint64_t sum, char digest[17]) {
  int64_t total = (int64_t)sum;
  CROW_NEED(crow_comm_sum_i64(comm, &total, 1));
  (void)snprintf(digest, 17, "%016llx", (unsigned long long)total);
  return CROW_OK;
}

crow_status crow_vector_digest(const crow_comm *comm, const crow_partition *partition, size_t element_bytes,
                               const void *slice, char digest[17]) {
  return add_sums(comm, sum_blocks(partition->begin, partition->count, element_bytes, slice), digest);
}

void crow_metadata_digest(int64_t sequence, const char *run, const char *contents, char digest[33]) {
  /* Each part is seeded with what came before it. */
  const XXH64_hash_t before = XXH3_64bits_withSeed(run, strlen(run), (XXH64_hash_t)sequence);
  const XXH128_hash_t hash = XXH3_128bits_withSeed(contents, strlen(contents), before);
  (void)snprintf(digest, 33, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

/* One line of the contents: "PATH TYPE LENGTH DIGEST". */
typedef struct content {
  char path[256], digest[17];
  int type;
  long long length;
} content;

/* Values that are held at a time: a file may say that it has more than there is room for. */
enum { PIECE = 1024 * CROW_BLOCK };

static crow_status check_vector(const crow_comm *comm, const crow_file *file, const content *line) {
  crow_status status = CROW_OK;
  void *values = NULL;
  char digest[17];
  int64_t shape[2];
  uint64_t sum = 0;
  const crow_type type = (crow_type)line->type;
  const size_t bytes = crow_type_bytes(type);
  const crow_partition p = crow_comm_partition(comm, line->length, CROW_BLOCK);
  crow_file_shape(file, line->path, shape);
  if (shape[0] != line->length || shape[1] > 1) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: %s has %lld values, expected %lld", crow_file_name(file), line->path,
                        (long long)shape[0], line->length));
  }
  const crow_gidx most = crow_partition_begin(&p, 1); /* the first rank has the longest slice */
  CROW_TRY_AGREE(comm, crow_allocate_raw(most < PIECE ? most : PIECE, bytes, &values));
  for (crow_gidx at = 0; at < most; at += PIECE) {
    const crow_gidx from = at < p.count ? at : p.count, n = p.count - from < PIECE ? p.count - from : PIECE;
    CROW_TRY(crow_file_read(file, line->path, p.begin + from, n, type, values));
    sum += sum_blocks(p.begin + from, n, bytes, values);
  }
  CROW_TRY(add_sums(comm, sum, digest));
  if (strcmp(digest, line->digest) != 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: %s has the digest %s, expected %s", crow_file_name(file), line->path,
                        digest, line->digest));
  }
cleanup:
  crow_free(values);
  return status;
}

/* A damaged list may name far more values than the file holds: reading them would take hours. */
enum { LINES_MOST = 20000 };

static crow_status check_contents(const crow_comm *comm, const crow_file *file, const char *contents) {
  int lines = 0;
  for (const char *at = contents; *at; at = strchr(at, '\n') + 1) {
    content line;
    if (lines++ >= LINES_MOST ||
        sscanf(at, "%255s %d %lld %16s", line.path, &line.type, &line.length, line.digest) != 4 || line.length < 0 ||
        line.type < CROW_F32 || line.type > CROW_I64 || !strchr(at, '\n')) {
      return crow_error(CROW_BAD_INPUT, "%s: its list of contents is broken", crow_file_name(file));
    }
    CROW_NEED(check_vector(comm, file, &line));
  }
  return CROW_OK;
}

static crow_status check_file(const crow_comm *comm, const crow_file *file, int64_t *sequence) {
  crow_status status = CROW_OK;
  char *run = NULL, *contents = NULL, *stored = NULL, digest[33];
  CROW_TRY(crow_file_get_i64(file, "/", "sequence", sequence));
  CROW_TRY(crow_file_get_text(file, "/", "run", &run));
  CROW_TRY(crow_file_get_text(file, "/", "contents", &contents));
  CROW_TRY(crow_file_get_text(file, "/", "digest", &stored));
  crow_metadata_digest(*sequence, run, contents, digest);
  if (strcmp(digest, stored) != 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: its digest is %s, expected %s", crow_file_name(file), digest, stored));
  }
  CROW_TRY(check_contents(comm, file, contents));
cleanup:
  CROW_FREE(run, contents, stored);
  return status;
}

crow_status crow_checkpoint_open(const crow_comm *comm, const char *path, crow_file **out, int64_t *sequence) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  int64_t there = 0;
  *out = NULL;
  if (crow_comm_rank(comm) == 0) {
    FILE *probe = fopen(path, "rb");
    there = probe != NULL;
    if (probe) (void)fclose(probe);
  }
  CROW_TRY(crow_comm_max_i64(comm, &there, 1));
  if (!there) goto cleanup;
  CROW_TRY(crow_file_open(comm, path, "checkpoint", &file));
  CROW_TRY(check_file(comm, file, sequence));
  *out = file;
  file = NULL;
cleanup:
  crow_file_close(&file);
  return status;
}
