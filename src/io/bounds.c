/* SPDX-License-Identifier: Apache-2.0 */
/* Values held against their field of the schema. */
#include "io/file_impl.h"

#include <float.h>
#include <math.h>
#include <string.h>

void crow_bounds_make(const crow_file *file, const crow_entry *entry, crow_bounds *bounds) {
  const crow_field *field = crow_schema_find(file->schema, crow_file_entry_path(file, entry));
  *bounds = (crow_bounds){
      .floating = entry->class == CROW_CLASS_FLOAT, .minimum = -INFINITY, .maximum = INFINITY, .sum = NAN};
  /* Values that no schema names may be anything. */
  bounds->any = file->schema && !field;
  if (!field) return;
  const crow_rule *rule = &field->rule;
  bounds->nan = rule->nan;
  if (rule->has_minimum) bounds->minimum = rule->minimum;
  if (rule->has_maximum) bounds->maximum = rule->maximum;
  if (rule->has_sum) bounds->sum = rule->sum;
  if (rule->below) {
    bounds->below = rule->below;
    bounds->maximum = (double)crow_catalogue_dimension(&file->catalogue, file->schema, rule->below) - 1;
  }
}

/* Infinities and NaN fail the comparisons with finite bounds; the last term catches them where there are no bounds. */
static bool fits(const crow_bounds *bounds, double value) {
  if (value >= bounds->minimum && value <= bounds->maximum && fabs(value) < INFINITY) return true;
  return bounds->nan && isnan(value);
}

/* Values are checked in blocks, every comparison for every value, so that compilers use vector instructions and
 * reading and writing are hardly slowed down. */
enum { BLOCK = 1024 };

/* Whether all of a block are finite and within the bounds; a NaN that is allowed counts as a fault here. */
static bool block_fits_f32(const crow_bounds *bounds, bool bounded, const float *values, int64_t count) {
  unsigned faults = 0;
  if (bounded) {
    for (int64_t i = 0; i < count; i++) {
      const double value = (double)values[i];
      faults |= (unsigned)!((value >= bounds->minimum) & (value <= bounds->maximum) & (fabs(value) <= DBL_MAX));
    }
  } else {
    for (int64_t i = 0; i < count; i++) faults |= (unsigned)!(fabsf(values[i]) <= FLT_MAX);
  }
  return faults == 0;
}

static bool block_fits_f64(const crow_bounds *bounds, bool bounded, const double *values, int64_t count) {
  unsigned faults = 0;
  if (bounded) {
    for (int64_t i = 0; i < count; i++) {
      const double value = values[i];
      faults |= (unsigned)!((value >= bounds->minimum) & (value <= bounds->maximum) & (fabs(value) <= DBL_MAX));
    }
  } else {
    for (int64_t i = 0; i < count; i++) faults |= (unsigned)!(fabs(values[i]) <= DBL_MAX);
  }
  return faults == 0;
}

static bool block_fits(const crow_bounds *bounds, bool bounded, crow_type type, const void *values, int64_t at,
                       int64_t count) {
  if (type == CROW_F32) return block_fits_f32(bounds, bounded, (const float *)values + at, count);
  if (type == CROW_F64) return block_fits_f64(bounds, bounded, (const double *)values + at, count);
  return false;
}

static double bounds_value_at(crow_type type, const void *values, int64_t i) {
  if (type == CROW_F32) return (double)((const float *)values)[i];
  if (type == CROW_F64) return ((const double *)values)[i];
  return type == CROW_I32 ? (double)((const int32_t *)values)[i] : (double)((const int64_t *)values)[i];
}

int64_t crow_bounds_first_fault(const crow_bounds *bounds, crow_type type, const void *values, int64_t count) {
  const bool bounded = bounds->minimum > -INFINITY || bounds->maximum < INFINITY;
  if (bounds->any || (!bounded && (type == CROW_I32 || type == CROW_I64))) return -1;
  for (int64_t at = 0; at < count; at += BLOCK) {
    const int64_t block = count - at < BLOCK ? count - at : BLOCK;
    if (block_fits(bounds, bounded, type, values, at, block)) continue;
    for (int64_t i = at; i < at + block; i++) {
      if (!fits(bounds, bounds_value_at(type, values, i))) return i;
    }
  }
  return -1;
}

