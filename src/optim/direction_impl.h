/* SPDX-License-Identifier: Apache-2.0 */
/* The L-BFGS direction as a combination of the stored vectors, from their inner products alone ("Large-scale L-BFGS
 * using MapReduce", Chen, Wang and Zhou 2014): no vector is touched, so no rank has to ask another. */
#ifndef CROW_DIRECTION_IMPL_H
#define CROW_DIRECTION_IMPL_H

#include <crow/base.h>

/* Inner products of the gradient g and the pairs (s_i, y_i), i < used, oldest first. Matrices are row-major with
 * `history` columns. */
typedef struct crow_products {
  int64_t history, used;
  double gg;       /* g.g */
  double *sg, *yg; /* (history) s_i.g, y_i.g */
  double *sy, *yy; /* (history, history) s_i.y_j, y_i.y_j */
} crow_products;

/* A combination g_part * g + sum_i s_part[i] s_i + y_part[i] y_i. */
typedef struct crow_combination {
  double g_part;
  double *s_part, *y_part; /* (history) */
} crow_combination;

/* -H g by the two-loop recursion (Nocedal and Wright, Algorithm 7.4) with H0 = s.y / y.y of the newest pair.
 * `alpha[history]` is room to work. Returns the direction's slope at the current point, g.d. */
double crow_products_direction(const crow_products *products, crow_combination *direction, double *alpha);
/* Forgets the oldest pair. */
void crow_products_forget_oldest(crow_products *products);

#endif
