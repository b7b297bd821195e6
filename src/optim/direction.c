/* SPDX-License-Identifier: Apache-2.0 */
#include "optim/direction_impl.h"

#include <string.h>

static void two_loops(const crow_products *products, crow_combination *direction, double *alpha) {
  const int64_t used = products->used, n = products->history;
  double *s = direction->s_part, *y = direction->y_part;
  double g = 1;
  for (int64_t i = used - 1; i >= 0; i--) {
    double dot = g * products->sg[i];
    for (int64_t j = i + 1; j < used; j++) dot += y[j] * products->sy[i * n + j];
    alpha[i] = dot / products->sy[i * n + i];
    y[i] = -alpha[i];
  }
  const int64_t newest = (used - 1) * (n + 1);
  const double scale = used ? products->sy[newest] / products->yy[newest] : 1;
  g *= scale;
  for (int64_t i = 0; i < used; i++) y[i] *= scale;
  for (int64_t i = 0; i < used; i++) {
    double dot = g * products->yg[i];
    for (int64_t j = 0; j < used; j++) dot += y[j] * products->yy[i * n + j];
    for (int64_t j = 0; j < i; j++) dot += s[j] * products->sy[j * n + i];
    s[i] = alpha[i] - dot / products->sy[i * n + i];
  }
  direction->g_part = g;
}

double crow_products_direction(const crow_products *products, crow_combination *direction, double *alpha) {
  two_loops(products, direction, alpha);
  direction->g_part = -direction->g_part;
  double slope = direction->g_part * products->gg;
  for (int64_t i = 0; i < products->used; i++) {
    direction->s_part[i] = -direction->s_part[i];
    direction->y_part[i] = -direction->y_part[i];
    slope += direction->s_part[i] * products->sg[i] + direction->y_part[i] * products->yg[i];
  }
  return slope;
}

static void shift_matrix(double *matrix, int64_t n) {
  for (int64_t i = 1; i < n; i++) memmove(matrix + (i - 1) * n, matrix + i * n + 1, (size_t)(n - 1) * sizeof *matrix);
}

void crow_products_forget_oldest(crow_products *products) {
  const int64_t n = products->history;
  shift_matrix(products->sy, n);
  shift_matrix(products->yy, n);
  memmove(products->sg, products->sg + 1, (size_t)(n - 1) * sizeof *products->sg);
  memmove(products->yg, products->yg + 1, (size_t)(n - 1) * sizeof *products->yg);
  products->used--;
}
