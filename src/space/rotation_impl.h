/* SPDX-License-Identifier: Apache-2.0 */
/* A seeded orthogonal matrix Q that costs a few additions a coordinate: twice random signs, a random order, and
 * Hadamard matrices over the first and over the last 2^p coordinates, where 2^p is the greatest power of 2 that fits.
 * Its scale is a power of 2, so it is orthogonal without rounding. */
#ifndef CROW_SPACE_ROTATION_IMPL_H
#define CROW_SPACE_ROTATION_IMPL_H

#include <crow/space.h>

#define CROW_ROTATION_ROUNDS 2

typedef struct crow_rotation {
  int64_t d, span;                      /* span = 2^p <= d < 2^(p+1) */
  double scale;                         /* of a Hadamard matrix: 2^(-p/2) */
  int32_t *order[CROW_ROTATION_ROUNDS]; /* (d) where each coordinate comes from */
  double *sign[CROW_ROTATION_ROUNDS];   /* (d) 1 or -1 */
} crow_rotation;

crow_status crow_rotation_create(int64_t d, uint64_t seed, crow_rotation *out);
void crow_rotation_free(crow_rotation *rotation);
/* Qx and Q'x of x (d), in place; `room` (d). The order of all operations is fixed. */
void crow_rotation_apply(const crow_rotation *rotation, double *x, double *room);
void crow_rotation_undo(const crow_rotation *rotation, double *x, double *room);
/* How many roundings in a row a coordinate takes part in. */
double crow_rotation_roundings(const crow_rotation *rotation);

#endif
