/* SPDX-License-Identifier: Apache-2.0 */
/* The grid's inner loops; included once for each instruction set with KERNEL(name) and TARGET defined. Every operation
 * is one IEEE addition or multiplication of a lane, in the same order everywhere, so the bits do not depend on the set.
 */

/* The stencils' first nodes and places within cells; rewards outside [low, low + cells] count as at the nearer end, and
 * NaN as at the lower one. */
TARGET static void KERNEL(locate)(int64_t low, int64_t cells, int64_t node, int64_t count, const double *reward,
                                  int64_t *at, double *u) {
  const double least = (double)low, last = (double)(low + cells - 1), greatest = (double)(low + cells);
  for (int64_t i = 0; i < count; i++) {
    const double scaled = reward[i] * CROW_GRID_PER_UNIT;
    const double above = scaled > least ? scaled : least, place = above < greatest ? above : greatest;
    /* Truncation of the offset is floor, since it is not negative; and both steps are exact. */
    const int64_t offset = (int64_t)((place < last ? place : last) - least);
    at[i] = node + offset;
    u[i] = place - (double)(low + offset) - 0.5;
  }
}

/* All 12 Lagrange polynomials: nodes 0..7 in `first`, 8..11 in `rest`. The nodes lie symmetrically, so with even and
 * odd parts E_k and O_k in u, L_k(u) = E_k(u^2) + u O_k(u^2) and L_{11-k}(u) = E_k(u^2) - u O_k(u^2); half of Horner's
 * rule serves both. */
TARGET static inline __attribute__((always_inline)) void KERNEL(lagrange)(const crow_grid_basis *basis, double u,
                                                                          lanes8 *first, lanes4 *rest) {
  const double square = u * u;
  lanes8 even, odd, coefficient;
  memcpy(&even, basis->even[CROW_GRID_POWERS - 1], sizeof even);
  memcpy(&odd, basis->odd[CROW_GRID_POWERS - 1], sizeof odd);
  for (int power = CROW_GRID_POWERS - 2; power >= 0; power--) {
    memcpy(&coefficient, basis->even[power], sizeof coefficient);
    even = even * square + coefficient;
    memcpy(&coefficient, basis->odd[power], sizeof coefficient);
    odd = odd * square + coefficient;
  }
  odd *= u;
  const lanes8 mirrored = even - odd;
  *first = even + odd;
  *rest = (lanes4){mirrored[3], mirrored[2], mirrored[1], mirrored[0]};
}

TARGET static void KERNEL(spread)(const crow_grid_basis *basis, int64_t count, const int64_t *at, const double *u,
                                  const double *weight, int64_t *fixed) {
  for (int64_t i = 0; i < count; i++) {
    lanes8 first;
    lanes4 rest;
    KERNEL(lagrange)(basis, u[i], &first, &rest);
    /* Rounded to nearest, by half a unit of the same sign: cutting off would add up over many small weights. */
    const double unit = weight[i] * 0x1p61;
    first *= unit;
    rest *= unit;
    first += (lanes8)(((integers8)first & INT64_MIN) | (integers8)((lanes8){0} + 0.5));
    rest += (lanes4)(((integers4)rest & INT64_MIN) | (integers4)((lanes4){0} + 0.5));
    integers8 first_sum;
    integers4 rest_sum;
    memcpy(&first_sum, &fixed[at[i]], sizeof first_sum);
    memcpy(&rest_sum, &fixed[at[i] + 8], sizeof rest_sum);
    first_sum += __builtin_convertvector(first, integers8);
    rest_sum += __builtin_convertvector(rest, integers4);
    memcpy(&fixed[at[i]], &first_sum, sizeof first_sum);
    memcpy(&fixed[at[i] + 8], &rest_sum, sizeof rest_sum);
  }
}

TARGET static void KERNEL(interpolate)(const crow_grid_basis *basis, int64_t count, const int64_t *at, const double *u,
                                       const double *node, double *result) {
  for (int64_t i = 0; i < count; i++) {
    lanes8 first, known;
    lanes4 rest, known_rest;
    KERNEL(lagrange)(basis, u[i], &first, &rest);
    memcpy(&known, &node[at[i]], sizeof known);
    memcpy(&known_rest, &node[at[i] + 8], sizeof known_rest);
    first *= known;
    rest *= known_rest;
    const lanes4 low = {first[0], first[1], first[2], first[3]}, high = {first[4], first[5], first[6], first[7]};
    const lanes4 sum = high + (low + rest);
    result[i] = (sum[0] + sum[3]) + (sum[1] + sum[2]);
  }
}

/* Each lane is a column's sum in spread(). */
TARGET static void KERNEL(spread_columns)(const crow_grid_basis *basis, int64_t count, const int64_t *at,
                                          const double *u, const double *weight, int64_t *fixed) {
  for (int64_t i = 0; i < count; i++) {
    lanes8 first, unit;
    lanes4 rest;
    double factor[CROW_GRID_STENCIL];
    KERNEL(lagrange)(basis, u[i], &first, &rest);
    memcpy(factor, &first, sizeof first);
    memcpy(factor + 8, &rest, sizeof rest);
    memcpy(&unit, weight + i * CROW_GRID_COLUMNS, sizeof unit);
    unit *= 0x1p61;
    for (int k = 0; k < CROW_GRID_STENCIL; k++) {
      int64_t *to = fixed + (at[i] + k) * CROW_GRID_COLUMNS;
      lanes8 part = factor[k] * unit;
      integers8 sum;
      part += (lanes8)(((integers8)part & INT64_MIN) | (integers8)((lanes8){0} + 0.5));
      memcpy(&sum, to, sizeof sum);
      sum += __builtin_convertvector(part, integers8);
      memcpy(to, &sum, sizeof sum);
    }
  }
}

/* Each lane is added up as interpolate() adds up. */
TARGET static void KERNEL(interpolate_columns)(const crow_grid_basis *basis, int64_t count, const int64_t *at,
                                               const double *u, const double *node, double *result) {
  for (int64_t i = 0; i < count; i++) {
    lanes8 first, known, part[CROW_GRID_STENCIL], sum[4];
    lanes4 rest;
    double factor[CROW_GRID_STENCIL];
    KERNEL(lagrange)(basis, u[i], &first, &rest);
    memcpy(factor, &first, sizeof first);
    memcpy(factor + 8, &rest, sizeof rest);
    for (int k = 0; k < CROW_GRID_STENCIL; k++) {
      memcpy(&known, node + (at[i] + k) * CROW_GRID_COLUMNS, sizeof known);
      part[k] = factor[k] * known;
    }
    for (int k = 0; k < 4; k++) sum[k] = part[4 + k] + (part[k] + part[8 + k]);
    const lanes8 all = (sum[0] + sum[3]) + (sum[1] + sum[2]);
    memcpy(result + i * CROW_GRID_COLUMNS, &all, sizeof all);
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
