/* SPDX-License-Identifier: Apache-2.0 */
/* Distances are taken by squares, which overflow for contexts that are too large and underflow for contexts that are
 * too close: every distance would be infinite, or 0, and all alternatives would tie. */
#include "space/space_impl.h"
#include <math.h>

/* 2^31 squares of differences of two such numbers add up to less than 2^1014. */
#define LARGEST 0x1p490
/* Differences a 2^100th of this still have squares that are normal numbers. */
#define LEAST_EXTENT 0x1p-400

typedef struct range {
  double *lower, *upper; /* (d) */
  int64_t fault;         /* the first number that is too large, or INT64_MAX */
  double value;          /* it */
} range;

static crow_status range_visit_range(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  range *r = context;
  for (crow_gidx i = 0; i < count; i++) {
    for (crow_gidx k = 0; k < d; k++) {
      const double value = rows[i * d + k];
      r->lower[k] = fmin(r->lower[k], value);
      r->upper[k] = fmax(r->upper[k], value);
      if (r->fault != INT64_MAX || fabs(value) <= LARGEST) continue;
      r->fault = (begin + i) * d + k;
      r->value = value;
    }
  }
  return CROW_OK;
}

static const char *range_name_of(const crow_dataset *dataset) {
  return dataset->file ? crow_file_name(dataset->file) : "generated contexts";
}

/* The name of a context's column in brackets, or "". Collective. */
static crow_status name_column(const crow_dataset *dataset, int64_t column, char *text, size_t bytes) {
  static const char path[] = "/alternatives/dimension";
  crow_status status = CROW_OK;
  crow_strings name = {0};
  *text = 0;
  if (!dataset->file || !crow_file_has(dataset->file, path)) return CROW_OK;
  CROW_TRY(crow_file_read_strings(dataset->file, path, column, 1, &name));
  (void)snprintf(text, bytes, " (column \"%.100s\")", crow_strings_get(&name, 0));
cleanup:
  crow_strings_free(&name);
  return status;
}

/* The lowest over the ranks of the numbers that are too large becomes everybody's error. */
static crow_status check_largest(const crow_comm *comm, const crow_dataset *dataset, const range *r) {
  crow_status local = CROW_OK;
  int64_t lowest = r->fault;
  char column[128];
  CROW_NEED(crow_comm_min_i64(comm, &lowest, 1));
  if (lowest == INT64_MAX) return CROW_OK;
  CROW_NEED(name_column(dataset, lowest % dataset->dimensions, column, sizeof column));
  if (lowest == r->fault) {
    local =
        crow_error(CROW_BAD_INPUT,
                   "%s: /alternatives/context[%lld, %lld]%s is %g, expected at most %.3g in size: squared distances "
                   "would overflow; scale the contexts",
                   range_name_of(dataset), (long long)(lowest / dataset->dimensions),
                   (long long)(lowest % dataset->dimensions), column, r->value, LARGEST);
  }
  return crow_comm_agree(comm, local);
}

static crow_status check_extent(const crow_dataset *dataset, const range *r) {
  double extent = 0;
  for (crow_gidx k = 0; k < dataset->dimensions; k++) extent = fmax(extent, r->upper[k] - r->lower[k]);
  /* All in one place: every point is equally near to all of them, whatever the precision. */
  if (extent == 0) return CROW_OK;
  if (extent < LEAST_EXTENT) {
    return crow_error(CROW_BAD_INPUT,
                      "%s: /alternatives/context: coordinates differ by %g at most, expected at least %.3g: squared "
                      "distances would underflow; scale the contexts",
                      range_name_of(dataset), extent, LEAST_EXTENT);
  }
  return CROW_OK;
}

crow_status crow_space_check_distances(const crow_comm *comm, const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions;
  range r = {.fault = INT64_MAX};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(d, &r.lower, &r.upper));
  for (crow_gidx k = 0; k < d; k++) {
    r.lower[k] = (double)INFINITY;
    r.upper[k] = -(double)INFINITY;
  }
  CROW_TRY(crow_space_visit(comm, dataset, range_visit_range, &r));
  CROW_TRY(check_largest(comm, dataset, &r));
  CROW_TRY(crow_comm_min_f64(comm, r.lower, d));
  CROW_TRY(crow_comm_max_f64(comm, r.upper, d));
  CROW_TRY(check_extent(dataset, &r));
cleanup:
  CROW_FREE(r.lower, r.upper);
  return status;
}
