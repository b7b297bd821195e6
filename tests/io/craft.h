/* SPDX-License-Identifier: Apache-2.0 */
/* Files as other programs make them: written with plain, serial HDF5. */
#ifndef CROW_TESTS_IO_CRAFT_H
#define CROW_TESTS_IO_CRAFT_H

#include "harness.h"

#include <hdf5.h>
#include <unistd.h>

#define CRAFT_M 5
#define CRAFT_D 2
#define CRAFT_Q 4

/* An attribute of one value. */
static inline void craft_attribute(hid_t file, const char *path, const char *name, hid_t type, const void *value) {
  hid_t object = H5Oopen(file, path, H5P_DEFAULT), space = H5Screate(H5S_SCALAR);
  if (H5Aexists(object, name) > 0) CHECK(H5Adelete(object, name) >= 0);
  hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  CHECK(H5Awrite(attribute, type, value) >= 0);
  (void)H5Aclose(attribute);
  (void)H5Sclose(space);
  (void)H5Oclose(object);
}

/* A text attribute of fixed length. */
static inline void craft_text(hid_t file, const char *path, const char *name, const char *text) {
  hid_t type = H5Tcopy(H5T_C_S1);
  CHECK(H5Tset_size(type, strlen(text) + 1) >= 0);
  craft_attribute(file, path, name, type, text);
  (void)H5Tclose(type);
}

/* A dataset with the groups above it; replaces one that is there. NULL data: defined but not written. */
static inline void craft_dataset(hid_t file, const char *path, hid_t stored, hid_t memory, int rank,
                                 const hsize_t *dims, hid_t properties, const void *data) {
  hid_t links = H5Pcreate(H5P_LINK_CREATE), space = H5Screate_simple(rank, dims, NULL);
  CHECK(H5Pset_create_intermediate_group(links, 1) >= 0);
  H5E_BEGIN_TRY { (void)H5Ldelete(file, path, H5P_DEFAULT); }
  H5E_END_TRY
  hid_t dataset = H5Dcreate2(file, path, stored, space, links, properties, H5P_DEFAULT);
  CHECK(dataset >= 0);
  if (data) CHECK(H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
  (void)H5Dclose(dataset);
  (void)H5Sclose(space);
  (void)H5Pclose(links);
}

static inline void craft_doubles(hid_t file, const char *path, hid_t stored, int rank, hsize_t rows, hsize_t columns,
                                 const double *data) {
  const hsize_t dims[3] = {rows, columns, 1};
  craft_dataset(file, path, stored, H5T_NATIVE_DOUBLE, rank, dims, H5P_DEFAULT, data);
}

static inline void craft_integers(hid_t file, const char *path, hid_t stored, hsize_t rows, const int64_t *data) {
  craft_dataset(file, path, stored, H5T_NATIVE_INT64, 1, &rows, H5P_DEFAULT, data);
}

/* Texts of fixed length (width > 0, no end where they fill it) or of variable length (width 0). */
static inline void craft_texts(hid_t file, const char *path, size_t width, hsize_t rows, const void *data) {
  hid_t type = H5Tcopy(H5T_C_S1);
  CHECK(H5Tset_size(type, width ? width : H5T_VARIABLE) >= 0);
  CHECK(H5Tset_cset(type, H5T_CSET_UTF8) >= 0);
  if (width) CHECK(H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0);
  craft_dataset(file, path, type, type, 1, &rows, H5P_DEFAULT, data);
  (void)H5Tclose(type);
}

/* A valid dataset of CRAFT_M alternatives and CRAFT_Q comparisons, still open. */
static inline hid_t craft_begin(const char *path) {
  static const double contexts[CRAFT_M * CRAFT_D] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
                                         outcomes[CRAFT_Q] = {1, 0, 0.5, 0.25};
  static const int64_t first[CRAFT_Q] = {0, 1, 2, 3}, second[CRAFT_Q] = {1, 2, 3, 4};
  const int64_t version = 1;
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  CHECK(file >= 0);
  craft_text(file, "/", "crow_kind", "dataset");
  craft_attribute(file, "/", "crow_schema_version", H5T_NATIVE_INT64, &version);
  craft_doubles(file, "/alternatives/context", H5T_IEEE_F64LE, 2, CRAFT_M, CRAFT_D, contexts);
  craft_integers(file, "/comparisons/first", H5T_STD_I64LE, CRAFT_Q, first);
  craft_integers(file, "/comparisons/second", H5T_STD_I64LE, CRAFT_Q, second);
  craft_doubles(file, "/comparisons/outcome", H5T_IEEE_F64LE, 1, CRAFT_Q, 1, outcomes);
  return file;
}

static inline void craft_end(hid_t file) { CHECK(H5Fclose(file) >= 0); }

#endif
