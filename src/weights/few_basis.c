/* SPDX-License-Identifier: Apache-2.0 */
/* The dimensions that a few contexts span, and what is exact there. */
#include "base/clones_impl.h"
#include "weights/few_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 16 };

CROW_CLONES double crow_few_dot(const double *a, const double *b, crow_gidx d) {
  double part[PARTS] = {0}, sum = 0;
  crow_gidx i = 0;
  for (; i + PARTS <= d; i += PARTS) {
    for (int p = 0; p < PARTS; p++) part[p] += a[i + p] * b[i + p];
  }
  for (; i < d; i++) sum += a[i] * b[i];
  for (int p = 0; p < PARTS; p++) sum += part[p];
  return sum;
}

/* row -= (row . direction) direction */
static void remove_direction(double *row, const double *direction, crow_gidx d) {
  const double along = crow_few_dot(row, direction, d);
  for (crow_gidx i = 0; i < d; i++) row[i] -= along * direction[i];
}

/* The longest of the rows; the first of equal ones. */
static crow_gidx find_longest(const double *rest, crow_gidx count, crow_gidx d, double *length) {
  crow_gidx at = 0;
  double most = -1;
  for (crow_gidx x = 0; x < count; x++) {
    const double square = crow_few_dot(rest + x * d, rest + x * d, d);
    if (square > most) {
      most = square;
      at = x;
    }
  }
  *length = sqrt(most);
  return at;
}

crow_gidx crow_few_basis(const double *rows, crow_gidx count, crow_gidx d, const double *origin, double *basis,
                         double *rest) {
  const crow_gidx most = count < d ? count : d;
  double tolerance = 0;
  for (crow_gidx x = 0; x < count; x++) {
    for (crow_gidx i = 0; i < d; i++) rest[x * d + i] = rows[x * d + i] - (origin ? origin[i] : 0);
  }
  for (crow_gidx k = 0; k < most; k++) {
    double length = 0, *direction = basis + k * d;
    const crow_gidx at = find_longest(rest, count, d, &length);
    if (k == 0) tolerance = (double)(count > d ? count : d) * 0x1p-52 * length;
    if (!(length > tolerance)) return k;
    for (crow_gidx i = 0; i < d; i++) direction[i] = rest[at * d + i] / length;
    /* A short remainder, scaled up, may lean on the earlier directions again. */
    for (crow_gidx j = 0; j < k; j++) remove_direction(direction, basis + j * d, d);
    length = sqrt(crow_few_dot(direction, direction, d));
    for (crow_gidx i = 0; i < d; i++) direction[i] /= length;
    for (crow_gidx x = 0; x < count; x++) {
      remove_direction(rest + x * d, direction, d);
      remove_direction(rest + x * d, direction, d);
    }
  }
  return most;
}

crow_gidx crow_few_distinct(const double *rows, crow_gidx count, crow_gidx k, int64_t *copies) {
  crow_gidx distinct = 0;
  for (crow_gidx x = 0; x < count; x++) {
    crow_gidx first = count;
    copies[x] = 0;
    for (crow_gidx y = 0; y < count; y++) {
      bool equal = true;
      for (crow_gidx i = 0; i < k && equal; i++) equal = rows[x * k + i] == rows[y * k + i];
      if (!equal) continue;
      copies[x]++;
      if (first == count) first = y;
    }
    distinct += first == x;
  }
  return distinct;
}

typedef struct angle {
  double at;
  crow_gidx row;
} angle;

static int compare_angles(const void *a, const void *b) {
  const angle *x = a, *y = b;
  if (x->at != y->at) return x->at < y->at ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

/* Each direction has half of the way to its neighbours on the circle; equal angles share. */
static void share_circle(angle *sorted, crow_gidx count, double *value) {
  const double turn = 6.283185307179586476925286766559;
  qsort(sorted, (size_t)count, sizeof *sorted, compare_angles);
  for (crow_gidx begin = 0, end = 0; begin < count; begin = end) {
    while (end < count && sorted[end].at == sorted[begin].at) end++;
    const double after = end < count ? sorted[end].at : sorted[0].at + turn;
    const double before = begin > 0 ? sorted[begin - 1].at : sorted[count - 1].at - turn;
    for (crow_gidx i = begin; i < end; i++) {
      value[sorted[i].row] = (after - before) / (2 * turn) / (double)(end - begin);
    }
  }
}

/* On a line of directions only the two ends are ever nearest. */
static void share_line(const angle *along, crow_gidx count, double *value) {
  double ends[2] = {along[0].at, along[0].at};
  int64_t at_end[2] = {0, 0};
  for (crow_gidx x = 0; x < count; x++) {
    ends[0] = fmin(ends[0], along[x].at);
    ends[1] = fmax(ends[1], along[x].at);
  }
  for (crow_gidx x = 0; x < count; x++) {
    for (int e = 0; e < 2; e++) at_end[e] += along[x].at == ends[e];
  }
  for (crow_gidx x = 0; x < count; x++) {
    value[x] = 0;
    for (int e = 0; e < 2; e++) value[x] += along[x].at == ends[e] ? 0.5 / (double)at_end[e] : 0;
  }
}

/* A plane meets the sphere in a circle, whose centre is the origin's foot on the plane: in coordinates along the plane
 * the origin itself. */
crow_status crow_few_circle(const double *directions, crow_gidx count, crow_gidx k, double *value, bool *done) {
  crow_status status = CROW_OK;
  double *basis = NULL, *rest = NULL;
  angle *sorted = NULL;
  *done = false;
  CROW_TRY(CROW_ALLOCATE_RAW(&basis, (count < k ? count : k) * k));
  CROW_TRY(CROW_ALLOCATE_RAW(&rest, count * k));
  CROW_TRY(CROW_ALLOCATE_RAW(&sorted, count));
  const crow_gidx plane = crow_few_basis(directions, count, k, directions, basis, rest);
  if (plane > 2) goto cleanup;
  for (crow_gidx x = 0; x < count; x++) {
    const double a = plane > 0 ? crow_few_dot(directions + x * k, basis, k) : 0;
    const double b = plane > 1 ? crow_few_dot(directions + x * k, basis + k, k) : 0;
    sorted[x] = (angle){plane > 1 ? atan2(b, a) : a, x};
  }
  if (plane > 1)
    share_circle(sorted, count, value);
  else
    share_line(sorted, count, value);
  *done = true;
cleanup:
  CROW_FREE(basis, rest, sorted);
  return status;
}
