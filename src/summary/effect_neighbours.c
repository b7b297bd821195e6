/* SPDX-License-Identifier: Apache-2.0 */
/* Near-duplicates: all contexts pass by twice, first for the distance of each compared alternative to its nearest
 * other, then for what is within the radius. A blocked product estimates squared distances, and the canonical one
 * decides where the estimate cannot. */
#include "base/clones_impl.h"
#include "base/union_find_impl.h"
#include "cluster/cluster_impl.h"
#include "space/space_impl.h"
#include "summary/effect_impl.h"
#include <cblas.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* All are compared with all up to ALL_MOST, a part of them beyond: fewer of many, for a second's work at most. */
enum { ALL_MOST = 5000, PART = 2000, TILE = 512 };
#define PAIRS_MOST (INT64_C(200000000))
/* Coordinates of compared contexts that a rank holds, twice. */
#define COORDINATES_MOST (INT64_C(1) << 23)
/* Near is closer than this share of the median. */
#define NEAR 0.25

/* Contexts where distances are taken; also from an origin near them, where products keep more digits. */
typedef struct near_rows {
  double *row, *shifted, *square; /* (count, d), (count, d), (count) squared lengths of the shifted */
} near_rows;

typedef struct near_pass near_pass;
/* What becomes of a pair: the k-th compared alternative and alternative `y`, the i-th of those passing by, whose
 * squared distance is between `low` and `high`; these are NaN where the product overflows. */
typedef void near_pair(near_pass *pass, int64_t k, int64_t i, crow_gidx y, double low, double high);
struct near_pass {
  crow_neighbours *found;
  int64_t d;
  crow_space *space; /* NULL: distances are those of the contexts */
  const double *origin;
  near_rows compared, passing;
  double *product; /* (TILE, CROW_BLOCK) */
  double limit;    /* radius squared */
  bool links;      /* what is closer than that is looked for, else the nearest */
  crow_gidx self;  /* the compared alternative that is looked at */
  near_pair *look;
  crow_status status; /* of this rank */
};

crow_gidx crow_neighbours_row(const crow_neighbours *neighbours, crow_gidx k) {
  return (crow_gidx)((__int128)k * neighbours->alternatives / neighbours->looked);
}

static crow_status near_rows_create(int64_t count, int64_t d, near_rows *rows) {
  CROW_NEED(CROW_ALLOCATE(&rows->row, count * d));
  CROW_NEED(CROW_ALLOCATE_RAW(&rows->shifted, count * d));
  return CROW_ALLOCATE_RAW(&rows->square, count);
}

static void near_rows_free(near_rows *rows) { CROW_FREE(rows->row, rows->shifted, rows->square); }

static void shift_rows(const double *origin, int64_t count, int64_t d, near_rows *rows) {
  for (int64_t i = 0; i < count; i++) {
    rows->square[i] = 0;
    for (int64_t k = 0; k < d; k++) {
      const double v = rows->row[i * d + k] - origin[k];
      rows->shifted[i * d + k] = v;
      rows->square[i] += v * v;
    }
  }
}

/* ---- the compared alternatives -------------------------------------------------------------------------------- */

static crow_status visit_compared(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  near_pass *pass = context;
  const crow_neighbours *n = pass->found;
  /* The first k whose row is not before `begin`. */
  int64_t k = (int64_t)(((__int128)begin * n->looked + n->alternatives - 1) / n->alternatives);
  for (; k < n->looked; k++) {
    const crow_gidx x = crow_neighbours_row(n, k);
    if (x >= begin + count) break;
    double *row = pass->compared.row + k * d;
    memcpy(row, rows + (x - begin) * d, (size_t)d * sizeof *row);
    if (pass->space && pass->status == CROW_OK) pass->status = crow_space_transform(pass->space, x, 1, row);
  }
  return CROW_OK;
}

/* Every rank gets them all. */
static crow_status gather_compared(const crow_comm *comm, const crow_dataset *dataset, near_pass *pass) {
  crow_status status = CROW_OK;
  const int64_t n = pass->found->looked, d = pass->d;
  CROW_TRY_AGREE(comm, near_rows_create(n, d, &pass->compared));
  CROW_TRY(crow_space_visit(comm, dataset, visit_compared, pass));
  CROW_TRY(crow_comm_agree(comm, pass->status));
  /* One rank holds each row and the others add zeros, so the order of the sum is of no concern. */
  CROW_TRY(crow_comm_sum_f64_unordered(comm, pass->compared.row, n * d));
  pass->origin = pass->compared.row;
  shift_rows(pass->origin, n, d, &pass->compared);
cleanup:
  return status;
}

/* ---- pairs ---------------------------------------------------------------------------------------------------- */

