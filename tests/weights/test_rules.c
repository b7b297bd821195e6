/* SPDX-License-Identifier: Apache-2.0 */
/* How many samples and of what kind, how they are counted, and what weights the counts are: by hand. */
#include "harness.h"
#include <stdlib.h>

#include "space/space_impl.h"
#include "weights/sampling_impl.h"

#define UNIT CROW_HIT_UNIT

/* ---- how many ------------------------------------------------------------------------------------------------- */

static int64_t blocks_of(crow_draws draws, crow_space_kind kind, int64_t rank, int64_t samples, int64_t limit) {
  crow_weights_options options;
  const crow_space space = {.kind = kind, .dimensions = rank};
  crow_weights_options_default(&options);
  options.draws = (int)draws;
  return crow_draws_blocks(&options, &space, rank, samples, limit);
}

/* Blocks of at least 4 coordinates and 200 draws of 2 a block; draws' counts, squared, stay below 2^62. */
static void blocks_of_signs_are_as_many_as_make_sense(void) {
  static const struct {
    int64_t rank, samples, limit, expected;
  } cases[] = {{3, 1000000, 1000000, 1},
               {7, 1000000, 1000000, 1},
               {8, 1000000, 1000000, 2},
               {1023, 1000000, 1000000, 128},
               {1024, 1000000, 1000000, 256},
               {100000, 1000000, 1000000, 256},
               {1000, 799, 1000000, 1},
               {1000, 800, 1000000, 2},
               {1000, 1599, 1000000, 2},
               {1000, 1600, 1000000, 4},
               /* 2^62 / 720720 = 6.3987e12: twice the blocks times the limit stays below. */
               {1000, 1000000, 1599600000000, 2},
               {1000, 1000000, 1599800000000, 1}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const int64_t signs = blocks_of(CROW_DRAWS_SIGNS, CROW_SPACE_CUBE, cases[c].rank, cases[c].samples, cases[c].limit);
    CHECK_NEAR((double)signs, (double)cases[c].expected, 0);
    /* By itself only where four blocks or more come out, and trees do not search. */
    const int64_t expected = cases[c].expected < 4 || cases[c].rank <= CROW_NEAREST_TREE_MOST ? 0 : cases[c].expected;
    CHECK(blocks_of(CROW_DRAWS_AUTO, CROW_SPACE_BALL, cases[c].rank, cases[c].samples, cases[c].limit) == expected);
    CHECK(blocks_of(CROW_DRAWS_INDEPENDENT, CROW_SPACE_CUBE, cases[c].rank, cases[c].samples, cases[c].limit) == 0);
    CHECK(blocks_of(CROW_DRAWS_SIGNS, CROW_SPACE_FACTOR2, cases[c].rank, cases[c].samples, cases[c].limit) == 0);
  }
  CHECK(blocks_of(CROW_DRAWS_AUTO, CROW_SPACE_BOX, CROW_NEAREST_TREE_MOST, 1000000, 1000000) == 0);
  CHECK(blocks_of(CROW_DRAWS_AUTO, CROW_SPACE_BOX, CROW_NEAREST_TREE_MOST + 1, 1000000, 1000000) == 4);
}

/* The error falls as 1/sqrt(N): (error / wanted)^2 and a twentieth more, at least a quarter more, at most four times.
 */
static void the_next_samples_are_what_the_error_asks_for(void) {
  CHECK(crow_weights_next_samples(1000, .02, .02, 1000000) == 1250);
  CHECK(crow_weights_next_samples(1001, .02, .02, 1000000) == 1252);
  CHECK(crow_weights_next_samples(1000, .03, .02, 1000000) == 2363);
  CHECK(crow_weights_next_samples(1000, .1, .02, 1000000) == 4000);
  CHECK(crow_weights_next_samples(1000, .1, .02, 4001) == 4000);
  CHECK(crow_weights_next_samples(1000, .1, .02, 3999) == 3999);
}

static void check_plan(int64_t samples, double error, bool open_ended, crow_gidx pool, int64_t first, int64_t limit) {
  crow_weights_options options;
  int64_t found[2] = {-1, -1};
  crow_weights_options_default(&options);
  options.samples = samples;
  options.relative_error = error;
  options.open_ended = open_ended;
  options.max_samples = 5000000;
  crow_weights_plan_samples(&options, 4000, pool, &found[0], &found[1]);
  CHECK_NEAR((double)found[0], (double)first, 0);
  CHECK_NEAR((double)found[1], (double)limit, 0);
}

static void samples_are_planned(void) {
  CHECK(crow_weights_samples_auto(1) == 100000 && crow_weights_samples_auto(3333) == 100000);
  CHECK(crow_weights_samples_auto(3334) == 100020);
  check_plan(0, 0, false, 0, 120000, 120000);
  check_plan(700, 0, false, 0, 700, 700);
  check_plan(700, .01, false, 0, 700, 5000000);
  check_plan(0, 0, true, 0, 120000, 5000000);
  check_plan(700, .01, false, 900, 700, 900); /* a pool ends */
  check_plan(0, .01, false, 900, 900, 900);
  check_plan(700, 0, false, 900, 700, 700);
  check_plan(9000000, .01, false, 0, 5000000, 5000000);
}

