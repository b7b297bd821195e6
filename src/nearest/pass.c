/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/pass_impl.h"

#include <math.h>
#include <string.h>

/* Up to this size the converted contexts are kept; beyond it each chunk of points converts them panel by panel, so that
 * memory stays bounded however many alternatives there are. */
#define PREPARED_BYTES ((int64_t)32 << 20)

static void convert_panel(const crow_pass *pass, int64_t panel, void *rows, double *norms) {
  const crow_nearest *nearest = pass->nearest;
  const int64_t first = panel * pass->panel, count = crow_pass_panel_count(pass, panel);
  for (int64_t i = 0; i < count; i++) {
    const double norm = crow_frame_convert(pass, crow_nearest_context(nearest, first + i), nearest->type,
                                           (char *)rows + (size_t)(i * pass->d) * pass->real_bytes);
    if (norms) norms[i] = norm;
  }
}

const void *crow_pass_panel(const crow_pass *pass, crow_pass_work *work, int64_t panel) {
  const size_t panel_bytes = (size_t)(pass->panel * pass->d) * pass->real_bytes;
  if (pass->prepared) return (const char *)pass->prepared + (size_t)panel * panel_bytes;
  convert_panel(pass, panel, work->rows, NULL);
  if (!pass->scorer->arrange) return work->rows;
  pass->scorer->arrange(pass, work->rows, crow_pass_panel_count(pass, panel), work->layout);
  return work->layout;
}

/* -|y|^2 / 2 of the converted context, summed in double. */
static void set_minus_half(const crow_pass *pass, int64_t index, const void *row) {
  double square = 0;
  if (!row) {
    square = INFINITY;
  } else if (pass->precision == CROW_SINGLE) {
    for (int64_t k = 0; k < pass->d; k++) square += (double)((const float *)row)[k] * (double)((const float *)row)[k];
  } else {
    for (int64_t k = 0; k < pass->d; k++) square += ((const double *)row)[k] * ((const double *)row)[k];
  }
  if (pass->precision == CROW_SINGLE) {
    ((float *)pass->minus_half)[index] = (float)(-square / 2);
  } else {
    ((double *)pass->minus_half)[index] = -square / 2;
  }
}

/* Goes once through all contexts: norms, and the prepared panels if they are kept. */
static crow_status take_contexts(crow_pass *pass) {
  const size_t row_bytes = (size_t)pass->d * pass->real_bytes, panel_bytes = (size_t)pass->panel * row_bytes;
  const bool keep = pass->panels * (int64_t)panel_bytes <= PREPARED_BYTES;
  char *rows = NULL, *prepared = NULL;
  double *norms = NULL;
  crow_status status;
  CROW_TRY(crow_allocate_raw(pass->panel, row_bytes, (void **)&rows));
  CROW_TRY(CROW_ALLOCATE_RAW(&norms, pass->panel));
  if (keep) {
    CROW_TRY(crow_allocate_raw(pass->panels, panel_bytes, (void **)&prepared));
    pass->prepared = prepared;
  }
  for (int64_t panel = 0; panel < pass->panels; panel++) {
    const int64_t count = crow_pass_panel_count(pass, panel);
    convert_panel(pass, panel, rows, norms);
    for (int64_t i = 0; i < pass->panel; i++) {
      const int64_t index = panel * pass->panel + i;
      double *radius = &pass->radius[index / pass->strip];
      set_minus_half(pass, index, i < count ? rows + (size_t)i * row_bytes : NULL);
      if (i < count && norms[i] > *radius) *radius = norms[i];
    }
    if (!keep) continue;
    char *place = prepared + (size_t)panel * panel_bytes;
    if (pass->scorer->arrange) {
      pass->scorer->arrange(pass, rows, count, place);
    } else {
      memcpy(place, rows, (size_t)count * row_bytes);
    }
  }
cleanup:
  CROW_FREE(norms, rows);
  return status;
}

