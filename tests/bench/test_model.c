/* SPDX-License-Identifier: Apache-2.0 */
/* The cost model: what follows from given costs. */
#include "harness.h"
#include <crow/bench.h>

static void predictions_follow_from_the_costs(void) {
  const crow_bench_model model = {
      .machine = {.gemm_flops = 1e11, .triad_bytes_s = 1e10, .allreduce_latency_s = 1e-5, .allreduce_bytes_s = 1e9},
      .ranks = 2,
      .alternatives = 1000,
      .dimensions = 10,
      .draw_s = 1e-7,
      .search_s = 1e-5,
      .exponent = 1,
      .pair_s = 1e-8,
      .whole_s = 2e-8,
      .vector_s = 5e-9,
      .setup_s = 6e-8,
      .complete_s = 3e-8};
  crow_bench_size size = {.alternatives = 4000,
                          .dimensions = 20,
                          .samples = 1000000,
                          .pairs = 500000,
                          .ranks = 1,
                          .slices = 1,
                          .evaluations = 12,
                          .single = true};
  crow_bench_prediction p;
  crow_bench_predict(&model, &size, &p);
  CHECK_NEAR(p.weights_s, 1e6 * (2e-7 + 4e-5), 1e-9);
  CHECK_NEAR(p.evaluation_s, 5e-3 + 8e-5 + 2e-5, 1e-12);
  CHECK_NEAR(p.setup_s, 0.03, 1e-12);
  CHECK_NEAR(p.fit_s, 0.03 + 12 * (5e-3 + 1e-4), 1e-10);
  size.ranks = 8;
  crow_bench_predict(&model, &size, &p);
  /* Three steps of 10 us, where one was measured, in five calls; 16 m bytes at 1 GB/s. */
  CHECK_NEAR(p.evaluation_s, 5e-3 / 8 + 8e-5 + 2e-5 / 8 + 5 * 3e-5 + 64000e-9, 1e-12);
  CHECK_NEAR(p.weights_s, 1e6 / 8 * (2e-7 + 4e-5) + 10 * 3e-5 + 64000e-9, 1e-9);
  size.pairs = 0;
  crow_bench_predict(&model, &size, &p);
  CHECK_NEAR(p.evaluation_s, 4000 * 3e-8 / 8 + 4 * 3e-5 + 16384e-9, 1e-12);
  const double whole = (double)crow_weights_rank_bytes(4000, 20, true, true, 1);
  const double half = (double)crow_weights_rank_bytes(4000, 20, true, true, 2);
  CHECK(crow_bench_slices(&size, whole) == 1 && crow_bench_slices(&size, half) == 2);
  CHECK(crow_bench_slices(&size, 1) == 0);
}

/* Measured on one rank, where nothing is transferred, they predict work alone. */
static void unmeasured_transfers_count_nothing(void) {
  const crow_bench_model model = {.machine = {.gemm_flops = 1e11,
                                              .triad_bytes_s = 1e10,
                                              .allreduce_latency_s = (double)NAN,
                                              .allreduce_bytes_s = (double)NAN},
                                  .ranks = 1,
                                  .alternatives = 1000,
                                  .dimensions = 10,
                                  .draw_s = 1e-7,
                                  .search_s = 1e-5,
                                  .exponent = 1,
                                  .pair_s = 1e-8,
                                  .whole_s = 2e-8};
  const crow_bench_size size = {
      .alternatives = 1000, .dimensions = 10, .samples = 8000, .pairs = 80000, .ranks = 8, .slices = 2};
  crow_bench_prediction p;
  crow_bench_predict(&model, &size, &p);
  CHECK_NEAR(p.weights_s, 8000 / 4 * (1e-7 + 5e-6), 1e-12);
  CHECK_NEAR(p.evaluation_s, 1e-4 + 2e-5, 1e-12);
  /* On many ranks a rank's pairs concern a part of the alternatives only. */
  const crow_bench_size large = {.alternatives = 10000000, .dimensions = 10, .pairs = 100000000, .ranks = 100};
  const double reach = crow_pairs_reach(10000000, 100000000, 100);
  CHECK(reach < 0.5);
  crow_bench_predict(&model, &large, &p);
  CHECK_NEAR(p.evaluation_s, 1e-2 + 0.2 * reach, 1e-9);
}

