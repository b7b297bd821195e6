/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of numbers between memory and file. */
#include "io/file_impl.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <string.h>

/* MPI counts are ints: no rank moves more than this in one call. */
#define PIECE_BYTES (INT64_C(1) << 30)
/* What a reading that has to narrow its values holds at a time. */
#define SCRATCH_BYTES (INT64_C(1) << 25)

/* ---- pieces ------------------------------------------------------------------------------------------------- */

crow_status crow_pieces_begin(const crow_file *file, const crow_entry *entry, int64_t row_bytes, int64_t bytes,
                              crow_gidx begin, crow_gidx count, crow_pieces *pieces) {
  const char *path = crow_file_entry_path(file, entry);
  crow_status local = CROW_OK;
  if (begin < 0 || count < 0 || begin > entry->rows - count) {
    local = crow_error(CROW_FAILED, "%s: %s has %lld rows, asked for %lld from row %lld", file->name, path,
                       (long long)entry->rows, (long long)count, (long long)begin);
  } else if (row_bytes > PIECE_BYTES) {
    local = crow_error(CROW_BAD_INPUT, "%s: %s has rows of %lld bytes, at most %lld are read", file->name, path,
                       (long long)row_bytes, (long long)PIECE_BYTES);
  }
  CROW_NEED_AGREE(file->comm, local);
  const int64_t rows = row_bytes > 0 ? bytes / row_bytes : bytes;
  *pieces = (crow_pieces){.begin = begin, .end = begin + count, .rows = rows > 0 ? rows : 1};
  pieces->left = (count + pieces->rows - 1) / pieces->rows;
  return crow_comm_max_i64(file->comm, &pieces->left, 1);
}

bool crow_pieces_next(crow_pieces *pieces, crow_gidx *begin, crow_gidx *count) {
  if (pieces->left <= 0) return false;
  const crow_gidx rest = pieces->end - pieces->begin;
  *begin = pieces->begin;
  *count = rest < pieces->rows ? rest : pieces->rows;
  pieces->begin += *count;
  pieces->left--;
  return true;
}

/* ---- moving rows -------------------------------------------------------------------------------------------- */

/* A rectangle of a dataset. */
typedef struct range {
  crow_gidx row, rows, column, columns;
} range;

/* Selects a range in the file and makes a matching memory space; an empty range selects nothing. */
static herr_t select_range(hid_t file_space, const crow_entry *entry, const range *r, hid_t *memory) {
  const hsize_t start[2] = {(hsize_t)r->row, (hsize_t)r->column};
  const hsize_t extent[2] = {(hsize_t)r->rows, (hsize_t)r->columns};
  const int rank = entry->rank == 2 ? 2 : 1;
  *memory = H5Screate_simple(rank, extent, NULL);
  if (*memory < 0) return -1;
  if (r->rows == 0 || r->columns == 0) return H5Sselect_none(file_space) < 0 || H5Sselect_none(*memory) < 0 ? -1 : 0;
  /* One value stored as a scalar is its one row. */
  if (entry->rank == 0) return H5Sselect_all(file_space);
  return H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, extent, NULL);
}

static crow_status move_piece(const crow_file *file, const crow_entry *entry, bool writing, hid_t memory_type,
                              hid_t file_space, range r, void *values) {
  crow_status status = CROW_OK;
  hid_t memory_space = H5I_INVALID_HID;
  char nothing = 0;
  void *data = r.rows > 0 && r.columns > 0 ? values : &nothing;
  herr_t moved = select_range(file_space, entry, &r, &memory_space);
  errno = 0;
  if (moved >= 0 && writing)
    moved = H5Dwrite(entry->handle, memory_type, memory_space, file_space, file->transfer, data);
  if (moved >= 0 && !writing)
    moved = H5Dread(entry->handle, memory_type, memory_space, file_space, file->transfer, data);
  if (moved < 0) {
    status = crow_hdf5_error(writing, file->name, crow_file_entry_path(file, entry), writing ? "write" : "read");
  }
  crow_hdf5_close(&memory_space);
  return status;
}

