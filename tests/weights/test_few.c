/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of a few alternatives, as of prompts: exactly on a circle, by hand; by samples, against the definition on the
 * same numbers. */
#include "harness.h"

#include "weights/few_impl.h"
#include "weights/prompts_impl.h"

#include <stdlib.h>

static crow_weights_options options_of(const char *space) {
  crow_weights_options options;
  crow_weights_options_default(&options);
  options.space.space = space;
  options.space.seed = 5;
  options.nearest.engine = CROW_NEAREST_FUSED; /* samples where exact weights are possible, too */
  return options;
}

/* ---- what contexts span -------------------------------------------------------------------------------------- */

static void a_basis_spans_the_rows_and_no_more(void) {
  enum { ROWS = 7, D = 20, RANK = 3 };
  double rows[ROWS * D], direction[RANK * D], basis[ROWS * D], rest[ROWS * D];
  for (uint64_t j = 0; j < RANK; j++) crow_random_normal(1, CROW_STREAM_TEST, j, direction + j * D, D);
  for (uint64_t x = 0; x < ROWS; x++) {
    double at[RANK];
    crow_random_normal(2, CROW_STREAM_TEST, x, at, RANK);
    for (int i = 0; i < D; i++) {
      rows[x * D + (uint64_t)i] = 3;
      for (int j = 0; j < RANK; j++) rows[x * D + (uint64_t)i] += at[j] * direction[j * D + i];
    }
  }
  CHECK(crow_few_basis(rows, ROWS, D, rows, basis, rest) == RANK);
  for (int j = 0; j < RANK; j++) {
    for (int k = 0; k < RANK; k++) CHECK_NEAR(crow_few_dot(basis + j * D, basis + k * D, D), j == k, 1e-14);
  }
  for (int x = 0; x < ROWS; x++) { /* every row less the first is its projection */
    double left = 0;
    for (int i = 0; i < D; i++) {
      double value = rows[x * D + i] - rows[i];
      for (int j = 0; j < RANK; j++) {
        double along = 0;
        for (int l = 0; l < D; l++) along += (rows[x * D + l] - rows[l]) * basis[j * D + l];
        value -= along * basis[j * D + i];
      }
      left = fmax(left, fabs(value));
    }
    CHECK_NEAR(left, 0, 1e-13);
  }
  CHECK(crow_few_basis(rows, ROWS, D, NULL, basis, rest) == RANK + 1); /* the shift counts without an origin */
  CHECK(crow_few_basis(rows, 1, D, rows, basis, rest) == 0);
  double sum = 0;
  for (int i = 0; i < D; i++) sum += rows[i] * rows[D + i];
  CHECK_NEAR(crow_few_dot(rows, rows + D, D), sum, 1e-12);
  const double equal[] = {1, 2, 1, 2, 1, 3, 1, 2};
  int64_t copies[4];
  CHECK(crow_few_distinct(equal, 4, 2, copies) == 2);
  CHECK(copies[0] == 3 && copies[1] == 3 && copies[2] == 1 && copies[3] == 3);
}

/* ---- exactly ------------------------------------------------------------------------------------------------- */

static void check_circle(const double *directions, int64_t count, int64_t k, const double *expected) {
  double value[8];
  bool done = false;
  CHECK_OK(crow_few_circle(directions, count, k, value, &done));
  CHECK(done == (expected != NULL));
  for (int64_t x = 0; x < count && done; x++) CHECK_NEAR(value[x], expected[x], 1e-14);
}

static void on_a_circle_each_has_half_of_the_way_to_its_neighbours(void) {
  const double quarter[] = {1, 0, 0, 1, -1, 0}, three[] = {.375, .25, .375};
  check_circle(quarter, 3, 2, three);
  /* The same circle smaller and off the origin, in three dimensions; and one direction twice. */
  const double lifted[] = {.6, 0, .8, 0, .6, .8, -.6, 0, .8};
  check_circle(lifted, 3, 3, three);
  const double twice[] = {1, 0, 0, 1, -1, 0, 0, 1}, shared[] = {.375, .125, .375, .125};
  check_circle(twice, 4, 2, shared);
  /* Angles -30, 10 and 100 degrees, given in another order. */
  const double degree = 0.017453292519943295;
  const double angles[] = {cos(100 * degree), sin(100 * degree), cos(-30 * degree),
                           sin(-30 * degree), cos(10 * degree),  sin(10 * degree)};
  const double gaps[] = {(90 + 230) / 720., (230 + 40) / 720., (40 + 90) / 720.};
  check_circle(angles, 3, 2, gaps);
  const double space[] = {1, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0};
  check_circle(space, 4, 3, NULL);
}

