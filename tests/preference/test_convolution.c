/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "preference/convolution_impl.h"
#include <stdlib.h>

enum { M = 400 };

static long double sigmoid(long double d) { return d > 0 ? 1 / (1 + expl(-d)) : expl(d) / (1 + expl(d)); }

typedef struct sums {
  double sigmoid, slope, softplus; /* worst errors, the last relative */
} sums;

/* Worst differences between the grid's results and direct sums. */
static sums compare(const double *r, const double *w, int margin) {
  crow_convolution *c = NULL;
  bool fits = false;
  sums worst = {0, 0, 0};
  double result[M], slope[M];
  long double softplus = 0;
  CHECK_OK(crow_convolution_create(&c));
  CHECK_OK(crow_convolution_spread(test_comm, c, M, r, w, margin, NULL, 0, &fits));
  CHECK(fits);
  for (int k = 0; k < CROW_GRID_KERNELS; k++) crow_convolution_multiply(c, (crow_grid_kernel)k);
  crow_convolution_interpolate(c, CROW_GRID_SIGMOID, M, r, result);
  crow_convolution_interpolate(c, CROW_GRID_SLOPE, M, r, slope);
  for (int x = 0; x < M; x++) {
    long double s = 0, t = 0;
    for (int y = 0; y < M; y++) {
      const long double d = (long double)r[x] - r[y], v = w[y];
      s += v * sigmoid(d);
      t += v * sigmoid(d) * sigmoid(-d);
      softplus += w[x] * v * ((d > 0 ? d : 0) + log1pl(expl(-fabsl(d))));
    }
    worst.sigmoid = fmax(worst.sigmoid, (double)fabsl(result[x] - s));
    worst.slope = fmax(worst.slope, (double)fabsl(slope[x] - t));
  }
  worst.softplus = (double)fabsl(crow_convolution_softplus_sum(c) / softplus - 1);
  crow_convolution_destroy(&c);
  return worst;
}

static void make(double range, double *r, double *w) {
  double sum = 0;
  for (int x = 0; x < M; x++) {
    double u[2];
    crow_random_uniform(9, CROW_STREAM_TEST, (uint64_t)x, u, 2);
    r[x] = range * (u[0] - 0.5);
    sum += w[x] = u[1];
  }
  for (int x = 0; x < M; x++) w[x] /= sum;
}

static void sums_are_exact_to_1e_13_for_any_range(void) {
  const double ranges[] = {0, 1e-9, 0.05, 1, 22, 50, 100, 1000, 1e4};
  double r[M], w[M];
  for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
    make(ranges[k], r, w);
    for (int margin = 0; margin <= (ranges[k] < 1e4 ? CROW_GRID_REACH : 0); margin += CROW_GRID_REACH) {
      const sums error = compare(r, w, margin);
      CHECK(error.sigmoid < test_within(1e-14));
      CHECK(error.slope < test_within(1e-14));
      CHECK(error.softplus < test_within(1e-13));
    }
  }
}

static void weights_of_15_orders_of_magnitude(void) {
  double r[M], w[M], sum = 0;
  make(30, r, w);
  for (int x = 0; x < M; x++) sum += w[x] = pow(10, -15.0 * (x * 7919 % M) / M);
  for (int x = 0; x < M; x++) w[x] /= sum;
  const sums error = compare(r, w, 0);
  CHECK(error.sigmoid < test_within(1e-14));
  CHECK(error.softplus < test_within(1e-13));
}

/* Far groups: what is kept is bounded by the groups, and the long distances enter softplus as they are. */
static void far_groups_cost_no_more_nodes(void) {
  double r[M], w[M];
  make(20, r, w);
  for (int x = 0; x < M; x++) r[x] += x % 4 == 0 ? -3e8 : x % 4 == 1 ? 0 : x % 4 == 2 ? 70 : 5e8;
  const sums error = compare(r, w, 0);
  CHECK(error.sigmoid < test_within(1e-14));
  CHECK(error.slope < test_within(1e-14));
  CHECK(error.softplus < test_within(1e-13));
}

