/* SPDX-License-Identifier: Apache-2.0 */
/* Which alternatives a result is of: a digest of their contexts in their order, taken as doubles, so that a copy of a
 * dataset in another float type whose values are the same has the same one. It is a sum over the rows, each hashed with
 * its number, so ranks and blocks do not matter. */
#include "io/file_impl.h"
#include <string.h>
#include <xxhash.h>

uint64_t crow_context_rows_digest(crow_gidx begin, crow_gidx count, crow_gidx dimensions, double *rows) {
  uint64_t sum = 0;
  for (crow_gidx i = 0; i < count; i++) {
    double *row = rows + i * dimensions;
    for (crow_gidx k = 0; k < dimensions; k++) row[k] += 0.0; /* -0 and 0 are the same value */
    sum += XXH3_64bits_withSeed(row, (size_t)dimensions * sizeof *row, (XXH64_hash_t)(begin + i + 1));
  }
  return sum;
}

crow_status crow_contexts_digest_end(const crow_comm *comm, uint64_t sum, char digest[17]) {
  int64_t total = (int64_t)sum;
  CROW_NEED(crow_comm_sum_i64(comm, &total, 1));
  (void)snprintf(digest, 17, "%016llx", (unsigned long long)total);
  return CROW_OK;
}

crow_status crow_dataset_digest(const crow_comm *comm, const crow_dataset *dataset, char digest[17]) {
  enum { BLOCK_BYTES = 1 << 23 };
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions;
  const crow_partition p = crow_comm_partition(comm, dataset->alternatives, CROW_BLOCK);
  const crow_gidx longest = crow_partition_begin(&p, 1);
  /* Without contexts the digest says how many alternatives there are. */
  const crow_gidx most = d ? BLOCK_BYTES / d / (crow_gidx)sizeof(double) + 1 : longest;
  const crow_gidx at_once = most < longest ? most : longest; /* the first rank has the longest slice */
  double *rows = NULL;
  uint64_t sum = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&rows, at_once * d));
  for (crow_gidx at = 0; at < longest; at += at_once) {
    const crow_gidx from = at < p.count ? at : p.count, n = p.count - from < at_once ? p.count - from : at_once;
    if (d) CROW_TRY(crow_dataset_read_contexts(dataset, p.begin + from, n, CROW_F64, rows));
    sum += crow_context_rows_digest(p.begin + from, n, d, rows);
  }
  CROW_TRY(crow_contexts_digest_end(comm, sum, digest));
cleanup:
  crow_free(rows);
  return status;
}

crow_status crow_dataset_write_digest(const crow_dataset *dataset, crow_file *to) {
  char digest[17];
  CROW_NEED(crow_dataset_digest(to->comm, dataset, digest));
  return crow_file_set_text(to, "/", "alternatives_digest", digest);
}

crow_status crow_dataset_check_digest(const crow_dataset *dataset, const crow_file *file, const char *meaning) {
  crow_status status = CROW_OK;
  char digest[17], *stated = NULL;
  if (!dataset->file) return CROW_OK; /* data in memory have no digest to compare */
  if (!crow_file_has_attribute(file, "/", "alternatives_digest")) {
    /* A file that crow did not write need not have a digest. */
    const bool ours = crow_file_has_attribute(file, "/provenance", "version");
    crow_log(
        ours ? CROW_LOG_WARNING : CROW_LOG_INFO,
        "%s does not say which contexts it is of, as an earlier version wrote it: that they are those of %s, in the "
        "same order, is not checked",
        crow_file_name(file), crow_file_name(dataset->file));
    return CROW_OK;
  }
  CROW_TRY(crow_file_get_text(file, "/", "alternatives_digest", &stated));
  CROW_TRY(crow_dataset_digest(file->comm, dataset, digest));
  if (strcmp(stated, digest) != 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "%s: /alternatives_digest: is of alternatives with other contexts, or in another order, than "
                        "%s: the digest of its "
                        "contexts is %.64s, and %s here: %s",
                        crow_file_name(file), crow_file_name(dataset->file), stated, digest, meaning));
  }
cleanup:
  crow_free(stated);
  return status;
}