static void on_a_line_the_ends_share_the_sphere(void) {
  const double two[] = {.6, .8, -.6, .8}, halves[] = {.5, .5};
  check_circle(two, 2, 2, halves);
  const double line[] = {0, 1, .5, 1, 1, 1, 1, 1}, ends[] = {.5, 0, .25, .25};
  check_circle(line, 4, 2, ends);
  const double one[] = {.6, .8, .6, .8}, equal[] = {.5, .5};
  check_circle(one, 2, 2, equal);
}

/* Three directions about their weighted mean: an equilateral triangle by symmetry, with a clone that changes nothing.
 */
static void about_the_weighted_mean_clones_change_nothing(void) {
  double triangle[4 * 3] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1};
  crow_weights_options options = options_of("sphere");
  options.nearest.engine = CROW_NEAREST_AUTO;
  for (int count = 3; count <= 4; count++) {
    double rows[4 * 3];
    crow_few few = {.kind = CROW_FEW_WEIGHTED, .options = &options, .d = 3};
    crow_few_set set = {0};
    memcpy(rows, triangle, sizeof rows);
    for (int i = 0; i < 9; i++) rows[i] *= 1 + i / 3; /* lengths do not matter */
    CHECK_OK(crow_few_weights(&few, count, rows, 1000, 1000, &set));
    CHECK(set.samples == 0);
    for (int x = 0; x < count; x++) CHECK_NEAR(set.value[x], count == 4 && x > 1 ? 1. / 6 : 1. / 3, 1e-12);
    crow_few_set_free(&set);
    crow_few_free(&few);
  }
}

/* ---- by samples ---------------------------------------------------------------------------------------------- */

enum { COUNT = 5, D = 8, SAMPLES = 3001 };

static void make_rows(double *rows) {
  for (uint64_t x = 0; x < COUNT; x++) crow_random_uniform(3, CROW_STREAM_TEST, x, rows + x * D, D);
}

/* Sample i of each space by its definition. */
static void definition(crow_few_kind kind, const double *rows, uint64_t i, double *point) {
  double draw[D], low, high;
  if (kind == CROW_FEW_GAUSSIAN) {
    crow_random_normal(5, CROW_STREAM_SAMPLE, i, draw, COUNT);
    for (int k = 0; k < D; k++) {
      double mean = 0;
      for (int x = 0; x < COUNT; x++) mean += rows[x * D + k] / COUNT;
      point[k] = mean;
      for (int x = 0; x < COUNT; x++) point[k] += draw[x] * (rows[x * D + k] - mean) / sqrt(COUNT);
    }
    return;
  }
  crow_random_uniform(5, CROW_STREAM_SAMPLE, i, draw, D);
  for (int k = 0; k < D; k++) {
    low = high = rows[k];
    for (int x = 1; x < COUNT; x++) {
      low = fmin(low, rows[x * D + k]);
      high = fmax(high, rows[x * D + k]);
    }
    const double widen = kind == CROW_FEW_BOX ? .25 * (high - low) : 0;
    point[k] = kind == CROW_FEW_CUBE ? draw[k] : low - widen + draw[k] * (high - low + 2 * widen);
  }
}