static void grids_are_read(void) {
  static const char *const wrong[] = {"4x",   "x4",   "0x1", "1x0",   "-1x2",      "1x-2",
                                      "4x2 ", "4x2x", "4 2", "autox", "1234567x1", ""};
  int groups = -1, slices = -1;
  CHECK_OK(crow_weights_grid_parse("auto", &groups, &slices));
  CHECK(groups == 0 && slices == 0);
  CHECK_OK(crow_weights_grid_parse("4x2", &groups, &slices));
  CHECK(groups == 4 && slices == 2);
  CHECK_OK(crow_weights_grid_parse("1x1", &groups, &slices));
  CHECK(groups == 1 && slices == 1);
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    CHECK_STATUS(crow_weights_grid_parse(wrong[k], &groups, &slices), CROW_USAGE);
    CHECK_MESSAGE("expected auto or GROUPSxSLICES");
  }
}

/* ---- counting ------------------------------------------------------------------------------------------------- */

enum { MOST = 40 };

/* A result in which sample i has the ties of row i of `ties`, -1 behind the last. */
static crow_nearest_result result_of(const int64_t (*ties)[MOST], int64_t samples) {
  crow_nearest_result result = {.count = samples};
  CHECK_OK(CROW_ALLOCATE(&result.tie_begin, samples + 1));
  CHECK_OK(CROW_ALLOCATE(&result.index, samples * MOST));
  for (int64_t i = 0; i < samples; i++) {
    int64_t at = result.tie_begin[i];
    for (int k = 0; k < MOST && ties[i][k] >= 0; k++) result.index[at++] = ties[i][k];
    result.tie_begin[i + 1] = at;
  }
  return result;
}

/* A number of ties by which 720720 is not divisible, again and again: all have the same count to a unit, at any time.
 */
static void the_rest_of_a_tie_goes_round(void) {
  static const int64_t sizes[] = {2, 16, 17, 19, 23, 34};
  const crow_weights_grid grid = {.groups = 1, .slices = 1};
  const crow_tally_room room = {0};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    int64_t hits[MOST] = {0}, squares[MOST] = {0}, ties[1][MOST];
    crow_tally tally = {.hits = hits, .squares = squares, .batches = 1};
    for (int k = 0; k < MOST; k++) ties[0][k] = k < sizes[s] ? k : -1;
    crow_nearest_result result = result_of(ties, 1);
    for (int64_t i = 0; i < 2 * sizes[s]; i++) {
      const crow_tally_block block = {.first = 1000003 + i, .dimensions = 1, .result = &result};
      CHECK_OK(crow_tally_add(&grid, &block, &room, &tally));
      int64_t least = INT64_MAX, most = 0, sum = 0;
      for (int64_t k = 0; k < sizes[s]; k++) {
        least = hits[k] < least ? hits[k] : least;
        most = hits[k] > most ? hits[k] : most;
        sum += hits[k];
      }
      CHECK(sum == (i + 1) * UNIT && most - least <= 1);
    }
    for (int64_t k = 0; k < sizes[s]; k++) CHECK(hits[k] == 2 * UNIT);
    /* Squares of shares, each rounded down to a unit. */
    for (int64_t k = 0; k < sizes[s]; k++)
      CHECK_NEAR((double)squares[k], 2 * (double)UNIT / (double)sizes[s], 2 * (double)sizes[s]);
    crow_nearest_result_free(&result);
  }
}

/* Twelve samples from number 24 on, over five alternatives; draws of 1 or 4 samples, 1 or 4 batches. Shares are halves
 * and thirds, which the unit holds exactly. */