crow_status crow_file_move(const crow_file *file, const crow_entry *entry, bool writing, hid_t memory_type,
                           size_t element_bytes, crow_gidx begin, crow_gidx count, void *values) {
  crow_status status = CROW_OK;
  crow_pieces pieces;
  crow_gidx from = 0, rows = 0;
  hid_t space = H5I_INVALID_HID;
  const int64_t row_bytes = entry->columns * (int64_t)element_bytes;
  CROW_TRY(crow_pieces_begin(file, entry, row_bytes, PIECE_BYTES, begin, count, &pieces));
  space = H5Dget_space(entry->handle);
  CROW_TRY_AGREE(file->comm, space >= 0 ? CROW_OK : crow_error(CROW_FAILED, "%s: HDF5 is out of memory", file->name));
  crow_status local = CROW_OK;
  while (crow_pieces_next(&pieces, &from, &rows)) {
    /* A rank whose piece failed takes part in the others' remaining pieces with none of its own. */
    char *at = rows > 0 && row_bytes > 0 ? (char *)values + (from - begin) * row_bytes : NULL;
    const range piece = {.row = from, .rows = local == CROW_OK ? rows : 0, .columns = entry->columns};
    const crow_status moved = move_piece(file, entry, writing, memory_type, space, piece, at);
    if (local == CROW_OK) local = moved;
  }
  CROW_TRY_AGREE(file->comm, local);
cleanup:
  crow_hdf5_close(&space);
  return status;
}

/* ---- checked reading ---------------------------------------------------------------------------------------- */

static bool is_floating(crow_type type) { return type == CROW_F32 || type == CROW_F64; }

static crow_status transfer_check_type(const crow_file *file, const crow_entry *entry, crow_type type) {
  const bool number = entry->class & (CROW_CLASS_FLOAT | CROW_CLASS_INTEGER | CROW_CLASS_BOOLEAN);
  if (number && (is_floating(type) || entry->class != CROW_CLASS_FLOAT)) return CROW_OK;
  char actual[64];
  crow_classes_print((unsigned)entry->class, actual, sizeof actual);
  return crow_error(CROW_BAD_INPUT, "%s: %s is of type %s, expected %s", file->name, crow_file_entry_path(file, entry),
                    actual[0] ? actual : "other (compound, array, ...)", is_floating(type) ? "numbers" : "integer");
}

/* Whether every stored value fits the type asked for, so that HDF5's conversion, which clips silently, is harmless. */
static bool is_lossless(const crow_entry *entry, crow_type type) {
  switch (type) {
  case CROW_F64:
  case CROW_I64:
    return true;
  case CROW_F32:
    return entry->class == CROW_CLASS_FLOAT && entry->bytes <= 4;
  case CROW_I32:
    return entry->bytes < 4 || (entry->bytes == 4 && entry->is_signed);
  }
  return false;
}

/* Narrows checked values; the first that does not fit is a fault. Returns its place or -1. */
static int64_t narrow(crow_type type, const void *wide, int64_t count, void *values) {
  for (int64_t i = 0; i < count; i++) {
    if (type == CROW_F32) {
      const double value = ((const double *)wide)[i];
      if (isfinite(value) && fabs(value) > FLT_MAX) return i;
      ((float *)values)[i] = (float)value;
    } else {
      const int64_t value = ((const int64_t *)wide)[i];
      if (value < INT32_MIN || value > INT32_MAX) return i;
      ((int32_t *)values)[i] = (int32_t)value;
    }
  }
  return -1;
}

/* A vector that must have a certain sum is checked where one rank reads all of it. */
static crow_status check_sum(const crow_file *file, const crow_entry *entry, const crow_bounds *bounds, crow_gidx count,
                             crow_type type, const void *values) {
  crow_exact_sum sum = {{0}};
  if (isnan(bounds->sum) || count != entry->rows || entry->columns != 1 || !is_floating(type)) return CROW_OK;
  for (crow_gidx i = 0; i < count; i++) {
    crow_exact_add(&sum, type == CROW_F64 ? ((const double *)values)[i] : (double)((const float *)values)[i]);
  }
  return crow_bounds_check_sum(file, entry, bounds, crow_exact_value(&sum));
}

