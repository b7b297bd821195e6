/* SPDX-License-Identifier: Apache-2.0 */
/* What a fit to a dataset's preferences costs: one to some of them is made. */
#include "bench/bench_impl.h"
#include "rewards/rewards_impl.h"
#include "weights/weights_impl.h"
#include <math.h>

/* Comparisons of the fit; of a trained model; alternatives whose preferences within prompts are tried; entries of a
 * matrix; rewards of a population, and its alternatives at least and at most. */
enum { FIT_MOST = 1 << 20, TRAINED_MOST = 1 << 17, MATRIX_MOST = 1 << 24 };
enum { POPULATION_REWARDS = 1 << 20, POPULATION_LEAST = 1 << 13, POPULATION_MOST = 1 << 18 };
/* Steps of Adam, few and more; batches of draws whose effect on rewards is found. */
enum { STEPS_FEW = 8, STEPS_MORE = 40, BATCHES_TRIED = 8 };
/* Alternatives whose hits by batch are made up. */
enum { HITS_MOST = 1 << 20 };

/* ---- what is tried -------------------------------------------------------------------------------------------- */

/* Alternatives of complete preferences. */
static crow_gidx complete_most(const crow_dataset *dataset) {
  if (dataset->has_matrix) return (crow_gidx)sqrt(MATRIX_MOST);
  const crow_gidx most = POPULATION_REWARDS / (dataset->types > 0 ? dataset->types : 1);
  return most < POPULATION_LEAST ? POPULATION_LEAST : most > POPULATION_MOST ? POPULATION_MOST : most;
}

/* The dataset with no more comparisons than `most`, or with its first alternatives; false if its preferences are too
 * many to be tried. */
static bool shorten(const crow_dataset *dataset, crow_gidx most, crow_dataset *out) {
  *out = *dataset;
  if (dataset->has_comparisons) {
    if (out->comparisons > most) out->comparisons = most;
    return out->comparisons > 0;
  }
  if (!dataset->has_matrix && !dataset->has_population) return false;
  if (dataset->prompts > 1) return dataset->alternatives <= FIT_MOST;
  if (out->alternatives > complete_most(dataset)) out->alternatives = complete_most(dataset);
  return true;
}

/* The alternative, of those that were weighted, that alternative x has its weight and hits from: each in turn. */
static crow_gidx like_of(const crow_weights *sampled, crow_gidx x, crow_gidx m) {
  return (crow_gidx)((__int128)x * sampled->partition.global / m);
}

/* Weights whose distribution and noise are those of `sampled`, for the cost of a fit depends on both. */
static crow_status weights_like(const crow_comm *comm, const crow_dataset *some, const crow_weights *sampled,
                                crow_weights *out) {
  const crow_gidx m = some->alternatives;
  double total = 0;
  CROW_NEED(crow_weights_uniform(comm, m, out));
  if (sampled->partition.global == 0) goto shares;
  const crow_partition *p = &out->partition;
  for (crow_gidx x = 0; x < m; x++) total += sampled->value[like_of(sampled, x, m)];
  for (crow_gidx i = 0; i < p->count; i++) out->value[i] = sampled->value[like_of(sampled, p->begin + i, m)] / total;
  if (sampled->batch_hits && m <= HITS_MOST) {
    CROW_NEED(crow_hit_batches_allocate(comm, out));
    for (int64_t b = 0; b < CROW_HIT_BATCHES; b++) {
      const int64_t *hits = sampled->batch_hits + b * sampled->partition.count;
      for (crow_gidx i = 0; i < p->count; i++)
        out->batch_hits[b * p->count + i] = hits[like_of(sampled, p->begin + i, m)];
    }
  }
  CROW_NEED(crow_weights_summarise(comm, out));
shares:
  return crow_weights_find_shares(comm, some, out);
}

/* ---- trying --------------------------------------------------------------------------------------------------- */

/* Everything that a trial goes by. */
typedef struct trial {
  const crow_comm *comm;
  crow_dataset some;
  crow_weights weights;
  crow_train_options how;
} trial;

/* Of a row of the matrix in the file. */
static int64_t stored_alternatives(const crow_dataset *some) {
  int64_t shape[2];
  crow_file_shape(some->file, "/preference/matrix", shape);
  return shape[1];
}

/* Processor seconds, of the rank that takes most, of looking the preferences through and of reading a matrix. */
static crow_status try_reading(const trial *t, crow_bench_model *out) {
  crow_status status = CROW_OK;
  double *row = NULL;
  double start = crow_time_cpu_s();
  CROW_TRY(crow_preferences_check(t->comm, &t->some, t->how.objective.across_prompts));
  out->check_s = crow_time_cpu_s() - start;
  CROW_TRY(crow_bench_greatest(t->comm, &out->check_s));
  if (crow_preference_source(&t->some) != CROW_SOURCE_MATRIX) goto cleanup;
  const int64_t width = stored_alternatives(&t->some);
  const int64_t own = t->weights.partition.count, most = 1 + FIT_MOST / width, rows = own < most ? own : most;
  CROW_TRY_AGREE(t->comm, CROW_ALLOCATE_RAW(&row, rows * width));
  start = crow_time_cpu_s();
  CROW_TRY(crow_file_read(t->some.file, "/preference/matrix", t->weights.partition.begin, rows, CROW_F64, row));
  out->entry_s = rows ? (crow_time_cpu_s() - start) / ((double)rows * (double)width) : 0;
cleanup:
  crow_free(row);
  return status;
}

