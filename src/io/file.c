/* SPDX-License-Identifier: Apache-2.0 */
/* The handle of a file, its ties to HDF5, and what an open file holds. */
#include "io/file_impl.h"

#include "comm/comm_impl.h"

#include <string.h>

crow_status crow_file_make(const crow_comm *comm, const char *path, const char *kind, crow_file **out) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  CROW_TRY(CROW_ALLOCATE(&file, 1));
  *file = (crow_file){.comm = comm, .id = H5I_INVALID_HID, .transfer = H5I_INVALID_HID, .descriptor = -1};
  CROW_TRY(crow_string_copy(path, &file->name));
  CROW_TRY(crow_string_copy(kind, &file->kind));
  if (kind && kind[0]) CROW_TRY(crow_schema_create(kind, &file->schema));
cleanup:
  *out = file;
  return status;
}

#ifndef H5_HAVE_PARALLEL
/* Simulated ranks compute and communicate; parallel HDF5 does not know their MPI. */
static crow_status prepare_access(const crow_file *file, bool create, hid_t *access_list, hid_t *transfer) {
  *access_list = *transfer = H5I_INVALID_HID;
  return crow_error(CROW_FILE_SYSTEM, "%s: cannot be %s: this build simulates MPI and reads and writes no files",
                    file->name, create ? "written" : "read");
}
#else
/* Rank 0 alone writes metadata: where another rank could not, under a limit or a quota of its own, all others would
 * wait for it inside HDF5. */
static bool let_rank_0_write(hid_t access_list) {
  H5AC_cache_config_t cache = {.version = H5AC__CURR_CACHE_CONFIG_VERSION};
  if (H5Pget_mdc_config(access_list, &cache) < 0) return false;
  cache.metadata_write_strategy = H5AC_METADATA_WRITE_STRATEGY__PROCESS_0_ONLY;
  return H5Pset_mdc_config(access_list, &cache) >= 0;
}

/* All ranks share a file through MPI; a rank that writes one by itself needs none of that. */
static crow_status choose_driver(const crow_file *file, bool create, hid_t access_list) {
  const bool alone = create && crow_comm_size(file->comm) == 1;
  if (alone ? H5Pset_fapl_sec2(access_list) < 0
            : H5Pset_fapl_mpio(access_list, crow_comm_mpi(file->comm), MPI_INFO_NULL) < 0 ||
                  H5Pset_all_coll_metadata_ops(access_list, true) < 0 || !let_rank_0_write(access_list)) {
    return crow_hdf5_error(true, file->name, "", "prepare parallel access");
  }
  return CROW_OK;
}

/* Reading is collective. Writing is not: a rank's slice is one run of the file already, which collective buffering
 * would only move about, and Open MPI's OMPIO hangs when a collective write fails on one rank, as on a full disk. */
static crow_status prepare_access(const crow_file *file, bool create, hid_t *access_list, hid_t *transfer) {
  const bool alone = create && crow_comm_size(file->comm) == 1;
  *access_list = H5Pcreate(H5P_FILE_ACCESS);
  *transfer = H5Pcreate(H5P_DATASET_XFER);
  /* Large objects start on a MiB, which is a multiple of the stripe of common parallel file systems; metadata are
   * gathered in larger blocks; version 1.8 of the format has checksums on metadata and no limit on attributes. */
  if (*access_list < 0 || *transfer < 0 || H5Pset_fclose_degree(*access_list, H5F_CLOSE_STRONG) < 0 ||
      H5Pset_alignment(*access_list, 1 << 20, 1 << 20) < 0 || H5Pset_meta_block_size(*access_list, 1 << 16) < 0 ||
      H5Pset_libver_bounds(*access_list, H5F_LIBVER_V18, H5F_LIBVER_LATEST) < 0 ||
      (!alone && H5Pset_dxpl_mpio(*transfer, create ? H5FD_MPIO_INDEPENDENT : H5FD_MPIO_COLLECTIVE) < 0)) {
    return crow_hdf5_error(true, file->name, "", "prepare parallel access");
  }
  return choose_driver(file, create, *access_list);
}
#endif

crow_status crow_file_attach(crow_file *file, const char *path, bool create) {
  crow_status status = CROW_OK;
  hid_t access_list = H5I_INVALID_HID;
  CROW_TRY_AGREE(file->comm, prepare_access(file, create, &access_list, &file->transfer));
  file->id =
      create ? H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access_list) : H5Fopen(path, H5F_ACC_RDONLY, access_list);
  CROW_TRY_AGREE(file->comm,
                 file->id >= 0 ? CROW_OK : crow_hdf5_error(create, file->name, "", create ? "create it" : "open it"));
cleanup:
  /* Closing is collective, so a file that not all ranks could open is left to HDF5. */
  if (status != CROW_OK) file->id = H5I_INVALID_HID;
  crow_hdf5_close(&access_list);
  return status;
}

/* HDF5 cannot discard what it failed to write: closing a file that will not flush leaves an id without a file behind,
 * and the program falls over it at its end. Such a file stays open, for crow_file_close(). */
