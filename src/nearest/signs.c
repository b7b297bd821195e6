/* SPDX-License-Identifier: Apache-2.0 */
/* What the search of draws of block signs prepares: contexts in the coordinates of z, and the bound. */
#include "base/order_impl.h"
#include "nearest/signs_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Up to this size the converted contexts are kept. */
#define PREPARED_BYTES ((int64_t)32 << 20)
/* Panels that draws pass by together stay in the second cache. */
#define STRETCH_BYTES ((int64_t)512 << 10)
/* Draws of a batch: fewer where contexts are kept, since nothing is gained by more. */
#define BATCH_KEPT 32
#define BATCH_MADE 256
/* Contexts looked at for scale and middle. */
#define SAMPLE_ROWS 255
/* Sizes, after scaling, from which on a score may overflow. */
#define SIZE_LIMIT 0x1p50

/* v = y - c of the k-th distinct context, in the dimensions of the search; returns |v|^2. */
static double take_difference(const crow_sign_search *search, int64_t k, double *v) {
  const crow_nearest *nearest = search->nearest;
  const void *row = crow_nearest_context(nearest, k);
  double square = 0;
  for (int64_t i = 0; i < nearest->d; i++) {
    v[i] =
        (nearest->type == CROW_SINGLE ? (double)((const float *)row)[i] : ((const double *)row)[i]) - search->centre[i];
    square += v[i] * v[i];
  }
  return square;
}

/* From the hull's coordinates, in place, to the points' own: basis v. */
static void leave_hull(const crow_hull *hull, double *row, double *room) {
  memcpy(room, row, (size_t)hull->k * sizeof *room);
  for (int64_t i = 0; i < hull->d; i++) {
    const double *basis = hull->basis + i * hull->stride;
    double sum = 0;
    for (int64_t j = 0; j < hull->k; j++) sum += basis[j] * room[j];
    row[i] = sum;
  }
}

/* `count` distinct contexts from `first` on, `step` apart: a into work->adjoint (count, size), |v|^2 into `square`. */
static void convert_rows(const crow_sign_search *search, const crow_sign_work *work, int64_t first, double step,
                         int64_t count, double *square) {
  for (int64_t i = 0; i < count; i++) {
    double *row = work->row + i * search->d;
    square[i] = take_difference(search, first + (int64_t)((double)i * step), row);
    if (search->hull) leave_hull(search->hull, row, work->room);
  }
  crow_signs_adjoint(search->signs, count, work->row, work->room, work->adjoint);
}

static double norm_of(const double *vector, int64_t count) {
  double square = 0;
  for (int64_t k = 0; k < count; k++) square += vector[k] * vector[k];
  return sqrt(square) * (1 + 1e-6);
}

/* Writes a context of panel `at / lanes`. */
static void write_lane(const crow_sign_search *search, const double *adjoint, int64_t lane, float *panel) {
  for (int64_t k = 0; k < search->size; k++) {
    panel[k * search->lanes + lane] = (float)(adjoint[k] * search->scale);
  }
}

