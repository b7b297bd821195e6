/* SPDX-License-Identifier: Apache-2.0 */
/* The tree engine: building the tree, and the search of a chunk of points in packets of neighbours. */
#include "base/order_impl.h"
#include "nearest/nearest_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAF 8
/* Points taken at once: the more, the nearer to each other those of a packet are. */
#define CHUNK 16384
#define LARGEST_CHUNK 65536
/* Points that descend in turn, so that one is worked on while another waits for memory. */
#define ABREAST 8

/* ---- building --------------------------------------------------------------------------------------------------- */

static void take_box(const crow_tree *tree, const double *all, int32_t begin, int32_t end, double *box) {
  const int64_t d = tree->d;
  for (int64_t k = 0; k < d; k++) {
    box[k] = INFINITY;
    box[d + k] = -INFINITY;
  }
  for (int32_t j = begin; j < end; j++) {
    const double *context = all + tree->order[j] * d;
    for (int64_t k = 0; k < d; k++) {
      box[k] = fmin(box[k], context[k]);
      box[d + k] = fmax(box[d + k], context[k]);
    }
  }
}

/* Hoare's selection: order[middle] becomes what sorting on the axis would put there, smaller ones before it. */
static void select_middle(const double *all, int64_t d, int32_t axis, int32_t *order, int32_t begin, int32_t middle,
                          int32_t end) {
  int32_t low = begin, high = end - 1;
  while (low < high) {
    const double pivot = all[order[low + (high - low) / 2] * d + axis];
    int32_t i = low, j = high;
    while (i <= j) {
      while (all[order[i] * d + axis] < pivot) i++;
      while (all[order[j] * d + axis] > pivot) j--;
      if (i <= j) {
        const int32_t swap = order[i];
        order[i++] = order[j];
        order[j--] = swap;
      }
    }
    if (middle <= j) {
      high = j;
    } else if (middle >= i) {
      low = i;
    } else {
      return;
    }
  }
}

/* Writes the subtree of the contexts begin .. end in preorder. The depth is at most log2(count). */
static void build(crow_tree *tree, const double *all, int32_t begin, int32_t end, int32_t depth) {
  const int64_t d = tree->d;
  const int32_t self = tree->nodes++;
  double *box = tree->box + 2 * d * self;
  take_box(tree, all, begin, end, box);
  tree->node[self] = (crow_tree_node){.begin = begin, .end = end};
  tree->leaf[self] = tree->leaves;
  if (end - begin <= LEAF) {
    tree->leaves++;
    if (depth > tree->depth) tree->depth = depth;
    return;
  }
  int32_t axis = 0;
  for (int32_t k = 1; k < d; k++) {
    if (box[d + k] - box[k] > box[d + axis] - box[axis]) axis = k;
  }
  const int32_t middle = begin + (end - begin) / 2;
  select_middle(all, d, axis, tree->order, begin, middle, end);
  tree->node[self].axis = axis;
  tree->node[self].split = all[tree->order[middle] * d + axis];
  build(tree, all, begin, middle, depth + 1);
  tree->node[self].right = tree->nodes;
  tree->node[self].step[0] = tree->nodes - self;
  tree->node[self].step[1] = 1;
  build(tree, all, middle, end, depth + 1);
}

static void destroy(void *state) {
  crow_tree *tree = state;
  if (!tree) return;
  CROW_FREE(tree->node, tree->leaf, tree->box, tree->context, tree->order, tree);
}

/* All distinct contexts as doubles. */
static void copy_contexts(const crow_nearest *nearest, double *all) {
  const int64_t d = nearest->d;
  for (int64_t j = 0; j < nearest->distinct.count; j++) {
    const void *row = crow_nearest_context(nearest, j);
    for (int64_t k = 0; k < d; k++) {
      all[j * d + k] = nearest->type == CROW_SINGLE ? (double)((const float *)row)[k] : ((const double *)row)[k];
    }
  }
}

