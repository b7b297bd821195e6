/* SPDX-License-Identifier: Apache-2.0 */
/* The orthogonal matrix of block signs against its definition, entry by entry, and its orders and signs against what
 * they are drawn from. */
#include "harness.h"

#include "space/rotation_impl.h"

#define MOST 20

/* The list of what is left, of which each place from the last to the second takes one; the gap gets the list's end. */
static void draw_order(int64_t d, const double *random, int32_t *order) {
  int32_t left[MOST];
  for (int32_t k = 0; k < d; k++) left[k] = k;
  for (int64_t many = d; many > 1; many--) {
    const int64_t taken = (int64_t)floor(random[many - 1] * (double)many);
    order[many - 1] = left[taken];
    left[taken] = left[many - 1];
  }
  order[0] = left[0];
}

static void orders_and_signs_are_those_of_the_stream(void) {
  for (int64_t d = 1; d <= MOST; d++) {
    crow_rotation q;
    CHECK_OK(crow_rotation_create(d, 7, &q));
    CHECK(q.d == d && q.span <= d && 2 * q.span > d);
    CHECK_NEAR(q.scale * q.scale * (double)q.span, 1, 1e-15);
    for (int round = 0; round < CROW_ROTATION_ROUNDS; round++) {
      double random[2][MOST];
      int32_t order[MOST];
      for (int which = 0; which < 2; which++) {
        crow_random_uniform(7, CROW_STREAM_SIGNS, (uint64_t)(2 * round + which), random[which], d);
      }
      draw_order(d, random[0], order);
      for (int64_t k = 0; k < d; k++) {
        CHECK(q.order[round][k] == order[k]);
        CHECK(q.sign[round][k] == (random[1][k] < .5 ? -1 : 1));
      }
    }
    crow_rotation_free(&q);
    CHECK(!q.order[0] && !q.sign[1] && q.d == 0);
  }
}

/* 24 orders of 4, 4800 draws: 200 each, with a standard deviation of 14. Both signs of each place in equal parts. */
static void all_orders_are_alike(void) {
  int count[2][256] = {{0}}, negative[2][4] = {{0}};
  enum { DRAWS = 4800 };
  for (uint64_t seed = 0; seed < DRAWS; seed++) {
    crow_rotation q;
    if (crow_rotation_create(4, seed, &q) != CROW_OK) continue;
    for (int round = 0; round < 2; round++) {
      int number = 0;
      for (int k = 0; k < 4; k++) {
        number = 4 * number + q.order[round][k];
        negative[round][k] += q.sign[round][k] < 0;
      }
      count[round][number]++;
    }
    crow_rotation_free(&q);
  }
  for (int round = 0; round < 2; round++) {
    int seen = 0;
    for (int number = 0; number < 256; number++) {
      if (!count[round][number]) continue;
      seen++;
      CHECK_NEAR(count[round][number], DRAWS / 24., 5 * sqrt(DRAWS / 24.));
    }
    CHECK(seen == 24);
    for (int k = 0; k < 4; k++) CHECK_NEAR(negative[round][k], DRAWS / 2., 5 * sqrt(DRAWS / 4.));
  }
}

/* H[i, j] = (-1)^(bits that i and j share) / sqrt(span), on `span` coordinates from `first` on. */
static void multiply_hadamard(int64_t first, int64_t span, double *x) {
  double y[MOST];
  for (int64_t i = 0; i < span; i++) {
    y[i] = 0;
    for (int64_t j = 0; j < span; j++) {
      y[i] += (__builtin_popcountll((unsigned long long)(i & j)) % 2 ? -1 : 1) * x[first + j] / sqrt((double)span);
    }
  }
  memcpy(x + first, y, (size_t)span * sizeof *x);
}

static void it_is_signs_orders_and_hadamard_matrices(void) {
  for (int64_t d = 1; d <= MOST; d++) {
    crow_rotation q;
    double x[MOST], y[MOST], room[MOST], given[MOST];
    CHECK_OK(crow_rotation_create(d, 3, &q));
    crow_random_normal(5, CROW_STREAM_TEST, (uint64_t)d, given, d);
    memcpy(x, given, sizeof x);
    memcpy(y, given, sizeof y);
    for (int round = 0; round < CROW_ROTATION_ROUNDS; round++) {
      double moved[MOST];
      for (int64_t k = 0; k < d; k++) moved[k] = q.sign[round][k] * y[q.order[round][k]];
      memcpy(y, moved, (size_t)d * sizeof *y);
      multiply_hadamard(0, q.span, y);
      if (q.span < d) multiply_hadamard(d - q.span, q.span, y);
    }
    crow_rotation_apply(&q, x, room);
    for (int64_t k = 0; k < d; k++) CHECK_NEAR(x[k], y[k], 1e-13);
    crow_rotation_undo(&q, x, room);
    for (int64_t k = 0; k < d; k++) CHECK_NEAR(x[k], given[k], 1e-13);
    crow_rotation_free(&q);
  }
}

/* Two matrices a round at most, each with p additions, the scaling, and one to spare. */
static void roundings_are_counted(void) {
  static const struct {
    int64_t d;
    double roundings;
  } cases[] = {{1, 8}, {2, 12}, {3, 12}, {4, 16}, {7, 16}, {8, 20}, {1023, 44}, {1024, 48}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_rotation q;
    CHECK_OK(crow_rotation_create(cases[k].d, 3, &q));
    CHECK(crow_rotation_roundings(&q) == cases[k].roundings);
    crow_rotation_free(&q);
  }
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"orders and signs are those of the stream", orders_and_signs_are_those_of_the_stream},
      {"all orders are alike", all_orders_are_alike},
      {"it is signs, orders and Hadamard matrices", it_is_signs_orders_and_hadamard_matrices},
      {"roundings are counted", roundings_are_counted},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "rotation", tests, false);
}
