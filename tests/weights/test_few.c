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

/* Half of the box is nearer to the two at the left, whose second coordinate decides, whatever the unit of the first. */
static void units_of_dimensions_do_not_matter(void) {
  enum { ROWS = 3, WIDE = 3, N = 40000 };
  for (double unit = 1; unit < 1e13; unit *= 1e4) {
    const crow_weights_options options = options_of("box");
    crow_few few = {.kind = CROW_FEW_BOX, .options = &options, .d = WIDE};
    crow_few_set set = {0};
    double rows[ROWS * WIDE] = {0, 0, 0, 0, .5, 0, unit, 1, 1};
    CHECK_OK(crow_few_weights(&few, ROWS, rows, N, N, &set));
    CHECK(set.as_they_are == (unit > 1e5));
    if (unit > 1) { /* the unit 1 has slanted borders */
      CHECK_NEAR(set.value[0], .125, .01);
      CHECK_NEAR(set.value[1], .375, .01);
      CHECK_NEAR(set.value[2], .5, .01);
    }
    crow_few_set_free(&set);
    crow_few_free(&few);
  }
}

/* Contexts that span all dimensions are searched as they are. */
static void without_a_basis_too(void) {
  enum { ROWS = 9, WIDE = 3, N = 2001 };
  const crow_few_kind kinds[] = {CROW_FEW_CUBE, CROW_FEW_BOX};
  for (int k = 0; k < 2; k++) {
    crow_weights_options options = options_of(k ? "box" : "cube");
    options.space.margin = .25;
    crow_few few = {.kind = kinds[k], .options = &options, .d = WIDE};
    crow_few_set set = {0};
    double rows[ROWS * WIDE], low[WIDE] = {0, 0, 0}, side[WIDE] = {1, 1, 1};
    int64_t hits[ROWS] = {0}, different = 0;
    for (uint64_t x = 0; x < ROWS; x++) crow_random_uniform(13, CROW_STREAM_TEST, x, rows + x * WIDE, WIDE);
    for (int i = 0; i < WIDE && k; i++) { /* the range, a quarter wider on either side */
      double high = low[i] = rows[i];
      for (int x = 1; x < ROWS; x++) {
        low[i] = fmin(low[i], rows[x * WIDE + i]);
        high = fmax(high, rows[x * WIDE + i]);
      }
      side[i] = 1.5 * (high - low[i]);
      low[i] -= .25 * (high - low[i]);
    }
    for (uint64_t i = 0; i < N; i++) {
      double draw[WIDE], least = INFINITY;
      int nearest = 0;
      crow_random_uniform(5, CROW_STREAM_SAMPLE, i, draw, WIDE);
      for (int x = 0; x < ROWS; x++) {
        double square = 0;
        for (int j = 0; j < WIDE; j++) {
          const double t = low[j] + side[j] * draw[j] - rows[x * WIDE + j];
          square += t * t;
        }
        if (square >= least) continue;
        least = square;
        nearest = x;
      }
      hits[nearest]++;
    }
    CHECK_OK(crow_few_weights(&few, ROWS, rows, N, N, &set));
    CHECK(set.k == WIDE && !set.basis);
    for (int x = 0; x < ROWS; x++) different += llabs(set.hits[x] - hits[x] * CROW_HIT_UNIT);
    CHECK(different <= 2 * CROW_HIT_UNIT); /* rounding may decide at a border */
    crow_few_set_free(&set);
    crow_few_free(&few);
  }
}

/* The centre is the mean of the normalised contexts by the weights, and these are the shares of the sphere that the
 * directions from there are nearest to: counted with other draws. */
