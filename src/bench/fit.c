/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark of fits: generate preferences with a known optimum, measure, verify. */
#include "bench/bench_impl.h"
#include <math.h>
#include <string.h>

/* What is fitted, on one communicator. */
typedef struct fit_problem {
  const crow_bench_preferences *preferences;
  crow_weights weights;
  crow_pairs pairs;
  double *win_rate;
} fit_problem;

typedef struct fit_series {
  int64_t count;
  double time[CROW_BENCH_REPETITIONS_MOST], total[CROW_BENCH_REPETITIONS_MOST], comm[CROW_BENCH_REPETITIONS_MOST];
  double cpu[CROW_BENCH_REPETITIONS_MOST];      /* processor seconds of evaluating and iterating, a rank's mean */
  double evaluate[CROW_BENCH_REPETITIONS_MOST]; /* seconds of one evaluation: the slowest rank */
  double alone[CROW_BENCH_REPETITIONS_MOST];
} fit_series;

static void problem_free(fit_problem *problem) {
  crow_weights_free(&problem->weights);
  crow_pairs_free(&problem->pairs);
  crow_free(problem->win_rate);
  problem->win_rate = NULL;
}

static crow_status problem_make(const crow_comm *comm, const crow_bench_preferences *preferences, fit_problem *out) {
  out->preferences = preferences;
  CROW_NEED(crow_weights_uniform(comm, preferences->alternatives, &out->weights));
  if (preferences->graph == CROW_BENCH_PAIRS) {
    CROW_NEED(crow_bench_preferences_pairs(comm, preferences, &out->pairs));
  } else {
    CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW(&out->win_rate, out->weights.partition.count));
    for (crow_gidx i = 0; i < out->weights.partition.count; i++) {
      out->win_rate[i] = preferences->win_rate[(out->weights.partition.begin + i) % 64];
    }
  }
  return CROW_OK;
}

static crow_status bench_fit_once(const crow_comm *comm, const crow_bench_options *options, const fit_problem *problem,
                                  double *total_s, double *comm_s, crow_rewards *out) {
  crow_train_options settings;
  crow_train_options_default(&settings);
  settings.objective.lambda = options->lambda;
  settings.lbfgs.tolerance = options->tolerance;
  CROW_NEED(crow_comm_barrier(comm));
  const double start = crow_time_s(), comm_start = crow_comm_seconds();
  if (problem->preferences->graph == CROW_BENCH_PAIRS)
    CROW_NEED(crow_rewards_fit_pairs(comm, &problem->weights, &problem->pairs, &settings, out));
  else
    CROW_NEED(crow_rewards_fit_complete(comm, &problem->weights, problem->win_rate, &settings, out));
  *total_s = crow_time_s() - start;
  *comm_s = (crow_comm_seconds() - comm_start) / crow_comm_size(comm);
  CROW_NEED(crow_bench_greatest(comm, total_s));
  return crow_comm_sum_f64_unordered(comm, comm_s, 1);
}

/* Seconds of evaluations and of the optimiser, on the slowest rank. */
static crow_status solving_s(const crow_comm *comm, const crow_rewards *rewards, double *seconds) {
  *seconds = crow_bench_stage_s(&rewards->stages, "evaluate") + crow_bench_stage_s(&rewards->stages, "iterate");
  return crow_bench_greatest(comm, seconds);
}

/* Their processor seconds for an evaluation, the ranks' mean. */
static crow_status solving_cpu_s(const crow_comm *comm, const crow_rewards *rewards, double *seconds) {
  static const char *const names[] = {"evaluate", "iterate"};
  *seconds = 0;
  for (int k = 0; k < 2; k++) {
    const int at = crow_bench_stage_find(&rewards->stages, names[k]);
    if (at >= 0) *seconds += rewards->stages.cpu_seconds[at];
  }
  *seconds /= crow_comm_size(comm) * (double)rewards->evaluations;
  return crow_comm_sum_f64_unordered(comm, seconds, 1);
}