crow_status crow_pass_create(crow_nearest *nearest, const crow_pass_scorer *scorer) {
  crow_pass *pass = NULL;
  crow_status status;
  CROW_TRY(CROW_ALLOCATE(&pass, 1));
  nearest->state = pass;
  pass->nearest = nearest;
  pass->scorer = scorer;
  pass->precision = (crow_precision)nearest->options.precision;
  pass->real_bytes = pass->precision == CROW_SINGLE ? sizeof(float) : sizeof(double);
  pass->kernels = &nearest->kernels->pass[pass->precision];
  pass->d = nearest->d;

  pass->count = nearest->distinct.count;
  scorer->shape(pass);
  pass->panels = (pass->count + pass->panel - 1) / pass->panel;
  nearest->chunk = pass->chunk;
  CROW_TRY(crow_frame_create(nearest, pass->precision, &pass->frame));
  CROW_TRY(crow_allocate_raw(pass->panels * pass->panel, pass->real_bytes, &pass->minus_half));
  CROW_TRY(CROW_ALLOCATE(&pass->radius, pass->panels * (pass->panel / pass->strip)));
  CROW_TRY(take_contexts(pass));
cleanup:
  return status;
}

void crow_pass_destroy(void *state) {
  crow_pass *pass = state;
  if (!pass) return;
  crow_frame_free(&pass->frame);
  CROW_FREE(pass->minus_half, pass->radius, pass->prepared, pass);
}

crow_status crow_pass_work_create(const crow_nearest *nearest, void **out) {
  const crow_pass *pass = nearest->state;
  const size_t row_bytes = (size_t)pass->d * pass->real_bytes;
  crow_pass_work *work = NULL;
  crow_status status;
  CROW_TRY(CROW_ALLOCATE(&work, 1));
  *out = work;
  CROW_TRY(CROW_ALLOCATE_RAW(&work->id, pass->chunk));
  CROW_TRY(crow_allocate(pass->chunk, row_bytes, &work->converted));
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(pass->chunk, &work->norm, &work->lower, &work->kept));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->candidate, pass->chunk * CROW_CANDIDATES));
  CROW_TRY(CROW_ALLOCATE(&work->ties, pass->chunk));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->hit, pass->panel > CROW_HITS_LEAST ? pass->panel : CROW_HITS_LEAST));
  CROW_TRY(crow_allocate_raw(pass->score_count, pass->real_bytes, &work->scores));
  if (!pass->prepared) {
    CROW_TRY(crow_allocate(pass->panel, row_bytes, &work->rows));
    if (pass->scorer->arrange) CROW_TRY(crow_allocate(pass->panel, row_bytes, &work->layout));
  }
  /* Room for the pairs of 64 points, or of one point and a whole panel. */
  work->pair_capacity = pass->panel > 64 * CROW_CANDIDATES ? pass->panel : 64 * CROW_CANDIDATES;
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(work->pair_capacity, &work->pair_point, &work->pair_context, &work->pair_index,
                                  &work->pair_distance));
cleanup:
  return status;
}

void crow_pass_work_destroy(void *memory) {
  crow_pass_work *work = memory;
  if (!work) return;
  CROW_FREE(work->id, work->converted, work->norm, work->lower, work->kept, work->candidate, work->ties, work->hit,
            work->scores, work->rows, work->layout, work->pair_point, work->pair_context, work->pair_index,
            work->pair_distance, work);
}

crow_status crow_pass_search(const crow_nearest *nearest, void *memory, const double *points, int64_t n,
                             crow_nearest_winners *winners) {
  const crow_pass *pass = nearest->state;
  crow_pass_work *work = memory;
  crow_status status;
  work->points = points;
  work->n = n;
  work->deciding = false;
  for (int64_t i = 0; i < n; i++) {
    work->id[i] = i;
    work->lower[i] = -INFINITY;
    work->kept[i] = 0;
  }
  CROW_TRY(crow_candidates_take_points(pass, work));
  CROW_TRY(pass->scorer->score(pass, work));
  CROW_TRY(crow_candidates_decide(pass, work, winners));
cleanup:
  return status;
}
