/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over pairs for both ways to the sandwich, kept in the cells' integers, as everywhere. */
#include "objective/sandwich_impl.h"
#include <math.h>

static int64_t fixed(double value) { return (int64_t)(value + (value < 0 ? -0.5 : 0.5)); }

/* Fetches v into o->whole, divided by its largest size over all ranks, which is returned (1 for zeros). */
static crow_status spread_vector(const crow_objective *o, const double *v, double *largest) {
  crow_status status = CROW_OK;
  *largest = 0;
  for (int64_t i = 0; i < o->weights->partition.count; i++) *largest = fmax(*largest, fabs(v[i]));
  CROW_TRY(crow_comm_max_f64(o->comm, largest, 1));
  if (!(*largest > 0)) *largest = 1;
  CROW_TRY(crow_halo_fetch(o->halo, v, o->whole));
  for (int64_t k = 0; k < o->ranges; k++) {
    for (crow_gidx x = o->range[k].begin; x < o->range[k].end; x++) o->whole[x] /= *largest;
  }
cleanup:
  return status;
}

crow_status crow_sandwich_sum(const crow_sandwich *s, const double *value, bool odd, bool given, const double *v,
                              double *out) {
  crow_status status = CROW_OK;
  crow_objective *o = s->o;
  const crow_pairs *pairs = o->pairs;
  const double sign = odd ? -1 : 1;
  double largest = 1;
  if (given) CROW_TRY(spread_vector(o, v, &largest));
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    crow_cell *x = &o->cell[pairs->first[k]], *y = &o->cell[pairs->second[k]];
    const double v_x = given ? o->whole[pairs->first[k]] : 1, v_y = given ? o->whole[pairs->second[k]] : 1;
    const double of_pair = value ? value[k] : 1;
    x->sum += fixed(y->weight * x->unit * of_pair * v_y);
    y->sum += fixed(x->weight * y->unit * of_pair * v_x * sign);
  }
  CROW_TRY(crow_paired_collect(o));
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    out[i] = o->scale * largest * ((double)o->slice_sum[i] / o->unit[i]);
  }
cleanup:
  return status;
}

/* Fetches the sums of w(y) c, times the roots of the prompts' shares, into o->whole. */
static crow_status spread_neighbours(const crow_objective *o) {
  crow_status status = CROW_OK;
  const int64_t n = o->weights->partition.count;
  double *slice = NULL;
  CROW_TRY_AGREE(o->comm, CROW_ALLOCATE_RAW(&slice, n));
  for (int64_t i = 0; i < n; i++) slice[i] = o->neighbours[i] * (o->root ? o->root[i] : 1);
  CROW_TRY(crow_halo_fetch(o->halo, slice, o->whole));
cleanup:
  crow_free(slice);
  return status;
}

crow_status crow_sandwich_variance(const crow_sandwich *s, double *out) {
  crow_status status = CROW_OK;
  crow_objective *o = s->o;
  const crow_pairs *pairs = o->pairs;
  /* w(y)^2 spread, divided by the sum of w c of x, is at most w(y) c, so it fits the units. */
  CROW_TRY(spread_neighbours(o));
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    crow_cell *x = &o->cell[pairs->first[k]], *y = &o->cell[pairs->second[k]];
    const double of_x = o->whole[pairs->first[k]], of_y = o->whole[pairs->second[k]];
    const double to_x = y->weight * s->noise[k], to_y = x->weight * s->noise[k];
    if (of_x > 0) x->sum += fixed(to_x * (to_x / of_x) * x->unit);
    if (of_y > 0) y->sum += fixed(to_y * (to_y / of_y) * y->unit);
  }
  CROW_TRY(crow_paired_collect(o));
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    out[i] = o->scale * o->scale * o->neighbours[i] * ((double)o->slice_sum[i] / o->unit[i]);
  }
cleanup:
  return status;
}
