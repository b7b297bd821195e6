/* SPDX-License-Identifier: Apache-2.0 */
/* What a dataset itself costs: weights of some of its alternatives, which say how often a weighted mean is looked for,
 * and a fit to some of its comparisons. */
#include "bench/bench_impl.h"
#include <math.h>

/* Alternatives that are weighted, read in so many stretches of neighbours; samples of their weights: as many as leave a
 * change of 1e-4 about as rare as 100000 do. */
enum { SOME_ALTERNATIVES = 4096, SOME_ALTERNATIVES_TREE = 65536, SOME_STRETCHES = 64, SOME_SAMPLES = 20000 };
/* Comparisons of the fit; of a trained model; entries of a matrix; alternatives of a population. */
enum { FIT_MOST = 1 << 20, TRAINED_MOST = 1 << 17, MATRIX_MOST = 1 << 25, POPULATION_MOST = 1 << 20 };
/* Steps of Adam, few and more. */
enum { STEPS_FEW = 8, STEPS_MORE = 40 };

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

/* About `most` of the dataset's contexts, the same on every rank. Collective. */
static crow_status read_some(const crow_comm *comm, const crow_dataset *dataset, crow_gidx most, crow_bench_rows *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions, count = m < most ? m : most;
  const crow_gidx stretches = count < m ? SOME_STRETCHES : 1, each = count / stretches;
  *out = (crow_bench_rows){.dimensions = d};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->row, stretches * each * d));
  for (crow_gidx k = 0; k < stretches; k++) {
    const crow_gidx begin = m / stretches * k;
    CROW_TRY(crow_dataset_read_contexts(dataset, begin, each, CROW_F64, out->row + out->count * d));
    out->count += each;
  }
cleanup:
  return status;
}

/* ---- weights -------------------------------------------------------------------------------------------------- */

static double cpu_of(const crow_stages *stages, const char *name) {
  const int at = crow_bench_stage_find(stages, name);
  return at < 0 ? 0 : stages->cpu_seconds[at];
}

static crow_status weigh_some(const crow_comm *alone, const crow_dataset *some, crow_gidx m,
                              const crow_bench_size *size, const crow_nearest_options *nearest, bool *tree,
                              crow_bench_model *out) {
  crow_status status = CROW_OK;
  crow_weights weights = {0};
  crow_weights_options options;
  const int64_t wanted = size->samples > 0 ? size->samples : crow_weights_samples_auto(size->alternatives);
  const int64_t least = crow_bench_samples_least(some->dimensions);
  crow_weights_options_default(&options);
  options.nearest = *nearest;
  options.samples = least > SOME_SAMPLES ? least : SOME_SAMPLES;
  if (options.samples > wanted) options.samples = wanted;
  const double start = crow_time_cpu_s();
  CROW_TRY(crow_weights_compute(alone, some, &options, &weights));
  const double rows = (double)some->alternatives, rounds = (double)weights.space.center_rounds;
  const crow_stages *stages = &weights.run.stages;
  const double passes = (rounds + 1) * (double)weights.samples;
  out->alternatives = some->alternatives;
  out->center_rounds = rounds;
  *tree = weights.run.engine == CROW_NEAREST_TREE;
  if (weights.samples == 0) {
    /* Cells: one pass over the alternatives, whose cost grows with their logarithm. */
    out->draw_s = out->search_s = 0;
    out->prepare_s = (crow_time_cpu_s() - start) / rows * fmax(1, log((double)m) / log(fmax(2, rows)));
    goto cleanup;
  }
  out->draw_s = cpu_of(stages, "draw") / passes;
  out->search_s = (cpu_of(stages, "search") + cpu_of(stages, "count")) / passes;
  /* Whatever is not for samples: reading, moving, indexing, the mean. */
  out->prepare_s = fmax(0, crow_time_cpu_s() - start - passes * (out->draw_s + out->search_s)) / ((rounds + 1) * rows);
cleanup:
  crow_weights_free(&weights);
  return status;
}

crow_status crow_bench_probe_weights(const crow_comm *comm, const crow_comm *alone, const crow_bench_size *size,
                                     const crow_nearest_options *nearest, crow_bench_model *out) {
  crow_status status = CROW_OK;
  const crow_gidx d = size->dimensions;
  crow_bench_rows contexts = {0};
  crow_bench_model fewer = *out;
  bool tree = false, tree_of_fewer = false;
  CROW_TRY(read_some(comm, size->dataset, d < 16 ? SOME_ALTERNATIVES_TREE : SOME_ALTERNATIVES, &contexts));
  crow_dataset some = crow_dataset_generated(contexts.count, d, size->single, crow_bench_rows_make, &contexts);
  CROW_TRY_AGREE(comm, weigh_some(alone, &some, size->alternatives, size, nearest, &tree, out));
  out->exponent = 1;
  if (tree && contexts.count > 16) {
    some.alternatives = (contexts.count + 3) / 4;
    CROW_TRY_AGREE(comm, weigh_some(alone, &some, size->alternatives, size, nearest, &tree_of_fewer, &fewer));
    const double ratio = (double)contexts.count / (double)some.alternatives;
    if (tree_of_fewer && fewer.search_s > 0)
      out->exponent = fmin(1, fmax(0, log(out->search_s / fewer.search_s) / log(ratio)));
  }
cleanup:
  crow_free(contexts.row);
  return status;
}