static void draws_are_counted_as_defined(void) {
  enum { SAMPLES = 12, M = 5, FIRST = 24 };
  int64_t ties[SAMPLES][MOST];
  const crow_weights_grid grid = {.groups = 1, .slices = 1};
  const crow_tally_room room = {0};
  for (int i = 0; i < SAMPLES; i++) {
    for (int k = 0; k < MOST; k++) ties[i][k] = k <= i % 3 ? (i * i + k) % M : -1;
  }
  crow_nearest_result result = result_of(ties, SAMPLES);
  const crow_tally_block block = {.first = FIRST, .dimensions = 1, .result = &result};
  for (int64_t unit = 1; unit <= 4; unit += 3) {
    for (int64_t batches = 1; batches <= 4; batches += 3) {
      int64_t hits[M * 4] = {0}, squares[M] = {0}, drawn[M] = {0}, touched[M] = {0};
      double hit[M * 4] = {0}, square[M] = {0}, single = 0;
      crow_tally tally = {.hits = hits, .squares = squares, .batches = batches, .unit = unit};
      if (unit > 1) {
        tally.drawn = drawn;
        tally.touched = touched;
      }
      CHECK_OK(crow_tally_add(&grid, &block, &room, &tally));
      for (int x = 0; x < M; x++) {
        double share = 0;
        for (int i = 0; i < SAMPLES; i++) {
          for (int k = 0; k <= i % 3; k++) {
            if (ties[i][k] != x) continue;
            const double own = 1 / (double)(i % 3 + 1);
            hit[x * batches + (FIRST + i) / unit % batches] += own;
            share += own;
            single += own * own;
          }
          if ((FIRST + i + 1) % unit) continue;
          square[x] += share * share;
          share = 0;
        }
      }
      for (int64_t k = 0; k < M * batches; k++) CHECK_NEAR((double)hits[k] / (double)UNIT, hit[k], 1e-9);
      for (int x = 0; x < M; x++) CHECK_NEAR((double)squares[x] / (double)UNIT, square[x], 1e-4);
      if (unit > 1) CHECK_NEAR((double)tally.single / (double)UNIT, single, 1e-4);
      CHECK(tally.touched_count == 0);
      for (int x = 0; x < M; x++) CHECK(drawn[x] == 0);
    }
  }
  crow_nearest_result_free(&result);
}

/* ---- weights -------------------------------------------------------------------------------------------------- */

static void check_weight(int64_t samples, double hits, double squares, int64_t draw, double pseudo, double value,
                         double error) {
  double values[2] = {-1, -1}, errors[2] = {-1, -1};
  crow_weights out = {.samples = samples, .value = values, .standard_error = errors};
  out.partition.global = 5;
  crow_tally_weigh(hits * (double)UNIT, squares * (double)UNIT, draw, pseudo, 1, &out);
  CHECK_NEAR(values[1], value, 1e-15);
  CHECK_NEAR(errors[1], error, 1e-15);
  CHECK(values[0] == -1 && errors[0] == -1);
}

static void counts_become_weights_and_their_errors(void) {
  /* 3 of 12 samples: 1/4, variance 1/4 3/4 / 12. */
  check_weight(12, 3, 3, 0, 0, .25, sqrt(.25 * .75 / 12));
  check_weight(12, 3, 3, 1, 0, .25, sqrt(.25 * .75 / 12));
  /* Six halves: the mean of the squares is 1/8. */
  check_weight(12, 3, 1.5, 0, 0, .25, sqrt((.125 - .0625) / 12));
  /* With 2 pseudo-counts for each of 5: (3 + 2) / (12 + 10), errors for 12 of 22. */
  check_weight(12, 3, 3, 0, 2, 5. / 22, sqrt(.25 * .75 / 12) * 12 / 22);
  /* Three draws of 4 that gave 2, 1 and 0: shares 1/2, 1/4, 0, whose variance is 1/16, and of their mean 1/48. */
  check_weight(12, 3, 5, 4, 0, .25, sqrt(1. / 48));
  check_weight(12, 3, 5, 4, 2, 5. / 22, sqrt(1. / 48) * 12 / 22);
  /* One draw tells no variance; rounding leaves none below zero. */
  check_weight(4, 2, 4, 4, 0, .5, 0);
  check_weight(12, 12, 12 - 1e-6, 0, 0, 1, 0);
}

/* Weights of 1/m and less do not count, however uncertain. */
static void the_relative_error_is_of_the_large(void) {
  double value[] = {.4, .35, .2, .04, .01}, error[] = {.04, .07, .1, .04, .01}, found = -1;
  crow_weights weights = {.value = value, .standard_error = error};
  weights.partition = crow_comm_partition(test_comm, 5, 1);
  CHECK_OK(crow_weights_relative_error(test_comm, &weights, &found));
  CHECK_NEAR(found, .2, 1e-15);
  error[1] = .01;
  CHECK_OK(crow_weights_relative_error(test_comm, &weights, &found));
  CHECK_NEAR(found, .1, 1e-15);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"blocks of signs are as many as make sense", blocks_of_signs_are_as_many_as_make_sense},
      {"the next samples are what the error asks for", the_next_samples_are_what_the_error_asks_for},
      {"samples are planned", samples_are_planned},
      {"grids are read", grids_are_read},
      {"the rest of a tie goes round", the_rest_of_a_tie_goes_round},
      {"draws are counted as defined", draws_are_counted_as_defined},
      {"counts become weights and their errors", counts_become_weights_and_their_errors},
      {"the relative error is of the large", the_relative_error_is_of_the_large},
      {NULL, NULL}};
  (void)unsetenv("CROW_TEST_DRAWS"); /* auto is to mean auto here */
  return crow_test_main(argc, argv, "rules of weights", tests, true);
}
