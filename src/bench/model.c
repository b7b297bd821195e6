/* SPDX-License-Identifier: Apache-2.0 */
/* The cost model: a few short measurements, and what follows from them for other sizes. */
#include "bench/bench_impl.h"
#include <math.h>

/* Alternatives that are searched: as many as there are up to these bounds, beyond which a search costs the same for
 * each, or in a tree a power of their number. */
enum { TRIES = 3, ALTERNATIVES_MOST = 131072, CONTEXTS_BYTES = 64 << 20, PAIRED_MOST = 200000 };
/* Alternatives of complete preferences: so few that caches hold their vectors, and at most so many, of about 200 MB,
 * that they do not. */
enum { COMPLETE_NEAR = 100000, COMPLETE_FAR_MOST = 1 << 20 };
#define PROBE_S 0.1 /* a probe's processor time, at least */

static double cpu_s(const crow_stages *stages, const char *name) {
  const int at = crow_bench_stage_find(stages, name);
  return at < 0 ? 0 : stages->cpu_seconds[at];
}

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
    const double n = (double)options.samples, search = cpu_s(stages, "search") + cpu_s(stages, "count");
    if (search < PROBE_S && options.samples < INT64_C(1) << 40) {
      options.samples *= search < PROBE_S / 8 ? 8 : 2;
      continue;
    }
    *draw_s = fmin(*draw_s, cpu_s(stages, "draw") / n);
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
    out->setup_s = fmin(out->setup_s, cpu_s(&rewards.stages, "objective") + cpu_s(&rewards.stages, "finish"));
    out->evaluate_s = fmin(out->evaluate_s, cpu_s(&rewards.stages, "evaluate") / evaluations);
    out->iterate_s = fmin(out->iterate_s, cpu_s(&rewards.stages, "iterate") / evaluations);
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
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&first, q));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&second, q));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&share, q));
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
  crow_free(first);
  crow_free(second);
  crow_free(share);
  return status;
}

/* What a pair and an alternative cost, from few pairs and from many. */
static crow_status probe_pairs(const crow_comm *alone, crow_gidx m, crow_bench_model *out) {
  crow_status status = CROW_OK;
  fit_costs sparse, dense;
  CROW_TRY(probe_fit(alone, m, 5, &sparse));
  CROW_TRY(probe_fit(alone, m, 25, &dense));
  out->pair_s = fmax(0, (dense.evaluate_s - sparse.evaluate_s) / (20 * (double)m));
  out->whole_s = fmax(0, sparse.evaluate_s / (double)m - 5 * out->pair_s);
  out->vector_s = fmin(sparse.iterate_s, dense.iterate_s) / (double)m;
  out->setup_s = dense.setup_s / (25 * (double)m);
cleanup:
  return status;
}

/* Among few alternatives, and among as many as a rank has if these are more. */
static crow_status probe_complete(const crow_comm *alone, const crow_bench_size *size, crow_bench_model *out) {
  crow_status status = CROW_OK;
  const crow_gidx mine = size->alternatives / (size->ranks > 0 ? size->ranks : 1);
  fit_costs near, far;
  CROW_TRY(probe_fit(alone, COMPLETE_NEAR, 0, &near));
  out->complete_s = (near.evaluate_s + near.iterate_s) / COMPLETE_NEAR;
  out->setup_s = near.setup_s / COMPLETE_NEAR;
  if (mine >= 2 * COMPLETE_NEAR) {
    out->complete_far = mine < COMPLETE_FAR_MOST ? mine : COMPLETE_FAR_MOST;
    CROW_TRY(probe_fit(alone, out->complete_far, 0, &far));
    out->complete_far_s = (far.evaluate_s + far.iterate_s) / (double)out->complete_far;
  }
cleanup:
  return status;
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
  crow_status status = CROW_OK;
  bool tree = false, tree_of_fewer = false;
  double fewer_draw = 0, fewer = 0;
  const crow_gidx m = out->alternatives;
  if (!has_contexts(size)) {
    CROW_TRY(probe_search(alone, m, out->dimensions, nearest, &out->draw_s, &out->search_s, &tree));
    CROW_TRY(probe_search(alone, (m + 3) / 4, out->dimensions, nearest, &fewer_draw, &fewer, &tree_of_fewer));
    out->exponent = tree && tree_of_fewer && m > 4 && fewer > 0
                        ? fmin(1, fmax(0, log(out->search_s / fewer) / log((double)m / (double)((m + 3) / 4))))
                        : 1;
  }
  if (size->pairs > 0) {
    CROW_TRY(probe_pairs(alone, paired_alternatives(size), out));
  } else {
    CROW_TRY(probe_complete(alone, size, out));
  }
cleanup:
  return status;
}

