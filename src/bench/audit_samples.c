/* SPDX-License-Identifier: Apache-2.0 */
/* Samples searched again by brute force, without anything of the search that is measured. */
#include "bench/bench_impl.h"
#include "weights/sampling_impl.h"
#include <math.h>

/* About a second's work of plain loops. */
#define AUDIT_OPERATIONS 3e8
enum { AUDIT_MOST = 1024, AUDIT_ROWS = 64 };
/* Every rank looks at all ranks' winners: on many ranks each finds fewer. */
enum { AUDIT_MOST_OF_ALL = 16384 };

/* Which alternative is nearest to each of `n` points; -1 where several are. */
static crow_status audit_samples_search(const crow_dataset *dataset, const double *points, int64_t n, double *least,
                                        int64_t *nearest) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions;
  double *rows = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&rows, AUDIT_ROWS * d));
  for (int64_t p = 0; p < n; p++) least[p] = (double)INFINITY;
  for (crow_gidx begin = 0; begin < m; begin += AUDIT_ROWS) {
    const crow_gidx count = m - begin < AUDIT_ROWS ? m - begin : AUDIT_ROWS;
    CROW_TRY(crow_dataset_read_contexts(dataset, begin, count, CROW_F64, rows));
    for (int64_t p = 0; p < n; p++) {
      for (crow_gidx i = 0; i < count; i++) {
        double square = 0;
        for (crow_gidx k = 0; k < d; k++) {
          const double off = points[p * d + k] - rows[i * d + k];
          square += off * off;
        }
        if (square > least[p]) continue;
        nearest[p] = square < least[p] ? begin + i : -1;
        least[p] = square;
      }
    }
  }
cleanup:
  crow_free(rows);
  return status;
}

/* Of the winners of all ranks, those in this rank's slice must have as many hits. Each counts once: winners are few
 * and mostly different, so equal ones are found by looking at all. */
static int64_t count_missing(const crow_weights *weights, const int64_t *winner, int64_t count) {
  int64_t missing = 0;
  for (int64_t a = 0; a < count; a++) {
    const crow_gidx at = winner[a] - weights->partition.begin;
    int64_t wins = 0;
    if (winner[a] < 0 || at < 0 || at >= weights->partition.count) continue;
    for (int64_t b = 0; b <= a; b++) wins += winner[b] == winner[a];
    missing += weights->hits[at] < wins * CROW_HIT_UNIT;
  }
  return missing;
}

/* Samples that one rank searches again: some, whatever the size. */
static int64_t choose_count(const crow_dataset *dataset, int64_t samples, int ranks) {
  const double each = AUDIT_OPERATIONS / ((double)dataset->alternatives * (double)dataset->dimensions);
  int64_t n = each < 1 ? 1 : each > AUDIT_MOST ? AUDIT_MOST : (int64_t)each;
  if (n > AUDIT_MOST_OF_ALL / ranks) n = AUDIT_MOST_OF_ALL > ranks ? AUDIT_MOST_OF_ALL / ranks : 1;
  return n < samples / ranks ? n : samples / ranks;
}

/* This rank's `n` of the samples; those of all ranks are spread over all samples. */
static crow_status audit_draw(const crow_space *space, const crow_signs *signs, int64_t samples, int rank, int ranks,
                              int64_t n, crow_gidx d, double *points) {
  for (int64_t p = 0; p < n; p++) {
    const crow_gidx sample = (crow_gidx)((__int128)(rank * n + p) * samples / (n * ranks));
    CROW_NEED(signs ? crow_signs_sample(signs, sample, 1, points + p * d)
                    : crow_space_sample(space, sample, 1, samples, points + p * d));
  }
  return CROW_OK;
}

crow_status crow_bench_audit_samples(const crow_comm *comm, const crow_dataset *dataset,
                                     const crow_weights_options *options, const crow_weights *weights, int64_t *audited,
                                     int64_t *missing) {
  crow_status status = CROW_OK;
  crow_space *space = NULL;
  crow_signs *signs = NULL;
  double *points = NULL, *least = NULL;
  int64_t *mine = NULL, *all = NULL;
  const crow_gidx d = dataset->dimensions;
  const int size = crow_comm_size(comm), rank = crow_comm_rank(comm);
  const int64_t n = choose_count(dataset, weights->samples, size);
  CROW_TRY(crow_space_create(comm, &options->space, dataset, &space));
  if (weights->blocks > 0) CROW_TRY(crow_draws_make(comm, dataset, space, weights->blocks, &signs));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&points, n * d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&least, n));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&mine, n));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&all, n * size));
  CROW_TRY_AGREE(comm, audit_draw(space, signs, weights->samples, rank, size, n, d, points));
  CROW_TRY_AGREE(comm, audit_samples_search(dataset, points, n, least, mine));
  CROW_TRY(crow_comm_gather(comm, mine, all, n * (int64_t)sizeof *mine));
  *audited = n * size;
  *missing = count_missing(weights, all, n * size);
  CROW_TRY(crow_comm_sum_i64(comm, missing, 1));
cleanup:
  crow_signs_destroy(&signs);
  crow_space_destroy(&space);
  CROW_FREE(points, least, mine, all);
  return status;
}
