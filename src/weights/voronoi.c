/* SPDX-License-Identifier: Apache-2.0 */
/* Voronoi weights by Monte Carlo: how many samples. */
#include "weights/sampling_impl.h"
#include <math.h>
#include <string.h>

/* Unless a number is given: the paper's, but enough that an alternative has 30 on the average. */
enum { SAMPLES_LEAST = 100000, SAMPLES_EACH = 30 };

/* How many samples to have next: what the error, falling as 1/sqrt(N), asks for, but no more than four times as many.
 */
int64_t crow_weights_next_samples(int64_t done, double error, double wanted, int64_t most) {
  const double factor = fmin(4, fmax(1.25, 1.05 * (error / wanted) * (error / wanted)));
  const double next = ceil((double)done * factor);
  return next < (double)most ? (int64_t)next : most;
}

/* Samples until the number or the accuracy asked for is reached, `limit` at most. */
static crow_status sample_all(const crow_comm *comm, const crow_weights_options *options, int64_t limit,
                              crow_sampling *s, crow_weights *out) {
  crow_status status = CROW_OK;
  crow_progress_begin(&s->progress, "weights", "samples", (double)s->target);
  for (;;) {
    CROW_TRY(crow_sampling_to_target(comm, options, limit, s, out));
    CROW_TRY(crow_sampling_gather(comm, options, s, out));
    if (options->relative_error <= 0) break;
    double error = 0;
    CROW_TRY(crow_weights_relative_error(comm, out, &error));
    crow_log(CROW_LOG_INFO,
             "weights: %lld sample%s, greatest relative standard error of a weight above 1/m %.4g (wanted %g)",
             (long long)s->done, crow_plural(s->done), error, options->relative_error);
    if (error <= options->relative_error) break;
    if (s->done == limit) {
      crow_log(CROW_LOG_WARNING, "weights: stopped at %lld samples with relative standard error %.4g, not %g",
               (long long)s->done, error, options->relative_error);
      s->inexact = true;
      break;
    }
    s->target = crow_sampling_whole(s, crow_weights_next_samples(s->done, error, options->relative_error, limit));
    s->progress.total = (double)s->target;
  }
cleanup:
  return status;
}

int64_t crow_weights_samples_auto(crow_gidx alternatives) {
  const int64_t wanted = SAMPLES_EACH * (int64_t)alternatives;
  return wanted > SAMPLES_LEAST ? wanted : SAMPLES_LEAST;
}

void crow_weights_plan_samples(const crow_weights_options *options, crow_gidx alternatives, crow_gidx pool,
                               int64_t *first, int64_t *limit) {
  *first = options->samples > 0 ? options->samples : crow_weights_samples_auto(alternatives);
  *limit = options->relative_error > 0 || options->open_ended ? options->max_samples : *first;
  if (pool && *limit > pool) *limit = pool;
  if (*first > *limit) *first = *limit;
}

static void take_run(const crow_sampling *s, crow_weights_run *run) {
  *run = (crow_weights_run){.groups = s->grid.groups,
                            .slices = s->grid.slices,
                            .block = s->block,
                            .dimensions = s->dimensions,
                            .inexact = s->inexact,
                            .stages = s->stages};
  if (s->search) {
    run->engine = CROW_NEAREST_SIGNS;
    crow_sign_search_statistics(s->search, &run->searched, &run->decided_again);
  } else if (s->nearest) {
    run->engine = crow_nearest_engine_used(s->nearest);
    crow_nearest_statistics(s->nearest, &run->searched, &run->decided_again);
  }
}

static void log_decided_again(const crow_weights_run *run) {
  if (!run->decided_again) return;
  crow_log(CROW_LOG_INFO,
           "weights: %lld of %lld samples of the first rank were too close to call at first and were decided again in "
           "double precision",
           (long long)run->decided_again, (long long)run->searched);
}

/* From counts to weights, and what is told of them. */
static crow_status finish_sampling(const crow_comm *comm, const crow_weights_options *options, crow_sampling *s,
                                   crow_weights *out) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_weights_gather_batches(comm, &s->grid, &s->slice, &s->tally, &s->before, out));
  CROW_TRY(crow_weights_equalise(comm, s, options->pseudo_count, out));
  out->blocks = s->blocks;
  out->pseudo_count = options->pseudo_count;
  if (options->open_ended) {
    out->squares = s->squares;
    s->squares = NULL;
  }
  take_run(s, &out->run);
  log_decided_again(&out->run);
cleanup:
  return status;
}