/* What the tried fit took over what the costs say of it. */
static void find_factor(const crow_bench_size *size, crow_bench_model *model) {
  crow_bench_size tried = *size;
  crow_bench_prediction p;
  model->fit_factor = 1;
  if (!(model->fit_s > 0)) return;
  tried.ranks = model->ranks;
  tried.slices = 1;
  tried.pairs = size->pairs > 0 ? model->fit_comparisons : 0;
  tried.evaluations = model->fit_evaluations;
  crow_bench_predict(model, &tried, &p);
  model->fit_factor = model->fit_s / (p.fit_s - p.errors_s);
}

crow_status crow_bench_model_measure(const crow_comm *comm, const crow_bench_size *size,
                                     const crow_nearest_options *nearest, crow_bench_model *out) {
  crow_status status = CROW_OK;
  crow_comm *alone = NULL;
#ifdef CROW_SMPI
  CROW_TRY(crow_error(CROW_USAGE, "bench model: costs cannot be measured in a simulation"));
#endif
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
  if (size->dataset && size->dataset->prompts > 1)
    CROW_TRY(crow_bench_probe_prompts(comm, alone, size, nearest, &out->prompts_s));
  if (has_contexts(size)) CROW_TRY(crow_bench_probe_weights(comm, alone, size, nearest, out));
  if (size->dataset) CROW_TRY(crow_bench_probe_dataset_fit(comm, size, out));
  double costs[11] = {out->draw_s,         out->search_s, out->exponent, out->pair_s,    out->whole_s,  out->complete_s,
                      out->complete_far_s, out->vector_s, out->setup_s,  out->prompts_s, out->prepare_s};
  CROW_TRY(crow_comm_max_f64(comm, costs, 11));
  out->draw_s = costs[0];
  out->search_s = costs[1];
  out->exponent = costs[2];
  out->pair_s = costs[3];
  out->whole_s = costs[4];
  out->complete_s = costs[5];
  out->complete_far_s = costs[6];
  out->vector_s = costs[7];
  out->setup_s = costs[8];
  out->prompts_s = costs[9];
  out->prepare_s = costs[10];
  find_factor(size, out);
cleanup:
  crow_comm_destroy(&alone);
  return status;
}

/* `calls` reductions or gatherings of `bytes` in all; 0 where they were not measured, on one rank. */
static double transfer_s(const crow_bench_model *model, int ranks, double calls, double bytes) {
  if (ranks == 1 || isnan(model->machine.allreduce_latency_s)) return 0;
  const double steps = ceil(log2(ranks)), measured = model->ranks > 1 ? ceil(log2(model->ranks)) : 1;
  return calls * model->machine.allreduce_latency_s * steps / measured + bytes / model->machine.allreduce_bytes_s;
}

/* Seconds for one of a rank's alternatives with complete preferences: the two measured costs, and between their numbers
 * of alternatives a straight line in the logarithm. */
static double complete_s(const crow_bench_model *model, double alternatives) {
  const double near = COMPLETE_NEAR, far = (double)model->complete_far;
  if (far <= near || alternatives <= near) return model->complete_s;
  const double at = fmin(1, log(alternatives / near) / log(far / near));
  return model->complete_s + at * (model->complete_far_s - model->complete_s);
}

/* What weights and fit with their default options are held against before they begin. */
static void predict_bytes(const crow_bench_size *size, crow_bench_prediction *out) {
  const crow_dataset like = {.alternatives = size->alternatives,
                             .dimensions = size->dimensions,
                             .single = size->single,
                             .comparisons = size->pairs,
                             .has_comparisons = size->pairs > 0,
                             .has_population = size->pairs == 0,
                             .types = 1};
  const crow_dataset *dataset = size->dataset ? size->dataset : &like;
  crow_weights_options weights;
  crow_train_options fit;
  crow_weights_options_default(&weights);
  crow_train_options_default(&fit);
  if (!size->dataset) weights.nearest.engine = CROW_NEAREST_GEMM; /* what was measured takes samples */
  out->weights_bytes = crow_weights_need_bytes(dataset, &weights, size->ranks, size->slices > 0 ? size->slices : 1);
  out->fit_bytes = crow_rewards_rank_bytes(dataset, &fit, size->ranks);
}