/* Converts `count` panels from `first` on into `out`; with `sizes` also their offsets and greatest norms. */
static void make_panels(crow_sign_search *search, const crow_sign_work *work, int64_t first, int64_t count, bool sizes,
                        float *out) {
  const int64_t lanes = search->lanes, end = (first + count) * lanes, distinct = search->nearest->distinct.count;
  double square[CROW_SIGN_ROWS];
  if (out) memset(out, 0, (size_t)(count * search->size * lanes) * sizeof *out);
  for (int64_t at = first * lanes; at < end && at < distinct; at += CROW_SIGN_ROWS) {
    int64_t rows = end < distinct ? end - at : distinct - at;
    rows = rows < CROW_SIGN_ROWS ? rows : CROW_SIGN_ROWS;
    convert_rows(search, work, at, 1, rows, square);
    for (int64_t i = 0; i < rows; i++) {
      const int64_t panel = (at + i) / lanes;
      const double *adjoint = work->adjoint + i * search->size;
      if (out) write_lane(search, adjoint, (at + i) % lanes, out + (panel - first) * search->size * lanes);
      if (!sizes) continue;
      const double offset = (-square[i] / 2 - search->middle) * search->scale;
      search->offset[at + i] = (float)offset;
      search->radius[panel] = fmax(search->radius[panel], norm_of(adjoint, search->size) * search->scale);
      search->spread[panel] = fmax(search->spread[panel], fabs(offset));
      search->reach = fmax(search->reach, sqrt(square[i]) * (1 + 1e-6));
      /* Written with !, so that NaN counts as too large. */
      if (!(search->radius[panel] < SIZE_LIMIT && search->spread[panel] < SIZE_LIMIT)) search->unfit = true;
    }
  }
}

const float *crow_sign_panels(const crow_sign_search *search, crow_sign_work *work, int64_t first, int64_t count) {
  if (search->prepared) return search->prepared + first * search->size * search->lanes;
  make_panels((crow_sign_search *)search, work, first, count, false, work->panel);
  return work->panel;
}

/* The scale makes a typical |a| about 1; the middle takes away what all |v|^2 have in common. */
static void signs_find_scale(crow_sign_search *search, const crow_sign_work *work) {
  const int64_t count = search->nearest->distinct.count, rows = count < SAMPLE_ROWS ? count : SAMPLE_ROWS;
  const double step = (double)count / (double)rows;
  double norm[SAMPLE_ROWS], half[SAMPLE_ROWS], square[CROW_SIGN_ROWS];
  for (int64_t at = 0; at < rows; at += CROW_SIGN_ROWS) {
    const int64_t now = rows - at < CROW_SIGN_ROWS ? rows - at : CROW_SIGN_ROWS;
    convert_rows(search, work, (int64_t)((double)at * step), step, now, square);
    for (int64_t i = 0; i < now; i++) {
      norm[at + i] = norm_of(work->adjoint + i * search->size, search->size);
      half[at + i] = -square[i] / 2;
    }
  }
  qsort(norm, (size_t)rows, sizeof *norm, crow_order_f64);
  qsort(half, (size_t)rows, sizeof *half, crow_order_f64);
  double size = norm[rows / 2] > 0 ? norm[rows / 2] : norm[rows - 1];
  search->middle = isfinite(half[rows / 2]) ? half[rows / 2] : 0;
  if (!(size > 0 && isfinite(size))) size = 1;
  search->scale = ldexp(1, size < 0x1p-900 ? 900 : -ilogb(size));
}

/* With u = 2^-24, R >= |a| and W >= |offset| after scaling, Z >= |z|, n = length + log2(blocks), the score before the
 * bound is added:
 *   z and a rounded               (2u + u^2) R Z           at most u of each coordinate, by Cauchy and Schwarz
 *   products of the blocks        gamma_length R Z         in any order, fused or not
 *   the transform                 gamma_log2(blocks) R Z   a row adds each product once, in log2(blocks) steps
 *   offset, bound and sum         3u (R Z + W)             each rounded once; the bound's own u is in the factor 1.01
 *   comparing with the threshold  u (R Z + W)
 * which gamma_(n + 10) (R Z + W) covers. What is lost to underflow, even where subnormal numbers are flushed, is at
 * most 2^-126 for each coordinate of z and a, times the other's, and for each product and sum.
 *
 * In double, with w = 2^-53, L roundings in a row, V >= |v|, F >= |B| and f >= |c|, of coordinates that number D:
 *   the point's rounding          w L sqrt(D) (f + F Z) V  moves t, which is multiplied by v
 *   a's                           w L sqrt(D) F Z V
 *   |v|^2 / 2                     w L V^2
 * (sqrt(D), since a Hadamard matrix adds absolute values; a hull's basis as well).
 * All of it is a line in Z, one for each panel. */
