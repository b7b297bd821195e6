/* SPDX-License-Identifier: Apache-2.0 */
/* What a dataset's weights cost: those of some of its alternatives, which say how often a weighted mean is looked for;
 * and the search for near-duplicates among them. */
#include "bench/bench_impl.h"
#include "summary/effect_impl.h"
#include <math.h>

/* Alternatives that are weighted, read in so many stretches of neighbours, and samples of their weights: as many as
 * leave a change of 1e-4 about as rare as 100000 do. A tree, which few dimensions have, makes more affordable. */
enum { TREE_DIMENSIONS = 16, SOME_ALTERNATIVES = 4096, SOME_ALTERNATIVES_TREE = 65536, SOME_STRETCHES = 64 };
enum { SOME_SAMPLES = 20000, MORE_SAMPLES = 1 << 18 };
/* Hits of an alternative that crow_weights_samples_auto() makes, and what they may cost here; enough of them. */
enum { HITS_EACH = 30, HITS_LEAST = 4 };
#define TYPICAL_S 2
enum { NEAR_ALTERNATIVES = 2048 };

/* ---- contexts in memory --------------------------------------------------------------------------------------- */

void crow_bench_rows_make(void *context, crow_gidx begin, crow_gidx count, crow_type type, void *values) {
  const crow_bench_rows *some = context;
  const double *from = some->row + begin * some->dimensions;
  for (crow_gidx k = 0; k < count * some->dimensions; k++) {
    if (type == CROW_F32)
      ((float *)values)[k] = (float)from[k];
    else
      ((double *)values)[k] = from[k];
  }
}

/* About `most` of the dataset's contexts, the same on every rank. `*each_s` is what a number of them took to be read.
 * Collective. */
static crow_status read_some(const crow_comm *comm, const crow_dataset *dataset, crow_gidx most, crow_bench_rows *out,
                             double *each_s) {
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions, count = m < most ? m : most;
  const crow_gidx stretches = count < m ? SOME_STRETCHES : 1, each = count / stretches;
  *out = (crow_bench_rows){.dimensions = d};
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW(&out->row, stretches * each * d));
  const double start = crow_time_cpu_s();
  for (crow_gidx k = 0; k < stretches; k++) {
    const crow_gidx begin = m / stretches * k;
    CROW_NEED(crow_dataset_read_contexts(dataset, begin, each, CROW_F64, out->row + out->count * d));
    out->count += each;
  }
  *each_s = (crow_time_cpu_s() - start) / ((double)out->count * (double)d);
  return CROW_OK;
}

/* ---- weights -------------------------------------------------------------------------------------------------- */

/* What these weights took since `start`. */
static void take_costs(const crow_weights *weights, const crow_bench_size *size, double start, crow_bench_model *out) {
  const double rows = (double)weights->partition.global, rounds = (double)weights->space.center_rounds;
  const double passes = (rounds + 1) * (double)weights->samples, seconds = crow_time_cpu_s() - start;
  const crow_stages *stages = &weights->run.stages;
  out->alternatives = weights->partition.global;
  out->center_rounds = rounds;
  if (weights->samples == 0) {
    /* Cells: one pass over the alternatives, whose cost grows with their logarithm. */
    const double growth = fmax(1, log((double)size->alternatives) / log(fmax(2, rows)));
    out->draw_s = out->search_s = 0;
    out->prepare_s = seconds / rows * growth;
    return;
  }
  const double draw = crow_bench_stage_cpu_s(stages, "draw");
  const double search = crow_bench_stage_cpu_s(stages, "search") + crow_bench_stage_cpu_s(stages, "count");
  out->draw_s = draw / passes;
  out->search_s = search / passes;
  /* Whatever is not for samples: reading, moving, indexing, the mean. */
  out->prepare_s = fmax(0, seconds - draw - search) / ((rounds + 1) * rows);
}

/* As crow weights does it but for the number of samples. */
static crow_status weigh_some(const crow_comm *alone, const crow_dataset *some, int64_t samples, const char *center,
                              const crow_bench_size *size, const crow_nearest_options *nearest, crow_bench_model *out,
                              crow_weights *weights) {
  crow_weights_options options;
  const int64_t wanted = size->samples > 0 ? size->samples : crow_weights_samples_auto(size->alternatives);
  const int64_t least = crow_bench_samples_least(some->dimensions);
  crow_weights_options_default(&options);
  options.nearest = *nearest;
  if (center) options.space.center = center;
  options.samples = least > samples ? least : samples;
  if (options.samples > wanted) options.samples = wanted;
  crow_weights_free(weights);
  /* Once, as in a run: memory that is used for the first time is a part of it. */
  const double start = crow_time_cpu_s();
  CROW_NEED(crow_weights_compute(alone, some, &options, weights));
  take_costs(weights, size, start, out);
  return CROW_OK;
}

