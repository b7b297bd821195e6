/* SPDX-License-Identifier: Apache-2.0 */
/* Voronoi weights by Monte Carlo. */
#include "weights/weights_impl.h"
#include <math.h>
#include <string.h>

/* What a rank holds while it samples. */
typedef struct sampling {
  crow_weights_grid grid;
  crow_space *space;
  crow_partition slice; /* of the alternatives, over the grid's slices */
  void *contexts;       /* (slice.count, d), of the given precision */
  crow_precision precision;
  crow_nearest *nearest; /* NULL if the slice is empty */
  crow_tally tally;
  int64_t block; /* samples a turn */
  double *points, *distance;
  int64_t *counts;
  crow_nearest_result result;
  crow_checkpoint *checkpoint; /* borrowed; NULL for none */
  crow_tally before;           /* what an earlier run had counted, by the partition of the result; NULL if nothing */
  int64_t *squares;            /* sums of squares by the partition of the result */
  int64_t done, target;        /* samples taken; when the accuracy is looked at next */
} sampling;

static void sampling_free(sampling *s) {
  crow_nearest_result_free(&s->result);
  crow_nearest_destroy(&s->nearest);
  crow_free(s->contexts);
  crow_free(s->tally.hits);
  crow_free(s->tally.squares);
  crow_free(s->before.hits);
  crow_free(s->before.squares);
  crow_free(s->squares);
  crow_free(s->points);
  crow_free(s->distance);
  crow_free(s->counts);
  crow_space_destroy(&s->space);
  crow_weights_grid_free(&s->grid);
}

/* Reads this rank's slice of alternatives, as floats where nothing is lost by it. */
static crow_status read_slice(const crow_comm *comm, const crow_dataset *dataset, sampling *s) {
  crow_status status = CROW_OK;
  const bool transforms = crow_space_transforms(s->space);
  const crow_gidx d = dataset->dimensions;
  s->precision = dataset->single && !transforms ? CROW_SINGLE : CROW_DOUBLE;
  s->slice = crow_partition_make(dataset->alternatives, CROW_BLOCK, s->grid.slices, s->grid.slice);
  const bool single = s->precision == CROW_SINGLE;
  CROW_TRY_AGREE(comm, crow_allocate_raw(s->slice.count * d, single ? sizeof(float) : sizeof(double), &s->contexts));
  CROW_TRY(crow_file_read(dataset->file, "/alternatives/context", s->slice.begin, s->slice.count,
                          single ? CROW_F32 : CROW_F64, s->contexts));
  if (transforms) CROW_TRY_AGREE(comm, crow_space_transform(s->space, s->slice.begin, s->slice.count, s->contexts));
cleanup:
  return status;
}

/* The search structure, chosen on the first samples, and the work space of a block. */
static crow_status prepare_search(const crow_dataset *dataset, const crow_weights_options *options, int64_t samples,
                                  sampling *s) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions;
  double *probe = NULL;
  s->block = 1024;
  if (s->slice.count > 0) {
    const int64_t probes = samples < 256 ? samples : 256;
    CROW_TRY(CROW_ALLOCATE_RAW(&probe, probes * d));
    CROW_TRY(crow_space_sample(s->space, 0, probes, samples, probe));
    CROW_TRY(crow_nearest_create(&options->nearest, s->contexts, s->precision, s->slice.count, d, probe, probes,
                                 &s->nearest));
    s->block = crow_nearest_block(s->nearest);
  }
  CROW_TRY(CROW_ALLOCATE(&s->tally.hits, s->slice.count));
  CROW_TRY(CROW_ALLOCATE(&s->tally.squares, s->slice.count));
cleanup:
  crow_free(probe);
  return status;
}

static crow_status allocate_block(const crow_dataset *dataset, sampling *s) {
  crow_status status = CROW_OK;
  CROW_TRY(CROW_ALLOCATE_RAW(&s->points, s->block * dataset->dimensions));
  if (s->grid.slices > 1) {
    CROW_TRY(CROW_ALLOCATE_RAW(&s->distance, s->block));
    CROW_TRY(CROW_ALLOCATE_RAW(&s->counts, s->block * (s->grid.slices + 1)));
  }
cleanup:
  return status;
}

/* A slice without alternatives (more slices than blocks of them) is infinitely far from everything. */
static crow_status search_nothing(int64_t n, crow_nearest_result *result) {
  crow_status status = CROW_OK;
  if (result->point_capacity < n) {
    crow_nearest_result_free(result);
    CROW_TRY(CROW_ALLOCATE(&result->distance, n));
    CROW_TRY(CROW_ALLOCATE(&result->tie_begin, n + 1));
    result->point_capacity = n;
    for (int64_t i = 0; i < n; i++) result->distance[i] = __builtin_inf();
  }
  result->count = n;
cleanup:
  return status;
}

