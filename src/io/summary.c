/* SPDX-License-Identifier: Apache-2.0 */
#include "io/summary_impl.h"

#include <math.h>

#define PIECE_BYTES (INT64_C(1) << 25)

/* One rank's share of a summary. */
typedef struct tally {
  crow_summary *summary;
  crow_exact_sum sum;
  bool floating;
} tally;

static void add_values(tally *t, const void *values, int64_t count) {
  crow_summary *s = t->summary;
  for (int64_t i = 0; i < count; i++) {
    const int64_t integer = t->floating ? 0 : ((const int64_t *)values)[i];
    const double value = t->floating ? ((const double *)values)[i] : (double)integer;
    if (isnan(value)) s->nan++;
    if (isinf(value)) s->infinite++;
    if (!isfinite(value)) continue;
    s->finite++;
    if (value < s->minimum) s->minimum = value;
    if (value > s->maximum) s->maximum = value;
    if (integer < s->minimum_integer) s->minimum_integer = integer;
    if (integer > s->maximum_integer) s->maximum_integer = integer;
    crow_exact_add(&t->sum, value);
  }
  crow_exact_normalise(&t->sum);
}

/* Reads this rank's share in pieces and finds its lowest faulty element. */
static crow_status tally_values(const crow_file *file, const crow_entry *entry, const crow_bounds *bounds, tally *t,
                                int64_t *fault, int64_t *fault_value) {
  crow_status status = CROW_OK;
  void *values = NULL;
  crow_pieces pieces;
  crow_gidx begin = 0, count = 0;
  const crow_type type = t->floating ? CROW_F64 : CROW_I64;
  const crow_partition part = crow_comm_partition(file->comm, entry->rows, CROW_BLOCK);
  *fault = -1;
  CROW_TRY(crow_pieces_begin(file, entry, entry->columns * 8, PIECE_BYTES, part.begin, part.count, &pieces));
  const crow_gidx most = part.count < pieces.rows ? part.count : pieces.rows;
  CROW_TRY_AGREE(file->comm, crow_allocate(most * entry->columns, 8, &values));
  while (crow_pieces_next(&pieces, &begin, &count)) {
    CROW_TRY(crow_file_move(file, entry, false, crow_hdf5_memory_type(type), 8, begin, count, values));
    add_values(t, values, count * entry->columns);
    if (*fault >= 0) continue;
    const int64_t at = crow_bounds_first_fault(bounds, type, values, count * entry->columns);
    if (at < 0) continue;
    *fault = begin * entry->columns + at;
    *fault_value = ((const int64_t *)values)[at];
  }
cleanup:
  crow_free(values);
  return status;
}

/* Every rank reads the first values: the first row may be longer than they are, but is one row. */
static crow_status summary_read_first(const crow_file *file, const crow_entry *entry, bool floating,
                                      crow_summary *out) {
  crow_status status = CROW_OK;
  void *values = NULL;
  const crow_gidx needed = (CROW_SUMMARY_FIRST + entry->columns - 1) / (entry->columns > 0 ? entry->columns : 1);
  const crow_gidx rows = needed < entry->rows ? needed : entry->rows;
  const int64_t there = rows * entry->columns;
  CROW_TRY_AGREE(file->comm, crow_allocate(there, 8, &values));
  CROW_TRY(
      crow_file_move(file, entry, false, crow_hdf5_memory_type(floating ? CROW_F64 : CROW_I64), 8, 0, rows, values));
  out->first_count = there < CROW_SUMMARY_FIRST ? there : CROW_SUMMARY_FIRST;
  for (int64_t i = 0; i < out->first_count; i++) {
    if (floating) out->first_number[i] = ((const double *)values)[i];
    if (!floating) out->first_integer[i] = ((const int64_t *)values)[i];
  }
cleanup:
  crow_free(values);
  return status;
}

static crow_status summary_reduce(const crow_file *file, const crow_bounds *bounds, const crow_entry *entry, tally *t) {
  crow_summary *s = t->summary;
  const crow_comm *comm = file->comm;
  CROW_NEED(crow_comm_min_f64(comm, &s->minimum, 1));
  CROW_NEED(crow_comm_max_f64(comm, &s->maximum, 1));
  CROW_NEED(crow_comm_min_i64(comm, &s->minimum_integer, 1));
  CROW_NEED(crow_comm_max_i64(comm, &s->maximum_integer, 1));
  CROW_NEED(crow_comm_sum_i64(comm, &s->finite, 1));
  CROW_NEED(crow_comm_sum_i64(comm, &s->nan, 1));
  CROW_NEED(crow_comm_sum_i64(comm, &s->infinite, 1));
  CROW_NEED(crow_comm_sum_exact(comm, &t->sum, 1));
  const double total = crow_exact_value(&t->sum);
  s->mean = s->finite > 0 ? total / (double)s->finite : 0;
  return crow_bounds_check_sum(file, entry, bounds, total);
}

static crow_status summarise_numbers(const crow_file *file, const crow_entry *entry, crow_summary *out) {
  crow_bounds bounds;
  tally t = {.summary = out, .floating = entry->class == CROW_CLASS_FLOAT};
  int64_t fault = -1, fault_value = 0;
  out->minimum = INFINITY;
  out->maximum = -INFINITY;
  out->minimum_integer = INT64_MAX;
  out->maximum_integer = INT64_MIN;
  crow_bounds_make(file, entry, &bounds);
  CROW_NEED(tally_values(file, entry, &bounds, &t, &fault, &fault_value));
  CROW_NEED(summary_read_first(file, entry, t.floating, out));
  const crow_status sum = summary_reduce(file, &bounds, entry, &t);
  CROW_NEED(
      crow_bounds_agree(file, entry, &bounds, CROW_BAD_INPUT, fault, t.floating ? CROW_F64 : CROW_I64, &fault_value));
  return sum;
}

static crow_status summarise_texts(const crow_file *file, const crow_entry *entry, crow_summary *out) {
  crow_status status = CROW_OK;
  crow_strings mine = {0};
  const char *path = crow_file_entry_path(file, entry);
  const crow_partition part = crow_comm_partition(file->comm, entry->rows, CROW_BLOCK);
  CROW_TRY(crow_file_read_strings(file, path, part.begin, part.count, &mine));
  const crow_gidx few = entry->rows < CROW_SUMMARY_FIRST ? entry->rows : CROW_SUMMARY_FIRST;
  CROW_TRY(crow_file_read_strings(file, path, 0, few, &out->texts));
  out->first_count = few;
cleanup:
  crow_strings_free(&mine);
  return status;
}

crow_status crow_summary_make(const crow_file *file, const char *path, crow_summary *out) {
  crow_entry *entry = NULL;
  *out = (crow_summary){0};
  CROW_NEED(crow_file_dataset(file, path, &entry));
  if (entry->class == CROW_CLASS_TEXT) {
    if (entry->rank == 1) CROW_NEED(summarise_texts(file, entry, out));
  } else {
    CROW_NEED(summarise_numbers(file, entry, out));
  }
  return CROW_OK;
}

void crow_summary_free(crow_summary *summary) { crow_strings_free(&summary->texts); }