static double square_of(const near_pass *pass, int64_t k, int64_t i) {
  const int64_t d = pass->d;
  return crow_nearest_distance(pass->compared.row + k * d, pass->passing.row + i * d, CROW_DOUBLE, d);
}

static void look_for_nearest(near_pass *pass, int64_t k, int64_t i, crow_gidx y, double low, double high) {
  double *nearest = &pass->found->square[k];
  (void)y;
  (void)high;
  if (*nearest == 0 || low > *nearest) return;
  *nearest = fmin(*nearest, square_of(pass, k, i));
}

static bool are_equal(const near_pass *pass, int64_t k, int64_t i) {
  const size_t d = (size_t)pass->d;
  return memcmp(pass->compared.row + (size_t)k * d, pass->passing.row + (size_t)i * d, d * sizeof(double)) == 0;
}

/* A pair that is joined already matters only if it may be the longest link. */
static void look_for_links(near_pass *pass, int64_t k, int64_t i, crow_gidx y, double low, double high) {
  crow_neighbours *n = pass->found;
  if (low > pass->limit) return;
  const int32_t x = (int32_t)pass->self;
  const bool joined = crow_union_find(n->group, x) == crow_union_find(n->group, (int32_t)y);
  if (joined && (high <= n->longest[k] || (n->longest[k] == 0 && are_equal(pass, k, i)))) return;
  const double square = square_of(pass, k, i);
  if (!(square < pass->limit) && square != 0) return;
  n->longest[k] = fmax(n->longest[k], square);
  if (!joined) crow_union_join(n->group, x, (int32_t)y);
}

enum { STRETCH = 64 };

/* Whether one of these pairs may be within the bound; NaN may. Without a branch, so that vectors can be made. */
CROW_CLONES static bool may_be_near(int64_t count, double square, double slack, double bound, const double *squares,
                                    const double *product) {
  int near = 0;
  for (int64_t i = 0; i < count; i++) {
    const double both = square + squares[i];
    near |= !(both - 2 * product[i] - slack * both > bound);
  }
  return near;
}

/* The estimate |x|^2 + |y|^2 - 2xy is off by less than slack times the first two. */
static void look_at_stretch(near_pass *pass, int64_t k, crow_gidx begin, int64_t first, int64_t end,
                            const double *product) {
  const double slack = 4 * ((double)pass->d + 8) * DBL_EPSILON;
  const near_rows *a = &pass->compared, *b = &pass->passing;
  const double *bound = pass->links ? &pass->limit : &pass->found->square[k];
  if (!pass->links && *bound == 0) return; /* nothing is nearer */
  if (!may_be_near(end - first, a->square[k], slack, *bound, b->square + first, product + first)) return;
  for (int64_t i = first; i < end; i++) {
    if (begin + i == pass->self) continue;
    const double squares = a->square[k] + b->square[i];
    const double estimate = squares - 2 * product[i];
    if (estimate - slack * squares > *bound) continue; /* NaN is looked at */
    pass->look(pass, k, i, begin + i, estimate - slack * squares, estimate + slack * squares);
  }
}

static void look_at_tile(near_pass *pass, int64_t first, int64_t tile, crow_gidx begin, int64_t count) {
  const int64_t d = pass->d;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)tile, (int)count, (int)d, 1,
              pass->compared.shifted + first * d, (int)d, pass->passing.shifted, (int)d, 0, pass->product, CROW_BLOCK);
  for (int64_t k = 0; k < tile; k++) {
    pass->self = crow_neighbours_row(pass->found, first + k);
    for (int64_t i = 0; i < count; i += STRETCH) {
      const int64_t end = i + STRETCH < count ? i + STRETCH : count;
      look_at_stretch(pass, first + k, begin, i, end, pass->product + k * CROW_BLOCK);
    }
  }
}

static crow_status visit_passing(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  near_pass *pass = context;
  const int64_t n = pass->found->looked;
  if (count == 0) return CROW_OK;
  memcpy(pass->passing.row, rows, (size_t)(count * d) * sizeof *rows);
  if (pass->space && pass->status == CROW_OK)
    pass->status = crow_space_transform(pass->space, begin, count, pass->passing.row);
  if (pass->status != CROW_OK) return CROW_OK; /* the others are told after the last block */
  shift_rows(pass->origin, count, d, &pass->passing);
  for (int64_t k = 0; k < n; k += TILE) look_at_tile(pass, k, n - k < TILE ? n - k : TILE, begin, count);
  return CROW_OK;
}

static crow_status pass_all(const crow_comm *comm, const crow_dataset *dataset, near_pair *look, near_pass *pass) {
  crow_status status = CROW_OK;
  pass->look = look;
  CROW_TRY(crow_space_visit(comm, dataset, visit_passing, pass));
  CROW_TRY(crow_comm_agree(comm, pass->status));
cleanup:
  return status;
}

