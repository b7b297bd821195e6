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

/* What a part of a block's pairs is made of. */
typedef struct KERNEL(parts) {
  double difference[PART]; /* r(x) - r(y) */
  double mass[PART];       /* w(x) w(y) c */
  double to_x[PART];       /* w(y) c in x's units */
  double to_y[PART];       /* w(x) c in y's units */
} KERNEL(parts);

/* `counted` says whether there are judgements; compiled for both. */
TARGET CROW_INLINE void KERNEL(take_block)(const crow_cell *restrict cell, const crow_pair_block *block, bool counted,
                                           KERNEL(parts) *restrict parts) {
  const int64_t n = block->count;
  const uint32_t *restrict judgements = block->judgements;
  const int32_t *restrict first = block->first, *restrict second = block->second;
  int64_t i4 = 0;
  for (; i4 + 4 <= n; i4 += 4) {
    crow_quad reward[2], weight[2], unit[2];
    KERNEL(take)(cell, first + i4, &reward[0], &weight[0], &unit[0]);
    KERNEL(take)(cell, second + i4, &reward[1], &weight[1], &unit[1]);
    *(crow_quad *)(parts->difference + i4) = reward[0] - reward[1];
    if (counted) {
      const crow_quad c = {(double)judgements[i4], (double)judgements[i4 + 1], (double)judgements[i4 + 2],
                           (double)judgements[i4 + 3]};
      unit[0] *= c;
      unit[1] *= c;
      *(crow_quad *)(parts->mass + i4) = weight[0] * weight[1] * c;
    } else {
      *(crow_quad *)(parts->mass + i4) = weight[0] * weight[1];
    }
    *(crow_quad *)(parts->to_x + i4) = weight[1] * unit[0];
    *(crow_quad *)(parts->to_y + i4) = weight[0] * unit[1];
  }
  for (int64_t i = i4; i < n; i++) {
    const crow_cell *x = &cell[first[i]], *y = &cell[second[i]];
    const double c = counted ? (double)judgements[i] : 1;
    parts->difference[i] = x->reward - y->reward;
    parts->mass[i] = x->weight * y->weight * c;
    parts->to_x[i] = y->weight * (x->unit * c);
    parts->to_y[i] = x->weight * (y->unit * c);
  }
}

TARGET static inline void KERNEL(take_any)(const crow_cell *restrict cell, const crow_pair_block *block,
                                           KERNEL(parts) *restrict parts) {
  if (block->judgements)
    KERNEL(take_block)(cell, block, true, parts);
  else
    KERNEL(take_block)(cell, block, false, parts);
}

/* Adds the parts' to_x and to_y, rounded, to the cells' sums. */
TARGET static inline void KERNEL(give_block)(crow_cell *restrict cell, const crow_pair_block *block,
                                             const KERNEL(parts) *restrict parts) {
  const int64_t n = block->count;
  const int32_t *restrict first = block->first, *restrict second = block->second;
  int64_t add_x[PART], add_y[PART];
  for (int64_t i = 0; i < n; i++) {
    add_x[i] = (int64_t)(parts->to_x[i] + (parts->to_x[i] < 0 ? -0.5 : 0.5));
    add_y[i] = (int64_t)(parts->to_y[i] + (parts->to_y[i] < 0 ? -0.5 : 0.5));
  }
  for (int64_t i = 0; i < n; i++) {
    cell[first[i]].sum += add_x[i];
    cell[second[i]].sum += add_y[i];
  }
}

/* Puts the pairs' values into `value`. */
TARGET static void KERNEL(part_of_pairs)(crow_cell *restrict cell, const crow_pair_block *part, double *value) {
  KERNEL(parts) parts;
  KERNEL(take_any)(cell, part, &parts);
  for (int64_t i = 0; i < part->count; i++) {
    const double d = parts.difference[i], p = part->share[i];
    double rest;
    const double e = crow_exp_minus(d < 0 ? -d : d, &rest);
    const double below = crow_sigmoid_below(e, rest), small = crow_log1p_unit(e);
    /* Written so that nothing cancels where p is 0 or 1. */
    const double residual = d > 0 ? (1 - p) - below : below - p;
    const double linear = d > 0 ? (1 - p) * d : -p * d;
    value[i] = parts.mass[i] * (small + linear);
    parts.to_x[i] *= residual;
    parts.to_y[i] *= -residual;
  }
  KERNEL(give_block)(cell, part, &parts);
}

TARGET static void KERNEL(part_of_slopes)(crow_cell *restrict cell, const crow_pair_block *part) {
  KERNEL(parts) parts;
  KERNEL(take_any)(cell, part, &parts);
  for (int64_t i = 0; i < part->count; i++) {
    double rest;
    const double d = parts.difference[i], e = crow_exp_minus(d < 0 ? -d : d, &rest);
    const double slope = e / ((1 + e) * (1 + e));
    parts.to_x[i] *= slope;
    parts.to_y[i] *= slope;
  }
  KERNEL(give_block)(cell, part, &parts);
}

TARGET static double KERNEL(pairs)(crow_cell *restrict cell, const crow_pair_block *block) {
  double value[CROW_BLOCK];
  for (int64_t begin = 0; begin < block->count; begin += PART) {
    const crow_pair_block part = part_of_block(block, begin);
    KERNEL(part_of_pairs)(cell, &part, value + begin);
  }
  return KERNEL(sum)(block->count, value);
}

TARGET static void KERNEL(slopes)(crow_cell *restrict cell, const crow_pair_block *block) {
  for (int64_t begin = 0; begin < block->count; begin += PART) {
    const crow_pair_block part = part_of_block(block, begin);
    KERNEL(part_of_slopes)(cell, &part);
  }
}

/* Adds factor value, rounded to nearest, to the sums. */
TARGET static inline __attribute__((always_inline)) void KERNEL(add_columns)(double factor, const double *value,
                                                                             double sign, int64_t *sum) {
  crow_columns part;
  crow_column_sums before;
  memcpy(&part, value, sizeof part);
  part = factor * part * sign;
  part += (crow_columns)(((crow_column_sums)part & INT64_MIN) | (crow_column_sums)((crow_columns){0} + 0.5));
  memcpy(&before, sum, sizeof before);
  before += __builtin_convertvector(part, crow_column_sums);
  memcpy(sum, &before, sizeof before);
}

TARGET static void KERNEL(wide)(const crow_cell *cell, crow_wide_cell *wide, const crow_pair_block *block,
                                const double *of_pair, double sign) {
  for (int64_t i = 0; i < block->count; i++) {
    if (i + AHEAD < block->count) {
      __builtin_prefetch(wide[block->second[i + AHEAD]].value, 0);
      __builtin_prefetch(wide[block->second[i + AHEAD]].sum, 1);
    }
    const crow_cell *x = &cell[block->first[i]], *y = &cell[block->second[i]];
    crow_wide_cell *to_x = &wide[block->first[i]], *to_y = &wide[block->second[i]];
    KERNEL(add_columns)(y->weight * x->unit * of_pair[i], to_y->value, 1, to_x->sum);
    KERNEL(add_columns)(x->weight * y->unit * of_pair[i], to_x->value, sign, to_y->sum);
  }
}
