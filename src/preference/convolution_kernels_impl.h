/* SPDX-License-Identifier: Apache-2.0 */
/* The grid's inner loops; included once for each instruction set with KERNEL(name) and TARGET defined. Every operation
 * is one IEEE addition or multiplication of a lane, in the same order everywhere, so the bits do not depend on the set.
 */

/* Horner's rule for all 12 Lagrange polynomials at once. */
TARGET static inline __attribute__((always_inline)) void
KERNEL(lagrange)(double basis[CROW_GRID_STENCIL][CROW_GRID_STENCIL], double u, lanes value[3]) {
  for (int part = 0; part < 3; part++) memcpy(&value[part], &basis[CROW_GRID_STENCIL - 1][4 * part], sizeof(lanes));
  for (int power = CROW_GRID_STENCIL - 2; power >= 0; power--) {
    for (int part = 0; part < 3; part++) {
      lanes coefficient;
      memcpy(&coefficient, &basis[power][4 * part], sizeof coefficient);
      value[part] = value[part] * u + coefficient;
    }
  }
}

TARGET static void KERNEL(spread)(double basis[CROW_GRID_STENCIL][CROW_GRID_STENCIL], int64_t count, const int64_t *at,
                                  const double *u, const double *weight, int64_t *fixed) {
  for (int64_t i = 0; i < count; i++) {
    lanes value[3];
    KERNEL(lagrange)(basis, u[i], value);
    for (int part = 0; part < 3; part++) {
      /* Rounded to nearest, by half a unit of the same sign: cutting off would add up over many small weights. */
      const lanes scaled = value[part] * (weight[i] * 0x1p61);
      const lanes half = (lanes)(((integers)scaled & INT64_MIN) | (integers)((lanes){0.5, 0.5, 0.5, 0.5}));
      const integers nearest = __builtin_convertvector(scaled + half, integers);
      integers sum;
      memcpy(&sum, &fixed[at[i] + 4 * part], sizeof sum);
      sum += nearest;
      memcpy(&fixed[at[i] + 4 * part], &sum, sizeof sum);
    }
  }
}

TARGET static void KERNEL(interpolate)(double basis[CROW_GRID_STENCIL][CROW_GRID_STENCIL], int64_t count,
                                       const int64_t *at, const double *u, const double *node, double *result) {
  for (int64_t i = 0; i < count; i++) {
    lanes value[3], known[3];
    KERNEL(lagrange)(basis, u[i], value);
    memcpy(known, &node[at[i]], sizeof known);
    const lanes sum = value[1] * known[1] + (value[0] * known[0] + value[2] * known[2]);
    result[i] = (sum[0] + sum[3]) + (sum[1] + sum[2]);
  }
}

enum { KERNEL(TILE) = 64 };

TARGET static void KERNEL(multiply)(int64_t nodes, int64_t band, const double *tail, double sign, const double *mass,
                                    double *result) {
  for (int64_t begin = 0; begin < nodes; begin += KERNEL(TILE)) {
    /* A tile may reach beyond the last node: the margin of `mass` makes that harmless. */
    double sum[KERNEL(TILE)] = {0};
    for (int64_t i = 1; i <= band; i++) {
      const double factor = tail[i];
      const double *above = mass + begin + i, *below = mass + begin - i;
      for (int64_t j = 0; j < KERNEL(TILE); j++) sum[j] += factor * (above[j] + sign * below[j]);
    }
    const int64_t n = nodes - begin < KERNEL(TILE) ? nodes - begin : KERNEL(TILE);
    for (int64_t j = 0; j < n; j++) result[begin + j] += sum[j];
  }
}
