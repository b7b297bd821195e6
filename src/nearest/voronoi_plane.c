/* SPDX-License-Identifier: Apache-2.0 */
/* Exact Voronoi cells in the plane. A cell begins as the box and is clipped by the bisectors with other contexts, which
 * a k-d tree yields from near to far. A context cuts the cell only if some vertex is nearer to it than to the cell's
 * own; that, asked of the boxes of the tree, leaves the few true neighbours. */
#include "nearest/nearest_impl.h"

#include <math.h>
#include <string.h>

/* A convex polygon, anticlockwise, relative to its context: so cells far from the origin lose no digits. */
typedef struct polygon {
  double (*vertex)[2];
  double (*other)[2]; /* where the clipped polygon is written */
  int64_t count, capacity;
} polygon;

static crow_status polygon_reserve(polygon *cell, int64_t capacity) {
  double(*vertex)[2] = NULL, (*other)[2] = NULL;
  crow_status status = CROW_OK;
  if (capacity <= cell->capacity) return CROW_OK;
  capacity *= 2;
  CROW_TRY(CROW_ALLOCATE_RAW(&vertex, capacity));
  CROW_TRY(CROW_ALLOCATE_RAW(&other, capacity));
  if (cell->count) memcpy(vertex, cell->vertex, (size_t)cell->count * sizeof *vertex);
  crow_free(cell->vertex);
  crow_free(cell->other);
  *cell = (polygon){vertex, other, cell->count, capacity};
  return CROW_OK;
cleanup:
  crow_free(vertex);
  crow_free(other);
  return status;
}

static void polygon_free(polygon *cell) {
  crow_free(cell->vertex);
  crow_free(cell->other);
}

static void polygon_set_box(polygon *cell, const double lower[2], const double upper[2], const double centre[2]) {
  const double left = lower[0] - centre[0], right = upper[0] - centre[0];
  const double bottom = lower[1] - centre[1], top = upper[1] - centre[1];
  const double corners[4][2] = {{left, bottom}, {right, bottom}, {right, top}, {left, top}};
  memcpy(cell->vertex, corners, sizeof corners);
  cell->count = 4;
}

