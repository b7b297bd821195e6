/* SPDX-License-Identifier: Apache-2.0 */
#include "preference/pool_impl.h"
#include <math.h>
#include <string.h>

/* ---- comparisons -------------------------------------------------------------------------------------------- */

enum { PIECE = 1 << 20 };

/* A piece of this rank's comparisons. */
typedef struct comparisons {
  int32_t *first, *second;
  double *outcome;
  int64_t *count; /* NULL if each stands for one judgement */
  crow_partition slice;
  int64_t pieces, kept; /* pieces on the rank that has most; comparisons of this piece that are between groups */
} comparisons;

static void pool_preferences_comparisons_free(comparisons *c) { CROW_FREE(c->first, c->second, c->outcome, c->count); }

static crow_status pool_preferences_comparisons_create(const crow_pool *pool, comparisons *c) {
  c->slice = crow_comm_partition(pool->comm, pool->dataset->comparisons, 1);
  c->pieces = (c->slice.count + PIECE - 1) / PIECE;
  CROW_NEED(crow_comm_max_i64(pool->comm, &c->pieces, 1));
  const int64_t most = c->slice.count < PIECE ? c->slice.count : PIECE;
  CROW_NEED_AGREE(pool->comm, CROW_ALLOCATE_RAW_EACH(most, &c->first, &c->second, &c->outcome));
  if (pool->dataset->has_count) CROW_NEED_AGREE(pool->comm, CROW_ALLOCATE_RAW(&c->count, most));
  return CROW_OK;
}

/* Reads a piece, with groups in the place of alternatives, and keeps what is between groups. */
static crow_status pool_preferences_read_piece(const crow_pool *pool, comparisons *c, int64_t piece) {
  const crow_file *file = pool->dataset->file;
  const int64_t at = piece * PIECE < c->slice.count ? piece * PIECE : c->slice.count;
  const int64_t n = c->slice.count - at < PIECE ? c->slice.count - at : PIECE;
  const crow_gidx begin = c->slice.begin + at;
  CROW_NEED(crow_file_read(file, "/comparisons/first", begin, n, CROW_I32, c->first));
  CROW_NEED(crow_file_read(file, "/comparisons/second", begin, n, CROW_I32, c->second));
  CROW_NEED(crow_file_read(file, "/comparisons/outcome", begin, n, CROW_F64, c->outcome));
  if (c->count) CROW_NEED(crow_file_read(file, "/comparisons/count", begin, n, CROW_I64, c->count));
  c->kept = 0;
  for (int64_t i = 0; i < n; i++) {
    const int32_t first = pool->groups->group[c->first[i]], second = pool->groups->group[c->second[i]];
    if (first == second) continue;
    c->first[c->kept] = first;
    c->second[c->kept] = second;
    c->outcome[c->kept] = c->outcome[i];
    if (c->count) c->count[c->kept] = c->count[i];
    c->kept++;
  }
  return CROW_OK;
}

static crow_status write_piece(const crow_pool *pool, const comparisons *c, crow_gidx begin) {
  CROW_NEED(crow_file_write_rows(pool->file, "/comparisons/first", begin, c->kept, CROW_I32, c->first));
  CROW_NEED(crow_file_write_rows(pool->file, "/comparisons/second", begin, c->kept, CROW_I32, c->second));
  CROW_NEED(crow_file_write_rows(pool->file, "/comparisons/outcome", begin, c->kept, CROW_F64, c->outcome));
  if (c->count) CROW_NEED(crow_file_write_rows(pool->file, "/comparisons/count", begin, c->kept, CROW_I64, c->count));
  return CROW_OK;
}

/* Counts what is kept in a first pass, and writes it in a second. */
static crow_status pool_comparisons(const crow_pool *pool, crow_gidx *dropped) {
  crow_status status = CROW_OK;
  comparisons c = {0};
  int64_t mine = 0;
  crow_gidx begin = 0;
  CROW_TRY(pool_preferences_comparisons_create(pool, &c));
  for (int64_t piece = 0; piece < c.pieces; piece++) {
    CROW_TRY(pool_preferences_read_piece(pool, &c, piece));
    mine += c.kept;
  }
  int64_t kept = mine;
  CROW_TRY(crow_comm_sum_i64(pool->comm, &kept, 1));
  CROW_TRY(crow_comm_offset_i64(pool->comm, mine, &begin));
  *dropped = pool->dataset->comparisons - kept;
  if (kept == 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: all %lld comparisons are inside groups: ask for smaller groups",
                        crow_file_name(pool->dataset->file), (long long)pool->dataset->comparisons));
  }
  CROW_TRY(crow_file_define(pool->file, "/comparisons/first", CROW_I32, kept, 0));
  CROW_TRY(crow_file_define(pool->file, "/comparisons/second", CROW_I32, kept, 0));
  CROW_TRY(crow_file_define(pool->file, "/comparisons/outcome", CROW_F64, kept, 0));
  if (c.count) CROW_TRY(crow_file_define(pool->file, "/comparisons/count", CROW_I64, kept, 0));
  for (int64_t piece = 0; piece < c.pieces; piece++) {
    CROW_TRY(pool_preferences_read_piece(pool, &c, piece));
    CROW_TRY(write_piece(pool, &c, begin));
    begin += c.kept;
  }
cleanup:
  pool_preferences_comparisons_free(&c);
  return status;
}

