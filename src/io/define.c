/* SPDX-License-Identifier: Apache-2.0 */
/* Defining datasets and setting attributes of a file that is being written. */
#include "base/utf8_impl.h"
#include "io/file_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

static crow_status check_writing(const crow_file *file) {
  return file->temporary ? CROW_OK : crow_error(CROW_FAILED, "%s is open for reading only", file->name);
}

/* Notes the groups above a path. */
static crow_status note_groups(crow_file *file, const char *path) {
  crow_status status = CROW_OK;
  char *part = NULL;
  CROW_TRY(crow_string_copy(path, &part));
  for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    crow_entry *entry = NULL;
    *slash = 0;
    if (!crow_catalogue_find(&file->catalogue, part)) {
      CROW_TRY(crow_catalogue_add(&file->catalogue, part, CROW_OBJECT_GROUP, &entry));
    }
    *slash = '/';
  }
cleanup:
  crow_free(part);
  return status;
}

/* Property list of links that make the groups above them. */
static hid_t intermediate_groups(void) {
  hid_t list = H5Pcreate(H5P_LINK_CREATE);
  if (list >= 0 && H5Pset_create_intermediate_group(list, 1) < 0) crow_hdf5_close(&list);
  return list;
}

crow_status crow_file_reserve(const crow_file *file, int64_t bytes, const char *path) {
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  struct statvfs space;
  if (file->descriptor < 0 || bytes == 0) return CROW_OK;
  /* Large objects begin on the next MiB. */
  const int64_t last = file->end + (1 << 20) + bytes;
  int failed = 0;
  do {
    failed = fallocate(file->descriptor, FALLOC_FL_KEEP_SIZE, (off_t)file->end, (off_t)(last - file->end));
  } while (failed && errno == EINTR);
  if (failed && errno == EOPNOTSUPP && fstatvfs(file->descriptor, &space) == 0 &&
      (double)space.f_bavail * (double)space.f_frsize < (double)(last - file->end)) {
    errno = ENOSPC;
  }
  if (!failed && getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      (int64_t)limit.rlim_cur < last) {
    failed = 1;
    errno = EFBIG;
  }
  if (!failed || (errno != ENOSPC && errno != EDQUOT && errno != EFBIG)) return CROW_OK;
  return crow_error(CROW_FILE_SYSTEM, "cannot write %s: no room for the %lld bytes of %s: %s", file->name,
                    (long long)bytes, path, strerror(errno));
}

/* A dataset to be defined. */
typedef struct definition {
  hid_t type;
  crow_gidx rows, columns; /* no columns: a vector */
  bool checksummed;
} definition;

/* A piece of a checksummed vector in bytes: below what begins on a MiB of its own. */
#define CHECKSUMMED_BYTES (1 << 16)
/* What a piece takes beside its values, in its checksum and in the index of pieces, roughly. */
#define CHECKSUM_BYTES 64

/* Values of a piece; 0 for a dataset that is stored in one run. */
static hsize_t piece_length(const definition *d) {
  const hsize_t most = CHECKSUMMED_BYTES / H5Tget_size(d->type);
  if (!d->checksummed || d->rows == 0) return 0;
  return (hsize_t)d->rows < most ? (hsize_t)d->rows : most;
}

/* Pieces are written as they come: none is kept back in memory for a disk that may be full later. */
static herr_t set_checksums(const definition *d, hid_t properties, hid_t access_list) {
  const hsize_t piece = piece_length(d);
  if (piece == 0) return 0;
  if (H5Pset_chunk(properties, 1, &piece) < 0 || H5Pset_fletcher32(properties) < 0) return -1;
  return H5Pset_alloc_time(properties, H5D_ALLOC_TIME_INCR) < 0 ? -1 : H5Pset_chunk_cache(access_list, 0, 0, 1);
}