static double polygon_area(const polygon *cell) {
  double twice = 0;
  for (int64_t i = 1; i + 1 < cell->count; i++) {
    const double *o = cell->vertex[0], *a = cell->vertex[i], *b = cell->vertex[i + 1];
    twice += (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
  }
  return twice > 0 ? twice / 2 : 0;
}

/* Keeps what is nearer to the cell's context than to the one at `offset` from it: offset.v <= |offset|^2 / 2. */
static crow_status polygon_clip(polygon *cell, double x, double y) {
  const double half = (x * x + y * y) / 2;
  int64_t count = 0, outside = 0;
  for (int64_t i = 0; i < cell->count; i++) outside += x * cell->vertex[i][0] + y * cell->vertex[i][1] > half;
  if (outside == 0) return CROW_OK;
  const crow_status status = polygon_reserve(cell, cell->count + 2);
  if (status != CROW_OK) return status;
  for (int64_t i = 0; i < cell->count; i++) {
    const double *a = cell->vertex[i], *b = cell->vertex[i + 1 < cell->count ? i + 1 : 0];
    const double beyond_a = x * a[0] + y * a[1] - half, beyond_b = x * b[0] + y * b[1] - half;
    if (beyond_a <= 0) {
      memcpy(cell->other[count++], a, sizeof *cell->other);
    }
    if ((beyond_a > 0) != (beyond_b > 0)) {
      const double t = beyond_a / (beyond_a - beyond_b);
      cell->other[count][0] = a[0] + t * (b[0] - a[0]);
      cell->other[count++][1] = a[1] + t * (b[1] - a[1]);
    }
  }
  double(*swap)[2] = cell->vertex;
  cell->vertex = cell->other;
  cell->other = swap;
  cell->count = count < 3 ? 0 : count;
  return CROW_OK;
}

/* Whether a context in the box, relative like the cell, can be nearer to some vertex than the cell's own. */
static bool box_can_cut(const polygon *cell, const double *box, const double centre[2]) {
  for (int64_t i = 0; i < cell->count; i++) {
    const double *v = cell->vertex[i];
    const double x = fmax(fmax(box[0] - centre[0] - v[0], v[0] - (box[2] - centre[0])), 0);
    const double y = fmax(fmax(box[1] - centre[1] - v[1], v[1] - (box[3] - centre[1])), 0);
    if (x * x + y * y < v[0] * v[0] + v[1] * v[1]) return true;
  }
  return false;
}

/* Clips the cell of the context at position `self` of the tree by all others. */
static crow_status clip_cell(const crow_tree *tree, int32_t self, polygon *cell) {
  const double *centre = tree->context + 2 * self;
  int32_t stack[CROW_TREE_DEPTH];
  int depth = 0;
  stack[depth++] = 0;
  while (depth && cell->count) {
    const int32_t at = stack[--depth];
    const crow_tree_node *node = &tree->node[at];
    if (!box_can_cut(cell, tree->box + 4 * at, centre)) continue;
    if (node->right) {
      const bool left_first = self < tree->node[node->right].begin;
      stack[depth++] = left_first ? node->right : at + 1;
      stack[depth++] = left_first ? at + 1 : node->right;
      continue;
    }
    for (int32_t j = node->begin; j < node->end; j++) {
      if (j == self) continue;
      const double *other = tree->context + 2 * j;
      const crow_status status = polygon_clip(cell, other[0] - centre[0], other[1] - centre[1]);
      if (status != CROW_OK) return status;
    }
  }
  return CROW_OK;
}

/* ---- all cells ------------------------------------------------------------------------------------------------- */

/* The contexts in a tree, without repetitions, scaled by a power of two that makes the box's longer side about 1: so no
 * square overflows or vanishes. */
typedef struct crow_plane {
  double *contexts; /* (m, 2) with +0 for -0, which is the same place */
  crow_nearest *nearest;
  double lower[2], upper[2], scale;
} crow_plane;

static void plane_free(crow_plane *plane) {
  crow_nearest_destroy(&plane->nearest);
  crow_free(plane->contexts);
}

/* On failure, too, `out` is to be freed. */
static crow_status plane_create(const double *contexts, int64_t m, const double lower[2], const double upper[2],
                                crow_plane *out) {
  const crow_nearest_options options = {.engine = CROW_NEAREST_TREE, .precision = CROW_DOUBLE, .threads = 1};
  crow_status status;
  *out = (crow_plane){0};
  for (int k = 0; k < 2; k++) {
    if (isfinite(lower[k]) && isfinite(upper[k]) && lower[k] < upper[k]) continue;
    CROW_TRY(crow_error(CROW_BAD_INPUT, "the box's side [%g, %g] must be finite and not empty", lower[k], upper[k]));
  }
  out->scale = ldexp(1, -ilogb(fmax(upper[0] - lower[0], upper[1] - lower[1])));
  for (int k = 0; k < 2; k++) {
    out->lower[k] = lower[k] * out->scale;
    out->upper[k] = upper[k] * out->scale;
  }
  CROW_TRY(CROW_ALLOCATE_RAW(&out->contexts, 2 * m));
  for (int64_t i = 0; i < 2 * m; i++) out->contexts[i] = contexts[i] * out->scale + 0.0;
  CROW_TRY(crow_nearest_create(&options, out->contexts, CROW_DOUBLE, m, 2, NULL, 0, &out->nearest));
cleanup:
  return status;
}

/* Receives each distinct context's cell; the polygon is relative to `centre`. */
typedef crow_status take_cell(void *receiver, int64_t distinct, const polygon *cell, const double centre[2]);

static crow_status plane_visit(const crow_plane *plane, take_cell *take, void *receiver) {
  const crow_tree *tree = plane->nearest->state;
  polygon cell = {0};
  crow_status status;
  CROW_TRY(polygon_reserve(&cell, 16));
  for (int32_t j = 0; j < tree->count; j++) {
    const double *centre = tree->context + 2 * j;
    polygon_set_box(&cell, plane->lower, plane->upper, centre);
    CROW_TRY(clip_cell(tree, j, &cell));
    CROW_TRY(take(receiver, tree->order[j], &cell, centre));
  }
cleanup:
  polygon_free(&cell);
  return status;
}

static crow_status take_area(void *receiver, int64_t distinct, const polygon *cell, const double centre[2]) {
  (void)centre;
  ((double *)receiver)[distinct] = polygon_area(cell);
  return CROW_OK;
}

crow_status crow_voronoi_exact_2d(const double *contexts, int64_t m, const double lower[2], const double upper[2],
                                  double *weights) {
  crow_plane plane = {0};
  double *area = NULL, total = 0;
  crow_status status;
  CROW_TRY(plane_create(contexts, m, lower, upper, &plane));
  const crow_nearest_distinct *distinct = &plane.nearest->distinct;
  const double box = (plane.upper[0] - plane.lower[0]) * (plane.upper[1] - plane.lower[1]);
  CROW_TRY(CROW_ALLOCATE(&area, distinct->count));
  CROW_TRY(plane_visit(&plane, take_area, area));
  for (int64_t k = 0; k < distinct->count; k++) total += area[k];
  if (!(fabs(total - box) <= 1e-9 * box)) {
    CROW_TRY(crow_error(CROW_FAILED, "the Voronoi cells cover %.17g of the box's area %.17g", total, box));
  }
  for (int64_t k = 0; k < distinct->count; k++) {
    if (!distinct->row) {
      weights[k] = area[k] / total;
      continue;
    }
    const int64_t begin = distinct->begin[k], end = distinct->begin[k + 1];
    for (int64_t i = begin; i < end; i++) weights[distinct->member[i]] = area[k] / total / (double)(end - begin);
  }
cleanup:
  crow_free(area);
  plane_free(&plane);
  return status;
}

/* Cells in the order of the tree. */
typedef struct cell_list {
  double (*vertex)[2];
  int64_t count, capacity;
  int64_t *begin, *length; /* (distinct) */
} cell_list;

static crow_status list_cell(void *receiver, int64_t distinct, const polygon *cell, const double centre[2]) {
  cell_list *list = receiver;
  if (list->count + cell->count > list->capacity) {
    const int64_t capacity = 2 * list->capacity + cell->count + 1024;
    double(*grown)[2] = NULL;
    const crow_status status = CROW_ALLOCATE_RAW(&grown, capacity);
    if (status != CROW_OK) return status;
    if (list->count) memcpy(grown, list->vertex, (size_t)list->count * sizeof *grown);
    crow_free(list->vertex);
    list->vertex = grown;
    list->capacity = capacity;
  }
  list->begin[distinct] = list->count;
  list->length[distinct] = cell->count;
  for (int64_t i = 0; i < cell->count; i++, list->count++) {
    for (int k = 0; k < 2; k++) list->vertex[list->count][k] = centre[k] + cell->vertex[i][k];
  }
  return CROW_OK;
}

/* Lists the cells in the order of the contexts. */
static crow_status arrange_cells(const crow_nearest_distinct *distinct, int64_t m, const cell_list *list,
                                 crow_voronoi_cells *out) {
  crow_status status;
  CROW_TRY(CROW_ALLOCATE(&out->begin, m + 1));
  for (int64_t k = 0; k < distinct->count; k++) {
    const int64_t begin = distinct->row ? distinct->begin[k] : k, end = distinct->row ? distinct->begin[k + 1] : k + 1;
    for (int64_t i = begin; i < end; i++) out->begin[(distinct->row ? distinct->member[i] : i) + 1] = list->length[k];
  }
  for (int64_t i = 0; i < m; i++) out->begin[i + 1] += out->begin[i];
  CROW_TRY(CROW_ALLOCATE(&out->vertex, 2 * out->begin[m]));
  for (int64_t k = 0; k < distinct->count; k++) {
    const int64_t begin = distinct->row ? distinct->begin[k] : k, end = distinct->row ? distinct->begin[k + 1] : k + 1;
    for (int64_t i = begin; i < end && list->length[k]; i++) {
      memcpy(out->vertex + 2 * out->begin[distinct->row ? distinct->member[i] : i], list->vertex[list->begin[k]],
             (size_t)list->length[k] * sizeof *list->vertex);
    }
  }
  out->count = m;
cleanup:
  return status;
}

crow_status crow_voronoi_cells_2d(const double *contexts, int64_t m, const double lower[2], const double upper[2],
                                  crow_voronoi_cells *out) {
  crow_plane plane = {0};
  cell_list list = {0};
  crow_status status;
  *out = (crow_voronoi_cells){0};
  CROW_TRY(plane_create(contexts, m, lower, upper, &plane));
  CROW_TRY(CROW_ALLOCATE(&list.begin, plane.nearest->distinct.count));
  CROW_TRY(CROW_ALLOCATE(&list.length, plane.nearest->distinct.count));
  CROW_TRY(plane_visit(&plane, list_cell, &list));
  CROW_TRY(arrange_cells(&plane.nearest->distinct, m, &list, out));
  for (int64_t i = 0; i < 2 * out->begin[m]; i++) out->vertex[i] /= plane.scale;
cleanup:
  if (status != CROW_OK) crow_voronoi_cells_free(out);
  crow_free(list.vertex);
  crow_free(list.begin);
  crow_free(list.length);
  plane_free(&plane);
  return status;
}

void crow_voronoi_cells_free(crow_voronoi_cells *cells) {
  crow_free(cells->begin);
  crow_free(cells->vertex);
  *cells = (crow_voronoi_cells){0};
}