/* The whole problem on rank 0 alone. */
static crow_status fit_alone(const crow_comm *alone, const crow_bench_options *options, const fit_problem *problem,
                             double *seconds) {
  crow_status status = CROW_OK;
  crow_rewards rewards = {0};
  double total, comm;
  *seconds = 0;
  if (!alone) return CROW_OK;
  CROW_TRY(bench_fit_once(alone, options, problem, &total, &comm, &rewards));
  CROW_TRY(solving_s(alone, &rewards, seconds));
cleanup:
  crow_rewards_free(&rewards);
  return status;
}

static crow_status bench_fit_measure(const crow_comm *comm, const crow_bench_options *options,
                                     const fit_problem *problem, const crow_comm *alone,
                                     const fit_problem *problem_alone, fit_series *s, crow_stages *stages,
                                     crow_rewards *rewards) {
  for (int64_t k = -options->warm_up; k < options->repetitions; k++) {
    const int64_t at = k < 0 ? 0 : k;
    crow_rewards_free(rewards);
    CROW_NEED(bench_fit_once(comm, options, problem, &s->total[at], &s->comm[at], rewards));
    CROW_NEED(solving_s(comm, rewards, &s->time[at]));
    s->evaluate[at] = crow_bench_stage_s(&rewards->stages, "evaluate") / (double)rewards->evaluations;
    CROW_NEED(crow_bench_greatest(comm, &s->evaluate[at]));
    CROW_NEED(solving_cpu_s(comm, rewards, &s->cpu[at]));
    if (options->efficiency) {
      CROW_NEED_AGREE(comm, fit_alone(alone, options, problem_alone, &s->alone[at]));
      CROW_NEED(crow_bench_greatest(comm, &s->alone[at]));
    }
    if (k >= 0) crow_bench_stages_add(stages, &rewards->stages);
  }
  s->count = options->repetitions;
  return CROW_OK;
}

/* Bytes that an evaluation must move at least, over all ranks: the pairs' indices and shares once, the cells (reward,
 * weight and sum) of the alternatives that a rank's pairs concern written and read; for complete preferences a few
 * passes over the slices. */
static double bytes_evaluated(const crow_bench_preferences *p, double pairs, int ranks) {
  const double m = (double)p->alternatives;
  return p->graph == CROW_BENCH_PAIRS
             ? 16 * pairs + 64 * m * crow_pairs_reach(p->alternatives, (crow_gidx)pairs, ranks) * ranks
             : 48 * m;
}

/* Operations of an evaluation on one thing. A pair: difference, exp, log1p, maximum and their sum, p d and its
 * difference, quotient and its divisor's sum, the slope's difference, three products with weights, three sums; 16 in
 * all. An alternative of complete preferences: 12 polynomials of degree 11 and a sum of 12 products, to the grid and
 * back. */
enum { PAIR_OPERATIONS = 16, ALTERNATIVE_OPERATIONS = 2 * (12 * 22 + 24) };