/* Seconds of one stage so far, of the rank that takes most. */
static crow_status stage_of(const crow_comm *comm, const crow_rewards *rewards, const char *name, double *seconds) {
  *seconds = crow_bench_stage_cpu_s(&rewards->stages, name);
  return crow_bench_greatest(comm, seconds);
}

/* What sampling does to rewards costs the same for every batch, and something before the first. */
static crow_status try_sampling_error(const trial *t, crow_rewards *rewards, crow_bench_model *out) {
  double none = 0, some = 0;
  if (!t->weights.batch_hits) return CROW_OK;
  CROW_NEED(crow_sampling_error_add(t->comm, &t->some, &t->weights, &t->how, 0, rewards));
  CROW_NEED(stage_of(t->comm, rewards, "sampling error", &none));
  crow_sampling_error_free(&rewards->sampling_error);
  CROW_NEED(crow_sampling_error_add(t->comm, &t->some, &t->weights, &t->how, BATCHES_TRIED, rewards));
  CROW_NEED(stage_of(t->comm, rewards, "sampling error", &some));
  const double batch = fmax(0, some - 2 * none) / BATCHES_TRIED;
  out->sampling_s = none + batch * CROW_HIT_BATCHES;
  return CROW_OK;
}

/* Processor seconds of a fit and its parts, of the rank that takes most. */
static crow_status try_fit(const trial *t, double *fit_s, crow_rewards *rewards) {
  const double start = crow_time_cpu_s();
  CROW_NEED(crow_rewards_fit(t->comm, &t->some, &t->weights, &t->how, rewards));
  *fit_s = crow_time_cpu_s() - start;
  return crow_bench_greatest(t->comm, fit_s);
}

static crow_status try_tabular(const trial *t, crow_bench_model *out) {
  crow_status status = CROW_OK;
  crow_rewards rewards = {0};
  crow_uncertainty_options wanted;
  crow_settings_default(crow_uncertainty_settings, &wanted);
  CROW_TRY(try_fit(t, &out->fit_s, &rewards));
  out->fit_evaluations = rewards.evaluations;
  if (t->some.has_comparisons) {
    const double start = crow_time_cpu_s();
    wanted.errors = true;
    CROW_TRY(crow_uncertainty_sandwich(t->comm, &t->some, &t->weights, &t->how.objective, &wanted, rewards.value,
                                       &rewards.uncertainty));
    out->errors_s = crow_time_cpu_s() - start;
    CROW_TRY(crow_bench_greatest(t->comm, &out->errors_s));
  } else {
    CROW_TRY(stage_of(t->comm, &rewards, "preferences", &out->win_rates_s));
    out->fit_s -= out->win_rates_s;
  }
  CROW_TRY(try_sampling_error(t, &rewards, out));
cleanup:
  crow_rewards_free(&rewards);
  return status;
}

/* A member's steps and what it takes besides, from few steps and from more. */
static crow_status try_training(trial *t, crow_bench_model *out) {
  crow_status status = CROW_OK;
  crow_rewards rewards = {0};
  double few = 0, more = 0;
  const bool steps = crow_train_optimizer(&t->how) == CROW_OPTIMIZER_ADAM;
  t->how.training.ensemble = 1;
  t->how.adam.steps = STEPS_FEW;
  CROW_TRY(try_fit(t, &few, &rewards));
  if (steps) {
    crow_rewards_free(&rewards);
    t->how.adam.steps = STEPS_MORE;
    CROW_TRY(try_fit(t, &more, &rewards));
    out->step_s = fmax(0, more - few) / (STEPS_MORE - STEPS_FEW);
  }
  out->fit_evaluations = rewards.evaluations;
  out->trained_s = fmax(0, few - STEPS_FEW * out->step_s);
cleanup:
  crow_rewards_free(&rewards);
  return status;
}

crow_status crow_bench_probe_dataset_fit(const crow_comm *comm, const crow_bench_size *size,
                                         const crow_weights *sampled, crow_bench_model *out) {
  crow_status status = CROW_OK;
  trial t = {.comm = comm};
  crow_train_options_default(&t.how);
  if (size->fit) t.how = *size->fit;
  t.how.sampling_error = false; /* it is tried by itself */
  const bool trained = t.how.model.model != CROW_MODEL_TABULAR;
  if (!shorten(size->dataset, trained ? TRAINED_MOST : FIT_MOST, &t.some)) return CROW_OK;
  CROW_TRY(weights_like(comm, &t.some, sampled, &t.weights));
  out->fit_comparisons = t.some.comparisons;
  out->fit_alternatives = t.some.alternatives;
  CROW_TRY(try_reading(&t, out));
  CROW_TRY(trained ? try_training(&t, out) : try_tabular(&t, out));
cleanup:
  crow_weights_free(&t.weights);
  return status;
}