static void the_nearest_of_every_sample_is_counted(void) {
  static const char *const spaces[] = {
      [CROW_FEW_CUBE] = "cube", [CROW_FEW_BOX] = "box", [CROW_FEW_GAUSSIAN] = "gaussian"};
  for (int kind = CROW_FEW_CUBE; kind <= CROW_FEW_GAUSSIAN; kind++) {
    if (kind == CROW_FEW_POOL) continue;
    double rows[COUNT * D], copy[COUNT * D];
    int64_t hits[COUNT] = {0}, different = 0, sum = 0;
    crow_weights_options options = options_of(spaces[kind]);
    options.space.margin = .25;
    crow_few few = {.kind = (crow_few_kind)kind, .options = &options, .d = D};
    crow_few_set set = {0};
    make_rows(rows);
    memcpy(copy, rows, sizeof rows);
    CHECK_OK(crow_few_weights(&few, COUNT, copy, SAMPLES, SAMPLES, &set));
    for (uint64_t i = 0; i < SAMPLES; i++) {
      double point[D], least = INFINITY;
      int best = 0;
      definition((crow_few_kind)kind, rows, i, point);
      for (int x = 0; x < COUNT; x++) {
        const double distance = crow_nearest_distance(point, rows + x * D, CROW_DOUBLE, D);
        if (distance < least) best = x;
        least = fmin(least, distance);
      }
      hits[best] += CROW_HIT_UNIT;
    }
    for (int x = 0; x < COUNT; x++) {
      const double w = (double)set.hits[x] / (double)CROW_HIT_UNIT / SAMPLES;
      different += llabs(hits[x] - set.hits[x]) / CROW_HIT_UNIT;
      sum += set.hits[x];
      CHECK_NEAR(set.value[x], w, 1e-15);
      CHECK_NEAR(set.error[x], sqrt(w * (1 - w) / SAMPLES), 1e-15);
    }
    CHECK(different <= 2); /* rounding of a projection may decide at a border */
    CHECK(sum == SAMPLES * CROW_HIT_UNIT && set.samples == SAMPLES && !set.inexact);
    crow_few_set_free(&set);
    crow_few_free(&few);
  }
}

/* Four orthonormal directions have a quarter each; the fifth, equal to the fourth, half of that one's. */
static void directions_share_the_sphere(void) {
  double rows[COUNT * D] = {0};
  const crow_weights_options options = options_of("sphere");
  crow_few few = {.kind = CROW_FEW_SPHERE, .options = &options, .d = D};
  crow_few_set set = {0};
  for (int x = 0; x < COUNT; x++) rows[x * D + (x < 4 ? x : 3)] = 1;
  CHECK_OK(crow_few_weights(&few, COUNT, rows, 20000, 20000, &set));
  CHECK(set.k == 4 && set.hits[3] == set.hits[4]);
  for (int x = 0; x < COUNT; x++) CHECK_NEAR(set.value[x], x < 3 ? .25 : .125, 5 * set.error[x]);
  CHECK(set.hits[0] + set.hits[1] + set.hits[2] + 2 * set.hits[3] == 20000 * CROW_HIT_UNIT);
  /* A shared hit counts with its square: variance (1/4 * 1/4 + ... ) of halves on a quarter of the samples. */
  CHECK_NEAR(set.error[3], sqrt((.25 * .25 - .125 * .125) / 20000), 2e-5);
  crow_few_set_free(&set);
  crow_few_free(&few);
}

static void samples_go_on_to_the_accuracy_or_the_limit(void) {
  double rows[COUNT * D];
  crow_weights_options options = options_of("cube");
  crow_few few = {.kind = CROW_FEW_CUBE, .options = &options, .d = D};
  for (int limited = 0; limited <= 1; limited++) {
    crow_few_set set = {0}, whole = {0};
    double worst = 0;
    make_rows(rows);
    options.relative_error = .02;
    CHECK_OK(crow_few_weights(&few, COUNT, rows, 200, limited ? 500 : 1000000, &set));
    for (int x = 0; x < COUNT; x++) {
      if (set.value[x] > 1. / COUNT) worst = fmax(worst, set.error[x] / set.value[x]);
    }
    CHECK(limited ? worst > .02 && set.inexact && set.samples == 500 : worst <= .02 && !set.inexact);
    CHECK(set.samples > 200 && set.samples < 40000);
    /* The parts add up to what one part gives. */
    options.relative_error = 0;
    make_rows(rows);
    CHECK_OK(crow_few_weights(&few, COUNT, rows, set.samples, set.samples, &whole));
    CHECK(memcmp(set.hits, whole.hits, COUNT * sizeof *set.hits) == 0);
    CHECK(memcmp(set.squares, whole.squares, COUNT * sizeof *set.squares) == 0);
    crow_few_set_free(&set);
    crow_few_set_free(&whole);
  }
  crow_few_free(&few);
}

