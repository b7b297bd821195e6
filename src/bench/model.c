/* SPDX-License-Identifier: Apache-2.0 */
/* The cost model's measurements. */
#include "bench/bench_impl.h"
#include "comm/simulated_impl.h"
#include <math.h>

/* Alternatives that are searched: as many as there are up to these bounds, beyond which a search costs the same for
 * each, or in a tree a power of their number. */
enum { TRIES = 3, ALTERNATIVES_MOST = 131072, CONTEXTS_BYTES = 64 << 20, PAIRED_MOST = 200000 };
/* Alternatives of complete preferences at most: so many, of about 200 MB, that caches do not hold their vectors, where
 * they hold those of CROW_BENCH_COMPLETE_NEAR. */
enum { COMPLETE_FAR_MOST = 1 << 20 };
#define PROBE_S 0.1 /* a probe's processor time, at least */

/* Processor seconds of drawing and of searching a sample among m alternatives: the least of some tries. */
static crow_status probe_search(const crow_comm *alone, crow_gidx m, crow_gidx d, const crow_nearest_options *nearest,
                                double *draw_s, double *search_s, bool *tree) {
  crow_status status = CROW_OK;
  crow_bench_lattice *lattice = NULL;
  crow_weights weights = {0};
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.space.space = "cube"; /* one pass of the samples, whatever the dimensions */
  options.nearest = *nearest;
  /* As many blocks of signs as the run will have. */
  options.samples = d < 9 ? 512 : crow_bench_samples_least(d);
  *draw_s = *search_s = (double)INFINITY;
  CROW_TRY(crow_bench_lattice_create(CROW_BENCH_RANDOM, m, d, 1, &lattice));
  const crow_dataset dataset = crow_bench_lattice_dataset(lattice);
  for (int done = 0; done < TRIES;) {
    crow_weights_free(&weights);
    CROW_TRY(crow_weights_compute(alone, &dataset, &options, &weights));
    if (weights.samples == 0) { /* cells, not samples */
      *draw_s = *search_s = 0;
      break;
    }
    *tree = weights.run.engine == CROW_NEAREST_TREE;
    const crow_stages *stages = &weights.run.stages;
    const double n = (double)options.samples,
                 search = crow_bench_stage_cpu_s(stages, "search") + crow_bench_stage_cpu_s(stages, "count");
    if (search < PROBE_S && options.samples < INT64_C(1) << 40) {
      options.samples *= search < PROBE_S / 8 ? 8 : 2;
      continue;
    }
    *draw_s = fmin(*draw_s, crow_bench_stage_cpu_s(stages, "draw") / n);
    *search_s = fmin(*search_s, search / n);
    done++;
  }
cleanup:
  crow_weights_free(&weights);
  crow_bench_lattice_destroy(&lattice);
  return status;
}

/* Processor seconds of one fit's parts. */
typedef struct fit_costs {
  double setup_s;               /* the objective before, what is predicted behind */
  double evaluate_s, iterate_s; /* of an evaluation */
} fit_costs;

/* The least of some tries. `degree` 0: complete. */
static crow_status probe_fit(const crow_comm *alone, crow_gidx m, int64_t degree, fit_costs *out) {
  crow_status status = CROW_OK;
  const int graph = degree ? CROW_BENCH_PAIRS : CROW_BENCH_COMPLETE;
  crow_bench_preferences preferences = {0};
  crow_weights weights = {0};
  crow_pairs pairs = {0};
  crow_rewards rewards = {0};
  crow_train_options options;
  double *win_rate = NULL;
  crow_train_options_default(&options);
  *out = (fit_costs){(double)INFINITY, (double)INFINITY, (double)INFINITY};
  CROW_TRY(crow_bench_preferences_create(graph, m, degree * m, options.objective.lambda, 1, &preferences));
  CROW_TRY(crow_weights_uniform(alone, m, &weights));
  if (degree) {
    CROW_TRY(crow_bench_preferences_pairs(alone, &preferences, &pairs));
  } else {
    CROW_TRY(CROW_ALLOCATE(&win_rate, m));
    for (crow_gidx i = 0; i < m; i++) win_rate[i] = preferences.win_rate[i % 64];
  }
  for (int k = 0; k < TRIES; k++) {
    crow_rewards_free(&rewards);
    if (degree)
      CROW_TRY(crow_rewards_fit_pairs(alone, &weights, &pairs, &options, &rewards));
    else
      CROW_TRY(crow_rewards_fit_complete(alone, &weights, win_rate, &options, &rewards));
    const double evaluations = (double)(rewards.evaluations > 0 ? rewards.evaluations : 1);
    out->setup_s = fmin(out->setup_s, crow_bench_stage_cpu_s(&rewards.stages, "objective") +
                                          crow_bench_stage_cpu_s(&rewards.stages, "finish"));
    out->evaluate_s = fmin(out->evaluate_s, crow_bench_stage_cpu_s(&rewards.stages, "evaluate") / evaluations);
    out->iterate_s = fmin(out->iterate_s, crow_bench_stage_cpu_s(&rewards.stages, "iterate") / evaluations);
  }
cleanup:
  crow_rewards_free(&rewards);
  crow_pairs_free(&pairs);
  crow_weights_free(&weights);
  crow_free(win_rate);
  crow_bench_preferences_free(&preferences);
  return status;
}