static crow_status tree_create(crow_nearest *nearest) {
  const int64_t count = nearest->distinct.count, d = nearest->d;
  crow_tree *tree = NULL;
  double *all = NULL;
  crow_status status;
  if (count > INT32_MAX / 2) CROW_TRY(crow_error(CROW_USAGE, "a tree holds at most %d alternatives", INT32_MAX / 2));
  CROW_TRY(CROW_ALLOCATE(&tree, 1));
  nearest->state = tree;
  nearest->chunk = count / 8 < CHUNK ? CHUNK : count / 8 < LARGEST_CHUNK ? count / 8 : LARGEST_CHUNK;
  tree->d = d;
  tree->count = count;
  crow_nearest_margin_line(d, &tree->margin_factor, &tree->margin_least);
  /* Halving down to LEAF leaves at least (LEAF + 1) / 2 contexts in each leaf. */
  const int64_t nodes = 2 * (count / ((LEAF + 1) / 2) + 1);
  CROW_TRY(CROW_ALLOCATE_RAW(&all, count * d));
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(nodes, &tree->node, &tree->leaf));
  CROW_TRY(CROW_ALLOCATE_RAW(&tree->box, nodes * 2 * d));
  CROW_TRY(CROW_ALLOCATE_RAW(&tree->context, count * d));
  CROW_TRY(CROW_ALLOCATE_RAW(&tree->order, count));
  copy_contexts(nearest, all);
  for (int32_t j = 0; j < count; j++) tree->order[j] = j;
  build(tree, all, 0, (int32_t)count, 0);
  for (int64_t j = 0; j < count; j++) {
    memcpy(tree->context + j * d, all + tree->order[j] * d, (size_t)d * sizeof *all);
  }
cleanup:
  crow_free(all);
  return status;
}

/* ---- searching -------------------------------------------------------------------------------------------------- */

typedef struct tree_work {
  int32_t *home;    /* (chunk) the leaf each point lies in */
  int32_t *sorted;  /* (chunk) points by leaf */
  int32_t *place;   /* (leaves + 1) */
  double *packet;   /* (d, lanes) */
  double *distance; /* (lanes) */
  double *index;    /* (lanes) */
  int32_t *nearest; /* (chunk) position in the tree; -1 where several are nearest */
  int64_t *ties;    /* (count) what can be nearest to one point; room for all */
  double *measured; /* (count) their canonical distances */
} tree_work;

static void work_destroy(void *memory) {
  tree_work *work = memory;
  if (!work) return;
  CROW_FREE(work->home, work->sorted, work->place, work->packet, work->distance, work->index, work->nearest, work->ties,
            work->measured, work);
}

static crow_status work_create(const crow_nearest *nearest, void **out) {
  const crow_tree *tree = nearest->state;
  const int64_t lanes = nearest->kernels->tree_lanes;
  tree_work *work = NULL;
  crow_status status;
  CROW_TRY(CROW_ALLOCATE(&work, 1));
  *out = work;
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(nearest->chunk, &work->home, &work->sorted));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->place, tree->leaves + 1));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->packet, lanes * tree->d));
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(lanes, &work->distance, &work->index));
  CROW_TRY(CROW_ALLOCATE_RAW(&work->nearest, nearest->chunk));
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(tree->count, &work->ties, &work->measured));
cleanup:
  return status;
}

/* Finds the leaves that ABREAST points lie in (the last is repeated behind the n-th). No branch depends on a point. */
static void find_leaves(const crow_tree *tree, const double *points, int64_t n, int32_t *leaf) {
  const double *point[ABREAST];
  int32_t at[ABREAST] = {0};
  for (int i = 0; i < ABREAST; i++) point[i] = points + (i < n ? i : n - 1) * tree->d;
  for (int32_t level = 0; level < tree->depth; level++) {
    for (int i = 0; i < ABREAST; i++) {
      const crow_tree_node *node = &tree->node[at[i]];
      at[i] += node->step[point[i][node->axis] < node->split];
    }
  }
  for (int i = 0; i < ABREAST && i < n; i++) leaf[i] = tree->leaf[at[i]];
}

/* Sorts the points by the leaf they lie in, by counting: neighbours then share packets. */
static crow_status sort_points(const crow_tree *tree, tree_work *work, const double *points, int64_t n) {
  int bad = 0;
  for (int64_t i = 0; i < n * tree->d; i++) bad |= !isfinite(points[i]);
  if (bad) return crow_error(CROW_BAD_INPUT, "a point is not finite");
  memset(work->place, 0, (size_t)(tree->leaves + 1) * sizeof *work->place);
  for (int64_t i = 0; i < n; i += ABREAST) find_leaves(tree, points + i * tree->d, n - i, work->home + i);
  for (int64_t i = 0; i < n; i++) work->place[work->home[i] + 1]++;
  for (int32_t leaf = 0; leaf < tree->leaves; leaf++) work->place[leaf + 1] += work->place[leaf];
  for (int32_t i = 0; i < n; i++) work->sorted[work->place[work->home[i]]++] = i;
  return CROW_OK;
}

