/* SPDX-License-Identifier: Apache-2.0 */
/* Voronoi weights by Monte Carlo: how many samples, and checkpoints on the way. */
#include "weights/sampling_impl.h"
#include <math.h>

/* How many samples to have next: what the error, falling as 1/sqrt(N), asks for, but no more than four times as many.
 */
int64_t crow_weights_next_samples(int64_t done, double error, double wanted, int64_t most) {
  const double factor = fmin(4, fmax(1.25, 1.05 * (error / wanted) * (error / wanted)));
  const double next = ceil((double)done * factor);
  return next < (double)most ? (int64_t)next : most;
}

static crow_status gather(const crow_comm *comm, const crow_weights_options *options, crow_sampling *s,
                          crow_weights *out) {
  crow_stages_begin(&s->stages, "reduce");
  const crow_status status = crow_weights_gather(comm, &s->grid, &s->slice, &s->tally, &s->before, s->done,
                                                 options->pseudo_count, s->squares, out);
  crow_stages_end(&s->stages);
  return status;
}

/* The state of a checkpoint: how far, and what was counted. */
static crow_status save(const crow_comm *comm, const crow_weights_options *options, crow_sampling *s,
                        crow_weights *out) {
  crow_status status = CROW_OK;
  const double scalars[2] = {(double)s->done, (double)s->target};
  CROW_TRY(gather(comm, options, s, out));
  CROW_TRY(crow_checkpoint_begin(s->checkpoint));
  CROW_TRY(crow_checkpoint_put_scalars(s->checkpoint, "weights", 2, scalars));
  CROW_TRY(crow_checkpoint_put_vector(s->checkpoint, "weights", 0, CROW_I64, &out->partition, out->hits));
  CROW_TRY(crow_checkpoint_put_vector(s->checkpoint, "weights", 1, CROW_I64, &out->partition, s->squares));
  CROW_TRY(crow_checkpoint_end(s->checkpoint));
cleanup:
  if (status != CROW_OK) status = crow_checkpoint_abandon(s->checkpoint, status);
  return status;
}

static crow_status resume(const crow_comm *comm, crow_sampling *s, const crow_partition *p) {
  crow_status status = CROW_OK;
  double scalars[2];
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s->before.hits, p->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s->before.squares, p->count));
  CROW_TRY(crow_checkpoint_get_scalars(s->checkpoint, "weights", 2, scalars));
  CROW_TRY(crow_checkpoint_get_vector(s->checkpoint, "weights", 0, CROW_I64, p, s->before.hits));
  CROW_TRY(crow_checkpoint_get_vector(s->checkpoint, "weights", 1, CROW_I64, p, s->before.squares));
  s->done = (int64_t)scalars[0];
  s->target = (int64_t)scalars[1];
  crow_log(CROW_LOG_INFO, "weights: going on after %lld sample%s", (long long)s->done, crow_plural(s->done));
cleanup:
  return status;
}

/* Samples up to the target. With checkpoints, in rounds of about two seconds, after each of which a signal or the clock
 * may ask for one; how long rounds are changes nothing in what is counted. */
static crow_status sample_to_target(const crow_comm *comm, const crow_weights_options *options, int64_t limit,
                                    crow_sampling *s, crow_weights *out) {
  crow_status status = CROW_OK;
  int64_t round = s->checkpoint ? s->block * s->grid.groups : s->target;
  /* Ranks choose their engines by measurement, so their blocks may differ; what they share out must not. */
  CROW_TRY(crow_comm_min_i64(comm, &round, 1));
  while (s->done < s->target) {
    const int64_t next = s->target - s->done > round ? s->done + round : s->target;
    const double start = crow_time_s();
    bool due = false, stop = false;
    CROW_TRY(crow_sampling_take(comm, s->done, next, limit, s));
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
static crow_status sample_all(const crow_comm *comm, const crow_weights_options *options, int64_t limit,
                              crow_sampling *s, crow_weights *out) {
  crow_status status = CROW_OK;
  crow_progress_begin(&s->progress, "weights", "samples", (double)s->target);
  for (;;) {
    CROW_TRY(sample_to_target(comm, options, limit, s, out));
    CROW_TRY(gather(comm, options, s, out));
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
    s->target = crow_weights_next_samples(s->done, error, options->relative_error, limit);
    s->progress.total = (double)s->target;
  }
cleanup:
  return status;
}

void crow_weights_plan_samples(const crow_weights_options *options, crow_gidx pool, int64_t *first, int64_t *limit) {
  *first = options->samples > 0 ? options->samples : CROW_WEIGHTS_SAMPLES;
  *limit = options->relative_error > 0 && options->max_samples > *first ? options->max_samples : *first;
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
  if (!s->nearest) return;
  run->engine = crow_nearest_engine_used(s->nearest);
  crow_nearest_statistics(s->nearest, &run->searched, &run->decided_again);
}

static void log_decided_again(const crow_weights_run *run) {
  if (!run->decided_again) return;
  crow_log(CROW_LOG_INFO,
           "weights: %lld of %lld samples of the first rank were too close to call at first and were decided again in "
           "double precision",
           (long long)run->decided_again, (long long)run->searched);
}

crow_status crow_weights_voronoi(const crow_comm *comm, const crow_dataset *dataset,
                                 const crow_weights_options *options, const crow_space *space,
                                 crow_checkpoint *checkpoint, crow_weights *out) {
  crow_status status = CROW_OK;
  crow_sampling s = {.checkpoint = checkpoint, .space = space};
  int64_t limit;
  if (!space) {
    CROW_TRY(crow_space_create(comm, &options->space, dataset, &s.own_space));
    if (options->relative_error > 0) crow_space_shuffle(s.own_space);
    s.space = s.own_space;
  }
  crow_weights_plan_samples(options, crow_space_size(s.space), &s.target, &limit);
  CROW_TRY(crow_sampling_prepare(comm, dataset, options, limit, &s));
  CROW_TRY(crow_weights_allocate(comm, dataset->alternatives, true, out));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s.squares, out->partition.count));
  if (checkpoint && crow_checkpoint_has(checkpoint, "weights")) CROW_TRY(resume(comm, &s, &out->partition));
  CROW_TRY(sample_all(comm, options, limit, &s, out));
  take_run(&s, &out->run);
  log_decided_again(&out->run);
cleanup:
  crow_sampling_free(&s);
  return status;
}