/* `weights` are of these alternatives, or empty. */
static crow_status probe_near(const crow_comm *alone, const crow_dataset *some, const crow_weights *weights,
                              crow_bench_model *out) {
  crow_status status = CROW_OK;
  crow_dataset few = *some;
  crow_weights equal = {0};
  crow_neighbours found = {0};
  if (few.alternatives > NEAR_ALTERNATIVES) few.alternatives = NEAR_ALTERNATIVES;
  if (!weights->value) CROW_TRY(crow_weights_uniform(alone, few.alternatives, &equal));
  const double start = crow_time_cpu_s();
  CROW_TRY(crow_neighbours_find(alone, &few, &weights->space, weights->value ? weights->value : equal.value, &found));
  out->near_pair_s = (crow_time_cpu_s() - start) / ((double)found.looked * (double)few.alternatives);
cleanup:
  crow_neighbours_free(&found);
  crow_weights_free(&equal);
  return status;
}

/* Once more with as many hits of each as all will have, if that can be afforded and matters. The weighted mean is not
 * looked for again: how many rounds that takes depends on the samples. */
static crow_status weigh_typically(const crow_comm *alone, const crow_dataset *some, const crow_bench_size *size,
                                   const crow_nearest_options *nearest, crow_bench_model *out, crow_weights *sampled) {
  crow_bench_model typical = *out;
  const bool centered = out->center_rounds > 0;
  const int64_t n = HITS_EACH * some->alternatives;
  if ((double)n * (out->draw_s + out->search_s) > TYPICAL_S) return CROW_OK;
  if (centered && sampled->samples >= HITS_LEAST * some->alternatives) return CROW_OK;
  CROW_NEED(weigh_some(alone, some, n, centered ? "none" : NULL, size, nearest, &typical, sampled));
  out->draw_s = typical.draw_s;
  out->search_s = typical.search_s;
  if (!centered) out->prepare_s = typical.prepare_s;
  return CROW_OK;
}

/* On this rank alone. `*tree` says who searches. */
static crow_status probe_some(const crow_comm *alone, const crow_dataset *some, const crow_bench_size *size,
                              const crow_nearest_options *nearest, bool *tree, crow_bench_model *out,
                              crow_weights *sampled) {
  out->exponent = 1;
  if (!size->uniform) CROW_NEED(weigh_some(alone, some, SOME_SAMPLES, NULL, size, nearest, out, sampled));
  *tree = sampled->samples > 0 && sampled->run.engine == CROW_NEAREST_TREE;
  if (sampled->samples > 0) CROW_NEED(weigh_typically(alone, some, size, nearest, out, sampled));
  return probe_near(alone, some, sampled, out);
}

/* A tree's search grows by less than the alternatives: four times as many tell by how much, and are nearer to all. */
static crow_status probe_more(const crow_comm *alone, const crow_dataset *more, const crow_bench_size *size,
                              const crow_nearest_options *nearest, crow_bench_model *out) {
  crow_status status = CROW_OK;
  crow_bench_model larger = *out;
  crow_weights weights = {0};
  const double ratio = (double)more->alternatives / (double)out->alternatives;
  CROW_TRY(weigh_some(alone, more, MORE_SAMPLES, "none", size, nearest, &larger, &weights));
  if (weights.run.engine != CROW_NEAREST_TREE || !(out->search_s > 0)) goto cleanup;
  out->exponent = fmin(1, fmax(0, log(larger.search_s / out->search_s) / log(ratio)));
  out->draw_s = larger.draw_s;
  out->search_s = larger.search_s;
  out->alternatives = larger.alternatives;
cleanup:
  crow_weights_free(&weights);
  return status;
}

crow_status crow_bench_probe_weights(const crow_comm *comm, const crow_comm *alone, const crow_bench_size *size,
                                     const crow_nearest_options *nearest, crow_bench_model *out,
                                     crow_weights *sampled) {
  crow_status status = CROW_OK;
  const crow_gidx d = size->dimensions, most = d < TREE_DIMENSIONS ? SOME_ALTERNATIVES_TREE : SOME_ALTERNATIVES;
  crow_bench_rows contexts = {0};
  bool tree = false;
  CROW_TRY(read_some(comm, size->dataset, most, &contexts, &out->context_s));
  crow_dataset some = crow_dataset_generated(contexts.count, d, size->single, crow_bench_rows_make, &contexts);
  CROW_TRY_AGREE(comm, probe_some(alone, &some, size, nearest, &tree, out, sampled));
  if (!tree || size->alternatives < 2 * contexts.count) goto cleanup; /* the same on all ranks */
  crow_free(contexts.row);
  CROW_TRY(read_some(comm, size->dataset, 4 * most, &contexts, &out->context_s));
  some.alternatives = contexts.count;
  CROW_TRY_AGREE(comm, probe_more(alone, &some, size, nearest, out));
cleanup:
  crow_free(contexts.row);
  return status;
}