static void many_alternatives_cost_more_each(void) {
  /* Twice the cost from a million on; halfway between, in the logarithm, to 100000. */
  crow_bench_model far = {
      .machine = {.gemm_flops = 1e11, .triad_bytes_s = 1e10, .allreduce_latency_s = 1e-5, .allreduce_bytes_s = 1e9},
      .ranks = 2,
      .alternatives = 1,
      .dimensions = 1,
      .complete_s = 3e-8};
  crow_bench_prediction p;
  far.complete_far = 1000000;
  far.complete_far_s = 6e-8;
  const double each[][2] = {{1e5, 3e-8}, {1e3, 3e-8}, {316227.766, 4.5e-8}, {1e6, 6e-8}, {4e6, 6e-8}};
  for (int k = 0; k < 5; k++) {
    const crow_bench_size large = {.alternatives = (crow_gidx)(8 * each[k][0]), .dimensions = 1, .ranks = 8};
    crow_bench_predict(&far, &large, &p);
    CHECK_NEAR(p.evaluation_s, each[k][0] * each[k][1] + 4 * 3e-5 + 16384e-9, 1e-9);
  }
}

/* What was measured on a dataset itself: rounds, a fit that took half as much again, standard errors, training. */
static void datasets_are_told_by_what_was_tried(void) {
  crow_bench_model model = {.machine = {.allreduce_latency_s = (double)NAN, .allreduce_bytes_s = (double)NAN},
                            .ranks = 1,
                            .alternatives = 1000,
                            .dimensions = 10,
                            .draw_s = 1e-6,
                            .search_s = 9e-6,
                            .exponent = 1,
                            .pair_s = 1e-8,
                            .prepare_s = 1e-6,
                            .center_rounds = 9,
                            .fit_factor = 1.5,
                            .fit_comparisons = 100000,
                            .fit_evaluations = 14,
                            .errors_s = 0.25};
  crow_bench_size size = {
      .alternatives = 2000, .dimensions = 10, .samples = 200000, .pairs = 400000, .ranks = 1, .slices = 1};
  crow_bench_prediction p;
  crow_bench_predict(&model, &size, &p);
  /* 200000 samples and 9 rounds of 100000, at 1 + 2 * 9 us; ten passes of 2000 alternatives. */
  CHECK_NEAR(p.weights_s, 1.1e6 * 19e-6 + 10 * 2e-3, 1e-9);
  CHECK(p.evaluations == 14);
  CHECK_NEAR(p.errors_s, 4 * 0.25, 1e-12);
  CHECK_NEAR(p.fit_s, 14 * 1.5 * 4e-3 + 1, 1e-12);
  size.evaluations = 20;
  size.alternatives = 1000; /* so few that a matrix is inverted, on every rank */
  size.ranks = 8;
  crow_bench_predict(&model, &size, &p);
  CHECK_NEAR(p.errors_s, 0.25, 1e-12);
  CHECK_NEAR(p.fit_s, 20 * 1.5 * 4e-3 / 8 + 0.25, 1e-12);
  crow_train_options fit;
  crow_train_options_default(&fit);
  fit.training.ensemble = 3;
  fit.adam.steps = 500;
  size.fit = &fit;
  model.trained_s = 0.1;
  model.step_s = 1e-3;
  crow_bench_predict(&model, &size, &p);
  CHECK_NEAR(p.fit_s, 3 * (4 * 0.1 + 0.5) / 8, 1e-12);
}

/* Of 500000 alternatives 100000 were tried on 2 ranks: everything takes five times as long, on 8 ranks a quarter of it.
 */