static void bench_fit_report_rates(const crow_comm *comm, const crow_bench_options *options,
                                   const crow_bench_machine *machine, const fit_problem *problem,
                                   const crow_rewards *rewards, const fit_series *s, crow_bench_report *report) {
  double rate[CROW_BENCH_REPETITIONS_MOST], bytes[CROW_BENCH_REPETITIONS_MOST], share[CROW_BENCH_REPETITIONS_MOST];
  double waiting[CROW_BENCH_REPETITIONS_MOST], efficiency[CROW_BENCH_REPETITIONS_MOST];
  double flops[CROW_BENCH_REPETITIONS_MOST], of_gemm[CROW_BENCH_REPETITIONS_MOST], of_peak[CROW_BENCH_REPETITIONS_MOST];
  const bool has_pairs = problem->preferences->graph == CROW_BENCH_PAIRS;
  const double pairs = (double)problem->pairs.partition.global;
  const double things = has_pairs ? pairs : (double)problem->preferences->alternatives;
  const int size = crow_comm_size(comm);
  const double moved = bytes_evaluated(problem->preferences, pairs, size);
  const double triad = crow_bench_machine_triad(machine, moved / size);
  for (int64_t k = 0; k < s->count; k++) {
    rate[k] = things / s->evaluate[k] / 1e6;
    flops[k] = (has_pairs ? PAIR_OPERATIONS : ALTERNATIVE_OPERATIONS) * things / s->evaluate[k] / 1e9;
    of_gemm[k] = flops[k] * 1e9 / machine->gemm_flops;
    of_peak[k] = machine->peak_flops > 0 ? flops[k] * 1e9 / machine->peak_flops : (double)NAN;
    bytes[k] = moved / s->evaluate[k] / 1e9;
    share[k] = bytes[k] * 1e9 / triad;
    waiting[k] = s->comm[k] / s->total[k];
    efficiency[k] = s->alone[k] / (size * s->time[k]);
  }
  crow_bench_report_one(report, "alternatives", "", (double)problem->preferences->alternatives);
  if (has_pairs) crow_bench_report_one(report, "pairs", "", pairs);
  crow_bench_report_one(report, "evaluations", "", (double)rewards->evaluations);
  crow_bench_report_one(report, "iterations", "", (double)rewards->iterations);
  crow_bench_report_one(report, "optimality", "", rewards->optimality);
  crow_bench_report_add(report, "time", "s", s->time, s->count);
  crow_bench_report_add(report, "time_with_setup", "s", s->total, s->count);
  crow_bench_report_add(report, "time_of_evaluation", "s", s->evaluate, s->count);
  crow_bench_report_add(report, "cpu_time_of_evaluation", "s", s->cpu, s->count);
  crow_bench_report_add(report, has_pairs ? "pairs_rate" : "alternatives_rate", "M/s", rate, s->count);
  crow_bench_report_add(report, "rate", "GFLOP/s", flops, s->count);
  crow_bench_report_add(report, "ratio_to_sgemm", "", of_gemm, s->count);
  crow_bench_report_add(report, "share_of_peak", "", of_peak, s->count);
  crow_bench_report_add(report, "memory_rate", "GB/s", bytes, s->count);
  crow_bench_report_add(report, "share_of_triad", "", share, s->count);
  crow_bench_report_add(report, "share_in_mpi", "", waiting, s->count);
  if (options->efficiency)
    crow_bench_report_add(report, "efficiency", "", efficiency, s->count);
  else
    crow_bench_report_none(report, "efficiency", "");
}

/* Measured peaks of a rank: 32 MiB of libraries; while pairs are gathered 64 bytes each (16 where it is generated, two
 * records to sort), while they are fitted 20, and 375 for each alternative; 250 where preferences are complete. */
#define LIBRARY_BYTES 0x1p25
enum { GATHERED_BYTES = 64, FITTED_BYTES = 20, PAIRED_BYTES = 375, COMPLETE_BYTES = 250 };

/* m and q as asked for, or as fill the memory. Beside its part rank 0 fits all, where efficiency is asked for. */
static crow_status choose_sizes(const crow_comm *comm, const crow_bench_options *options, crow_gidx *m, int64_t *q) {
  const double ranks = crow_comm_size(comm),
               alternatives = options->alternatives > 0 ? (double)options->alternatives : 1e5;
  double memory = 0;
  *m = (crow_gidx)alternatives;
  *q = options->pairs > 0 ? options->pairs : 50 * *m;
  if (options->fill > 0) {
    CROW_NEED(crow_bench_memory(comm, options->fill, &memory));
    memory -= LIBRARY_BYTES;
    if (options->graph == CROW_BENCH_COMPLETE) {
      *m = (crow_gidx)fmin(1e15, memory / (COMPLETE_BYTES * (options->efficiency ? 1 + 1 / ranks : 1 / ranks)));
    } else {
      /* The weights, cells and sums of all alternatives, and what is larger of gathering and fitting. */
      const double gathered = options->efficiency ? GATHERED_BYTES + FITTED_BYTES / ranks : GATHERED_BYTES / ranks;
      const double fitted = FITTED_BYTES * (options->efficiency ? 1 + 1 / ranks : 1 / ranks);
      *q = (int64_t)fmax(alternatives, fmin(memory / gathered, (memory - PAIRED_BYTES * alternatives) / fitted));
    }
  }
  return CROW_OK;
}

