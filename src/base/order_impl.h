/* SPDX-License-Identifier: Apache-2.0 */
/* Orders for qsort(), ascending. Local. */
#ifndef CROW_BASE_ORDER_IMPL_H
#define CROW_BASE_ORDER_IMPL_H

#include <stdint.h>
#include <string.h>

static inline int crow_order_f64(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static inline int crow_order_i64(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static inline int crow_order_i32(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

/* Of pointers to texts. */
static inline int crow_order_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

#endif
