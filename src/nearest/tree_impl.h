/* SPDX-License-Identifier: Apache-2.0 */
/* A k-d tree over contexts in double. Bounds and distances are taken with the operations of the canonical distance in
 * the same order. Rounding is monotone, so the computed distance to a box never exceeds the computed canonical distance
 * to a context inside it: what is beyond the margin of the least canonical distance cannot be nearest and is pruned. */
#ifndef CROW_TREE_IMPL_H
#define CROW_TREE_IMPL_H

#include <stdint.h>

typedef struct crow_tree_node {
  double split; /* points below it on `axis` go to the next node, others to `right` */
  int32_t axis;
  int32_t right;      /* the right child; 0 for a leaf. The left child is the next node */
  int32_t begin, end; /* the node's contexts */
  int32_t step[2];    /* to the child that a point not below (0) or below (1) the split lies in; 0 for a leaf */
} crow_tree_node;

typedef struct crow_tree {
  int64_t d, count;
  int32_t nodes, leaves, depth;
  crow_tree_node *node;               /* (nodes) in preorder */
  int32_t *leaf;                      /* (nodes) how many leaves come before this node */
  double *box;                        /* (nodes, 2, d) least and greatest coordinates of each node's contexts */
  double *context;                    /* (count, d) in the order of the leaves */
  int32_t *order;                     /* (count) which distinct context each is */
  double margin_factor, margin_least; /* crow_nearest_margin(x) = x margin_factor + margin_least */
} crow_tree;

/* Deeper than any tree of 2^31 contexts. */
#define CROW_TREE_DEPTH 64

#endif