/* ---- population --------------------------------------------------------------------------------------------- */

/* One annotator type's mean rewards, written by rank 0. */
static crow_status pool_type(const crow_pool *pool, const crow_partition *p, crow_gidx type, double *row,
                             int64_t *sum) {
  crow_status status = CROW_OK;
  crow_fixed fixed = {0};
  const crow_gidx groups = pool->groups->groups;
  CROW_TRY(crow_file_read(pool->dataset->file, "/population/reward", type, 1, CROW_F64, row));
  CROW_TRY(crow_fixed_create(pool->comm, p->global, 1, p->count, row + p->begin, &fixed));
  memset(sum, 0, (size_t)groups * sizeof *sum);
  for (crow_gidx i = p->begin; i < p->begin + p->count; i++)
    crow_fixed_add(&fixed, row + i, sum + pool->groups->group[i]);
  CROW_TRY(crow_comm_sum_i64(pool->comm, sum, groups));
  for (crow_gidx g = 0; g < groups; g++) crow_fixed_mean(&fixed, sum + g, pool->size[g], row + g);
  CROW_TRY(
      crow_file_write_rows(pool->file, "/population/reward", type, crow_comm_rank(pool->comm) == 0, CROW_F64, row));
cleanup:
  crow_fixed_free(&fixed);
  return status;
}

static crow_status pool_population(const crow_pool *pool) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(pool->comm, pool->dataset->alternatives, CROW_BLOCK);
  double *row = NULL;
  int64_t *sum = NULL;
  CROW_TRY_AGREE(pool->comm, CROW_ALLOCATE_RAW(&row, p.global));
  CROW_TRY_AGREE(pool->comm, CROW_ALLOCATE_RAW(&sum, pool->groups->groups));
  CROW_TRY(crow_file_copy(pool->dataset->file, pool->file, "/population/prevalence"));
  CROW_TRY(crow_file_define(pool->file, "/population/reward", CROW_F64, pool->dataset->types, pool->groups->groups));
  for (crow_gidx type = 0; type < pool->dataset->types; type++) CROW_TRY(pool_type(pool, &p, type, row, sum));
cleanup:
  CROW_FREE(row, sum);
  return status;
}

/* ---- matrix ------------------------------------------------------------------------------------------------- */

enum { FRACTION_BITS = 30 };

/* One row's mean over the members of each group, in the order of the columns. */
static void row_means(const crow_pool *pool, const double *row, double *mean) {
  memset(mean, 0, (size_t)pool->groups->groups * sizeof *mean);
  for (crow_gidx y = 0; y < pool->groups->alternatives; y++) mean[pool->groups->group[y]] += row[y];
  for (crow_gidx g = 0; g < pool->groups->groups; g++) mean[g] /= (double)pool->size[g];
}

/* Adds up the rows of each group in fixed point. */
static crow_status sum_rows(const crow_pool *pool, const crow_partition *p, double *row, double *mean, int64_t *sum) {
  const crow_gidx groups = pool->groups->groups, most = crow_partition_begin(p, 1);
  for (crow_gidx i = 0; i < most; i++) {
    const bool have = i < p->count;
    CROW_NEED(crow_file_read(pool->dataset->file, "/preference/matrix", have ? p->begin + i : 0, have, CROW_F64, row));
    if (!have) continue;
    row_means(pool, row, mean);
    int64_t *to = sum + pool->groups->group[p->begin + i] * groups;
    for (crow_gidx g = 0; g < groups; g++) to[g] += llrint(ldexp(mean[g], FRACTION_BITS));
  }
  return crow_comm_sum_i64(pool->comm, sum, groups * groups);
}

static crow_status pool_matrix(const crow_pool *pool) {
  crow_status status = CROW_OK;
  const crow_comm *comm = pool->comm;
  const crow_partition p = crow_comm_partition(comm, pool->dataset->alternatives, 1);
  const crow_gidx groups = pool->groups->groups;
  double *row = NULL, *mean = NULL;
  int64_t *sum = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&row, p.global));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&mean, groups));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&sum, groups * groups));
  CROW_TRY(sum_rows(pool, &p, row, mean, sum));
  CROW_TRY(crow_file_define(pool->file, "/preference/matrix", CROW_F64, groups, groups));
  for (crow_gidx g = 0; g < groups; g++) {
    for (crow_gidx h = 0; h < groups; h++) {
      /* Both orders of a pair from the same sum, so that they add up to one. */
      const crow_gidx low = g < h ? g : h, high = g < h ? h : g;
      const double share = ldexp((double)sum[low * groups + high], -FRACTION_BITS) / (double)pool->size[low];
      mean[h] = g == h ? 0.5 : fmin(g < h ? share : 1 - share, 1);
    }
    CROW_TRY(crow_file_write_rows(pool->file, "/preference/matrix", g, crow_comm_rank(comm) == 0, CROW_F64, mean));
  }
cleanup:
  CROW_FREE(row, mean, sum);
  return status;
}

crow_status crow_pool_preferences(const crow_pool *pool, crow_gidx *dropped) {
  *dropped = 0;
  if (pool->dataset->has_comparisons) CROW_NEED(pool_comparisons(pool, dropped));
  if (pool->dataset->has_matrix) CROW_NEED(pool_matrix(pool));
  if (pool->dataset->has_population) CROW_NEED(pool_population(pool));
  return CROW_OK;
}
