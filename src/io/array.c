/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of any HDF5 file. Rank 0 looks the file through as it does with crow's own, so that nothing outside it is
 * followed; then each rank opens the file by itself, since each reads other rows at its own pace. */
#include "io/hdf5_impl.h"
#include <math.h>
#include <string.h>

struct crow_array {
  char *file, *path;
  hid_t file_id, dataset, space;
  crow_gidx rows, columns;
  bool single;
};

/* "/a/b" of "a//b/": as the catalogue has it. */
static crow_status copy_path(const char *path, char **out) {
  int64_t used = 0;
  CROW_NEED(crow_allocate((int64_t)strlen(path) + 2, 1, (void **)out));
  for (const char *at = path; *at;) {
    at += strspn(at, "/");
    const size_t length = strcspn(at, "/");
    if (length == 0) break;
    (*out)[used++] = '/';
    memcpy(*out + used, at, length);
    used += (int64_t)length;
    at += length;
  }
  return CROW_OK;
}

/* A link that the path leads through and that is not followed. */
static const crow_entry *find_link(const crow_catalogue *catalogue, const char *path) {
  for (int64_t i = 0; i < catalogue->entry_count; i++) {
    const crow_entry *entry = &catalogue->entries[i];
    const char *link = catalogue->texts + entry->path;
    const size_t length = strlen(link);
    if (entry->object == CROW_OBJECT_LINK && strncmp(path, link, length) == 0 && strchr("/", path[length])) {
      return entry;
    }
  }
  return NULL;
}

/* What the catalogue says of the array: the same on all ranks. */
static crow_status array_check_entry(const crow_catalogue *catalogue, crow_array *array) {
  const char *file = array->file, *path = array->path;
  const crow_entry *entry = crow_catalogue_find(catalogue, path), *link = find_link(catalogue, path);
  if (link) {
    return crow_error(CROW_BAD_INPUT, "%s: %s %s", file, catalogue->texts + link->path,
                      catalogue->texts + link->problem);
  }
  if (!entry) return crow_error(CROW_BAD_INPUT, "%s: %s: there is no such array", file, path);
  if (entry->object == CROW_OBJECT_GROUP) {
    return crow_error(CROW_BAD_INPUT, "%s: %s is a group, expected an array (n, d)", file, path);
  }
  if (entry->problem) {
    return crow_error(CROW_BAD_INPUT, "%s: %s %s", file, path, catalogue->texts + entry->problem);
  }
  if (entry->rank < 1 || entry->rank > 2) {
    return crow_error(CROW_BAD_INPUT, "%s: %s: has %d dimensions, expected an array (n, d)", file, path,
                      (int)entry->rank);
  }
  if (!(entry->class & (CROW_CLASS_FLOAT | CROW_CLASS_INTEGER))) {
    return crow_error(CROW_BAD_INPUT, "%s: %s: holds no numbers, expected floats or integers of at most 64 bits", file,
                      path);
  }
  if (entry->rows > INT64_MAX / 16 || entry->columns > INT32_MAX) {
    return crow_error(CROW_BAD_INPUT, "%s: %s: its shape (%lld, %lld) is beyond what can be read", file, path,
                      (long long)entry->rows, (long long)entry->columns);
  }
  array->rows = entry->rows;
  array->columns = entry->columns;
  array->single = entry->class == CROW_CLASS_FLOAT && entry->bytes <= 4;
  return CROW_OK;
}

