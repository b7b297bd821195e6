/* SPDX-License-Identifier: Apache-2.0 */
/* A flat o + B v of k dimensions, B'B = 1, that holds all contexts a = o + B c. With z' = B'z, the nearest context to z
 * maximises z.a - |a|^2/2 = z.o + z'.c - |a|^2/2, to which z outside of the flat adds the same for all.
 *
 * Sphere: all |a| are the same, so only the direction of z' counts. It is uniform among those of k dimensions, as that
 * of k normal numbers, u, is: u + B'(0 - o) has the nearest contexts of a uniform z. (A context that is the centre
 * itself has length 0; which points are its own is a matter of definition.) Normal distribution of mean + F n: B'(mean
 * - o) + (B'F) n, where F has as many columns as the covariance has rank. */
#include "space/flat_impl.h"
#include "space/space_impl.h"
#include <math.h>
#include <string.h>

bool crow_flat_fits(const crow_space *space) {
  return space->kind == CROW_SPACE_SPHERE || space->kind == CROW_SPACE_GAUSSIAN;
}

void crow_flat_free(crow_flat *flat) {
  crow_free(flat->shift);
  crow_free(flat->factor);
  *flat = (crow_flat){0};
}

/* B'(middle - o) */
static void flat_set_shift(const double *middle, crow_gidx d, const double *origin, const double *basis,
                           crow_gidx stride, crow_flat *flat) {
  for (crow_gidx i = 0; i < d; i++) {
    const double at = (middle ? middle[i] : 0) - origin[i];
    for (crow_gidx c = 0; c < flat->k; c++) flat->shift[c] += basis[i * stride + c] * at;
  }
}

/* B'F without the columns that rounding alone has filled. */
static crow_status flat_set_factor(const crow_space *space, const double *basis, crow_gidx stride, crow_flat *flat) {
  crow_status status = CROW_OK;
  const crow_gidx d = space->dimensions, k = flat->k;
  double *square = NULL;
  CROW_TRY(CROW_ALLOCATE(&square, d));
  const double least = crow_space_factor_squares(space->factor, d, square);
  flat->normals = 0;
  for (crow_gidx j = 0; j < d; j++) flat->normals += square[j] > least;
  CROW_TRY(CROW_ALLOCATE(&flat->factor, (flat->normals + 1) * k)); /* never NULL */
  for (crow_gidx j = 0, at = 0; j < d; j++) {
    if (!(square[j] > least)) continue;
    double *to = flat->factor + at++ * k;
    for (crow_gidx i = 0; i < d; i++) {
      const double value = space->factor[i * d + j];
      for (crow_gidx c = 0; c < k; c++) to[c] += basis[i * stride + c] * value;
    }
  }
cleanup:
  crow_free(square);
  return status;
}

crow_status crow_flat_create(const crow_space *space, crow_gidx k, const double *origin, const double *basis,
                             crow_gidx stride, crow_flat *out) {
  crow_status status = CROW_OK;
  *out = (crow_flat){.k = k, .normals = k};
  CROW_TRY(CROW_ALLOCATE(&out->shift, k));
  flat_set_shift(space->mean, space->dimensions, origin, basis, stride, out);
  if (space->kind == CROW_SPACE_GAUSSIAN) CROW_TRY(flat_set_factor(space, basis, stride, out));
cleanup:
  if (status != CROW_OK) crow_flat_free(out);
  return status;
}

static void flat_point(const crow_flat *flat, const double *normal, double *restrict point) {
  const crow_gidx k = flat->k;
  double square = 0;
  memcpy(point, flat->shift, (size_t)k * sizeof *point);
  if (flat->factor) {
    for (crow_gidx j = 0; j < flat->normals; j++) {
      const double *column = flat->factor + j * k, value = normal[j];
      for (crow_gidx c = 0; c < k; c++) point[c] += column[c] * value;
    }
    return;
  }
  for (crow_gidx c = 0; c < k; c++) square += normal[c] * normal[c];
  const double scale = square > 0 ? 1 / sqrt(square) : 0;
  for (crow_gidx c = 0; c < k; c++) point[c] += normal[c] * scale;
}

crow_status crow_flat_sample(const crow_space *space, const crow_flat *flat, crow_gidx begin, crow_gidx count,
                             double *points) {
  crow_status status = CROW_OK;
  double *normal = NULL;
  CROW_TRY(CROW_ALLOCATE_RAW(&normal, flat->normals));
  for (crow_gidx i = 0; i < count; i++) {
    crow_random_normal(space->seed, CROW_STREAM_SAMPLE, (uint64_t)(begin + i), normal, flat->normals);
    flat_point(flat, normal, points + i * flat->k);
  }
cleanup:
  crow_free(normal);
  return status;
}