/* Every pass prepares the alternatives, and takes its samples. */
static double predict_weights(const crow_bench_model *model, const crow_bench_size *size) {
  const double m = (double)size->alternatives, d = (double)size->dimensions;
  const double ranks = size->ranks, slices = size->slices > 0 ? size->slices : 1, groups = ranks / slices;
  const double samples =
      size->samples > 0 ? (double)size->samples : (double)crow_weights_samples_auto(size->alternatives);
  /* Ranks have about equal shares of the prompts, and their results travel twice. */
  if (model->prompts_s > 0) return model->prompts_s / ranks + transfer_s(model, size->ranks, 10, 64 * m);
  const double search = model->search_s * pow(m / slices / (double)model->alternatives, model->exponent);
  const double rounds = model->center_rounds, taken = samples + rounds * fmin(samples, 100000);
  double seconds = taken / groups * (model->draw_s * d / (double)model->dimensions + search);
  seconds += (rounds + 1) * (m / slices * model->prepare_s + transfer_s(model, size->ranks, 10, 16 * m / slices));
  /* With slices, distances and counts of every sample cross the group. */
  if (slices > 1) seconds += transfer_s(model, (int)slices, taken / groups / 1024, 16 * taken / groups);
  return seconds;
}

static double predict_evaluation(const crow_bench_model *model, const crow_bench_size *size) {
  const double m = (double)size->alternatives, q = (double)size->pairs, ranks = size->ranks;
  if (size->pairs == 0) return m / ranks * complete_s(model, m / ranks) + transfer_s(model, size->ranks, 4, 16384);
  const double concerned = m * crow_pairs_reach(size->alternatives, size->pairs, size->ranks);
  return q / ranks * model->pair_s + concerned * model->whole_s + m / ranks * model->vector_s +
         transfer_s(model, size->ranks, 5, 16 * concerned);
}

/* Standard errors of up to CROW_SANDWICH_EXACT alternatives are a matrix's inverse, on every rank. */
static double predict_errors(const crow_bench_model *model, const crow_bench_size *size) {
  const double grow = model->fit_comparisons > 0 ? (double)size->pairs / (double)model->fit_comparisons : 1;
  if (size->alternatives <= CROW_SANDWICH_EXACT) return model->errors_s * fmax(1, grow * model->ranks / size->ranks);
  return model->errors_s * grow * model->ranks / size->ranks;
}

void crow_bench_predict(const crow_bench_model *model, const crow_bench_size *size, crow_bench_prediction *out) {
  const double m = (double)size->alternatives, q = (double)size->pairs, ranks = size->ranks;
  const double factor = model->fit_factor > 0 ? model->fit_factor : 1;
  *out = (crow_bench_prediction){.evaluations = size->evaluations};
  if (out->evaluations == 0) out->evaluations = model->fit_evaluations > 0 ? model->fit_evaluations : 20;
  out->weights_s = predict_weights(model, size);
  predict_bytes(size, out);
  if (model->trained_s > 0 || model->step_s > 0) {
    const double members = size->fit ? (double)size->fit->training.ensemble : 1;
    const double steps = size->fit ? (double)size->fit->adam.steps : 0;
    const double grow = model->fit_comparisons > 0 ? q / (double)model->fit_comparisons : 1;
    out->fit_s = members * (grow * model->trained_s + steps * model->step_s) * model->ranks / ranks;
    return;
  }
  out->evaluation_s = factor * predict_evaluation(model, size);
  out->setup_s = factor * (q > 0 ? q : m) / ranks * model->setup_s;
  out->read_s = factor * q / ranks * size->read_s;
  out->errors_s = predict_errors(model, size);
  out->fit_s = out->read_s + out->setup_s + (double)out->evaluations * out->evaluation_s + out->errors_s;
}

int crow_bench_slices(const crow_bench_size *size, double bytes) {
  for (int slices = 1; slices <= size->ranks; slices++) {
    if (size->ranks % slices == 0 &&
        (double)crow_weights_rank_bytes(size->alternatives, size->dimensions, size->single, true, slices) <= bytes) {
      return slices;
    }
  }
  return 0;
}
