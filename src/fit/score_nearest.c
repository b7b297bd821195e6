/* SPDX-License-Identifier: Apache-2.0 */
/* Tabular rewards carried over from the nearest alternative: the paper's projection. */
#include "fit/score_impl.h"
#include <math.h>
#include <string.h>

/* Contexts of whole datasets must fit every rank. */
static crow_status check_memory(const crow_comm *comm, const crow_dataset *dataset, double bytes) {
  crow_status status = CROW_OK;
  double limit = 0;
  CROW_TRY(crow_comm_memory_limit(comm, 0, &limit));
  if (bytes <= limit) goto cleanup;
  CROW_TRY(crow_error(CROW_FAILED,
                      "%s: each rank needs %.3g GB for the contexts of %lld alternatives and has %.3g GB; take fewer "
                      "ranks a node, or a linear or mlp model, which needs no contexts",
                      crow_file_name(dataset->file), bytes / 1e9, (long long)dataset->alternatives, limit / 1e9));
cleanup:
  return status;
}

/* Drops the rows of excluded alternatives. Local. */
static crow_status keep_known(const crow_dataset *dataset, const unsigned char *unknown, size_t row_bytes,
                              crow_candidates *c) {
  crow_status status = CROW_OK;
  char *rows = c->contexts;
  CROW_TRY(CROW_ALLOCATE(&c->row, dataset->alternatives));
  for (crow_gidx y = 0; y < dataset->alternatives; y++) {
    if (unknown && unknown[y]) continue;
    if (c->count < y) memcpy(rows + (size_t)c->count * row_bytes, rows + (size_t)y * row_bytes, row_bytes);
    c->row[c->count++] = y;
  }
  if (c->count == 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: no alternative was compared with a weighted one, so none has a reward",
                        crow_file_name(dataset->file)));
  }
cleanup:
  return status;
}

crow_status crow_candidates_create(const crow_comm *comm, const crow_dataset *dataset, const unsigned char *unknown,
                                   const crow_nearest_options *options, crow_candidates *out) {
  crow_status status = CROW_OK;
  const crow_type type = dataset->single ? CROW_F32 : CROW_F64;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions;
  const size_t row_bytes = (size_t)d * crow_type_bytes(type);
  *out = (crow_candidates){0};
  CROW_TRY(check_memory(comm, dataset, (double)m * (double)row_bytes));
  CROW_TRY_AGREE(comm, crow_allocate_raw(m, row_bytes, &out->contexts));
  CROW_TRY(crow_dataset_read_contexts(dataset, 0, m, type, out->contexts));
  CROW_TRY_AGREE(comm, keep_known(dataset, unknown, row_bytes, out));
  CROW_TRY_AGREE(comm, crow_nearest_create(options, out->contexts, dataset->single ? CROW_SINGLE : CROW_DOUBLE,
                                           out->count, d, NULL, 0, &out->search));
cleanup:
  if (status != CROW_OK) crow_candidates_free(out);
  return status;
}

void crow_candidates_free(crow_candidates *c) {
  crow_nearest_destroy(&c->search);
  crow_nearest_result_free(&c->found);
  crow_free(c->contexts);
  crow_free(c->row);
  *c = (crow_candidates){0};
}

crow_status crow_candidates_find(crow_candidates *c, int64_t dimensions, const double *points, int64_t n,
                                 crow_gidx *row, double *distance) {
  crow_status status = CROW_OK;
  const int64_t block = crow_nearest_block(c->search);
  for (int64_t begin = 0; begin < n; begin += block) {
    const int64_t count = n - begin < block ? n - begin : block;
    CROW_TRY(crow_nearest_search(c->search, points + begin * dimensions, count, &c->found));
    for (int64_t i = 0; i < count; i++) {
      const int64_t first = c->found.tie_begin[i];
      row[begin + i] = c->row[c->found.index[first]];
      if (distance) distance[begin + i] = sqrt(c->found.distance[i]);
      c->tied += c->found.tie_begin[i + 1] - first > 1;
    }
  }
cleanup:
  return status;
}

/* All rewards of the file, whole on every rank, at the rows that were found. */
static crow_status take_rewards(const crow_comm *comm, const crow_file *rewards, crow_gidx m, crow_scores *out) {
  crow_status status = CROW_OK;
  double *all = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&all, m));
  CROW_TRY(crow_file_read(rewards, "/rewards/value", 0, m, CROW_F64, all));
  for (crow_gidx i = 0; i < out->partition.count; i++) out->value[i] = all[out->nearest[i]];
cleanup:
  crow_free(all);
  return status;
}

crow_status crow_score_nearest(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                               const crow_context_source *contexts, const crow_nearest_options *options,
                               crow_scores *out) {
  crow_status status = CROW_OK;
  crow_candidates candidates = {0};
  crow_turns turns = {0};
  unsigned char *unknown = NULL;
  bool more = false;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions;
  if (d != crow_context_source_dimensions(contexts)) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: has contexts of %lld dimension%s, expected %lld as %s",
                        crow_context_source_name(contexts), (long long)crow_context_source_dimensions(contexts),
                        crow_plural(crow_context_source_dimensions(contexts)), (long long)d,
                        crow_file_name(dataset->file)));
  }
  CROW_TRY(crow_score_check_dataset(comm, rewards, dataset));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&unknown, m));
  CROW_TRY(crow_score_unknown(comm, rewards, m, unknown, &out->unknown));
  CROW_TRY(crow_candidates_create(comm, dataset, unknown, options, &candidates));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->nearest, out->partition.count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->distance, out->partition.count));
  CROW_TRY(crow_turns_begin(comm, contexts, &turns));
  for (;;) {
    CROW_TRY(crow_turns_next(&turns, &more));
    if (!more) break;
    const crow_gidx at = turns.begin - out->partition.begin;
    CROW_TRY_AGREE(
        comm, crow_candidates_find(&candidates, d, turns.values, turns.count, out->nearest + at, out->distance + at));
  }
  out->tied = candidates.tied;
  CROW_TRY(crow_comm_sum_i64(comm, &out->tied, 1));
  CROW_TRY(take_rewards(comm, rewards, m, out));
cleanup:
  crow_candidates_free(&candidates);
  crow_turns_free(&turns);
  crow_free(unknown);
  return status;
}