static void no_result_for_what_cannot_be_held(void) {
  crow_convolution *c = NULL;
  double r[M], w[M];
  bool fits = true;
  CHECK_OK(crow_convolution_create(&c));
  const double bad[] = {NAN, INFINITY, -INFINITY, 1e17};
  for (int k = 0; k < 4; k++) {
    make(20, r, w);
    r[7] = bad[k];
    CHECK_OK(crow_convolution_spread(test_comm, c, M, r, w, 0, NULL, 0, &fits));
    CHECK(!fits);
    w[7] = 0; /* an alternative without weight does not matter */
    CHECK_OK(crow_convolution_spread(test_comm, c, M, r, w, 0, NULL, 0, &fits));
    CHECK(fits);
  }
  crow_convolution_destroy(&c);
}

static void results_beyond_the_grid_are_those_of_its_ends(void) {
  crow_convolution *c = NULL;
  bool fits = false;
  double r[M], w[M], at[] = {-1e300, -60, 60, 1e300, -INFINITY, INFINITY}, result[6];
  make(20, r, w);
  CHECK_OK(crow_convolution_create(&c));
  CHECK_OK(crow_convolution_spread(test_comm, c, M, r, w, CROW_GRID_REACH, NULL, 0, &fits));
  crow_convolution_multiply(c, CROW_GRID_SIGMOID);
  crow_convolution_interpolate(c, CROW_GRID_SIGMOID, 6, at, result);
  for (int k = 0; k < 6; k++) CHECK_NEAR(result[k], at[k] > 0, 1e-15);
  crow_convolution_destroy(&c);
}

/* Each of eleven sets of weights, some of them 0 here and there, has the bits that it has by itself; also in place, on
 * a grid with gaps, and on one that is too large for several at once. */
static void columns_have_the_bits_of_one(void) {
  enum { COLUMNS = 11 };
  const double ranges[] = {1, 22, 3000, 5000};
  for (int k = 0; k < 4; k++) {
    static double r[M], layout[M], w[COLUMNS * M], result[COLUMNS * M], one[M];
    crow_convolution *c = NULL;
    bool fits = false;
    make(ranges[k], r, layout);
    for (int x = 0; x < M && k % 2; x++) r[x] += x % 2 ? 3e8 : -3e8;
    for (int x = 0; x < COLUMNS * M; x++) w[x] = x % (x / M + 3) ? layout[x % M] * (x / M + 1) / COLUMNS : 0;
    CHECK_OK(crow_convolution_create(&c));
    for (int kernel = 0; kernel < 2; kernel++) {
      CHECK_OK(
          crow_convolution_columns(test_comm, c, (crow_grid_kernel)kernel, M, r, layout, 0, COLUMNS, w, result, &fits));
      CHECK(fits);
      for (int b = 0; b < COLUMNS; b++) {
        CHECK_OK(crow_convolution_spread(test_comm, c, M, r, layout, 0, NULL, 0, &fits)); /* lays the grid out */
        CHECK_OK(crow_convolution_spread_there(test_comm, c, M, r, w + b * M, NULL, 0));
        crow_convolution_multiply(c, (crow_grid_kernel)kernel);
        crow_convolution_interpolate(c, (crow_grid_kernel)kernel, M, r, one);
        CHECK(memcmp(one, result + b * M, sizeof one) == 0);
      }
    }
    CHECK_OK(crow_convolution_columns(test_comm, c, CROW_GRID_SLOPE, M, r, layout, 0, COLUMNS, w, w, &fits));
    CHECK(memcmp(w, result, sizeof w) == 0);
    crow_convolution_destroy(&c);
  }
}

static void a_reward_s_cell_and_place_are_found_without_rounding(void) {
  const double r[] = {-1e300, NAN, -3, 0, 1.0 / 32, 2.99, 3, 3.01, INFINITY, -1.03125};
  const int64_t cell[] = {-48, -48, -48, 0, 0, 47, 47, 47, 47, -17};
  const double place[] = {-0.5, -0.5, -0.5, -0.5, 0, 16 * 2.99 - 47.5, 0.5, 0.5, 0.5, 0};
  int64_t at[10];
  double u[10];
  crow_grid_kernels_get(crow_isa_best())->locate(-48, 96, 7, 10, r, at, u);
  for (int k = 0; k < 10; k++) {
    CHECK(at[k] == 7 + cell[k] + 48);
    CHECK(u[k] == place[k]);
  }
}

