/* SPDX-License-Identifier: Apache-2.0 */
/* A template: the tree's search for a packet of points, one in each lane of a vector. Points of a packet are near each
 * other, so they want the same nodes and no branch depends on a single point. Needs VECTOR_BYTES and, for doubles,
 * TREE_SPLAT, TREE_GREATER, MASK, LESS, NOT_ABOVE, SELECT, ANY_NOT_ABOVE, MASK_BITS and TIED defined. */
#include "nearest/tree_impl.h"

typedef double packet_vector __attribute__((vector_size(VECTOR_BYTES), may_alias));
#define LANES ((int64_t)(VECTOR_BYTES / sizeof(double)))

/* No more than the canonical distance of each lane's point to any context in the box. */
static inline __attribute__((always_inline)) packet_vector packet_box_distance(const double *box,
                                                                               const packet_vector *point, int64_t d) {
  const packet_vector zero = TREE_SPLAT(0.0);
  packet_vector sum = zero;
  for (int64_t k = 0; k < d; k++) {
    packet_vector gap = TREE_GREATER(TREE_SPLAT(box[k]) - point[k], point[k] - TREE_SPLAT(box[d + k]));
    gap = TREE_GREATER(gap, zero);
    sum += gap * gap;
  }
  return sum;
}

typedef struct packet_visit {
  packet_vector bound;
  int32_t node;
} packet_visit;

/* Least canonical distances of the packet's points so far, and crow_nearest_margin() of them: what is beyond cannot be
 * nearest. A point is tied while another context than the one found is within the margin. */
static inline __attribute__((always_inline)) unsigned packet_search(const crow_tree *tree, const double *points,
                                                                    int64_t d, double *distance, double *index) {
  const packet_vector *point = (const packet_vector *)points;
  const packet_vector grow = TREE_SPLAT(tree->margin_factor), least_margin = TREE_SPLAT(tree->margin_least);
  packet_vector best = TREE_SPLAT(__builtin_inf()), margin = best, nearest = TREE_SPLAT(-1.0);
  MASK tied = LESS(best, best);
  packet_visit stack[CROW_TREE_DEPTH];
  int depth = 0;
  int32_t at = 0;
  for (;;) {
    const crow_tree_node *node = &tree->node[at];
    while (node->right) {
      const int32_t left = at + 1, right = node->right;
      const packet_vector left_bound = packet_box_distance(tree->box + 2 * d * left, point, d);
      const packet_vector right_bound = packet_box_distance(tree->box + 2 * d * right, point, d);
      const bool left_first = points[node->axis * LANES] < node->split;
      stack[depth++] = left_first ? (packet_visit){right_bound, right} : (packet_visit){left_bound, left};
      at = left_first ? left : right;
      const packet_vector bound = left_first ? left_bound : right_bound;
      if (!ANY_NOT_ABOVE(bound, margin)) goto next;
      node = &tree->node[at];
    }
    for (int32_t j = node->begin; j < node->end; j++) {
      const double *context = tree->context + j * d;
      packet_vector sum = TREE_SPLAT(0.0);
      for (int64_t k = 0; k < d; k++) {
        const packet_vector difference = point[k] - TREE_SPLAT(context[k]);
        sum += difference * difference;
      }
      const packet_vector sum_margin = sum * grow + least_margin;
      const MASK less = LESS(sum, best);
      tied = TIED(tied, NOT_ABOVE(sum, margin), LESS(sum_margin, best));
      best = SELECT(less, sum, best);
      margin = SELECT(less, sum_margin, margin);
      nearest = SELECT(less, TREE_SPLAT((double)j), nearest);
    }
  next:
    do {
      if (depth == 0) goto done;
      at = stack[--depth].node;
    } while (!ANY_NOT_ABOVE(stack[depth].bound, margin));
  }
done:
  *(packet_vector *)distance = best;
  *(packet_vector *)index = nearest;
  return MASK_BITS(tied);
}

static unsigned tree_packet(const crow_tree *tree, const double *points, double *distance, double *index) {
  switch (tree->d) {
  case 1:
    return packet_search(tree, points, 1, distance, index);
  case 2:
    return packet_search(tree, points, 2, distance, index);
  case 3:
    return packet_search(tree, points, 3, distance, index);
  case 4:
    return packet_search(tree, points, 4, distance, index);
  default:
    return packet_search(tree, points, tree->d, distance, index);
  }
}