crow_status crow_bench_verify_rewards(const crow_comm *comm, const crow_bench_preferences *preferences,
                                      double tolerance, const crow_rewards *rewards, crow_bench_report *report) {
  double greatest = 0;
  for (crow_gidx i = 0; i < rewards->partition.count; i++) {
    const double off =
        fabs(rewards->value[i] - crow_bench_preferences_reward(preferences, rewards->partition.begin + i));
    greatest = off <= greatest ? greatest : isnan(off) ? (double)INFINITY : off;
  }
  CROW_NEED(crow_bench_greatest(comm, &greatest));
  /* The certificate is relative to K where that exceeds 1; the rest is rounding of the generated shares. */
  const double curvature = fmax(1, preferences->lambda + 0.5);
  const double allowed = (1.01 * rewards->optimality * curvature + 1e-13) / preferences->lambda;
  report->valid = rewards->optimality <= tolerance && greatest <= allowed;
  (void)snprintf(
      report->verdict, sizeof report->verdict,
      "certificate %.3g (tolerance %g); greatest distance from the known optimum %.3g, where the certificate "
      "allows %.3g",
      rewards->optimality, tolerance, greatest, allowed);
  return CROW_OK;
}

static void bench_fit_describe(const crow_bench_options *options, const fit_problem *problem,
                               crow_bench_report *report) {
  char preferences[64] = "complete preferences";
  if (options->graph == CROW_BENCH_PAIRS) {
    (void)snprintf(preferences, sizeof preferences, "%lld observed pairs", (long long)problem->pairs.partition.global);
  }
  (void)snprintf(report->problem, sizeof report->problem,
                 "rewards of %lld alternatives of equal weight from %s, lambda %g, whose optimum is known",
                 (long long)problem->preferences->alternatives, preferences, options->lambda);
}

crow_status crow_bench_fit(const crow_comm *comm, const crow_bench_options *options, const crow_bench_machine *machine,
                           crow_bench_report *report) {
  crow_status status = CROW_OK;
  crow_bench_preferences preferences = {0};
  fit_problem problem = {0}, problem_alone = {0};
  fit_series *s = NULL;
  crow_comm *alone = NULL;
  crow_stages stages = {0};
  crow_rewards rewards = {0};
  crow_gidx m = 0;
  int64_t q = 0;
  memset(report, 0, sizeof *report);
  report->benchmark = "fit";
  CROW_TRY(crow_bench_options_validate(options));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s, 1));
  CROW_TRY(choose_sizes(comm, options, &m, &q));
  CROW_TRY_AGREE(comm,
                 crow_bench_preferences_create(options->graph, m, q, options->lambda, options->seed, &preferences));
  CROW_TRY(problem_make(comm, &preferences, &problem));
  if (options->efficiency) {
    CROW_TRY(crow_bench_alone(comm, &alone));
    CROW_TRY_AGREE(comm, alone ? problem_make(alone, &preferences, &problem_alone) : CROW_OK);
  }
  CROW_TRY(bench_fit_measure(comm, options, &problem, alone, &problem_alone, s, &stages, &rewards));
  bench_fit_describe(options, &problem, report);
  bench_fit_report_rates(comm, options, machine, &problem, &rewards, s, report);
  CROW_TRY(crow_bench_stages_report(comm, &stages, s->count, report));
  CROW_TRY(crow_bench_verify_rewards(comm, &preferences, options->tolerance, &rewards, report));
cleanup:
  crow_rewards_free(&rewards);
  problem_free(&problem);
  problem_free(&problem_alone);
  crow_bench_preferences_free(&preferences);
  crow_comm_destroy(&alone);
  crow_free(s);
  return status;
}
