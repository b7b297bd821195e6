/* SPDX-License-Identifier: Apache-2.0 */
#include "harness.h"
#include "optim/direction_impl.h"

enum { N = 9, H = 4 };

typedef struct pairs {
  double s[H][N], y[H][N], g[N];
} pairs;

static double dot(const double *a, const double *b) {
  double sum = 0;
  for (int i = 0; i < N; i++) sum += a[i] * b[i];
  return sum;
}

/* y = A s with a positive definite A, so that s.y > 0. */
static pairs make_pairs(void) {
  pairs p;
  for (int k = 0; k < H; k++) {
    crow_random_normal(3, CROW_STREAM_TEST, (uint64_t)k, p.s[k], N);
    for (int i = 0; i < N; i++) p.y[k][i] = (1 + i) * p.s[k][i] + 0.3 * (p.s[k][(i + 1) % N] + p.s[k][(i + N - 1) % N]);
  }
  crow_random_normal(3, CROW_STREAM_TEST, 99, p.g, N);
  return p;
}

/* -H g with the inverse Hessian as a matrix: BFGS updates (Nocedal and Wright, Eq. 6.17) of s.y / y.y I. */
static void by_matrix(const pairs *p, int first, double *d) {
  double h[N][N] = {{0}};
  const double scale = dot(p->s[H - 1], p->y[H - 1]) / dot(p->y[H - 1], p->y[H - 1]);
  for (int i = 0; i < N; i++) h[i][i] = first < H ? scale : 1;
  for (int k = first; k < H; k++) {
    const double rho = 1 / dot(p->s[k], p->y[k]);
    double left[N][N], next[N][N];
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        left[i][j] = h[i][j];
        for (int l = 0; l < N; l++) left[i][j] -= rho * p->s[k][i] * p->y[k][l] * h[l][j];
      }
    }
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        next[i][j] = left[i][j] + rho * p->s[k][i] * p->s[k][j];
        for (int l = 0; l < N; l++) next[i][j] -= left[i][l] * rho * p->y[k][l] * p->s[k][j];
      }
    }
    memcpy(h, next, sizeof h);
  }
  for (int i = 0; i < N; i++) d[i] = -dot(h[i], p->g);
}

static void check_direction(const crow_products *products, const pairs *p, int first) {
  double s_part[H], y_part[H], alpha[H], d[N], expected[N];
  crow_combination c = {0, s_part, y_part};
  const double slope = crow_products_direction(products, &c, alpha);
  for (int i = 0; i < N; i++) {
    d[i] = c.g_part * p->g[i];
    for (int k = first; k < H; k++) d[i] += s_part[k - first] * p->s[k][i] + y_part[k - first] * p->y[k][i];
  }
  by_matrix(p, first, expected);
  for (int i = 0; i < N; i++) CHECK_NEAR(d[i], expected[i], 1e-13);
  CHECK_NEAR(slope, dot(expected, p->g), 1e-13);
}

static void equals_the_updated_matrix_also_after_pairs_are_forgotten(void) {
  const pairs p = make_pairs();
  double sg[H], yg[H], sy[H * H], yy[H * H];
  crow_products products = {.history = H, .used = H, .gg = dot(p.g, p.g), .sg = sg, .yg = yg, .sy = sy, .yy = yy};
  for (int i = 0; i < H; i++) {
    sg[i] = dot(p.s[i], p.g);
    yg[i] = dot(p.y[i], p.g);
    for (int j = 0; j < H; j++) sy[i * H + j] = dot(p.s[i], p.y[j]);
    for (int j = 0; j < H; j++) yy[i * H + j] = dot(p.y[i], p.y[j]);
  }
  for (int first = 0; first <= H; first++) {
    check_direction(&products, &p, first);
    if (first < H) crow_products_forget_oldest(&products);
  }
  CHECK(products.used == 0);
}

static const crow_test tests[] = {{"the direction from inner products equals the one from the updated matrix",
                                   equals_the_updated_matrix_also_after_pairs_are_forgotten},
                                  {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "L-BFGS direction", tests, false); }