/* ---- the radius ----------------------------------------------------------------------------------------------- */

static int effect_neighbours_by_value(const void *a, const void *b) {
  const crow_ranked *x = a, *y = b;
  if (x->value != y->value) return x->value < y->value ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

/* The weighted median of the squared distances; clones share a weight, and so have one say together. Local. */
static crow_status median_square(const crow_neighbours *n, const double *weight, double *median) {
  crow_status status = CROW_OK;
  crow_ranked *sorted = NULL;
  double total = 0, below = 0;
  *median = 0;
  CROW_TRY(CROW_ALLOCATE_RAW(&sorted, n->looked));
  for (int64_t k = 0; k < n->looked; k++) sorted[k] = (crow_ranked){n->square[k], crow_neighbours_row(n, k)};
  qsort(sorted, (size_t)n->looked, sizeof *sorted, effect_neighbours_by_value);
  for (int64_t k = 0; k < n->looked; k++) total += weight[sorted[k].index];
  for (int64_t k = 0; k < n->looked; k++) {
    below += weight[sorted[k].index];
    if (!(below > 0) || 2 * below < total) continue;
    *median = isfinite(sorted[k].value) ? sorted[k].value : 0;
    break;
  }
cleanup:
  crow_free(sorted);
  return status;
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

/* The sphere as it was when the weights were made: the centre is given, not found again. */
static crow_status open_sphere(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_space *space,
                               crow_space **out) {
  if (strcmp(space->choice.space, "sphere") != 0) return CROW_OK;
  CROW_NEED(
      crow_space_create(comm, &(crow_space_options){.space = "sphere", .seed = 1, .center = "none"}, dataset, out));
  if (space->center && space->dimensions == dataset->dimensions)
    CROW_NEED_AGREE(comm, crow_space_set_center(*out, space->center));
  return CROW_OK;
}

static crow_status allocate_neighbours(crow_neighbours *n, near_pass *pass) {
  CROW_NEED(CROW_ALLOCATE_RAW_EACH(n->looked, &n->square, &n->longest));
  CROW_NEED(CROW_ALLOCATE_RAW(&n->group, n->alternatives));
  CROW_NEED(CROW_ALLOCATE_RAW(&pass->product, (int64_t)TILE * CROW_BLOCK));
  CROW_NEED(near_rows_create(CROW_BLOCK, pass->d, &pass->passing));
  for (int64_t k = 0; k < n->looked; k++) {
    n->square[k] = INFINITY;
    n->longest[k] = -1;
  }
  for (crow_gidx x = 0; x < n->alternatives; x++) n->group[x] = (int32_t)x;
  return CROW_OK;
}

crow_gidx crow_neighbours_compared(crow_gidx m, crow_gidx d) {
  const crow_gidx most = COORDINATES_MOST / d;
  if (m <= ALL_MOST && m <= most) return m;
  const crow_gidx affordable = PAIRS_MOST / m > 1 ? PAIRS_MOST / m : 1;
  const crow_gidx part = m < PART ? m : affordable < PART ? affordable : PART;
  return part < most ? part : most > 0 ? most : 1;
}

crow_status crow_neighbours_find(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_space *space,
                                 const double *weight, crow_neighbours *out) {
  crow_status status = CROW_OK;
  near_pass pass = {.found = out, .d = dataset->dimensions};
  *out = (crow_neighbours){.alternatives = dataset->alternatives,
                           .looked = crow_neighbours_compared(dataset->alternatives, dataset->dimensions)};
  CROW_TRY(open_sphere(comm, dataset, space, &pass.space));
  CROW_TRY_AGREE(comm, allocate_neighbours(out, &pass));
  CROW_TRY(gather_compared(comm, dataset, &pass));
  CROW_TRY(pass_all(comm, dataset, look_for_nearest, &pass));
  CROW_TRY(crow_comm_min_f64(comm, out->square, out->looked));
  CROW_TRY_AGREE(comm, median_square(out, weight, &pass.limit));
  out->radius = NEAR * sqrt(pass.limit);
  pass.limit *= NEAR * NEAR;
  pass.links = true;
  CROW_TRY(pass_all(comm, dataset, look_for_links, &pass));
  CROW_TRY(crow_comm_max_f64(comm, out->longest, out->looked));
  CROW_TRY(crow_forest_merge(comm, out->alternatives, out->group));
cleanup:
  crow_space_destroy(&pass.space);
  near_rows_free(&pass.compared);
  near_rows_free(&pass.passing);
  crow_free(pass.product);
  return status;
}

void crow_neighbours_free(crow_neighbours *neighbours) {
  CROW_FREE(neighbours->square, neighbours->longest, neighbours->group);
  *neighbours = (crow_neighbours){0};
}