static crow_status search_block(sampling *s, int64_t begin, int64_t n, int64_t samples) {
  crow_status status = CROW_OK;
  if (!s->nearest) return search_nothing(n, &s->result);
  CROW_TRY(crow_space_sample(s->space, begin, n, samples, s->points));
  CROW_TRY(crow_nearest_search(s->nearest, s->points, n, &s->result));
cleanup:
  return status;
}

/* This group's share of samples `from` .. `to` out of `samples`, block by block. Errors of one slice are agreed on by
 * the group at every block, since its ranks communicate there, and by all ranks at the end. */
static crow_status sample_range(const crow_comm *comm, int64_t from, int64_t to, int64_t samples, sampling *s) {
  crow_status status = CROW_OK;
  const crow_partition mine = crow_partition_make(to - from, 1, s->grid.groups, s->grid.group);
  crow_progress progress;
  crow_progress_begin(&progress, "weights", "samples of this rank", (double)mine.count);
  for (int64_t at = 0; at < mine.count && status == CROW_OK; at += s->block) {
    const int64_t n = mine.count - at < s->block ? mine.count - at : s->block;
    status = search_block(s, from + mine.begin + at, n, samples);
    if (s->grid.slices > 1) status = crow_comm_agree(s->grid.across_slices, status);
    if (status == CROW_OK) status = crow_tally_add(&s->grid, &s->result, s->distance, s->counts, &s->tally);
    crow_progress_update(&progress, (double)(at + n));
  }
  CROW_TRY_AGREE(comm, status);
cleanup:
  return status;
}

/* How many samples to have next: what the error, falling as 1/sqrt(N), asks for, but no more than four times as many.
 */
static int64_t next_samples(int64_t done, double error, double wanted, int64_t most) {
  const double factor = fmin(4, fmax(1.25, 1.05 * (error / wanted) * (error / wanted)));
  const double next = ceil((double)done * factor);
  return next < (double)most ? (int64_t)next : most;
}

static crow_status gather(const crow_comm *comm, const crow_weights_options *options, sampling *s, crow_weights *out) {
  return crow_weights_gather(comm, &s->grid, &s->slice, &s->tally, &s->before, s->done, options->pseudo_count,
                             s->squares, out);
}

/* The state of a checkpoint: how far, and what was counted. */
static crow_status save(const crow_comm *comm, const crow_weights_options *options, sampling *s, crow_weights *out) {
  crow_status status = CROW_OK;
  const double scalars[2] = {(double)s->done, (double)s->target};
  CROW_TRY(gather(comm, options, s, out));
  CROW_TRY(crow_checkpoint_begin(s->checkpoint));
  CROW_TRY(crow_checkpoint_put_scalars(s->checkpoint, "weights", 2, scalars));
  CROW_TRY(crow_checkpoint_put_vector(s->checkpoint, "weights", 0, CROW_I64, &out->partition, out->hits));
  CROW_TRY(crow_checkpoint_put_vector(s->checkpoint, "weights", 1, CROW_I64, &out->partition, s->squares));
  CROW_TRY(crow_checkpoint_end(s->checkpoint));
cleanup:
  if (status != CROW_OK) crow_checkpoint_abandon(s->checkpoint);
  return status;
}

static crow_status resume(const crow_comm *comm, sampling *s, const crow_partition *p) {
  crow_status status = CROW_OK;
  double scalars[2];
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s->before.hits, p->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s->before.squares, p->count));
  CROW_TRY(crow_checkpoint_get_scalars(s->checkpoint, "weights", 2, scalars));
  CROW_TRY(crow_checkpoint_get_vector(s->checkpoint, "weights", 0, CROW_I64, p, s->before.hits));
  CROW_TRY(crow_checkpoint_get_vector(s->checkpoint, "weights", 1, CROW_I64, p, s->before.squares));
  s->done = (int64_t)scalars[0];
  s->target = (int64_t)scalars[1];
  crow_log(CROW_LOG_INFO, "weights: going on after %lld samples", (long long)s->done);
cleanup:
  return status;
}

/* Samples up to the target. With checkpoints, in rounds of about two seconds, after each of which a signal or the clock
 * may ask for one; how long rounds are changes nothing in what is counted. */
