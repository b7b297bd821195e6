/* SPDX-License-Identifier: Apache-2.0 */
/* Exact Voronoi cells in the plane. A cell begins as the box and is clipped by the bisectors with other contexts, which
 * a k-d tree yields from near to far. A context cuts the cell only if some vertex is nearer to it than to the cell's
 * own; that, asked of the boxes of the tree, leaves the few true neighbours.
 *
 * Cells live in coordinates in which the box is a square of side 1, relative to their context or, if that lies outside,
 * the place in the box that is nearest to it: u = (point - reference) / sides. Bisectors are computed in pairs of
 * doubles from differences of contexts, so neither columns of different units nor contexts far from the box cost
 * digits. */
#include "nearest/nearest_impl.h"
#include "nearest/pairs_of_doubles_impl.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* A convex polygon, anticlockwise. */
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
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(capacity, &vertex, &other));
  if (cell->count) memcpy(vertex, cell->vertex, (size_t)cell->count * sizeof *vertex);
  CROW_FREE(cell->vertex, cell->other);
  *cell = (polygon){vertex, other, cell->count, capacity};
  return CROW_OK;
cleanup:
  CROW_FREE(vertex, other);
  return status;
}

static void polygon_free(polygon *cell) { CROW_FREE(cell->vertex, cell->other); }

/* A context and the coordinates of its cell. */
typedef struct cell_frame {
  const double *context;
  double reference[2], side[2];
} cell_frame;

static cell_frame frame_of(const double *context, const double lower[2], const double upper[2]) {
  cell_frame frame = {.context = context};
  for (int k = 0; k < 2; k++) {
    frame.reference[k] = fmin(fmax(context[k], lower[k]), upper[k]);
    frame.side[k] = upper[k] - lower[k];
  }
  return frame;
}