/* What the gathering of a pair costs a rank when each has `q` in any order: the least of some tries, in processor time;
 * on several ranks they change places. */
static crow_status probe_gathering(const crow_comm *comm, crow_gidx m, int64_t q, double *seconds) {
  crow_status status = CROW_OK;
  const uint64_t begin = (uint64_t)crow_comm_rank(comm) * (uint64_t)q;
  crow_pairs pairs = {0};
  int32_t *first = NULL, *second = NULL;
  double *share = NULL;
  *seconds = (double)INFINITY;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(q, &first, &second, &share));
  for (int64_t k = 0; k < q; k++) {
    uint32_t words[2];
    crow_random_words(1, CROW_STREAM_BENCH, begin + (uint64_t)k, words, 2);
    first[k] = (int32_t)(words[0] % (uint32_t)m);
    second[k] = (int32_t)((first[k] + 1 + (int64_t)(words[1] % (uint32_t)(m - 1))) % m);
    share[k] = 0.5;
  }
  for (int k = 0; k < TRIES; k++) {
    crow_pairs_free(&pairs);
    const double start = crow_time_cpu_s();
    CROW_TRY(crow_pairs_create(comm, m, q, first, second, share, NULL, &pairs));
    *seconds = fmin(*seconds, (crow_time_cpu_s() - start) / (double)q);
  }
cleanup:
  crow_pairs_free(&pairs);
  CROW_FREE(first, second, share);
  return status;
}

/* What a pair and an alternative cost, from few pairs and from many. */
static crow_status probe_pairs(const crow_comm *alone, crow_gidx m, crow_bench_model *out) {
  fit_costs sparse, dense;
  CROW_NEED(probe_fit(alone, m, 5, &sparse));
  CROW_NEED(probe_fit(alone, m, 25, &dense));
  out->pair_s = fmax(0, (dense.evaluate_s - sparse.evaluate_s) / (20 * (double)m));
  out->whole_s = fmax(0, sparse.evaluate_s / (double)m - 5 * out->pair_s);
  out->vector_s = fmin(sparse.iterate_s, dense.iterate_s) / (double)m;
  out->setup_s = dense.setup_s / (25 * (double)m);
  return CROW_OK;
}

/* Among few alternatives, and among as many as a rank has if these are more. */
static crow_status probe_complete(const crow_comm *alone, const crow_bench_size *size, crow_bench_model *out) {
  const crow_gidx mine = size->alternatives / (size->ranks > 0 ? size->ranks : 1);
  fit_costs near, far;
  CROW_NEED(probe_fit(alone, CROW_BENCH_COMPLETE_NEAR, 0, &near));
  out->complete_s = (near.evaluate_s + near.iterate_s) / CROW_BENCH_COMPLETE_NEAR;
  out->setup_s = near.setup_s / CROW_BENCH_COMPLETE_NEAR;
  if (mine >= 2 * CROW_BENCH_COMPLETE_NEAR) {
    out->complete_far = mine < COMPLETE_FAR_MOST ? mine : COMPLETE_FAR_MOST;
    CROW_NEED(probe_fit(alone, out->complete_far, 0, &far));
    out->complete_far_s = (far.evaluate_s + far.iterate_s) / (double)out->complete_far;
  }
  return CROW_OK;
}

/* Whether the weights of a dataset's own contexts can be tried. */
static bool has_contexts(const crow_bench_size *size) {
  return size->dataset && size->dataset->dimensions > 0 && size->dataset->prompts < 2;
}

static crow_gidx paired_alternatives(const crow_bench_size *size) {
  const crow_gidx m = size->alternatives;
  return m < 1000 ? 1000 : m < PAIRED_MOST ? m : PAIRED_MOST;
}