static void set_bounds(crow_sign_search *search) {
  const double n = (double)search->length + log2((double)search->blocks) + 10, unit = 0x1p-24;
  const double relative = n * unit / (1 - n * unit), norm = crow_signs_norm(search->signs) * (1 + 1e-6);
  const double dimensions = (double)(search->d > search->size ? search->d : search->size), root = sqrt(dimensions);
  const double roundings = crow_signs_roundings(search->signs) + (double)search->nearest->d + 16 +
                           (search->hull ? (double)(search->hull->d + search->hull->k) : 0);
  const double exact = 0x1p-53 * roundings * 2 * root * search->scale, lost = 0x1p-126, reach = search->reach;
  for (int64_t p = 0; p < search->panels; p++) {
    const double radius = search->radius[p], spread = search->spread[p];
    search->slope[p] = 1.01 * (relative * radius + lost * root + exact * 2 * norm * reach);
    search->intercept[p] = 1.01 * (relative * spread + lost * (4 * dimensions + 16 + root * radius) +
                                   exact * (search->far * reach + reach * reach));
  }
}

/* ---- creation ------------------------------------------------------------------------------------------------ */

static void free_work(crow_sign_work *work) {
  if (!work) return;
  CROW_FREE(work->row, work->adjoint, work->room, work->panel, work->z, work->norm, work->single, work->threshold,
            work->kept, work->note, work->transform, work->upper, work->found, work->whole, work->point, work);
}

static crow_status create_work(const crow_sign_search *search, crow_sign_work **out) {
  crow_sign_work *work = NULL;
  const int64_t batch = search->batch + 1, rows = search->rows;
  CROW_NEED(CROW_ALLOCATE(&work, 1));
  *out = work;
  CROW_NEED(CROW_ALLOCATE_RAW(&work->row, CROW_SIGN_ROWS * search->d));
  CROW_NEED(CROW_ALLOCATE_RAW(&work->adjoint, CROW_SIGN_ROWS * search->size));
  CROW_NEED(CROW_ALLOCATE_RAW(&work->room, crow_signs_room(search->signs) + search->d));
  if (!search->keeps) CROW_NEED(CROW_ALLOCATE_RAW(&work->panel, search->stretch * search->size * search->lanes));
  CROW_NEED(CROW_ALLOCATE(&work->z, batch * search->size));
  CROW_NEED(CROW_ALLOCATE(&work->norm, batch));
  CROW_NEED(CROW_ALLOCATE(&work->single, batch * search->size));
  CROW_NEED(CROW_ALLOCATE(&work->threshold, batch * rows));
  CROW_NEED(CROW_ALLOCATE_RAW(&work->kept, batch * rows));
  CROW_NEED(CROW_ALLOCATE_RAW(&work->note, batch * rows * CROW_SIGN_NOTES));
  CROW_NEED(CROW_ALLOCATE_RAW(&work->transform, 2 * search->blocks * search->lanes));
  CROW_NEED(CROW_ALLOCATE_RAW(&work->upper, 2 * rows * search->lanes));
  CROW_NEED(CROW_ALLOCATE_RAW(&work->found, 2 * rows));
  return CROW_ALLOCATE_RAW_EACH(search->d, &work->whole, &work->point);
}

/* The centre where distances are taken. */
static crow_status signs_find_centre(crow_sign_search *search) {
  const double *centre = crow_signs_centre(search->signs);
  CROW_NEED(CROW_ALLOCATE(&search->centre, search->nearest->d));
  search->far = norm_of(centre, search->d);
  if (search->hull) {
    crow_hull_project(search->hull, centre, CROW_DOUBLE, 1, search->centre);
    search->far += norm_of(search->hull->origin, search->d);
  } else {
    memcpy(search->centre, centre, (size_t)search->d * sizeof *centre);
  }
  return CROW_OK;
}