crow_status crow_file_detach(crow_file *file) {
  crow_status status = CROW_OK;
  if (file->id >= 0 && file->temporary) {
    crow_guard_metadata_begin(file);
    const herr_t flushed = H5Fflush(file->id, H5F_SCOPE_GLOBAL);
    crow_guard_metadata_end();
    CROW_TRY_AGREE(file->comm, flushed >= 0 ? CROW_OK : crow_hdf5_error(true, file->name, "", "write it to disk"));
  }
  for (int64_t i = 0; i < file->catalogue.entry_count; i++) {
    hid_t dataset = file->catalogue.entries[i].handle;
    crow_hdf5_close(&dataset);
    file->catalogue.entries[i].handle = 0;
  }
  if (file->id >= 0) {
    crow_guard_metadata_begin(file);
    const herr_t closed = H5Fclose(file->id);
    crow_guard_metadata_end();
    file->id = H5I_INVALID_HID;
    CROW_TRY_AGREE(file->comm, closed >= 0 ? CROW_OK : crow_hdf5_error(true, file->name, "", "close it"));
  }
cleanup:
  crow_hdf5_close(&file->transfer);
  return status;
}

/* ---- what an open file holds ----------------------------------------------------------------------------------- */

bool crow_file_is_hdf5(const char *path) { return H5Fis_hdf5(path) > 0; }

const char *crow_file_name(const crow_file *file) { return file->name; }

const char *crow_file_kind(const crow_file *file) { return file->kind; }

const char *crow_file_entry_path(const crow_file *file, const crow_entry *entry) {
  return file->catalogue.texts + entry->path;
}

bool crow_file_has(const crow_file *file, const char *path) {
  if (strcmp(path, "/") == 0) return true;
  const crow_entry *entry = crow_catalogue_find(&file->catalogue, path);
  return entry && entry->object != CROW_OBJECT_LINK;
}

void crow_file_shape(const crow_file *file, const char *path, int64_t shape[2]) {
  const crow_entry *entry = crow_catalogue_find(&file->catalogue, path);
  const bool dataset = entry && entry->object == CROW_OBJECT_DATASET;
  shape[0] = dataset ? entry->rows : 0;
  shape[1] = dataset ? entry->columns : 0;
}

int64_t crow_file_rows(const crow_file *file, const char *path) {
  int64_t shape[2];
  crow_file_shape(file, path, shape);
  return shape[0];
}

bool crow_file_is_single(const crow_file *file, const char *path) {
  const crow_entry *entry = crow_catalogue_find(&file->catalogue, path);
  return entry && entry->class == CROW_CLASS_FLOAT && entry->bytes <= 4;
}

bool crow_file_has_attribute(const crow_file *file, const char *path, const char *name) {
  return crow_catalogue_attribute(&file->catalogue, path, name) != NULL;
}

static crow_status get_attribute(const crow_file *file, const char *path, const char *name, int64_t classes,
                                 const crow_attribute **out) {
  *out = crow_catalogue_attribute(&file->catalogue, path, name);
  char expected[64];
  crow_classes_print((unsigned)classes, expected, sizeof expected);
  if (!*out) {
    return crow_error(CROW_BAD_INPUT, "%s: %s has no attribute %s; expected %s", file->name, path, name, expected);
  }
  if (!((*out)->class & classes)) {
    return crow_error(CROW_BAD_INPUT, "%s: attribute %s of %s is not one value of %s", file->name, name, path,
                      expected);
  }
  return CROW_OK;
}

crow_status crow_file_get_f64(const crow_file *file, const char *path, const char *name, double *value) {
  const crow_attribute *attribute = NULL;
  const crow_status status =
      get_attribute(file, path, name, CROW_CLASS_FLOAT | CROW_CLASS_INTEGER | CROW_CLASS_BOOLEAN, &attribute);
  if (status == CROW_OK) *value = attribute->number;
  return status;
}

crow_status crow_file_get_i64(const crow_file *file, const char *path, const char *name, int64_t *value) {
  const crow_attribute *attribute = NULL;
  const crow_status status = get_attribute(file, path, name, CROW_CLASS_INTEGER | CROW_CLASS_BOOLEAN, &attribute);
  if (status == CROW_OK) *value = attribute->integer;
  return status;
}

crow_status crow_file_get_text(const crow_file *file, const char *path, const char *name, char **value) {
  const crow_attribute *attribute = NULL;
  *value = NULL;
  const crow_status status = get_attribute(file, path, name, CROW_CLASS_TEXT, &attribute);
  return status == CROW_OK ? crow_string_copy(file->catalogue.texts + attribute->text, value) : status;
}

crow_status crow_file_dataset(const crow_file *file, const char *path, crow_entry **out) {
  crow_entry *entry = crow_catalogue_find(&file->catalogue, path);
  *out = NULL;
  if (!entry || entry->object == CROW_OBJECT_GROUP) {
    return crow_error(CROW_BAD_INPUT, "%s: there is no dataset %s", file->name, path);
  }
  if (entry->problem) {
    return crow_error(CROW_BAD_INPUT, "%s: %s %s", file->name, path, file->catalogue.texts + entry->problem);
  }
  if (entry->handle <= 0) {
    entry->handle = H5Dopen2(file->id, path, H5P_DEFAULT);
    CROW_NEED_AGREE(file->comm,
                    entry->handle >= 0 ? CROW_OK : crow_hdf5_error(false, file->name, path, "open the dataset"));
  }
  *out = entry;
  return CROW_OK;
}