static void pseudo_counts_are_added(void) {
  double rows[COUNT * D];
  crow_weights_options options = options_of("cube");
  crow_few few = {.kind = CROW_FEW_CUBE, .options = &options, .d = D};
  crow_few_set plain = {0}, set = {0};
  make_rows(rows);
  CHECK_OK(crow_few_weights(&few, COUNT, rows, 1000, 1000, &plain));
  options.pseudo_count = 2;
  make_rows(rows);
  CHECK_OK(crow_few_weights(&few, COUNT, rows, 1000, 1000, &set));
  for (int x = 0; x < COUNT; x++) {
    CHECK_NEAR(set.value[x], (plain.value[x] * 1000 + 2) / (1000 + 2 * COUNT), 1e-15);
    CHECK_NEAR(set.error[x], plain.error[x] * 1000 / (1000 + 2 * COUNT), 1e-15);
  }
  crow_few_set_free(&plain);
  crow_few_set_free(&set);
  crow_few_free(&few);
}

/* Kept draws are made once and lengthened when more columns are wanted; the first columns stay what they were. */
static void draws_are_kept_and_lengthened(void) {
  const crow_weights_options options = options_of("cube");
  crow_few few = {.kind = CROW_FEW_CUBE, .options = &options, .d = D};
  const double *draws = NULL, *again = NULL;
  CHECK_OK(crow_few_draws(&few, 2, 3, 1000, &draws));
  CHECK_OK(crow_few_draws(&few, 2, 2, 1000, &again));
  CHECK(draws == again && few.kept_bytes == 3 * CROW_FEW_LANES * 8);
  double first[3 * CROW_FEW_LANES], expected[3];
  memcpy(first, draws, sizeof first);
  for (int lane = 0; lane < CROW_FEW_LANES; lane++) {
    crow_random_uniform(5, CROW_STREAM_SAMPLE, (uint64_t)(2 * CROW_FEW_LANES + lane), expected, 3);
    for (int k = 0; k < 3; k++) CHECK(first[k * CROW_FEW_LANES + lane] == expected[k]);
  }
  CHECK_OK(crow_few_draws(&few, 2, 5, 1000, &draws));
  CHECK(memcmp(draws, first, 2 * CROW_FEW_LANES * sizeof *draws) == 0 && few.kept_bytes == 5 * CROW_FEW_LANES * 8);
  CHECK_OK(crow_few_draws(&few, 0, 1, 1000, &draws));
  CHECK(few.kept_bytes == 6 * CROW_FEW_LANES * 8 && few.columns[2] == 5);
  crow_few_free(&few);
}

/* A prompt's contexts among those that a rank holds, as floats and as doubles, whatever they are stored as. */
static void a_view_finds_a_prompts_rows(void) {
  enum { ROWS = 6, WIDE = 3 };
  static const crow_gidx place[] = {4, 0, 5};
  double wide[ROWS * WIDE], as_double[2 * WIDE];
  float narrow[ROWS * WIDE], as_float[2 * WIDE];
  for (int i = 0; i < ROWS * WIDE; i++) wide[i] = narrow[i] = (float)i / 4;
  for (int single = 0; single <= 1; single++) {
    for (int placed = 0; placed <= 1; placed++) {
      crow_prompt_view view = {single ? (void *)narrow : (void *)wide, placed ? place : NULL, WIDE, single};
      crow_prompt_view_make(&view, 1, 2, CROW_F64, as_double);
      crow_prompt_view_make(&view, 1, 2, CROW_F32, as_float);
      for (int i = 0; i < 2 * WIDE; i++) {
        const crow_gidx row = placed ? place[1 + i / WIDE] : 1 + i / WIDE;
        CHECK(as_double[i] == wide[row * WIDE + i % WIDE]);
        CHECK(as_float[i] == narrow[row * WIDE + i % WIDE]);
      }
    }
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"a basis spans the rows and no more", a_basis_spans_the_rows_and_no_more},
      {"on a circle each has half of the way to its neighbours",
       on_a_circle_each_has_half_of_the_way_to_its_neighbours},
      {"on a line the ends share the sphere", on_a_line_the_ends_share_the_sphere},
      {"about the weighted mean clones change nothing", about_the_weighted_mean_clones_change_nothing},
      {"the nearest of every sample is counted", the_nearest_of_every_sample_is_counted},
      {"directions share the sphere", directions_share_the_sphere},
      {"samples go on to the accuracy or the limit", samples_go_on_to_the_accuracy_or_the_limit},
      {"pseudo-counts are added", pseudo_counts_are_added},
      {"draws are kept and lengthened", draws_are_kept_and_lengthened},
      {"a view finds a prompt's rows", a_view_finds_a_prompts_rows},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "weights of a few", tests, false);
}
