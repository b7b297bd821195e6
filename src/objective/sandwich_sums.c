/* SPDX-License-Identifier: Apache-2.0 */
/* Sums over pairs for both ways to the sandwich, kept in the cells' integers, as everywhere. */
#include "base/clones_impl.h"
#include "objective/sandwich_impl.h"
#include <math.h>
#include <string.h>

static int64_t fixed(double value) { return (int64_t)(value + (value < 0 ? -0.5 : 0.5)); }

/* In lanes, of which vectors can be made. */
CROW_CLONES double crow_largest_size(int64_t n, const double *v) {
  enum { LANES = 8 };
  double lane[LANES] = {0}, largest = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int k = 0; k < LANES; k++) lane[k] = fabs(v[i + k]) > lane[k] ? fabs(v[i + k]) : lane[k];
  }
  for (; i < n; i++) largest = fabs(v[i]) > largest ? fabs(v[i]) : largest;
  for (int k = 0; k < LANES; k++) largest = lane[k] > largest ? lane[k] : largest;
  return largest;
}

/* Fetches v into o->whole, divided by its largest size over all ranks, which is returned (1 for zeros). */
static crow_status spread_vector(const crow_objective *o, const double *v, double *largest) {
  crow_status status = CROW_OK;
  *largest = crow_largest_size(o->weights->partition.count, v);
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

/* This rank's own cells, to which the columns' slices are copied as rows. */
CROW_CLONES static void fill_own_cells(const crow_range *range, crow_gidx first, int64_t n, int64_t columns,
                                       const double *v, const double *largest, crow_wide_cell *wide) {
  const crow_gidx begin = range->begin > first ? range->begin : first;
  const crow_gidx end = range->end < first + n ? range->end : first + n;
  for (crow_gidx x = begin; x < end; x++) {
    for (int64_t c = 0; c < columns; c++) wide[x].value[c] = v[c * n + x - first] / largest[c];
  }
}

/* Fetches the columns into the wide cells, each divided by its largest size, which is returned. */
static crow_status spread_columns(const crow_sandwich *s, int64_t columns, const double *v, double *largest) {
  crow_status status = CROW_OK;
  const crow_objective *o = s->o;
  const crow_gidx first = o->weights->partition.begin, n = o->weights->partition.count;
  for (int64_t c = 0; c < columns; c++) largest[c] = crow_largest_size(n, v + c * n);
  CROW_TRY(crow_comm_max_f64(o->comm, largest, columns));
  for (int64_t c = 0; c < columns; c++) largest[c] = largest[c] > 0 ? largest[c] : 1;
  for (int64_t k = 0; k < o->ranges; k++) fill_own_cells(&o->range[k], first, n, columns, v, largest, s->wide);
  for (int64_t c = 0; c < columns && crow_comm_size(o->comm) > 1; c++) {
    CROW_TRY(crow_halo_fetch(o->halo, v + c * n, o->whole));
    for (int64_t k = 0; k < o->ranges; k++) {
      for (crow_gidx x = o->range[k].begin; x < o->range[k].end; x++) {
        if (x == first && n > 0) x += n;
        if (x < o->range[k].end) s->wide[x].value[c] = o->whole[x] / largest[c];
      }
    }
  }
cleanup:
  return status;
}

/* Where one rank has all pairs. */
static void take_columns(const crow_sandwich *s, int64_t columns, const double *largest, double *out) {
  const crow_objective *o = s->o;
  const int64_t n = o->weights->partition.count;
  if (o->ranges != 1 || o->range[0].end - o->range[0].begin != n) memset(out, 0, (size_t)(columns * n) * sizeof *out);
  for (int64_t k = 0; k < o->ranges; k++) {
    for (crow_gidx x = o->range[k].begin; x < o->range[k].end; x++) {
      for (int64_t c = 0; c < columns; c++) {
        out[c * n + x] = o->scale * largest[c] * ((double)s->wide[x].sum[c] / o->unit[x]);
        s->wide[x].sum[c] = 0;
      }
    }
  }
}

/* Sums the wide cells over the ranks into `out`, and clears them. */
static crow_status collect_columns(const crow_sandwich *s, int64_t columns, const double *largest, double *out) {
  crow_status status = CROW_OK;
  crow_objective *o = s->o;
  const int64_t n = o->weights->partition.count;
  if (crow_comm_size(o->comm) == 1) {
    take_columns(s, columns, largest, out);
    return CROW_OK;
  }
  o->last_counts = false;
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t k = 0; k < o->ranges; k++) {
      for (crow_gidx x = o->range[k].begin; x < o->range[k].end; x++) {
        o->whole_sum[x] = s->wide[x].sum[c];
        s->wide[x].sum[c] = 0;
      }
    }
    CROW_TRY(crow_halo_sum_i64(o->halo, o->whole_sum, o->slice_sum));
    for (int64_t i = 0; i < n; i++) {
      out[c * n + i] = o->scale * largest[c] * ((double)o->slice_sum[i] / o->unit[i]);
    }
  }
cleanup:
  return status;
}

crow_status crow_sandwich_sums(const crow_sandwich *s, const double *value, bool odd, int64_t columns, const double *v,
                               double *out) {
  crow_status status = CROW_OK;
  const crow_objective *o = s->o;
  const crow_pairs *pairs = o->pairs;
  const int64_t n = o->weights->partition.count;
  double largest[CROW_PAIR_COLUMNS];
  if (!s->wide || columns == 1) {
    for (int64_t c = 0; c < columns; c++) CROW_TRY(crow_sandwich_sum(s, value, odd, true, v + c * n, out + c * n));
    goto cleanup;
  }
  CROW_TRY(spread_columns(s, columns, v, largest));
  for (int64_t begin = 0; begin < pairs->partition.count; begin += CROW_BLOCK) {
    const int64_t left = pairs->partition.count - begin;
    const crow_pair_block block = {
        .count = left < CROW_BLOCK ? left : CROW_BLOCK, .first = pairs->first + begin, .second = pairs->second + begin};
    crow_wide_kernel_get(crow_isa_best())(o->cell, s->wide, &block, value + begin, odd ? -1 : 1);
  }
  CROW_TRY(collect_columns(s, columns, largest, out));
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

crow_status crow_sandwich_variance(const crow_sandwich *s, const double *noise, double *out) {
  crow_status status = CROW_OK;
  crow_objective *o = s->o;
  const crow_pairs *pairs = o->pairs;
  /* w(y)^2 spread, divided by the sum of w c of x, is at most w(y) c, so it fits the units. */
  CROW_TRY(spread_neighbours(o));
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    crow_cell *x = &o->cell[pairs->first[k]], *y = &o->cell[pairs->second[k]];
    const double of_x = o->whole[pairs->first[k]], of_y = o->whole[pairs->second[k]];
    const double to_x = y->weight * noise[k], to_y = x->weight * noise[k];
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