/* The HDF5 calls of a definition, the same on all ranks. */
static crow_status create_dataset(const crow_file *file, const char *path, const definition *d, hid_t *dataset) {
  crow_status status = CROW_OK;
  const hsize_t dims[2] = {(hsize_t)d->rows, (hsize_t)d->columns};
  hid_t space = H5Screate_simple(d->columns > 0 ? 2 : 1, dims, NULL), properties = H5Pcreate(H5P_DATASET_CREATE);
  hid_t links = intermediate_groups(), access_list = H5Pcreate(H5P_DATASET_ACCESS);
  /* Every row is written, so filling them first would only cost time. */
  if (space < 0 || properties < 0 || links < 0 || access_list < 0 ||
      H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY) < 0 ||
      H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER) < 0 || H5Pset_obj_track_times(properties, false) < 0 ||
      set_checksums(d, properties, access_list) < 0) {
    CROW_TRY(crow_hdf5_error(true, file->name, path, "define the dataset"));
  }
  *dataset = H5Dcreate2(file->id, path, d->type, space, links, properties, access_list);
  if (*dataset < 0) CROW_TRY(crow_hdf5_error(true, file->name, path, "define the dataset"));
cleanup:
  crow_hdf5_close(&access_list);
  crow_hdf5_close(&links);
  crow_hdf5_close(&properties);
  crow_hdf5_close(&space);
  return status;
}

/* What the dataset takes of the disk; an error if that overflows, or if its path is none or defined already. */
static crow_status check_definition(const crow_file *file, const char *path, const definition *d, int64_t *bytes) {
  const hsize_t piece = piece_length(d);
  if (path[0] != '/' || d->rows < 0 || d->columns < 0 || crow_catalogue_find(&file->catalogue, path)) {
    return crow_error(CROW_FAILED, "%s: %s cannot be defined with %lld rows, or is defined already", file->name, path,
                      (long long)d->rows);
  }
  *bytes = (int64_t)H5Tget_size(d->type);
  if (__builtin_mul_overflow(*bytes, d->rows, bytes) ||
      __builtin_mul_overflow(*bytes, d->columns > 0 ? d->columns : 1, bytes) || *bytes > INT64_MAX / 2) {
    return crow_error(CROW_FAILED, "%s: the size of %s overflows", file->name, path);
  }
  /* All pieces are stored in full length, the last one too. */
  if (piece > 0) *bytes += (int64_t)((hsize_t)d->rows / piece + 1) * CHECKSUM_BYTES + CHECKSUMMED_BYTES;
  return CROW_OK;
}

static crow_status define(crow_file *file, const char *path, const definition *d) {
  crow_status status = CROW_OK;
  crow_entry *entry = NULL;
  hid_t dataset = H5I_INVALID_HID;
  int64_t bytes = 0;
  CROW_TRY(check_writing(file));
  CROW_TRY(check_definition(file, path, d, &bytes));
  CROW_TRY_AGREE(file->comm, crow_file_reserve(file, bytes, path));
  CROW_TRY_AGREE(file->comm, create_dataset(file, path, d, &dataset));
  CROW_TRY_AGREE(file->comm, note_groups(file, path));
  CROW_TRY_AGREE(file->comm, crow_catalogue_add(&file->catalogue, path, CROW_OBJECT_DATASET, &entry));
  crow_survey_type(d->type, entry);
  entry->rows = d->rows;
  entry->columns = d->columns > 0 ? d->columns : 1;
  entry->rank = d->columns > 0 ? 2 : 1;
  entry->handle = dataset;
  const haddr_t offset = H5Dget_offset(dataset);
  if (piece_length(d) > 0) {
    file->end += bytes;
  } else if (offset != HADDR_UNDEF && (int64_t)offset + bytes > file->end) {
    file->end = (int64_t)offset + bytes;
  }
  dataset = H5I_INVALID_HID;
cleanup:
  crow_hdf5_close(&dataset);
  return status;
}

crow_status crow_file_define_type(crow_file *file, const char *path, hid_t type, crow_gidx rows, crow_gidx columns) {
  const definition d = {type, rows, columns, false};
  return define(file, path, &d);
}

crow_status crow_file_define_checksummed(crow_file *file, const char *path, crow_type type, crow_gidx rows) {
  const definition d = {crow_hdf5_file_type(type), rows, 0, true};
  return define(file, path, &d);
}

crow_status crow_file_define(crow_file *file, const char *path, crow_type type, crow_gidx rows, crow_gidx columns) {
  return crow_file_define_type(file, path, crow_hdf5_file_type(type), rows, columns);
}

crow_status crow_file_define_bytes(crow_file *file, const char *path, crow_gidx count) {
  return crow_file_define_type(file, path, H5T_STD_U8LE, count, 0);
}

/* ---- attributes --------------------------------------------------------------------------------------------- */