static void instruction_sets_agree_to_the_bit(void) {
  enum { N = 100, NODES = 300, BAND = 656, MARGIN = BAND + 64 };
  static crow_grid_basis basis;
  static double mass[NODES + 2 * MARGIN], tail[BAND + 1];
  int64_t at[N];
  double u[N], w[N];
  for (int k = 0; k < CROW_GRID_POWERS; k++) {
    crow_random_uniform(1, CROW_STREAM_TEST, (uint64_t)k, basis.even[k], 8);
    crow_random_uniform(2, CROW_STREAM_TEST, (uint64_t)k, basis.odd[k], 8);
    for (int j = 0; j < 8; j++) basis.even[k][j] -= 0.5;
  }
  for (int i = 0; i < N; i++) {
    double v[3];
    crow_random_uniform(2, CROW_STREAM_TEST, (uint64_t)i, v, 3);
    at[i] = (int64_t)(v[0] * (NODES - CROW_GRID_STENCIL));
    u[i] = v[1] - 0.5;
    w[i] = v[2] / N;
  }
  crow_random_uniform(3, CROW_STREAM_TEST, 0, mass + MARGIN, NODES);
  crow_random_uniform(3, CROW_STREAM_TEST, 1, tail, BAND + 1);
  static int64_t fixed[CROW_ISA_COUNT][NODES], found[CROW_ISA_COUNT][12];
  static double place[CROW_ISA_COUNT][12];
  static double back[CROW_ISA_COUNT][N], product[CROW_ISA_COUNT][NODES];
  static int64_t fixed_columns[CROW_ISA_COUNT][NODES * CROW_GRID_COLUMNS];
  static double columns[NODES * CROW_GRID_COLUMNS], back_columns[CROW_ISA_COUNT][N * CROW_GRID_COLUMNS];
  crow_random_uniform(4, CROW_STREAM_TEST, 0, columns, NODES * CROW_GRID_COLUMNS);
  for (int k = 0; k < NODES * CROW_GRID_COLUMNS; k++) columns[k] /= N;
  for (crow_isa isa = CROW_ISA_PORTABLE; isa < CROW_ISA_COUNT; isa++) {
    const crow_grid_kernels *kernels = crow_grid_kernels_get(isa);
    if (!kernels) continue;
    double r[] = {-1e300, NAN, -3, 0, 1e-300, 2.99, 3, 3.01, INFINITY, -INFINITY, 1, -1.03125};
    kernels->locate(-48, 96, 7, 12, r, found[isa], place[isa]);
    CHECK(memcmp(found[isa], found[0], sizeof found[0]) == 0);
    CHECK(memcmp(place[isa], place[0], sizeof place[0]) == 0);
    kernels->spread(&basis, N, at, u, w, fixed[isa]);
    kernels->interpolate(&basis, N, at, u, mass + MARGIN, back[isa]);
    kernels->multiply(NODES, BAND, tail, -1, mass + MARGIN, product[isa]);
    kernels->spread_columns(&basis, N, at, u, columns, fixed_columns[isa]);
    kernels->interpolate_columns(&basis, N, at, u, columns, back_columns[isa]);
    CHECK(memcmp(fixed_columns[isa], fixed_columns[0], sizeof fixed_columns[0]) == 0);
    CHECK(memcmp(back_columns[isa], back_columns[0], sizeof back_columns[0]) == 0);
    CHECK(memcmp(fixed[isa], fixed[0], sizeof fixed[0]) == 0);
    CHECK(memcmp(back[isa], back[0], sizeof back[0]) == 0);
    CHECK(memcmp(product[isa], product[0], sizeof product[0]) == 0);
  }
}

int main(int argc, char **argv) {
  const crow_test tests[] = {
      {"sums are exact to 1e-13 for any range of rewards", sums_are_exact_to_1e_13_for_any_range},
      {"weights of 15 orders of magnitude", weights_of_15_orders_of_magnitude},
      {"far groups cost no more nodes", far_groups_cost_no_more_nodes},
      {"no result for what cannot be held", no_result_for_what_cannot_be_held},
      {"results beyond the grid are those of its ends", results_beyond_the_grid_are_those_of_its_ends},
      {"several sets of weights at once have the bits of one", columns_have_the_bits_of_one},
      {"a reward's cell and its place are found without rounding",
       a_reward_s_cell_and_place_are_found_without_rounding},
      {"all instruction sets give the same bits", instruction_sets_agree_to_the_bit},
      {NULL, NULL},
  };
  return crow_test_main(argc, argv, "convolution", tests, true);
}
