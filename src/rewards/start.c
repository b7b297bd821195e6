/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards to begin a fit at, from a file whose alternatives need not be the same. */
#include "rewards/rewards_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* A name by its digest, so that names of any length take 16 bytes on every rank. */
typedef struct start_entry {
  uint64_t high, low;
  double value;
} start_entry;

static start_entry digest_name(const char *name, double value) {
  const XXH128_hash_t hash = XXH3_128bits(name, strlen(name));
  return (start_entry){hash.high64, hash.low64, value};
}

static int compare_entries(const void *a, const void *b) {
  const start_entry *x = a, *y = b;
  if (x->high != y->high) return x->high < y->high ? -1 : 1;
  return x->low < y->low ? -1 : x->low > y->low;
}

/* All of the file's rewards by name, sorted. */
static crow_status list_start(const crow_comm *comm, crow_file *file, start_entry **all, crow_gidx *count) {
  crow_status status = CROW_OK;
  start_entry *mine = NULL;
  double *value = NULL;
  crow_strings ids = {0};
  const int64_t rows = crow_file_rows(file, "/rewards/value");
  crow_partition p;
  const crow_dataset names = {.file = file, .alternatives = rows, .has_id = crow_file_has(file, "/alternatives/id")};
  *count = rows;
  CROW_TRY(crow_file_read_vector(file, "/rewards/value", &p, &value));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&mine, p.count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(all, p.global));
  CROW_TRY(crow_dataset_read_ids(&names, p.begin, p.count, &ids));
  for (int64_t i = 0; i < p.count; i++) mine[i] = digest_name(crow_strings_get(&ids, i), value[i]);
  CROW_TRY(crow_comm_gather_slices(comm, &p, mine, *all, sizeof **all));
  qsort(*all, (size_t)p.global, sizeof **all, compare_entries);
cleanup:
  crow_strings_free(&ids);
  CROW_FREE(mine, value);
  return status;
}

crow_status crow_rewards_read_start(const crow_comm *comm, const char *path, const crow_dataset *dataset,
                                    const crow_partition *partition, double *start, int64_t *matched) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  start_entry *all = NULL;
  crow_gidx count = 0;
  crow_strings ids = {0};
  *matched = 0;
  CROW_TRY(crow_file_open(comm, path, "rewards", &file));
  CROW_TRY(list_start(comm, file, &all, &count));
  CROW_TRY(crow_dataset_read_ids(dataset, partition->begin, partition->count, &ids));
  for (int64_t i = 0; i < partition->count; i++) {
    const start_entry wanted = digest_name(crow_strings_get(&ids, i), 0);
    const start_entry *found = bsearch(&wanted, all, (size_t)count, sizeof *all, compare_entries);
    start[i] = found && isfinite(found->value) ? found->value : 0;
    *matched += found != NULL;
  }
  CROW_TRY(crow_comm_sum_i64(comm, matched, 1));
  if (*matched == 0)
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: /alternatives/id: none of the dataset's alternatives is there", path));
cleanup:
  crow_file_close(&file);
  crow_strings_free(&ids);
  crow_free(all);
  return status;
}