/* Reads through a wider type, piece by piece. */
static crow_status read_narrowed(const crow_file *file, const crow_entry *entry, const crow_bounds *bounds,
                                 crow_gidx begin, crow_gidx count, crow_type type, void *values) {
  crow_status status = CROW_OK;
  void *wide = NULL;
  crow_pieces pieces;
  crow_gidx from = 0, rows = 0;
  const crow_type wide_type = type == CROW_F32 ? CROW_F64 : CROW_I64;
  const int64_t columns = entry->columns;
  CROW_TRY(crow_pieces_begin(file, entry, columns * 8, SCRATCH_BYTES, begin, count, &pieces));
  const crow_gidx most = count < pieces.rows ? count : pieces.rows;
  CROW_TRY_AGREE(file->comm, crow_allocate_raw(most * columns, 8, &wide));
  while (crow_pieces_next(&pieces, &from, &rows)) {
    CROW_TRY(crow_file_move(file, entry, false, crow_hdf5_memory_type(wide_type), 8, from, rows, wide));
    int64_t fault = crow_bounds_first_fault(bounds, wide_type, wide, rows * columns);
    if (fault < 0) {
      fault = narrow(type, wide, rows * columns, (char *)values + (from - begin) * columns * 4);
    }
    CROW_TRY(crow_bounds_agree(file, entry, bounds, CROW_BAD_INPUT, fault < 0 ? -1 : from * columns + fault, wide_type,
                               fault < 0 ? NULL : (const char *)wide + fault * 8));
  }
cleanup:
  crow_free(wide);
  return status;
}

crow_status crow_file_read(const crow_file *file, const char *path, crow_gidx begin, crow_gidx count, crow_type type,
                           void *values) {
  crow_entry *entry = NULL;
  crow_bounds bounds;
  const int64_t bytes = (int64_t)crow_type_bytes(type);
  CROW_NEED(crow_file_dataset(file, path, &entry));
  CROW_NEED(transfer_check_type(file, entry, type));
  crow_bounds_make(file, entry, &bounds);
  if (is_lossless(entry, type)) {
    CROW_NEED(crow_file_move(file, entry, false, crow_hdf5_memory_type(type), (size_t)bytes, begin, count, values));
    const int64_t fault = crow_bounds_first_fault(&bounds, type, values, count * entry->columns);
    CROW_NEED(crow_bounds_agree(file, entry, &bounds, CROW_BAD_INPUT, fault < 0 ? -1 : begin * entry->columns + fault,
                                type, fault < 0 ? NULL : (const char *)values + fault * bytes));
  } else {
    CROW_NEED(read_narrowed(file, entry, &bounds, begin, count, type, values));
  }
  return crow_comm_agree(file->comm, check_sum(file, entry, &bounds, count, type, values));
}

crow_status crow_file_read_vector(const crow_file *file, const char *path, crow_partition *partition, double **slice) {
  *partition = crow_comm_partition(file->comm, crow_file_rows(file, path), CROW_BLOCK);
  CROW_NEED_AGREE(file->comm, CROW_ALLOCATE_RAW(slice, partition->count));
  return crow_file_read(file, path, partition->begin, partition->count, CROW_F64, *slice);
}

/* ---- checked writing ---------------------------------------------------------------------------------------- */

/* The narrower of the type in memory and the stored one decides what fits. */
static int64_t first_unfit(const crow_entry *entry, crow_type type, const void *values, int64_t count) {
  if (entry->bytes != 4 || type == CROW_F32 || type == CROW_I32) return -1;
  for (int64_t i = 0; i < count; i++) {
    if (type == CROW_F64 && isfinite(((const double *)values)[i]) && fabs(((const double *)values)[i]) > FLT_MAX)
      return i;
    if (type == CROW_I64 && (((const int64_t *)values)[i] < INT32_MIN || ((const int64_t *)values)[i] > INT32_MAX))
      return i;
  }
  return -1;
}

