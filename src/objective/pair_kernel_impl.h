/* SPDX-License-Identifier: Apache-2.0 */
/* The inner loops over a block of pairs; included once for each instruction set with KERNEL(name) and TARGET defined.
 * Plain loops over short arrays: the compiler makes vector code of all but the last. */

TARGET static double KERNEL(sum)(int64_t n, const double *value) {
  double lane[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (int k = 0; k < 8; k++) lane[k] += value[i + k];
  }
  for (int k = 0; i + k < n; k++) lane[k] += value[i + k];
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/* Four cells' rewards, weights and units: rows are loaded whole and turned into columns, since compilers otherwise load
 * every number by itself, which takes half the time of a pass. */
TARGET static inline void KERNEL(take)(const crow_cell *restrict cell, const int32_t *restrict index, crow_quad *reward,
                                       crow_quad *weight, crow_quad *unit) {
  const crow_quad a = *(const crow_quad *)&cell[index[0]], b = *(const crow_quad *)&cell[index[1]];
  const crow_quad c = *(const crow_quad *)&cell[index[2]], d = *(const crow_quad *)&cell[index[3]];
  const crow_quad even_ab = CROW_SHUFFLE(a, b, 0, 4, 2, 6);
  const crow_quad even_cd = CROW_SHUFFLE(c, d, 0, 4, 2, 6);
  const crow_quad odd_ab = CROW_SHUFFLE(a, b, 1, 5, 3, 7);
  const crow_quad odd_cd = CROW_SHUFFLE(c, d, 1, 5, 3, 7);
  *reward = CROW_SHUFFLE(even_ab, even_cd, 0, 1, 4, 5);
  *weight = CROW_SHUFFLE(odd_ab, odd_cd, 0, 1, 4, 5);
  *unit = CROW_SHUFFLE(even_ab, even_cd, 2, 3, 6, 7);
}

TARGET static double KERNEL(pairs)(crow_cell *restrict cell, const crow_pair_block *block) {
  const int64_t n = block->count;
  const int32_t *restrict first = block->first, *restrict second = block->second;
  const double *restrict share = block->share;
  double difference[CROW_BLOCK], weight_x[CROW_BLOCK], weight_y[CROW_BLOCK], to_x[CROW_BLOCK], to_y[CROW_BLOCK];
  int64_t add_x[CROW_BLOCK], add_y[CROW_BLOCK];
  int64_t i4 = 0;
  for (; i4 + 4 <= n; i4 += 4) {
    crow_quad reward[2], weight[2], unit[2];
    KERNEL(take)(cell, first + i4, &reward[0], &weight[0], &unit[0]);
    KERNEL(take)(cell, second + i4, &reward[1], &weight[1], &unit[1]);
    *(crow_quad *)(difference + i4) = reward[0] - reward[1];
    *(crow_quad *)(weight_x + i4) = weight[0];
    *(crow_quad *)(weight_y + i4) = weight[1];
    *(crow_quad *)(to_x + i4) = weight[1] * unit[0];
    *(crow_quad *)(to_y + i4) = weight[0] * unit[1];
  }
  for (int64_t i = i4; i < n; i++) {
    const crow_cell *x = &cell[first[i]], *y = &cell[second[i]];
    difference[i] = x->reward - y->reward;
    weight_x[i] = x->weight;
    weight_y[i] = y->weight;
    to_x[i] = y->weight * x->unit;
    to_y[i] = x->weight * y->unit;
  }
  if (block->judgements) {
    for (int64_t i = 0; i < n; i++) {
      const double c = (double)block->judgements[i];
      weight_x[i] *= c;
      to_x[i] *= c;
      to_y[i] *= c;
    }
  }
  for (int64_t i = 0; i < n; i++) {
    const double d = difference[i], p = share[i];
    double rest;
    const double e = crow_exp_minus(d < 0 ? -d : d, &rest);
    const double below = crow_sigmoid_below(e, rest), small = crow_log1p_unit(e);
    /* Written so that nothing cancels where p is 0 or 1. */
    const double residual = d > 0 ? (1 - p) - below : below - p;
    const double linear = d > 0 ? (1 - p) * d : -p * d;
    weight_x[i] *= weight_y[i] * (small + linear);
    to_x[i] *= residual;
    to_y[i] *= -residual;
  }
  for (int64_t i = 0; i < n; i++) {
    add_x[i] = (int64_t)(to_x[i] + (to_x[i] < 0 ? -0.5 : 0.5));
    add_y[i] = (int64_t)(to_y[i] + (to_y[i] < 0 ? -0.5 : 0.5));
  }
  for (int64_t i = 0; i < n; i++) {
    cell[first[i]].sum += add_x[i];
    cell[second[i]].sum += add_y[i];
  }
  return KERNEL(sum)(n, weight_x);
}