static crow_status open_local(crow_array *array) {
  hsize_t shape[2] = {0, 1};
  array->file_id = H5Fopen(array->file, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (array->file_id < 0) CROW_NEED(crow_hdf5_error(false, array->file, "", "open it"));
  array->dataset = H5Dopen2(array->file_id, array->path, H5P_DEFAULT);
  if (array->dataset < 0) CROW_NEED(crow_hdf5_error(false, array->file, array->path, "open the array"));
  array->space = H5Dget_space(array->dataset);
  if (array->space < 0) CROW_NEED(crow_hdf5_error(false, array->file, array->path, "read its shape"));
  /* Another program may have put another array there since. */
  const int rank = H5Sget_simple_extent_ndims(array->space);
  if (rank < 1 || rank > 2 || H5Sget_simple_extent_dims(array->space, shape, NULL) != rank ||
      shape[0] != (hsize_t)array->rows || shape[1] != (hsize_t)array->columns) {
    return crow_error(CROW_BAD_INPUT, "%s: %s changed while it was opened", array->file, array->path);
  }
  return CROW_OK;
}

crow_status crow_array_open(const crow_comm *comm, const char *file, const char *path, crow_array **out) {
  crow_status status = CROW_OK;
  crow_array *array = NULL;
  crow_catalogue catalogue = {0};
  crow_hdf5_quiet();
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&array, 1));
  array->file_id = array->dataset = array->space = H5I_INVALID_HID;
  CROW_TRY_AGREE(comm, crow_string_copy(file, &array->file));
  CROW_TRY_AGREE(comm, copy_path(path, &array->path));
  CROW_TRY_AGREE(comm, crow_comm_rank(comm) == 0 ? crow_survey_file(file, &catalogue) : CROW_OK);
  CROW_TRY(crow_catalogue_broadcast(comm, &catalogue));
  CROW_TRY_AGREE(comm, array_check_entry(&catalogue, array));
  CROW_TRY_AGREE(comm, open_local(array));
cleanup:
  crow_catalogue_free(&catalogue);
  if (status != CROW_OK) crow_array_close(&array);
  *out = array;
  return status;
}

void crow_array_close(crow_array **array) {
  if (!*array) return;
  crow_hdf5_close(&(*array)->space);
  crow_hdf5_close(&(*array)->dataset);
  crow_hdf5_close(&(*array)->file_id);
  CROW_FREE((*array)->file, (*array)->path, *array);
  *array = NULL;
}

crow_gidx crow_array_rows(const crow_array *array) { return array->rows; }
crow_gidx crow_array_columns(const crow_array *array) { return array->columns; }
bool crow_array_is_single(const crow_array *array) { return array->single; }

static crow_status array_check_finite(const crow_array *array, crow_gidx begin, crow_gidx count, const double *values) {
  for (crow_gidx i = 0; i < count * array->columns; i++) {
    if (fabs(values[i]) <= CROW_ARRAY_LARGEST) continue;
    return crow_error(CROW_BAD_INPUT, "%s: %s[%lld, %lld] is %g, expected a finite number of at most %.3g in size",
                      array->file, array->path, (long long)(begin + i / array->columns),
                      (long long)(i % array->columns), values[i], CROW_ARRAY_LARGEST);
  }
  return CROW_OK;
}

crow_status crow_array_read(const crow_array *array, crow_gidx begin, crow_gidx count, double *values) {
  crow_status status = CROW_OK;
  hid_t selection = H5I_INVALID_HID, memory = H5I_INVALID_HID;
  if (count == 0) return CROW_OK;
  const hsize_t start[2] = {(hsize_t)begin, 0}, size[2] = {(hsize_t)count, (hsize_t)array->columns};
  const hsize_t elements = size[0] * size[1];
  selection = H5Scopy(array->space);
  memory = H5Screate_simple(1, &elements, NULL);
  if (selection < 0 || memory < 0 || H5Sselect_hyperslab(selection, H5S_SELECT_SET, start, NULL, size, NULL) < 0 ||
      H5Dread(array->dataset, H5T_NATIVE_DOUBLE, memory, selection, H5P_DEFAULT, values) < 0) {
    CROW_TRY(crow_hdf5_error(false, array->file, array->path, "read its rows"));
  }
  CROW_TRY(array_check_finite(array, begin, count, values));
cleanup:
  crow_hdf5_close(&memory);
  crow_hdf5_close(&selection);
  return status;
}