crow_status crow_weights_voronoi(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, crow_space *space, crow_checkpoint *checkpoint,
                                 crow_weights *out) {
  crow_status status = CROW_OK;
  crow_weights_center center = {0};
  crow_sampling s = {.checkpoint = checkpoint,
                     .space = space,
                     .batches = options->batches ? CROW_HIT_BATCHES : 1,
                     .blocks = CROW_DRAWS_RULE};
  int64_t limit;
  bool counted = false;
  crow_weights_plan_samples(options, dataset->alternatives, crow_space_size(space), &s.target, &limit);
  CROW_TRY(crow_weights_allocate(comm, dataset->alternatives, true, out));
  if (crow_space_wants_center(space)) {
    CROW_TRY(crow_weights_find_center(comm, dataset, options, limit, space, checkpoint, out, &center));
    s.center = &center;
    s.stages = center.stages;
    s.hull = center.hull;
    s.hull_limit = center.hull_limit;
    center.hull = (crow_hull){0};
  }
  if (!center.took_counts) CROW_TRY(crow_sampling_find_draws(&s, &counted));
  CROW_TRY(crow_sampling_prepare(comm, dataset, options, limit, &s));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s.squares, out->partition.count + 1)); /* never NULL */
  if (counted)
    CROW_TRY(crow_sampling_resume(comm, &s, &out->partition));
  else
    CROW_TRY(crow_draws_pilot(comm, dataset, options, limit, &s, out));
  limit = crow_sampling_whole(&s, limit);
  s.target = crow_sampling_whole(&s, s.target);
  crow_sampling_log_start(dataset, &s);
  CROW_TRY(sample_all(comm, options, limit, &s, out));
  CROW_TRY(finish_sampling(comm, options, &s, out));
  CROW_TRY(crow_weights_take_center(comm, space, dataset->dimensions, &out->space));
  out->space.center_rounds = center.rounds;
  out->space.center_change = center.change;
cleanup:
  crow_sampling_free(&s);
  crow_weights_center_free(&center);
  return status;
}

/* ---- more samples --------------------------------------------------------------------------------------------- */

/* Reuses the centre found by the earlier run. */
static crow_status keep_center(const crow_comm *comm, const crow_weights *from, crow_space *space,
                               crow_weights_center *center) {
  crow_status status = CROW_OK;
  const crow_weights_space *known = &from->space;
  if (!crow_space_wants_center(space)) return CROW_OK;
  *center = (crow_weights_center){.rounds = known->center_rounds, .change = known->center_change, .found = true};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&center->value, known->dimensions));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&center->weights, from->partition.count));
  memcpy(center->value, known->center, (size_t)known->dimensions * sizeof *center->value);
  for (crow_gidx i = 0; i < from->partition.count; i++) center->weights[i] = from->value[i];
  CROW_TRY_AGREE(comm, crow_space_set_center(space, center->value));
cleanup:
  return status;
}

/* Carries the earlier hit counts over. */
static crow_status keep_counts(const crow_comm *comm, const crow_weights *from, crow_sampling *s) {
  crow_status status = CROW_OK;
  const crow_gidx count = from->partition.count;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s->before.hits, count * CROW_HIT_BATCHES + 1));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s->before.squares, count + 1));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s->squares, count + 1));
  for (int64_t k = 0; k < count * CROW_HIT_BATCHES; k++) s->before.hits[k] = from->batch_hits[k];
  for (crow_gidx i = 0; i < count; i++) s->before.squares[i] = from->squares[i];
  s->done = from->samples;
cleanup:
  return status;
}

crow_status crow_weights_voronoi_more(const crow_comm *comm, const crow_dataset *dataset,
                                      const crow_weights_options *options, double factor, crow_checkpoint *checkpoint,
                                      const crow_weights *from, bool *more, crow_weights *out) {
  crow_status status = CROW_OK;
  crow_space *space = NULL;
  crow_weights_center center = {0};
  crow_sampling s = {.checkpoint = checkpoint, .batches = CROW_HIT_BATCHES, .blocks = from->blocks};
  int64_t limit;
  CROW_TRY(crow_space_create(comm, &options->space, dataset, &space));
  crow_space_shuffle(space);
  s.space = space;
  crow_weights_plan_samples(options, dataset->alternatives, crow_space_size(space), &s.target, &limit);
  limit = crow_sampling_whole(&s, limit);
  *more = from->samples < limit;
  if (!*more) goto cleanup;
  if (checkpoint) crow_checkpoint_forget(checkpoint);
  CROW_TRY(crow_weights_allocate(comm, dataset->alternatives, true, out));
  CROW_TRY(keep_center(comm, from, space, &center));
  if (center.found) s.center = &center;
  CROW_TRY(crow_sampling_prepare(comm, dataset, options, limit, &s));
  CROW_TRY(keep_counts(comm, from, &s));
  const double wanted = ceil((double)s.done * factor);
  s.target = crow_sampling_whole(&s, wanted < (double)limit ? (int64_t)wanted : limit);
  crow_sampling_log_start(dataset, &s);
  CROW_TRY(sample_all(comm, options, limit, &s, out));
  CROW_TRY(finish_sampling(comm, options, &s, out));
  CROW_TRY(crow_weights_space_copy(comm, &from->space, &out->space));
cleanup:
  crow_sampling_free(&s);
  crow_weights_center_free(&center);
  crow_space_destroy(&space);
  return status;
}