static void complete_preferences_grow_with_the_alternatives(void) {
  const crow_bench_model model = {.machine = {.allreduce_latency_s = (double)NAN, .allreduce_bytes_s = (double)NAN},
                                  .ranks = 2,
                                  .alternatives = 1000,
                                  .dimensions = 3,
                                  .complete_s = 2e-8,
                                  .fit_factor = 2,
                                  .fit_alternatives = 100000,
                                  .fit_evaluations = 11,
                                  .check_s = .01,
                                  .win_rates_s = .02,
                                  .sampling_s = .8,
                                  .context_s = 1e-9,
                                  .near_pair_s = 4e-9};
  const crow_dataset dataset = {.alternatives = 500000, .dimensions = 3, .has_population = true, .types = 3};
  crow_bench_size size = {
      .alternatives = 500000, .dimensions = 3, .ranks = 8, .slices = 1, .open_s = .125, .dataset = &dataset};
  crow_bench_prediction p;
  crow_bench_predict(&model, &size, &p);
  CHECK(p.evaluations == 11 && p.errors_s == 0 && p.open_s == .125);
  CHECK_NEAR(p.evaluation_s, 2 * 2e-8 * 500000 / 8, 1e-12);
  CHECK_NEAR(p.check_s, .01 * 5 / 4, 1e-12);
  CHECK_NEAR(p.win_rates_s, .02 * 5 / 4, 1e-12);
  CHECK_NEAR(p.sampling_s, .8 * 5 / 4, 1e-12);
  CHECK_NEAR(p.fit_s, 11 * p.evaluation_s + .025 + 1, 1e-10);
  /* 2e8 pairs at most: 400 of 500000 with all of them, and three passes over the contexts. */
  CHECK(p.near_compared == 400);
  CHECK_NEAR(p.near_s, (400 * 5e5 * 4e-9 + 3 * 1.5e6 * 1e-9) / 8, 1e-9);
  CHECK_NEAR(p.total_s, .125 + p.check_s + p.weights_s + p.fit_s + p.near_s, 1e-12);
  size.uniform = true; /* equal weights take nothing, and the fit checks as it reads */
  crow_bench_predict(&model, &size, &p);
  CHECK(p.weights_s == 0 && p.check_s == 0);
}

/* 2000 rows of 10000 were read, of which the first 2000 entries counted: reading grows by 5, the rest by 25. */
static void matrices_grow_with_their_entries(void) {
  const crow_bench_model model = {.machine = {.allreduce_latency_s = (double)NAN, .allreduce_bytes_s = (double)NAN},
                                  .ranks = 1,
                                  .alternatives = 1000,
                                  .dimensions = 3,
                                  .complete_s = 2e-8,
                                  .fit_alternatives = 2000,
                                  .fit_evaluations = 11,
                                  .check_s = .05,
                                  .win_rates_s = .06,
                                  .sampling_s = .42,
                                  .entry_s = 1e-9};
  const crow_dataset dataset = {.alternatives = 10000, .dimensions = 3, .has_matrix = true};
  const crow_bench_size size = {.alternatives = 10000, .dimensions = 3, .ranks = 2, .slices = 1, .dataset = &dataset};
  crow_bench_prediction p;
  crow_bench_predict(&model, &size, &p);
  CHECK_NEAR(p.check_s, (.02 * 5 + .03 * 25) / 2, 1e-12);
  CHECK_NEAR(p.win_rates_s, (.02 * 5 + .04 * 25) / 2, 1e-12);
  CHECK_NEAR(p.sampling_s, (.02 * 5 + .40 * 25) / 2, 1e-12);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"predictions follow from the costs", predictions_follow_from_the_costs},
      {"unmeasured transfers count nothing", unmeasured_transfers_count_nothing},
      {"many alternatives cost more each", many_alternatives_cost_more_each},
      {"datasets are told by what was tried", datasets_are_told_by_what_was_tried},
      {"complete preferences grow with the alternatives", complete_preferences_grow_with_the_alternatives},
      {"matrices grow with their entries", matrices_grow_with_their_entries},
      {0}};
  return crow_test_main(argc, argv, "bench", tests, false);
}
