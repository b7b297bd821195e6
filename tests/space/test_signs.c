/* SPDX-License-Identifier: Apache-2.0 */
/* Which block of signs each coordinate is dealt to, by hand. */
#include "harness.h"

#include "space/space_impl.h"

enum { MOST = 16 };

/* The block of every coordinate of a cube, told from the points of a draw: row r flips block b if r and b share an odd
 * number of bits, so rows 1, 2, 4 tell the bits of b. */
static void blocks_of(int64_t d, int64_t blocks, const double *energy, int *block) {
  double lower[MOST] = {0}, upper[MOST], point[4 * MOST * MOST];
  for (int64_t k = 0; k < d; k++) upper[k] = 1;
  const crow_space space = {.kind = CROW_SPACE_CUBE, .seed = 11, .dimensions = d, .lower = lower, .upper = upper};
  crow_signs *signs = NULL;
  CHECK_OK(crow_signs_create(&space, blocks, energy, &signs));
  CHECK(crow_signs_block_length(signs) == (d + blocks - 1) / blocks);
  CHECK_OK(crow_signs_sample(signs, 0, 2 * blocks, point));
  for (int64_t k = 0; k < d; k++) {
    block[k] = 0;
    for (int bit = 1; bit < blocks; bit *= 2) block[k] += point[bit * d + k] == point[k] ? 0 : bit;
  }
  crow_signs_destroy(&signs);
}

static void check_blocks(int64_t d, int64_t blocks, const double *energy, const int *expected) {
  int block[MOST];
  blocks_of(d, blocks, energy, block);
  for (int64_t k = 0; k < d; k++) CHECK_NEAR(block[k], expected[k], 0);
}

/* The greatest first, each to the block that has least; among these to that of fewest, and to the first. */
static void the_greatest_goes_where_there_is_least(void) {
  const double falling[] = {8, 4, 2, 1}, rising[] = {1, 2, 4, 8};
  check_blocks(4, 2, falling, (int[]){0, 1, 1, 0}); /* 8; 4; 4 + 2; the second is full */
  check_blocks(4, 2, rising, (int[]){0, 1, 1, 0});
  const double one_large[] = {9, 1, 2, 3, 1, 2};
  check_blocks(6, 2, one_large, (int[]){0, 0, 1, 1, 0, 1}); /* 9; 3, 5, 7 to the other; its room is over */
}

static void those_alike_are_dealt_in_turn(void) {
  const double equal[] = {3, 3, 3, 3, 3, 3, 3}, none[8] = {0}, few[] = {1, 1, 0, 0, 0, 0};
  check_blocks(7, 4, equal, (int[]){0, 1, 2, 3, 0, 1, 2});
  check_blocks(8, 4, none, (int[]){0, 1, 2, 3, 0, 1, 2, 3});
  check_blocks(6, 2, few, (int[]){0, 1, 0, 1, 0, 1});
}

/* Columns of a normal distribution's factor that rounding alone has filled are left out, whatever the unit. */
static void the_rank_of_a_factor_has_no_unit(void) {
  enum { D = 6, RANK = 4 };
  static const double units[] = {1, 0x1p-60, 0x1p60};
  for (int u = 0; u < 3; u++) {
    double factor[D * D] = {0}, mean[D] = {0};
    for (int k = 0; k < D; k++) {
      for (int j = 0; j < D; j++) factor[k * D + j] = (j < RANK ? k == j || k == D - 1 : 0x1p-56 * (k + 1)) * units[u];
    }
    const crow_space space = {.kind = CROW_SPACE_GAUSSIAN, .seed = 11, .dimensions = D, .mean = mean, .factor = factor};
    crow_signs *signs = NULL;
    CHECK_OK(crow_signs_create(&space, 1, NULL, &signs));
    CHECK(crow_signs_block_length(signs) == RANK);
    /* The root of the sum of squares of what is kept: four ones, and four below them. */
    CHECK_NEAR(crow_signs_norm(signs) / units[u], sqrt(8), 1e-9);
    crow_signs_destroy(&signs);
  }
}

/* Roundings in a row: 8, and the rotation's with 4 of its own but in a box, and a product's. */
static void roundings_are_those_of_the_space(void) {
  enum { D = 6 };
  double lower[D] = {0}, upper[D] = {1, 2, 3, 4, 5, 6}, mean[D] = {0}, factor[D * D] = {0}, energy[D] = {0};
  for (int k = 0; k < 4; k++) factor[k * D + k] = 1;
  static const struct {
    crow_space_kind kind;
    double roundings; /* a rotation of 4 to 7 coordinates has 16 */
  } cases[] = {{CROW_SPACE_CUBE, 8},
               {CROW_SPACE_BOX, 8},
               {CROW_SPACE_SPHERE, 8 + 16 + 4},
               {CROW_SPACE_BALL, 8 + 16 + 4},
               {CROW_SPACE_GAUSSIAN, 8 + 16 + 4 + D + 4}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    const crow_space space = {.kind = cases[c].kind,
                              .seed = 11,
                              .dimensions = D,
                              .lower = lower,
                              .upper = upper,
                              .mean = mean,
                              .radius = 3,
                              .factor = factor};
    crow_signs *signs = NULL;
    CHECK_OK(crow_signs_create(&space, 2, energy, &signs));
    CHECK(crow_signs_roundings(signs) == cases[c].roundings);
    CHECK(crow_signs_room(signs) == (cases[c].kind == CROW_SPACE_GAUSSIAN ? 8 : 12));
    CHECK(crow_signs_blocks(signs) == 2 && crow_signs_points(signs) == 4);
    CHECK(crow_signs_block_length(signs) == (cases[c].kind == CROW_SPACE_GAUSSIAN ? 2 : 3));
    /* The longest that a unit vector becomes: half of the longest side, the radius, the root of all squares. */
    static const double norms[] = {3, 3, 1, 3, 2};
    CHECK_NEAR(crow_signs_norm(signs), norms[c], 1e-10);
    for (int k = 0; k < D; k++) CHECK(crow_signs_centre(signs)[k] == (c < 2 ? upper[k] / 2 : 0));
    crow_signs_destroy(&signs);
    CHECK(signs == NULL);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"the greatest goes where there is least", the_greatest_goes_where_there_is_least},
                                    {"the rank of a factor has no unit", the_rank_of_a_factor_has_no_unit},
                                    {"those alike are dealt in turn", those_alike_are_dealt_in_turn},
                                    {"roundings are those of the space", roundings_are_those_of_the_space},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "dealing", tests, false);
}