static void polygon_set_box(polygon *cell, const cell_frame *frame, const double lower[2], const double upper[2]) {
  const double *at = frame->reference, *side = frame->side;
  const double left = (lower[0] - at[0]) / side[0], right = (upper[0] - at[0]) / side[0];
  const double bottom = (lower[1] - at[1]) / side[1], top = (upper[1] - at[1]) / side[1];
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

/* What is nearer to the frame's context c than to `other` o: (o - c) . (o + c - 2 v) >= 0 or, in the cell's
 * coordinates, normal . u <= limit, scaled by a power of two that makes the normal's greater entry about 1. */
typedef struct half_plane {
  double normal[2], limit;
} half_plane;

static half_plane bisector(const cell_frame *frame, const double *other) {
  crow_pair across[2];
  int greatest = INT_MIN;
  for (int k = 0; k < 2; k++) {
    across[k] = crow_pair_sum(other[k], -frame->context[k]);
    if (across[k].high == 0) continue;
    const int exponent = ilogb(across[k].high) + ilogb(frame->side[k]);
    if (exponent > greatest) greatest = exponent;
  }
  half_plane half = {.limit = INFINITY}; /* the same place, but for the sign of a zero */
  if (greatest == INT_MIN) return half;
  crow_pair limit = {0, 0};
  for (int k = 0; k < 2; k++) {
    const crow_pair scaled = {scalbn(across[k].high, -greatest), scalbn(across[k].low, -greatest)};
    const crow_pair to_other = crow_pair_sum(other[k], -frame->reference[k]);
    const crow_pair to_own = crow_pair_sum(frame->context[k], -frame->reference[k]);
    limit = crow_pair_add(limit, crow_pair_multiply(scaled, crow_pair_add(to_other, to_own)));
    half.normal[k] = scaled.high * frame->side[k];
  }
  half.limit = limit.high / 2;
  return half;
}

static crow_status polygon_clip(polygon *cell, const half_plane *plane) {
  const double x = plane->normal[0], y = plane->normal[1], half = plane->limit;
  int64_t count = 0, outside = 0;
  for (int64_t i = 0; i < cell->count; i++) outside += x * cell->vertex[i][0] + y * cell->vertex[i][1] > half;
  if (outside == 0) return CROW_OK;
  CROW_NEED(polygon_reserve(cell, cell->count + 2));
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

/* Whether a context in the tree's box can be nearer to some vertex than the cell's own: with q the place in it that is
 * nearest to the vertex v, |q - v|^2 - |c - v|^2 = sum_k (q - c) ((q - v) + (c - v)). Where rounding could turn the
 * sign, it can. */
static bool box_can_cut(const polygon *cell, const double *box, const cell_frame *frame) {
  for (int64_t i = 0; i < cell->count; i++) {
    double sum = 0, size = 0;
    for (int k = 0; k < 2; k++) {
      const double v = frame->side[k] * cell->vertex[i][k], c = frame->context[k] - frame->reference[k];
      const double least = box[k] - frame->reference[k], most = box[2 + k] - frame->reference[k];
      const bool below = v<least, above = v> most;
      const double q = below ? least : above ? most : v;
      /* The difference of places of the plane has no error to speak of; that of v does. */
      const double across = below ? box[k] - frame->context[k] : above ? box[2 + k] - frame->context[k] : v - c;
      sum += across * ((q - v) + (c - v));
      size += fabs(across) * (fabs(q) + fabs(c) + 2 * fabs(v));
      if (!below && !above) size += (fabs(v) + fabs(c)) * (fabs(q) + fabs(c) + 2 * fabs(v));
    }
    if (!(sum > 8 * DBL_EPSILON * size)) return true;
  }
  return false;
}

/* Clips the cell of the context at position `self` of the tree by all others. */
static crow_status clip_cell(const crow_tree *tree, int32_t self, const cell_frame *frame, polygon *cell) {
  int32_t stack[CROW_TREE_DEPTH];
  int depth = 0;
  stack[depth++] = 0;
  while (depth && cell->count) {
    const int32_t at = stack[--depth];
    const crow_tree_node *node = &tree->node[at];
    if (!box_can_cut(cell, tree->box + 4 * at, frame)) continue;
    if (node->right) {
      const bool left_first = self < tree->node[node->right].begin;
      stack[depth++] = left_first ? node->right : at + 1;
      stack[depth++] = left_first ? at + 1 : node->right;
      continue;
    }
    for (int32_t j = node->begin; j < node->end; j++) {
      if (j == self) continue;
      const half_plane half = bisector(frame, tree->context + 2 * j);
      CROW_NEED(polygon_clip(cell, &half));
    }
  }
  return CROW_OK;
}

/* ---- all cells ------------------------------------------------------------------------------------------------- */

/* The contexts in a tree, without repetitions. */
typedef struct crow_plane {
  double *contexts; /* (m, 2) with +0 for -0, which is the same place */
  crow_nearest *nearest;
  double lower[2], upper[2];
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
  for (int k = 0; k < 2; k++) {
    out->lower[k] = lower[k];
    out->upper[k] = upper[k];
  }
  CROW_TRY(CROW_ALLOCATE_RAW(&out->contexts, 2 * m));
  for (int64_t i = 0; i < 2 * m; i++) out->contexts[i] = contexts[i] + 0.0;
  CROW_TRY(crow_nearest_create(&options, out->contexts, CROW_DOUBLE, m, 2, NULL, 0, &out->nearest));
cleanup:
  return status;
}

/* Receives each distinct context's cell. */
typedef crow_status take_cell(void *receiver, int64_t distinct, const polygon *cell, const cell_frame *frame);

static crow_status plane_visit(const crow_plane *plane, take_cell *take, void *receiver) {
  const crow_tree *tree = plane->nearest->state;
  polygon cell = {0};
  crow_status status;
  CROW_TRY(polygon_reserve(&cell, 16));
  for (int32_t j = 0; j < tree->count; j++) {
    const cell_frame frame = frame_of(tree->context + 2 * j, plane->lower, plane->upper);
    polygon_set_box(&cell, &frame, plane->lower, plane->upper);
    CROW_TRY(clip_cell(tree, j, &frame, &cell));
    CROW_TRY(take(receiver, tree->order[j], &cell, &frame));
  }
cleanup:
  polygon_free(&cell);
  return status;
}

static crow_status take_area(void *receiver, int64_t distinct, const polygon *cell, const cell_frame *frame) {
  (void)frame;
  ((double *)receiver)[distinct] = polygon_area(cell);
  return crow_stop_check("cells");
}

crow_status crow_voronoi_exact_2d(const double *contexts, int64_t m, const double lower[2], const double upper[2],
                                  double *weights) {
  crow_plane plane = {0};
  double *area = NULL, total = 0;
  crow_status status;
  CROW_TRY(plane_create(contexts, m, lower, upper, &plane));
  const crow_nearest_distinct *distinct = &plane.nearest->distinct;
  CROW_TRY(CROW_ALLOCATE(&area, distinct->count));
  CROW_TRY(plane_visit(&plane, take_area, area));
  for (int64_t k = 0; k < distinct->count; k++) total += area[k];
  if (!(fabs(total - 1) <= 1e-9)) {
    CROW_TRY(crow_error(CROW_FAILED, "the Voronoi cells cover %.17g of the box", total));
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

static crow_status list_cell(void *receiver, int64_t distinct, const polygon *cell, const cell_frame *frame) {
  cell_list *list = receiver;
  if (list->count + cell->count > list->capacity) {
    const int64_t capacity = 2 * list->capacity + cell->count + 1024;
    double(*grown)[2] = NULL;
    CROW_NEED(CROW_ALLOCATE_RAW(&grown, capacity));
    if (list->count) memcpy(grown, list->vertex, (size_t)list->count * sizeof *grown);
    crow_free(list->vertex);
    list->vertex = grown;
    list->capacity = capacity;
  }
  list->begin[distinct] = list->count;
  list->length[distinct] = cell->count;
  for (int64_t i = 0; i < cell->count; i++, list->count++) {
    for (int k = 0; k < 2; k++) {
      list->vertex[list->count][k] = frame->reference[k] + frame->side[k] * cell->vertex[i][k];
    }
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
  CROW_TRY(CROW_ALLOCATE_EACH(plane.nearest->distinct.count, &list.begin, &list.length));
  CROW_TRY(plane_visit(&plane, list_cell, &list));
  CROW_TRY(arrange_cells(&plane.nearest->distinct, m, &list, out));
cleanup:
  if (status != CROW_OK) crow_voronoi_cells_free(out);
  CROW_FREE(list.vertex, list.begin, list.length);
  plane_free(&plane);
  return status;
}

void crow_voronoi_cells_free(crow_voronoi_cells *cells) {
  CROW_FREE(cells->begin, cells->vertex);
  *cells = (crow_voronoi_cells){0};
}
