/* SPDX-License-Identifier: Apache-2.0 */
/* Several sets of weights over the same rewards: places and polynomials are found once for all of them. */
#include "preference/convolution_impl.h"
#include <string.h>

enum { COLUMNS = CROW_GRID_COLUMNS, NODES_MOST = 1 << 16 /* of a grid that several columns have at a time */ };

/* Layouts are the same on all ranks, so all of them are short of room or none is. Collective. */
static crow_status columns_reserve(const crow_comm *comm, crow_convolution *c) {
  crow_status status = CROW_OK;
  if (c->nodes <= c->columns_capacity) return CROW_OK;
  const int64_t capacity = c->nodes + c->nodes / 4;
  crow_free(c->columns_fixed);
  crow_free(c->columns_node);
  c->columns_fixed = NULL;
  c->columns_node = NULL;
  c->columns_capacity = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&c->columns_fixed, capacity * COLUMNS));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&c->columns_node, capacity * COLUMNS));
  c->columns_capacity = capacity;
cleanup:
  return status;
}

/* Turns a block of `columns` columns, `stride` apart, of the entries `which` into rows, with zeros behind. */
static void columns_to_rows(int64_t n, const int64_t *which, int64_t columns, int64_t stride, const double *from,
                            double *rows) {
  memset(rows, 0, (size_t)n * COLUMNS * sizeof *rows);
  for (int64_t k = 0; k < columns; k++) {
    for (int64_t i = 0; i < n; i++) rows[i * COLUMNS + k] = from[k * stride + which[i]];
  }
}

static void columns_spread(crow_convolution *c, int64_t count, const double *reward, const double *layout,
                           int64_t columns, const double *weight) {
  const crow_grid_kernels *kernels = crow_grid_kernels_get(crow_isa_best());
  int64_t at[CROW_BLOCK], which[CROW_BLOCK];
  double u[CROW_BLOCK], r[CROW_BLOCK], rows[CROW_BLOCK * COLUMNS];
  for (int64_t begin = 0; begin < count; begin += CROW_BLOCK) {
    const int64_t end = begin + CROW_BLOCK < count ? begin + CROW_BLOCK : count;
    int64_t n = 0;
    for (int64_t i = begin; i < end; i++) {
      r[n] = reward[i];
      which[n] = i;
      n += layout[i] > 0;
    }
    columns_to_rows(n, which, columns, count, weight, rows);
    crow_convolution_locate(c, n, r, at, u);
    kernels->spread_columns(&c->basis, n, at, u, rows, c->columns_fixed);
  }
}

static void columns_interpolate(const crow_convolution *c, int64_t count, const double *reward, int64_t columns,
                                double *result) {
  const crow_grid_kernels *kernels = crow_grid_kernels_get(crow_isa_best());
  int64_t at[CROW_BLOCK];
  double u[CROW_BLOCK], rows[CROW_BLOCK * COLUMNS];
  for (int64_t begin = 0; begin < count; begin += CROW_BLOCK) {
    const int64_t n = count - begin < CROW_BLOCK ? count - begin : CROW_BLOCK;
    crow_convolution_locate(c, n, reward + begin, at, u);
    kernels->interpolate_columns(&c->basis, n, at, u, c->columns_node, rows);
    for (int64_t k = 0; k < columns; k++) {
      for (int64_t i = 0; i < n; i++) result[k * count + begin + i] = rows[i * COLUMNS + k];
    }
  }
}

/* Up to COLUMNS of them, on the grid as it is. */
static crow_status columns_together(const crow_comm *comm, crow_convolution *c, crow_grid_kernel kernel, int64_t count,
                                    const double *reward, const double *layout, int64_t columns, const double *weight,
                                    double *result) {
  crow_status status = CROW_OK;
  CROW_TRY(columns_reserve(comm, c));
  memset(c->columns_fixed, 0, (size_t)(c->nodes * COLUMNS) * sizeof *c->columns_fixed);
  crow_work_begin();
  columns_spread(c, count, reward, layout, columns, weight);
  crow_work_end(CROW_WORK_SLICE, (double)(count * columns));
  CROW_TRY(crow_comm_sum_i64(comm, c->columns_fixed, c->nodes * COLUMNS));
  memset(c->columns_node, 0, (size_t)(c->nodes * COLUMNS) * sizeof *c->columns_node);
  for (int64_t k = 0; k < columns; k++) {
    crow_convolution_take_fixed(c, c->columns_fixed + k, COLUMNS);
    crow_convolution_multiply(c, kernel);
    for (int64_t j = 0; j < c->nodes; j++) c->columns_node[j * COLUMNS + k] = c->node[kernel][j];
  }
  columns_interpolate(c, count, reward, columns, result);
cleanup:
  return status;
}

crow_status crow_convolution_columns(const crow_comm *comm, crow_convolution *c, crow_grid_kernel kernel, int64_t count,
                                     const double *reward, const double *layout, int margin, int64_t columns,
                                     const double *weight, double *result, bool *fits) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_convolution_layout(comm, c, count, reward, layout, margin, fits));
  if (!*fits) goto cleanup;
  CROW_TRY(crow_convolution_reserve_alike(comm, c, 0));
  const int64_t at_once = c->nodes > NODES_MOST ? 1 : COLUMNS;
  for (int64_t first = 0; first < columns; first += at_once) {
    const int64_t n = columns - first < at_once ? columns - first : at_once;
    const double *from = weight + first * count;
    double *to = result + first * count;
    if (n > 1) {
      CROW_TRY(columns_together(comm, c, kernel, count, reward, layout, n, from, to));
      continue;
    }
    CROW_TRY(crow_convolution_spread_there(comm, c, count, reward, from, NULL, 0));
    crow_convolution_multiply(c, kernel);
    crow_convolution_interpolate(c, kernel, count, reward, to);
  }
cleanup:
  return status;
}