static void signs_set_shape(crow_sign_search *search) {
  const crow_signs *signs = search->signs;
  search->blocks = crow_signs_blocks(signs);
  search->length = crow_signs_block_length(signs);
  search->size = search->blocks * search->length;
  search->rows = crow_signs_points(signs);
  search->lanes = search->nearest->kernels->sign_lanes;
  search->panels = (search->nearest->distinct.count + search->lanes - 1) / search->lanes;
  const int64_t panel_bytes = search->size * search->lanes * (int64_t)sizeof(float);
  search->stretch = STRETCH_BYTES / panel_bytes;
  search->stretch = search->stretch < 1 ? 1 : search->stretch < search->panels ? search->stretch : search->panels;
  search->keeps = search->panels * panel_bytes <= PREPARED_BYTES;
  search->batch = search->keeps ? BATCH_KEPT : BATCH_MADE;
}

static crow_status prepare_contexts(crow_sign_search *search) {
  const int64_t panels = search->panels, lanes = search->lanes, all = panels * search->size * lanes;
  const crow_sign_work *work = search->work[0];
  CROW_NEED(CROW_ALLOCATE_RAW(&search->offset, panels * lanes));
  CROW_NEED(CROW_ALLOCATE_EACH(panels, &search->radius, &search->spread, &search->slope, &search->intercept));
  for (int64_t k = 0; k < panels * lanes; k++) search->offset[k] = -INFINITY;
  if (search->keeps) CROW_NEED(CROW_ALLOCATE_RAW(&search->prepared, all));
  signs_find_scale(search, work);
  make_panels(search, work, 0, panels, true, search->prepared);
  set_bounds(search);
  if (!isfinite(search->far) || !isfinite(search->reach)) search->unfit = true;
  return CROW_OK;
}

crow_status crow_sign_search_create(const crow_nearest_options *options, const void *contexts, crow_precision type,
                                    int64_t m, int64_t d, const crow_hull *hull, const crow_signs *signs,
                                    crow_sign_search **out) {
  crow_status status = CROW_OK;
  crow_sign_search *search = NULL;
  const bool projected = hull && hull->basis;
  *out = NULL;
  CROW_TRY(CROW_ALLOCATE(&search, 1));
  *search = (crow_sign_search){.signs = signs, .hull = projected ? hull : NULL, .d = d};
  CROW_TRY(crow_nearest_prepare(options, contexts, type, m, projected ? hull->k : d, &search->nearest));
  signs_set_shape(search);
  CROW_TRY(signs_find_centre(search));
  CROW_TRY(CROW_ALLOCATE(&search->work, options->threads));
  for (int64_t t = 0; t < options->threads; t++) CROW_TRY(create_work(search, &search->work[t]));
  CROW_TRY(prepare_contexts(search));
  *out = search;
  search = NULL;
cleanup:
  crow_sign_search_destroy(&search);
  return status;
}

void crow_sign_search_destroy(crow_sign_search **handle) {
  crow_sign_search *search = *handle;
  if (!search) return;
  for (int64_t t = 0; search->work && t < search->nearest->options.threads; t++) free_work(search->work[t]);
  crow_free(search->work);
  crow_nearest_destroy(&search->nearest);
  CROW_FREE(search->centre, search->offset, search->radius, search->spread, search->slope, search->intercept,
            search->prepared, search);
  *handle = NULL;
}

int64_t crow_sign_search_block(const crow_sign_search *search) {
  return search->batch * search->nearest->options.threads;
}

bool crow_sign_search_pays(const crow_sign_search *search) { return !search->unfit; }

const crow_nearest *crow_sign_search_contexts(const crow_sign_search *search) { return search->nearest; }

void crow_sign_search_statistics(const crow_sign_search *search, int64_t *searched, int64_t *decided_again) {
  *searched = search->searched;
  *decided_again = search->decided_again;
}