static double box_distance(const double *box, const double *point, int64_t d) {
  double sum = 0;
  for (int64_t k = 0; k < d; k++) {
    const double gap = fmax(fmax(box[k] - point[k], point[k] - box[d + k]), 0);
    sum += gap * gap;
  }
  return sum;
}

/* The nearest of all contexts within the margin of the least canonical distance, which becomes that of the first. */
static int64_t collect_ties(const crow_nearest *nearest, const double *point, tree_work *work, double *distance) {
  const crow_tree *tree = nearest->state;
  const int64_t d = tree->d;
  const double margin = crow_nearest_margin(*distance, d);
  int32_t stack[CROW_TREE_DEPTH];
  int depth = 0;
  int64_t count = 0;
  stack[depth++] = 0;
  while (depth) {
    const int32_t at = stack[--depth];
    const crow_tree_node *node = &tree->node[at];
    if (box_distance(tree->box + 2 * d * at, point, d) > margin) continue;
    if (node->right) {
      stack[depth++] = node->right;
      stack[depth++] = at + 1;
      continue;
    }
    for (int32_t j = node->begin; j < node->end; j++) {
      const double candidate = crow_nearest_distance(point, tree->context + j * d, CROW_DOUBLE, d);
      if (candidate > margin) continue;
      work->ties[count] = tree->order[j];
      work->measured[count++] = candidate;
    }
  }
  count = crow_nearest_decide(nearest, point, work->ties, work->measured, count, distance);
  qsort(work->ties, (size_t)count, sizeof *work->ties, crow_order_i64);
  if (count > 1) {
    *distance = crow_nearest_distance(point, crow_nearest_context(nearest, work->ties[0]), nearest->type, d);
  }
  return count;
}

/* Searches for the points sorted[begin ..], one in each lane; the last is repeated in lanes left over. */
static void search_packet(const crow_nearest *nearest, tree_work *work, const double *points, int64_t begin, int64_t n,
                          double *distance) {
  const crow_tree *tree = nearest->state;
  const int64_t lanes = nearest->kernels->tree_lanes, d = tree->d;
  for (int64_t lane = 0; lane < lanes; lane++) {
    const double *point = points + work->sorted[begin + lane < n ? begin + lane : n - 1] * d;
    for (int64_t k = 0; k < d; k++) work->packet[k * lanes + lane] = point[k];
  }
  const unsigned tied = nearest->kernels->tree_packet(tree, work->packet, work->distance, work->index);
  for (int64_t lane = 0; lane < lanes && begin + lane < n; lane++) {
    const int32_t i = work->sorted[begin + lane];
    distance[i] = work->distance[lane];
    work->nearest[i] = tied >> lane & 1 ? -1 : (int32_t)work->index[lane];
  }
}

static crow_status tree_search(const crow_nearest *nearest, void *memory, const double *points, int64_t n,
                               crow_nearest_winners *winners) {
  const crow_tree *tree = nearest->state;
  tree_work *work = memory;
  crow_status status;
  CROW_TRY(sort_points(tree, work, points, n));
  for (int64_t begin = 0; begin < n; begin += nearest->kernels->tree_lanes) {
    search_packet(nearest, work, points, begin, n, winners->distance);
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t count = 1;
    if (work->nearest[i] >= 0) {
      work->ties[0] = tree->order[work->nearest[i]];
    } else {
      count = collect_ties(nearest, points + i * tree->d, work, &winners->distance[i]);
    }
    winners->ties[i] = count;
    CROW_TRY(crow_nearest_winners_add(winners, work->ties, count));
  }
cleanup:
  return status;
}

const crow_nearest_class crow_nearest_tree_class = {
    .create = tree_create,
    .destroy = destroy,
    .work_create = work_create,
    .work_destroy = work_destroy,
    .search = tree_search,
};
