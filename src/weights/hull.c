/* SPDX-License-Identifier: Apache-2.0 */
#include "space/space_impl.h"
#include "weights/sampling_impl.h"
#include <math.h>
#include <string.h>

/* One rank reads all contexts to find their hull; beyond this many bytes it is not looked for. */
#define HULL_BYTES_MOST (INT64_C(256) << 20)
/* About what it holds of them at a time. */
#define STRETCH_BYTES (INT64_C(8) << 20)

static crow_status broadcast(const crow_comm *comm, crow_hull *hull) {
  crow_status status = CROW_OK;
  int64_t shape[4] = {hull->d, hull->k, hull->stride, hull->basis != NULL};
  CROW_TRY(crow_comm_broadcast(comm, shape, (int64_t)sizeof shape, 0));
  hull->d = shape[0];
  hull->k = shape[1];
  hull->stride = shape[2];
  if (!shape[3]) goto cleanup;
  if (!hull->basis) {
    CROW_TRY(CROW_ALLOCATE(&hull->origin, hull->d));
    CROW_TRY(CROW_ALLOCATE(&hull->basis, hull->d * hull->stride));
  }
cleanup:
  status = crow_comm_agree(comm, status);
  if (status != CROW_OK || !shape[3]) return status;
  status = crow_comm_broadcast(comm, hull->origin, hull->d * (int64_t)sizeof(double), 0);
  if (status != CROW_OK) return status;
  return crow_comm_broadcast(comm, hull->basis, hull->d * hull->stride * (int64_t)sizeof(double), 0);
}

/* Contexts that pass by rank 0 in stretches; the others take part in the reading, with no rows. */
typedef struct passing {
  const crow_comm *comm;
  const crow_dataset *dataset;
  const crow_space *space;
  bool reads;
  crow_gidx most; /* rows of a stretch */
  double *rows;   /* (most, d) */
  double *spread; /* (d) how far contexts lie from the first, by dimension */
} passing;

/* As they are where distances are taken. About a weighted mean, a weighted sum of the contexts with weights that sum to
 * 1, the directions lie in the span of the contexts' differences whatever these are: as they are before it is
 * subtracted, so that every mean has the same basis. */
static crow_status place_stretch(const crow_space *space, crow_gidx at, crow_gidx count, double *rows) {
  if (!crow_space_wants_center(space)) return crow_space_transform(space, at, count, rows);
  for (crow_gidx i = 0; i < count; i++) {
    (void)crow_space_normalise(rows + i * space->dimensions, space->dimensions);
  }
  return CROW_OK;
}

/* The stretch from row `at` on; `*count` rows, none but on rank 0. */
static crow_status read_stretch(const passing *p, crow_gidx at, crow_gidx *count) {
  crow_status status = CROW_OK;
  const crow_gidx left = p->dataset->alternatives - at;
  *count = !p->reads ? 0 : left < p->most ? left : p->most;
  CROW_TRY(crow_dataset_read_contexts(p->dataset, p->reads ? at : 0, *count, CROW_F64, p->rows));
  CROW_TRY_AGREE(p->comm, p->reads ? place_stretch(p->space, at, *count, p->rows) : CROW_OK);
cleanup:
  return status;
}

/* The first context, and the distance of the farthest from it. */
static crow_status find_reach(const passing *p, double *origin, double *reach) {
  crow_status status = CROW_OK;
  const crow_gidx d = p->dataset->dimensions;
  crow_gidx count;
  *reach = 0;
  for (crow_gidx at = 0; at < p->dataset->alternatives; at += p->most) {
    CROW_TRY(read_stretch(p, at, &count));
    if (!p->reads) continue;
    if (at == 0) memcpy(origin, p->rows, (size_t)d * sizeof *origin);
    *reach = fmax(*reach, crow_hull_reach(p->rows, count, d, origin));
    for (crow_gidx i = 0; i < count; i++) {
      for (crow_gidx k = 0; k < d; k++) p->spread[k] = fmax(p->spread[k], fabs(p->rows[i * d + k] - origin[k]));
    }
  }
cleanup:
  return status;
}

static bool units_are_near(const passing *p, const double *origin) {
  const double *lower = NULL, *upper = NULL;
  const bool bounded = crow_space_bounds(p->space, &lower, &upper);
  crow_units units = {INFINITY, 0};
  for (crow_gidx k = 0; k < p->dataset->dimensions; k++) {
    crow_units_add(&units, p->spread[k], bounded ? fmax(fabs(lower[k] - origin[k]), fabs(upper[k] - origin[k])) : 0);
  }
  return crow_units_are_near(&units);
}

static crow_status find_basis(const passing *p, crow_hull_finder *finder) {
  crow_status status = CROW_OK;
  crow_gidx count;
  bool full = false;
  for (crow_gidx at = 0; at < p->dataset->alternatives && !full; at += p->most) {
    CROW_TRY(read_stretch(p, at, &count));
    CROW_TRY_AGREE(p->comm, p->reads ? crow_hull_add(finder, p->rows, count, &full) : CROW_OK);
    CROW_TRY(crow_comm_broadcast(p->comm, &full, sizeof full, 0));
  }
cleanup:
  return status;
}

crow_status crow_weights_hull(const crow_comm *comm, const crow_dataset *dataset, const crow_space *space,
                              crow_gidx limit, crow_hull *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions;
  crow_hull_finder *finder = NULL;
  double *origin = NULL, reach = 0;
  bool near = true;
  passing p = {.comm = comm, .dataset = dataset, .space = space, .reads = crow_comm_rank(comm) == 0};
  *out = (crow_hull){.d = d, .k = d};
  if (limit < 1 || m > HULL_BYTES_MOST / (int64_t)sizeof(double) / d) return CROW_OK;
  const crow_gidx blocks = STRETCH_BYTES / (CROW_HULL_ROWS * d * (int64_t)sizeof(double));
  p.most = CROW_HULL_ROWS * (blocks > 1 ? blocks : 1);
  if (p.most > m) p.most = m;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&p.rows, p.reads ? p.most * d : 0));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&origin, d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&p.spread, d));
  CROW_TRY(find_reach(&p, origin, &reach));
  if (p.reads) near = units_are_near(&p, origin);
  CROW_TRY(crow_comm_broadcast(comm, &near, sizeof near, 0));
  if (!near) goto cleanup;
  CROW_TRY_AGREE(comm, p.reads ? crow_hull_begin(m, d, limit, origin, reach, &finder) : CROW_OK);
  CROW_TRY(find_basis(&p, finder));
  CROW_TRY_AGREE(comm, p.reads ? crow_hull_end(finder, out) : CROW_OK);
  /* Where points may be drawn in it. */
  if (crow_flat_fits(space)) CROW_TRY_AGREE(comm, p.reads ? crow_hull_settle(out) : CROW_OK);
  CROW_TRY(broadcast(comm, out));
  if (out->basis && crow_space_wants_center(space)) memset(out->origin, 0, (size_t)d * sizeof *out->origin);
cleanup:
  crow_hull_destroy(&finder);
  crow_free(origin);
  crow_free(p.rows);
  crow_free(p.spread);
  if (status != CROW_OK) crow_hull_free(out);
  return status;
}