/* ---- fits ----------------------------------------------------------------------------------------------------- */

/* The dataset with no more comparisons than `most`; false if its preferences are too many to be tried. */
static bool shorten(const crow_dataset *dataset, crow_gidx most, crow_dataset *out) {
  const double m = (double)dataset->alternatives;
  *out = *dataset;
  if (dataset->has_comparisons) {
    if (out->comparisons > most) out->comparisons = most;
    return out->comparisons > 0;
  }
  if (dataset->prompts > 1) return m <= FIT_MOST;
  return dataset->has_matrix ? m * m <= MATRIX_MOST : dataset->has_population && m <= POPULATION_MOST;
}

/* Processor seconds of a fit, of the rank that takes most; and of its default standard errors. */
static crow_status fit_some(const crow_comm *comm, const crow_dataset *some, const crow_weights *weights,
                            const crow_train_options *how, double *fit_s, double *errors_s, int64_t *evaluations) {
  crow_status status = CROW_OK;
  crow_rewards rewards = {0};
  crow_uncertainty_options wanted;
  double start = crow_time_cpu_s();
  *errors_s = 0;
  crow_settings_default(crow_uncertainty_settings, &wanted);
  wanted.errors = true;
  CROW_TRY(crow_rewards_fit(comm, some, weights, how, &rewards));
  *fit_s = crow_time_cpu_s() - start;
  *evaluations = rewards.evaluations;
  if (how->model.model == CROW_MODEL_TABULAR && some->has_comparisons) {
    start = crow_time_cpu_s();
    CROW_TRY(
        crow_uncertainty_sandwich(comm, some, weights, &how->objective, &wanted, rewards.value, &rewards.uncertainty));
    *errors_s = crow_time_cpu_s() - start;
  }
  CROW_TRY(crow_bench_greatest(comm, fit_s));
  CROW_TRY(crow_bench_greatest(comm, errors_s));
cleanup:
  crow_rewards_free(&rewards);
  return status;
}

/* A member's steps and what it takes besides, from few steps and from more. */
static crow_status train_some(const crow_comm *comm, const crow_dataset *some, const crow_weights *weights,
                              const crow_train_options *how, crow_bench_model *out) {
  crow_status status = CROW_OK;
  crow_train_options trial = *how;
  double few = 0, more = 0, errors = 0;
  trial.training.ensemble = 1;
  trial.adam.steps = STEPS_FEW;
  CROW_TRY(fit_some(comm, some, weights, &trial, &few, &errors, &out->fit_evaluations));
  if (crow_train_optimizer(how) == CROW_OPTIMIZER_ADAM) {
    trial.adam.steps = STEPS_MORE;
    CROW_TRY(fit_some(comm, some, weights, &trial, &more, &errors, &out->fit_evaluations));
    out->step_s = fmax(0, more - few) / (STEPS_MORE - STEPS_FEW);
  }
  out->trained_s = fmax(0, few - STEPS_FEW * out->step_s);
cleanup:
  return status;
}

crow_status crow_bench_probe_dataset_fit(const crow_comm *comm, const crow_bench_size *size, crow_bench_model *out) {
  crow_status status = CROW_OK;
  crow_dataset some;
  crow_weights weights = {0};
  crow_weights_options uniform;
  crow_train_options how;
  crow_train_options_default(&how);
  if (size->fit) how = *size->fit;
  const bool trained = how.model.model != CROW_MODEL_TABULAR;
  if (!shorten(size->dataset, trained ? TRAINED_MOST : FIT_MOST, &some)) return CROW_OK;
  crow_weights_options_default(&uniform);
  uniform.scheme = CROW_SCHEME_UNIFORM;
  CROW_TRY(crow_weights_compute(comm, &some, &uniform, &weights));
  CROW_TRY(crow_weights_find_shares(comm, &some, &weights));
  out->fit_comparisons = some.comparisons;
  if (trained)
    CROW_TRY(train_some(comm, &some, &weights, &how, out));
  else
    CROW_TRY(fit_some(comm, &some, &weights, &how, &out->fit_s, &out->errors_s, &out->fit_evaluations));
cleanup:
  crow_weights_free(&weights);
  return status;
}