static crow_status sample_to_target(const crow_comm *comm, const crow_weights_options *options, int64_t limit,
                                    sampling *s, crow_weights *out) {
  crow_status status = CROW_OK;
  int64_t round = s->checkpoint ? s->block * s->grid.groups : s->target;
  while (s->done < s->target) {
    const int64_t next = s->target - s->done > round ? s->done + round : s->target;
    const double start = crow_time_s();
    bool due = false, stop = false;
    CROW_TRY(sample_range(comm, s->done, next, limit, s));
    s->done = next;
    if (!s->checkpoint) continue;
    if (crow_time_s() - start < 1) round *= 2;
    CROW_TRY(crow_comm_min_i64(comm, &round, 1));
    CROW_TRY(crow_checkpoint_due(s->checkpoint, &due, &stop));
    if (due) CROW_TRY(save(comm, options, s, out));
    if (stop)
      CROW_TRY(crow_error(CROW_STOPPED, "stopped after %lld of %lld samples", (long long)s->done, (long long)limit));
  }
cleanup:
  return status;
}

/* Samples until the number or the accuracy asked for is reached, `limit` at most. */
static crow_status sample_all(const crow_comm *comm, const crow_weights_options *options, int64_t limit, sampling *s,
                              crow_weights *out) {
  crow_status status = CROW_OK;
  for (;;) {
    CROW_TRY(sample_to_target(comm, options, limit, s, out));
    CROW_TRY(gather(comm, options, s, out));
    if (options->relative_error <= 0) break;
    double error = 0;
    CROW_TRY(crow_weights_relative_error(comm, out, &error));
    crow_log(CROW_LOG_INFO,
             "weights: %lld samples, greatest relative standard error of a weight above 1/m %.4g (wanted %g)",
             (long long)s->done, error, options->relative_error);
    if (error <= options->relative_error) break;
    if (s->done == limit) {
      crow_log(CROW_LOG_WARNING, "weights: stopped at %lld samples with relative standard error %.4g, not %g",
               (long long)s->done, error, options->relative_error);
      break;
    }
    s->target = next_samples(s->done, error, options->relative_error, limit);
  }
cleanup:
  return status;
}

/* The first batch and the most samples there can be: a pool ends. */
static void plan_samples(const crow_weights_options *options, crow_gidx pool, int64_t *first, int64_t *limit) {
  *first = options->samples;
  *limit = options->relative_error > 0 && options->max_samples > *first ? options->max_samples : *first;
  if (pool && *limit > pool) *limit = pool;
  if (*first > *limit) *first = *limit;
}

static void log_start(const crow_dataset *dataset, const sampling *s, int64_t samples) {
  crow_log(CROW_LOG_INFO, "space: %s", crow_space_describe(s->space));
  crow_log(CROW_LOG_INFO, "weights: %lld samples, nearest of %lld alternatives by %s, grid %dx%d (samples x slices)",
           (long long)samples, (long long)dataset->alternatives,
           s->nearest ? crow_nearest_engine_name(crow_nearest_engine_used(s->nearest)) : "nothing", s->grid.groups,
           s->grid.slices);
}

static void log_decided_again(const sampling *s) {
  int64_t searched = 0, again = 0;
  if (s->nearest) crow_nearest_statistics(s->nearest, &searched, &again);
  if (!again) return;
  crow_log(CROW_LOG_INFO,
           "weights: %lld of %lld samples of the first rank were too close to call at first and were decided again in "
           "double precision",
           (long long)again, (long long)searched);
}

crow_status crow_weights_voronoi(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, crow_checkpoint *checkpoint, crow_weights *out) {
  crow_status status = CROW_OK;
  sampling s = {.checkpoint = checkpoint};
  int64_t limit;
  CROW_TRY(crow_space_create(comm, &options->space, dataset, &s.space));
  plan_samples(options, crow_space_size(s.space), &s.target, &limit);
  CROW_TRY(
      crow_weights_grid_create(comm, options, dataset->alternatives, dataset->dimensions, dataset->single, &s.grid));
  CROW_TRY(read_slice(comm, dataset, &s));
  CROW_TRY_AGREE(comm, prepare_search(dataset, options, limit, &s));
  /* The slices of a group take the same blocks. */
  CROW_TRY(crow_comm_min_i64(s.grid.across_slices, &s.block, 1));
  CROW_TRY_AGREE(comm, allocate_block(dataset, &s));
  log_start(dataset, &s, s.target);
  CROW_TRY(crow_weights_allocate(comm, dataset->alternatives, true, out));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s.squares, out->partition.count));
  if (checkpoint && crow_checkpoint_has(checkpoint, "weights")) CROW_TRY(resume(comm, &s, &out->partition));
  CROW_TRY(sample_all(comm, options, limit, &s, out));
  log_decided_again(&s);
cleanup:
  sampling_free(&s);
  return status;
}