/* A number in as few digits as tell it apart. */
static void print_shortest(double value, char *text, size_t bytes) {
  static const int digits[] = {6, 15, 17};
  if (!isfinite(value)) {
    (void)snprintf(text, bytes, "%s", isnan(value) ? "NaN" : value > 0 ? "infinity" : "-infinity");
    return;
  }
  for (size_t i = 0; i < sizeof digits / sizeof *digits; i++) {
    (void)snprintf(text, bytes, "%.*g", digits[i], value);
    double back = 0;
    if (sscanf(text, "%lf", &back) == 1 && back == value) return;
  }
}

static void print_value(crow_type type, const void *value, char *text, size_t bytes) {
  if (type == CROW_F32 || type == CROW_F64) {
    print_shortest(bounds_value_at(type, value, 0), text, bytes);
  } else {
    const int64_t whole = type == CROW_I32 ? *(const int32_t *)value : *(const int64_t *)value;
    (void)snprintf(text, bytes, "%lld", (long long)whole);
  }
}

static void print_expected(const crow_bounds *bounds, char *text, size_t bytes) {
  const char *what = bounds->floating ? "a number" : "an integer";
  char minimum[32], maximum[32];
  print_shortest(bounds->minimum, minimum, sizeof minimum);
  print_shortest(bounds->maximum, maximum, sizeof maximum);
  if (bounds->below) {
    (void)snprintf(text, bytes, "an index from %s to %s (below %s)", minimum, maximum, bounds->below);
  } else if (bounds->minimum > -INFINITY && bounds->maximum < INFINITY) {
    (void)snprintf(text, bytes, "%s from %s to %s", what, minimum, maximum);
  } else if (bounds->minimum > -INFINITY) {
    (void)snprintf(text, bytes, "%s of at least %s", what, minimum);
  } else if (bounds->maximum < INFINITY) {
    (void)snprintf(text, bytes, "%s of at most %s", what, maximum);
  } else {
    (void)snprintf(text, bytes, "%s",
                   bounds->floating ? "a finite number in single precision's range" : "a 32-bit integer");
  }
}

/* The error for element `index` (counted over the whole dataset) with this value. */
static crow_status bounds_fault(const crow_file *file, const crow_entry *entry, const crow_bounds *bounds,
                                crow_status kind, int64_t index, crow_type type, const void *value) {
  char actual[64], expected[128], place[64];
  print_value(type, value, actual, sizeof actual);
  print_expected(bounds, expected, sizeof expected);
  if (bounds->floating && bounds->minimum == -INFINITY && bounds->maximum == INFINITY && strpbrk(actual, "Ny")) {
    (void)snprintf(expected, sizeof expected, "a finite number");
  }
  /* HDF5 replaces numbers that are too large by the greatest of the type. */
  if (type == CROW_I64 && *(const int64_t *)value == INT64_MAX) {
    (void)snprintf(actual, sizeof actual, "at least %lld", (long long)INT64_MAX);
  }
  if (entry->rank == 2) {
    (void)snprintf(place, sizeof place, "[%lld, %lld]", (long long)(index / entry->columns),
                   (long long)(index % entry->columns));
  } else {
    (void)snprintf(place, sizeof place, "[%lld]", (long long)index);
  }
  return crow_error(kind, "%s: %s%s is %s, expected %s", file->name, crow_file_entry_path(file, entry), place, actual,
                    expected);
}

crow_status crow_bounds_agree(const crow_file *file, const crow_entry *entry, const crow_bounds *bounds,
                              crow_status kind, int64_t fault, crow_type type, const void *value) {
  int64_t lowest = fault >= 0 ? fault : INT64_MAX;
  CROW_NEED(crow_comm_min_i64(file->comm, &lowest, 1));
  if (lowest == INT64_MAX) return CROW_OK;
  return crow_comm_agree(file->comm,
                         lowest == fault ? bounds_fault(file, entry, bounds, kind, fault, type, value) : CROW_OK);
}

crow_status crow_bounds_check_sum(const crow_file *file, const crow_entry *entry, const crow_bounds *bounds,
                                  double total) {
  /* Shares stored in single precision are rounded to 2^-24 each. */
  const double tolerance = entry->bytes <= 4 ? 1e-6 : 1e-9;
  if (isnan(bounds->sum) || fabs(total - bounds->sum) <= tolerance) return CROW_OK;
  char text[64];
  print_shortest(total, text, sizeof text);
  return crow_error(CROW_BAD_INPUT, "%s: %s sums to %s, expected %g within %g", file->name,
                    crow_file_entry_path(file, entry), text, bounds->sum, tolerance);
}