/* On this rank alone, while the others do the same. */
static crow_status probe(const crow_comm *alone, const crow_bench_size *size, const crow_nearest_options *nearest,
                         crow_bench_model *out) {
  bool tree = false, tree_of_fewer = false;
  double fewer_draw = 0, fewer = 0;
  const crow_gidx m = out->alternatives;
  if (!has_contexts(size)) {
    CROW_NEED(probe_search(alone, m, out->dimensions, nearest, &out->draw_s, &out->search_s, &tree));
    CROW_NEED(probe_search(alone, (m + 3) / 4, out->dimensions, nearest, &fewer_draw, &fewer, &tree_of_fewer));
    out->exponent = tree && tree_of_fewer && m > 4 && fewer > 0
                        ? fmin(1, fmax(0, log(out->search_s / fewer) / log((double)m / (double)((m + 3) / 4))))
                        : 1;
  }
  if (size->pairs > 0) {
    CROW_NEED(probe_pairs(alone, paired_alternatives(size), out));
  } else {
    CROW_NEED(probe_complete(alone, size, out));
  }
  return CROW_OK;
}

/* What the tried fit took over what the costs say of it. */
static void find_factor(const crow_bench_size *size, crow_bench_model *model) {
  crow_bench_size tried = *size;
  crow_bench_prediction p;
  model->fit_factor = 1;
  if (!(model->fit_s > 0)) return;
  tried.ranks = model->ranks;
  tried.slices = 1;
  tried.alternatives = model->fit_alternatives;
  tried.pairs = size->pairs > 0 ? model->fit_comparisons : 0;
  tried.evaluations = model->fit_evaluations;
  crow_bench_predict(model, &tried, &p);
  model->fit_factor = model->fit_s / (p.fit_s - p.errors_s - p.win_rates_s - p.sampling_s);
}

crow_status crow_bench_model_measure(const crow_comm *comm, const crow_bench_size *size,
                                     const crow_nearest_options *nearest, crow_bench_model *out) {
  crow_status status = CROW_OK;
  crow_comm *alone = NULL;
  crow_weights sampled = {0};
  if (CROW_SIMULATED) return crow_error(CROW_USAGE, "bench model: costs cannot be measured in a simulation");
  *out = (crow_bench_model){.ranks = crow_comm_size(comm), .dimensions = size->dimensions};
  const crow_gidx fit = CONTEXTS_BYTES / 4 / size->dimensions < ALTERNATIVES_MOST
                            ? CONTEXTS_BYTES / 4 / size->dimensions
                            : ALTERNATIVES_MOST;
  out->alternatives = fit < 1024 ? 1024 : fit;
  if (size->alternatives < out->alternatives) out->alternatives = size->alternatives;
  CROW_TRY(crow_bench_machine_measure(comm, 0.5, &out->machine));
  CROW_TRY(crow_comm_split(comm, crow_comm_rank(comm), 0, &alone));
  CROW_TRY(crow_comm_barrier(comm));
  CROW_TRY_AGREE(comm, probe(alone, size, nearest, out));
  if (size->pairs > 0) {
    const crow_gidx m = paired_alternatives(size);
    double gathering = 0;
    CROW_TRY(probe_gathering(comm, m, 10 * m, &gathering));
    out->setup_s += gathering;
  }
  if (size->dataset && size->dataset->prompts > 1 && !size->uniform)
    CROW_TRY(crow_bench_probe_prompts(comm, alone, size, nearest, &out->prompts_s, &sampled));
  if (has_contexts(size)) CROW_TRY(crow_bench_probe_weights(comm, alone, size, nearest, out, &sampled));
  if (size->dataset) CROW_TRY(crow_bench_probe_dataset_fit(comm, size, &sampled, out));
  double *const costs[] = {&out->draw_s,     &out->search_s,       &out->exponent, &out->pair_s,     &out->whole_s,
                           &out->complete_s, &out->complete_far_s, &out->vector_s, &out->setup_s,    &out->prompts_s,
                           &out->prepare_s,  &out->context_s,      &out->entry_s,  &out->near_pair_s};
  for (size_t k = 0; k < sizeof costs / sizeof *costs; k++) CROW_TRY(crow_bench_greatest(comm, costs[k]));
  find_factor(size, out);
cleanup:
  crow_weights_free(&sampled);
  crow_comm_destroy(&alone);
  return status;
}