/* Opens the object that gets an attribute; a group that is not there yet is made. */
static crow_status open_object(const crow_file *file, const char *path, hid_t *object) {
  crow_status status = CROW_OK;
  hid_t links = H5I_INVALID_HID;
  if (strcmp(path, "/") == 0 || crow_catalogue_find(&file->catalogue, path)) {
    *object = H5Oopen(file->id, path, H5P_DEFAULT);
  } else {
    links = intermediate_groups();
    *object = links >= 0 ? H5Gcreate2(file->id, path, links, H5P_DEFAULT, H5P_DEFAULT) : H5I_INVALID_HID;
  }
  if (*object < 0) CROW_TRY(crow_hdf5_error(true, file->name, path, "make the group"));
cleanup:
  crow_hdf5_close(&links);
  return status;
}

/* The HDF5 calls that write an attribute, the same on all ranks. */
static crow_status write_attribute(const crow_file *file, const char *path, const char *name, hid_t file_type,
                                   hid_t memory_type, const void *value) {
  crow_status status = CROW_OK;
  hid_t object = H5I_INVALID_HID, attribute = H5I_INVALID_HID, space = H5Screate(H5S_SCALAR);
  CROW_TRY(open_object(file, path, &object));
  if (H5Aexists(object, name) > 0 && H5Adelete(object, name) < 0) {
    CROW_TRY(crow_hdf5_error(true, file->name, path, "replace an attribute"));
  }
  attribute = space >= 0 ? H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT) : H5I_INVALID_HID;
  if (attribute < 0 || H5Awrite(attribute, memory_type, value) < 0) {
    CROW_TRY(crow_hdf5_error(true, file->name, path, "write an attribute"));
  }
cleanup:
  crow_hdf5_close(&attribute);
  crow_hdf5_close(&space);
  crow_hdf5_close(&object);
  return status;
}

/* Notes an attribute and, if its object is a new group, that group and those above it. */
static crow_status note_attribute(crow_file *file, const char *path, const char *name, const crow_attribute *value,
                                  const char *text) {
  crow_entry *entry = NULL;
  if (strcmp(path, "/") != 0 && !crow_catalogue_find(&file->catalogue, path)) {
    CROW_NEED(note_groups(file, path));
    CROW_NEED(crow_catalogue_add(&file->catalogue, path, CROW_OBJECT_GROUP, &entry));
  }
  return crow_catalogue_set(&file->catalogue, path, name, value, text);
}

crow_status crow_file_set_f64(crow_file *file, const char *path, const char *name, double value) {
  const crow_attribute attribute = {.number = value, .class = CROW_CLASS_FLOAT};
  CROW_NEED(check_writing(file));
  CROW_NEED_AGREE(file->comm, write_attribute(file, path, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value));
  return crow_comm_agree(file->comm, note_attribute(file, path, name, &attribute, NULL));
}

crow_status crow_file_set_i64(crow_file *file, const char *path, const char *name, int64_t value) {
  const crow_attribute attribute = {.integer = value, .number = (double)value, .class = CROW_CLASS_INTEGER};
  CROW_NEED(check_writing(file));
  CROW_NEED_AGREE(file->comm, write_attribute(file, path, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value));
  return crow_comm_agree(file->comm, note_attribute(file, path, name, &attribute, NULL));
}

static crow_status define_write_text(crow_file *file, const char *path, const char *name, const char *text) {
  crow_status status = CROW_OK;
  const crow_attribute attribute = {.class = CROW_CLASS_TEXT};
  hid_t type = crow_hdf5_text_type(H5T_VARIABLE);
  if (type < 0) CROW_TRY(crow_hdf5_error(true, file->name, path, "write an attribute"));
  CROW_TRY(write_attribute(file, path, name, type, type, &text));
  CROW_TRY(note_attribute(file, path, name, &attribute, text));
cleanup:
  crow_hdf5_close(&type);
  return status;
}

crow_status crow_file_set_text(crow_file *file, const char *path, const char *name, const char *value) {
  crow_status status = CROW_OK;
  char *text = NULL;
  CROW_TRY(check_writing(file));
  CROW_TRY_AGREE(file->comm, crow_string_copy(value ? value : "", &text));
  (void)crow_utf8_mend(text);
  CROW_TRY_AGREE(file->comm, define_write_text(file, path, name, text));
cleanup:
  crow_free(text);
  return status;
}
