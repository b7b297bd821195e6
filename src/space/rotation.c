/* SPDX-License-Identifier: Apache-2.0 */
#include "space/rotation_impl.h"
#include <math.h>
#include <string.h>

/* A random order by Fisher and Yates. */
static void shuffle_order(int64_t d, const double *random, int32_t *order) {
  for (int64_t k = 0; k < d; k++) order[k] = (int32_t)k;
  for (int64_t k = d - 1; k > 0; k--) {
    const int64_t other = (int64_t)(random[k] * (double)(k + 1));
    const int32_t kept = order[k];
    order[k] = order[other];
    order[other] = kept;
  }
}

crow_status crow_rotation_create(int64_t d, uint64_t seed, crow_rotation *out) {
  crow_status status = CROW_OK;
  double *random = NULL;
  int power = 0;
  *out = (crow_rotation){.d = d};
  while (INT64_C(2) << power <= d) power++;
  out->span = INT64_C(1) << power;
  out->scale = sqrt(ldexp(1, -power));
  CROW_TRY(CROW_ALLOCATE_RAW(&random, d));
  for (int round = 0; round < CROW_ROTATION_ROUNDS; round++) {
    CROW_TRY(CROW_ALLOCATE_RAW_EACH(d, &out->order[round], &out->sign[round]));
    crow_random_uniform(seed, CROW_STREAM_SIGNS, (uint64_t)(2 * round), random, d);
    shuffle_order(d, random, out->order[round]);
    crow_random_uniform(seed, CROW_STREAM_SIGNS, (uint64_t)(2 * round + 1), random, d);
    for (int64_t k = 0; k < d; k++) out->sign[round][k] = random[k] < 0.5 ? -1 : 1;
  }
cleanup:
  crow_free(random);
  if (status != CROW_OK) crow_rotation_free(out);
  return status;
}

void crow_rotation_free(crow_rotation *rotation) {
  for (int round = 0; round < CROW_ROTATION_ROUNDS; round++) {
    CROW_FREE(rotation->order[round], rotation->sign[round]);
  }
  *rotation = (crow_rotation){0};
}

/* The orthogonal Hadamard matrix of `span` times x. */
static void hadamard_product(double *restrict x, int64_t span, double scale) {
  for (int64_t apart = 1; apart < span; apart *= 2) {
    for (int64_t begin = 0; begin < span; begin += 2 * apart) {
      for (int64_t k = begin; k < begin + apart; k++) {
        const double a = x[k], b = x[k + apart];
        x[k] = a + b;
        x[k + apart] = a - b;
      }
    }
  }
  for (int64_t k = 0; k < span; k++) x[k] *= scale;
}

void crow_rotation_apply(const crow_rotation *rotation, double *x, double *room) {
  const int64_t d = rotation->d, span = rotation->span;
  for (int round = 0; round < CROW_ROTATION_ROUNDS; round++) {
    const int32_t *order = rotation->order[round];
    const double *sign = rotation->sign[round];
    for (int64_t k = 0; k < d; k++) room[k] = sign[k] * x[order[k]];
    memcpy(x, room, (size_t)d * sizeof *x);
    hadamard_product(x, span, rotation->scale);
    if (span < d) hadamard_product(x + d - span, span, rotation->scale);
  }
}

void crow_rotation_undo(const crow_rotation *rotation, double *x, double *room) {
  const int64_t d = rotation->d, span = rotation->span;
  for (int round = CROW_ROTATION_ROUNDS - 1; round >= 0; round--) {
    const int32_t *order = rotation->order[round];
    const double *sign = rotation->sign[round];
    if (span < d) hadamard_product(x + d - span, span, rotation->scale);
    hadamard_product(x, span, rotation->scale);
    for (int64_t k = 0; k < d; k++) room[order[k]] = sign[k] * x[k];
    memcpy(x, room, (size_t)d * sizeof *x);
  }
}

double crow_rotation_roundings(const crow_rotation *rotation) {
  return 2.0 * CROW_ROTATION_ROUNDS * (ilogb((double)rotation->span) + 2);
}