/* The entry of a dataset that such values can be written to. */
static crow_status find_writable(crow_file *file, const char *path, crow_type type, crow_entry **entry) {
  *entry = crow_catalogue_find(&file->catalogue, path);
  const crow_entry *e = *entry;
  const bool writable = file->temporary && e && e->handle > 0 && e->class != CROW_CLASS_TEXT;
  if (writable && (e->class == CROW_CLASS_FLOAT) == is_floating(type)) return CROW_OK;
  return crow_error(CROW_FAILED, "%s: %s is not defined for writing such values", file->name, path);
}

/* The first of this rank's values that must not or cannot be stored, or -1. */
static int64_t first_fault(const crow_bounds *bounds, const crow_entry *entry, crow_type type, const void *values,
                           int64_t count) {
  const int64_t fault = crow_bounds_first_fault(bounds, type, values, count);
  return fault >= 0 ? fault : first_unfit(entry, type, values, count);
}

crow_status crow_file_write_rows(crow_file *file, const char *path, crow_gidx begin, crow_gidx count, crow_type type,
                                 const void *values) {
  crow_entry *entry = NULL;
  crow_bounds bounds;
  const int64_t bytes = (int64_t)crow_type_bytes(type);
  CROW_NEED(find_writable(file, path, type, &entry));
  crow_bounds_make(file, entry, &bounds);
  const int64_t fault = first_fault(&bounds, entry, type, values, count * entry->columns);
  CROW_NEED(crow_bounds_agree(file, entry, &bounds, CROW_FAILED, fault < 0 ? -1 : begin * entry->columns + fault, type,
                              fault < 0 ? NULL : (const char *)values + fault * bytes));
  CROW_NEED(
      crow_file_move(file, entry, true, crow_hdf5_memory_type(type), (size_t)bytes, begin, count, (void *)values));
  entry->written += count * entry->columns;
  return CROW_OK;
}

crow_status crow_file_write_columns(crow_file *file, const char *path, crow_gidx begin, crow_gidx count, crow_type type,
                                    const void *values) {
  crow_status status = CROW_OK;
  crow_entry *entry = NULL;
  crow_bounds bounds;
  hid_t space = H5I_INVALID_HID;
  const int64_t bytes = (int64_t)crow_type_bytes(type);
  CROW_TRY(find_writable(file, path, type, &entry));
  crow_bounds_make(file, entry, &bounds);
  const int64_t fault = first_fault(&bounds, entry, type, values, count * entry->rows);
  const int64_t place = fault < 0 ? -1 : fault / count * entry->columns + begin + fault % count;
  CROW_TRY(crow_bounds_agree(file, entry, &bounds, CROW_FAILED, place, type,
                             fault < 0 ? NULL : (const char *)values + fault * bytes));
  if (begin < 0 || count < 0 || begin > entry->columns - count || count * entry->rows * bytes > PIECE_BYTES) {
    status = crow_error(CROW_FAILED, "%s: %s has %lld columns, cannot write %lld from column %lld at once", file->name,
                        path, (long long)entry->columns, (long long)count, (long long)begin);
  }
  CROW_TRY_AGREE(file->comm, status);
  space = H5Dget_space(entry->handle);
  CROW_TRY_AGREE(file->comm, space >= 0 ? CROW_OK : crow_error(CROW_FAILED, "%s: HDF5 is out of memory", file->name));
  const range r = {.rows = entry->rows, .column = begin, .columns = count};
  CROW_TRY_AGREE(file->comm, move_piece(file, entry, true, crow_hdf5_memory_type(type), space, r, (void *)values));
  entry->written += count * entry->rows;
cleanup:
  crow_hdf5_close(&space);
  return status;
}

crow_status crow_file_write_vector(crow_file *file, const char *path, crow_type type, const crow_partition *partition,
                                   const void *slice) {
  CROW_NEED(crow_file_define(file, path, type, partition->global, 0));
  return crow_file_write_rows(file, path, partition->begin, partition->count, type, slice);
}
