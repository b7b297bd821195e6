/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of any HDF5 file. Each rank opens the file by itself, since each reads other rows at its own pace. */
#include "io/hdf5_impl.h"
#include <math.h>
#include <string.h>

struct crow_array {
  char *file, *path;
  hid_t file_id, dataset, space;
  crow_gidx rows, columns;
};

static crow_status find_shape(crow_array *array) {
  hsize_t shape[2] = {0, 1};
  const int rank = H5Sget_simple_extent_ndims(array->space);
  if (rank < 1 || rank > 2 || H5Sget_simple_extent_dims(array->space, shape, NULL) != rank) {
    return crow_error(CROW_BAD_INPUT, "%s: %s: has %d dimensions, expected an array (n, d)", array->file, array->path,
                      rank);
  }
  hid_t type = H5Dget_type(array->dataset);
  const H5T_class_t class = H5Tget_class(type);
  crow_hdf5_close(&type);
  if (class != H5T_FLOAT && class != H5T_INTEGER) {
    return crow_error(CROW_BAD_INPUT, "%s: %s: holds no numbers, expected floats or integers", array->file,
                      array->path);
  }
  if (shape[0] > INT64_MAX / 16 || shape[1] > INT32_MAX) {
    return crow_error(CROW_BAD_INPUT, "%s: %s: its shape (%llu, %llu) is beyond what can be read", array->file,
                      array->path, (unsigned long long)shape[0], (unsigned long long)shape[1]);
  }
  array->rows = (crow_gidx)shape[0];
  array->columns = (crow_gidx)shape[1];
  return CROW_OK;
}

static crow_status open_local(const char *file, const char *path, crow_array *array) {
  crow_status status = CROW_OK;
  crow_hdf5_quiet();
  array->file_id = array->dataset = array->space = H5I_INVALID_HID;
  CROW_TRY(crow_string_copy(file, &array->file));
  CROW_TRY(crow_string_copy(path, &array->path));
  array->file_id = H5Fopen(file, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (array->file_id < 0) {
    status = crow_hdf5_error(false, file, "", "open it");
    if (status == CROW_BAD_INPUT) status = crow_error(CROW_FILE_SYSTEM, "%s: cannot open it as an HDF5 file", file);
    goto cleanup;
  }
  array->dataset = H5Dopen2(array->file_id, path, H5P_DEFAULT);
  if (array->dataset < 0) CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: %s: there is no such array", file, path));
  array->space = H5Dget_space(array->dataset);
  if (array->space < 0) CROW_TRY(crow_hdf5_error(false, file, path, "read its shape"));
  CROW_TRY(find_shape(array));
cleanup:
  return status;
}

crow_status crow_array_open(const crow_comm *comm, const char *file, const char *path, crow_array **out) {
  crow_status status = CROW_OK;
  crow_array *array = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&array, 1));
  CROW_TRY_AGREE(comm, open_local(file, path, array));
cleanup:
  if (status != CROW_OK) crow_array_close(&array);
  *out = array;
  return status;
}

void crow_array_close(crow_array **array) {
  if (!*array) return;
  crow_hdf5_close(&(*array)->space);
  crow_hdf5_close(&(*array)->dataset);
  crow_hdf5_close(&(*array)->file_id);
  crow_free((*array)->file);
  crow_free((*array)->path);
  crow_free(*array);
  *array = NULL;
}

crow_gidx crow_array_rows(const crow_array *array) { return array->rows; }
crow_gidx crow_array_columns(const crow_array *array) { return array->columns; }

static crow_status check_finite(const crow_array *array, crow_gidx begin, crow_gidx count, const double *values) {
  for (crow_gidx i = 0; i < count * array->columns; i++) {
    if (isfinite(values[i])) continue;
    return crow_error(CROW_BAD_INPUT, "%s: %s[%lld, %lld] is %g, expected a finite number", array->file, array->path,
                      (long long)(begin + i / array->columns), (long long)(i % array->columns), values[i]);
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
  CROW_TRY(check_finite(array, begin, count, values));
cleanup:
  crow_hdf5_close(&memory);
  crow_hdf5_close(&selection);
  return status;
}
