/* SPDX-License-Identifier: Apache-2.0 */
/* The data of a fit from slices over all ranks to slices over the ranks of each group: through memory, so that files
 * are read once. */
#include "preference/pairs_impl.h"
#include "tasks/rank_groups_impl.h"
#include <string.h>

crow_status crow_rank_groups_vector(const crow_rank_groups *groups, const crow_partition *from, const void *slice,
                                    const crow_partition *to, void *out, size_t element_bytes) {
  return crow_comm_fetch(groups->all, from->begin, from->count, slice, to->begin, to->count, out, element_bytes);
}

crow_status crow_rank_groups_weights(const crow_rank_groups *groups, const crow_weights *from, crow_weights *out) {
  crow_status status = CROW_OK;
  *out = (crow_weights){.partition = crow_comm_partition(groups->mine, from->partition.global, CROW_BLOCK),
                        .samples = from->samples,
                        .zeros = from->zeros,
                        .effective = from->effective,
                        .prompt = from->prompt,
                        .prompts = from->prompts};
  CROW_TRY_AGREE(groups->all, CROW_ALLOCATE_RAW(&out->value, out->partition.count));
  CROW_TRY(crow_rank_groups_vector(groups, &from->partition, from->value, &out->partition, out->value, sizeof(double)));
  if (!from->share) goto cleanup;
  /* Never NULL: an empty slice is not an absent vector. */
  CROW_TRY_AGREE(groups->all, CROW_ALLOCATE_RAW(&out->share, out->partition.count + 1));
  CROW_TRY(crow_rank_groups_vector(groups, &from->partition, from->share, &out->partition, out->share, sizeof(double)));
cleanup:
  if (status != CROW_OK) crow_weights_free(out);
  return status;
}

crow_status crow_rank_groups_pairs(const crow_rank_groups *groups, const crow_pairs *from, crow_pairs *out) {
  crow_status status = CROW_OK;
  *out = *from;
  out->first = out->second = NULL;
  out->share = NULL;
  out->judgements = NULL;
  out->partition = crow_comm_partition(groups->mine, from->partition.global, CROW_BLOCK);
  CROW_TRY_AGREE(groups->all, crow_pairs_allocate(out));
  const crow_partition *a = &from->partition, *b = &out->partition;
  CROW_TRY(crow_rank_groups_vector(groups, a, from->first, b, out->first, sizeof *out->first));
  CROW_TRY(crow_rank_groups_vector(groups, a, from->second, b, out->second, sizeof *out->second));
  CROW_TRY(crow_rank_groups_vector(groups, a, from->share, b, out->share, sizeof *out->share));
  CROW_TRY(crow_rank_groups_vector(groups, a, from->judgements, b, out->judgements, sizeof *out->judgements));
cleanup:
  if (status != CROW_OK) crow_pairs_free(out);
  return status;
}

/* Where each pair's comparisons begin and end among those of all ranks: (pairs, 2). */
static crow_status find_bounds(const crow_rank_groups *groups, const crow_pairs *pairs, const crow_judgements *from,
                               const crow_pairs *to, int64_t *offset, int64_t *bounds) {
  crow_status status = CROW_OK;
  const int64_t n = pairs->partition.count;
  int64_t *mine = NULL;
  CROW_TRY_AGREE(groups->all, CROW_ALLOCATE_RAW(&mine, 2 * n));
  CROW_TRY(crow_comm_offset_i64(groups->all, from->begin[n], offset));
  for (int64_t k = 0; k < n; k++) {
    mine[2 * k] = *offset + from->begin[k];
    mine[2 * k + 1] = *offset + from->begin[k + 1];
  }
  CROW_TRY(crow_rank_groups_vector(groups, &pairs->partition, mine, &to->partition, bounds, 2 * sizeof *mine));
cleanup:
  crow_free(mine);
  return status;
}

static crow_status allocate_judgements(crow_judgements *out, int64_t pairs, int64_t count, bool counts) {
  CROW_NEED(CROW_ALLOCATE_RAW(&out->begin, pairs + 1));
  CROW_NEED(CROW_ALLOCATE_RAW_EACH(count, &out->comparison, &out->outcome));
  if (counts) CROW_NEED(CROW_ALLOCATE_RAW(&out->count, count));
  return CROW_OK;
}

crow_status crow_rank_groups_judgements(const crow_rank_groups *groups, const crow_pairs *pairs,
                                        const crow_judgements *from, const crow_pairs *to, crow_judgements *out) {
  crow_status status = CROW_OK;
  const crow_comm *all = groups->all;
  const int64_t n = to->partition.count, have = from->begin[pairs->partition.count];
  int64_t *bounds = NULL, offset = 0, counts = from->count != NULL;
  *out = (crow_judgements){.global = from->global, .clustered = from->clustered};
  CROW_TRY_AGREE(all, CROW_ALLOCATE_RAW(&bounds, 2 * n));
  CROW_TRY(find_bounds(groups, pairs, from, to, &offset, bounds));
  const int64_t first = n ? bounds[0] : 0, count = n ? bounds[2 * n - 1] - first : 0;
  /* A rank without comparisons has no counts to show. */
  CROW_TRY(crow_comm_max_i64(all, &counts, 1));
  CROW_TRY_AGREE(all, allocate_judgements(out, n, count, counts != 0));
  for (int64_t k = 0; k < n; k++) out->begin[k] = bounds[2 * k] - first;
  out->begin[n] = count;
  CROW_TRY(crow_comm_fetch(all, offset, have, from->comparison, first, count, out->comparison, sizeof(crow_gidx)));
  CROW_TRY(crow_comm_fetch(all, offset, have, from->outcome, first, count, out->outcome, sizeof(double)));
  if (counts) CROW_TRY(crow_comm_fetch(all, offset, have, from->count, first, count, out->count, sizeof(int64_t)));
cleanup:
  crow_free(bounds);
  if (status != CROW_OK) crow_judgements_free(out);
  return status;
}