static void about_the_weighted_mean_shares_are_the_weights(void) {
  enum { ROWS = 6, WIDE = 4, N = 60000 };
  const crow_weights_options options = options_of("sphere");
  crow_few few = {.kind = CROW_FEW_WEIGHTED, .options = &options, .d = WIDE};
  crow_few_set set = {0};
  double rows[ROWS * WIDE], y[ROWS * WIDE], centre[WIDE] = {0}, sum = 0;
  int64_t hits[ROWS] = {0};
  for (uint64_t x = 0; x < ROWS; x++) crow_random_normal(15, CROW_STREAM_TEST, x, rows + x * WIDE, WIDE);
  for (int x = 0; x < ROWS; x++) {
    rows[x * WIDE] += 1; /* to one side */
    const double length = sqrt(crow_few_dot(rows + x * WIDE, rows + x * WIDE, WIDE));
    for (int k = 0; k < WIDE; k++) y[x * WIDE + k] = rows[x * WIDE + k] / length;
  }
  CHECK_OK(crow_few_weights(&few, ROWS, rows, 40000, 40000, &set));
  CHECK(set.samples == 40000 && set.k == WIDE);
  for (int x = 0; x < ROWS; x++) {
    sum += set.value[x];
    for (int k = 0; k < WIDE; k++) centre[k] += set.value[x] * y[x * WIDE + k];
  }
  CHECK_NEAR(sum, 1, 1e-12);
  for (int x = 0; x < ROWS; x++) {
    double *u = y + x * WIDE;
    for (int k = 0; k < WIDE; k++) u[k] -= centre[k];
    const double length = sqrt(crow_few_dot(u, u, WIDE));
    for (int k = 0; k < WIDE; k++) u[k] /= length;
  }
  for (uint64_t i = 0; i < N; i++) {
    double draw[WIDE], most = -INFINITY;
    int nearest = 0;
    crow_random_normal(16, CROW_STREAM_TEST, i, draw, WIDE);
    for (int x = 0; x < ROWS; x++) {
      const double product = crow_few_dot(y + x * WIDE, draw, WIDE);
      if (product > most) nearest = x;
      most = fmax(most, product);
    }
    hits[nearest]++;
  }
  for (int x = 0; x < ROWS; x++) {
    const double share = (double)hits[x] / N;
    CHECK_NEAR(set.value[x], share, 4.5 * hypot(set.error[x], sqrt(share * (1 - share) / N)));
    CHECK(set.error[x] > 0);
  }
  crow_few_set_free(&set);
  crow_few_free(&few);
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

/* What would not fit into the room for kept draws is made each time. */
static void draws_beyond_the_room_are_made_again(void) {
  enum { COLUMNS = 3, BYTES = COLUMNS * CROW_FEW_LANES * 8 };
  const crow_weights_options options = options_of("cube");
  for (int fits = 0; fits <= 1; fits++) {
    crow_few few = {
        .kind = CROW_FEW_CUBE, .options = &options, .d = D, .kept_bytes = (INT64_C(64) << 20) - BYTES + !fits};
    const int64_t before = few.kept_bytes;
    for (int turn = 0; turn < 2; turn++) {
      const double *draws = NULL;
      double expected[COLUMNS];
      CHECK_OK(crow_few_draws(&few, 1, COLUMNS, 1000, &draws));
      CHECK(few.kept_bytes == before + (fits ? BYTES : 0) && few.columns[1] == (fits ? COLUMNS : 0));
      CHECK((draws == few.block[1]) == fits && (draws == few.spare) == !fits);
      for (int lane = 0; lane < CROW_FEW_LANES; lane++) {
        crow_random_uniform(5, CROW_STREAM_SAMPLE, (uint64_t)(CROW_FEW_LANES + lane), expected, COLUMNS);
        for (int k = 0; k < COLUMNS; k++) CHECK(draws[k * CROW_FEW_LANES + lane] == expected[k]);
      }
    }
    crow_few_free(&few);
  }
}

static void few_are_those_that_a_search_does_not_pay_for(void) {
  static const struct {
    const char *space;
    int64_t d, count;
    bool fits;
    crow_few_kind kind;
  } cases[] = {{"cube", 3, 64, true, CROW_FEW_CUBE},
               {"cube", 3, 65, false, CROW_FEW_CUBE},
               {"cube", 2, 10, false, CROW_FEW_CUBE},
               {"box", 4, 2, true, CROW_FEW_BOX},
               {"gaussian", 4, 2, true, CROW_FEW_GAUSSIAN},
               {"pool:file.h5:/x", 3, 64, true, CROW_FEW_POOL},
               {"pool:file.h5:/x", 2, 64, false, CROW_FEW_POOL},
               {"ball", 4, 2, false, CROW_FEW_CUBE},
               {"sphere", 2, 64, true, CROW_FEW_WEIGHTED},
               {"sphere", 9, 65, false, CROW_FEW_WEIGHTED}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    crow_few_kind kind = CROW_FEW_CUBE;
    crow_weights_options options = options_of(cases[c].space);
    CHECK(crow_few_fits(&options, NULL, cases[c].d, cases[c].count, &kind) == cases[c].fits);
    if (cases[c].fits) CHECK(kind == cases[c].kind);
    options.nearest.engine = CROW_NEAREST_EXACT;
    CHECK(!crow_few_fits(&options, NULL, cases[c].d, cases[c].count, &kind));
    options.nearest.engine = CROW_NEAREST_AUTO;
    options.scheme = CROW_SCHEME_UNIFORM;
    CHECK(!crow_few_fits(&options, NULL, cases[c].d, cases[c].count, &kind));
  }
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
      {"without a basis, too", without_a_basis_too},
      {"units of dimensions do not matter", units_of_dimensions_do_not_matter},
      {"about the weighted mean shares are the weights", about_the_weighted_mean_shares_are_the_weights},
      {"draws beyond the room are made again", draws_beyond_the_room_are_made_again},
      {"few are those that a search does not pay for", few_are_those_that_a_search_does_not_pay_for},
      {"directions share the sphere", directions_share_the_sphere},
      {"samples go on to the accuracy or the limit", samples_go_on_to_the_accuracy_or_the_limit},
      {"pseudo-counts are added", pseudo_counts_are_added},
      {"draws are kept and lengthened", draws_are_kept_and_lengthened},
      {"a view finds a prompt's rows", a_view_finds_a_prompts_rows},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "weights of a few", tests, false);
}
