/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of alternatives whose contexts are equal: a model gives both the same reward, whatever the outcome. */
#include "train/train_impl.h"
#include <string.h>
#include <xxhash.h>

/* Digests of this rank's contexts; -0 becomes 0, as the two are equal. Local. */
static crow_status digest_contexts(const void *contexts, crow_type type, int64_t rows, int64_t dimensions,
                                   XXH128_hash_t *digest) {
  crow_status status = CROW_OK;
  double *row = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&row, dimensions));
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t k = 0; k < dimensions; k++) {
      const int64_t at = i * dimensions + k;
      row[k] = 0.0 + (type == CROW_F32 ? (double)((const float *)contexts)[at] : ((const double *)contexts)[at]);
    }
    digest[i] = XXH3_128bits(row, (size_t)dimensions * sizeof *row);
  }
cleanup:
  crow_free(row);
  return status;
}

/* Adds up the judgements of this rank's pairs of equal contexts and finds the least of those pairs, as
 * first m + second. */
static int64_t count_equal(const crow_pairs *pairs, const XXH128_hash_t *digest, int64_t *least) {
  int64_t judgements = 0;
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    const XXH128_hash_t *a = &digest[pairs->first[k]], *b = &digest[pairs->second[k]];
    const int64_t pair = pairs->first[k] * pairs->alternatives + pairs->second[k];
    if (a->low64 != b->low64 || a->high64 != b->high64) continue;
    judgements += pairs->judgements[k];
    if (pair < *least) *least = pair;
  }
  return judgements;
}

static crow_status warn_of_equal(const crow_dataset *dataset, const crow_pairs *pairs, int64_t judgements,
                                 int64_t least) {
  crow_status status = CROW_OK;
  crow_strings first = {0}, second = {0};
  CROW_TRY(crow_dataset_read_ids(dataset, least / pairs->alternatives, 1, &first));
  CROW_TRY(crow_dataset_read_ids(dataset, least % pairs->alternatives, 1, &second));
  crow_log(CROW_LOG_WARNING,
           "fit: %lld of %lld judgement%s compare%s alternatives of equal contexts, e.g. %.80s and %.80s: a model of "
           "the contexts cannot tell them apart",
           (long long)judgements, (long long)pairs->comparisons, crow_plural(pairs->comparisons),
           judgements == 1 ? "s" : "", crow_strings_get(&first, 0), crow_strings_get(&second, 0));
cleanup:
  crow_strings_free(&first);
  crow_strings_free(&second);
  return status;
}

crow_status crow_train_find_equal(const crow_comm *comm, const crow_dataset *dataset, const crow_partition *p,
                                  const void *contexts, crow_type type, const crow_pairs *pairs, int64_t *judgements) {
  crow_status status = CROW_OK;
  XXH128_hash_t *mine = NULL, *all = NULL;
  int64_t least = INT64_MAX;
  *judgements = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&mine, p->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&all, p->global));
  CROW_TRY_AGREE(comm, digest_contexts(contexts, type, p->count, dataset->dimensions, mine));
  CROW_TRY(crow_comm_gather_slices(comm, p, mine, all, sizeof *all));
  *judgements = count_equal(pairs, all, &least);
  CROW_TRY(crow_comm_sum_i64(comm, judgements, 1));
  CROW_TRY(crow_comm_min_i64(comm, &least, 1));
  if (*judgements) CROW_TRY(warn_of_equal(dataset, pairs, *judgements, least));
cleanup:
  CROW_FREE(mine, all);
  return status;
}
