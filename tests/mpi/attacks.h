/* SPDX-License-Identifier: Apache-2.0 */
/* What can be put in the place of a field of a file, by plain serial HDF5. */
#ifndef CROW_TESTS_MPI_ATTACKS_H
#define CROW_TESTS_MPI_ATTACKS_H

#include "harness.h"

#include <hdf5.h>
#include <stdlib.h>

typedef enum attack {
  ATTACK_MISSING,
  ATTACK_OTHER_TYPE,     /* text for numbers, numbers for text */
  ATTACK_COMPOUND,       /* records */
  ATTACK_OTHER_RANK,     /* one dimension more */
  ATTACK_ONE_VALUE,      /* a scalar */
  ATTACK_LONGER,         /* one row more */
  ATTACK_SHORTER,        /* one row less */
  ATTACK_EMPTY,          /* no rows */
  ATTACK_NULL,           /* a null dataspace */
  ATTACK_HUGE,           /* 2^40 rows without data */
  ATTACK_OVERFLOW,       /* 2^61 rows, whose bytes overflow */
  ATTACK_UNWRITTEN,      /* its shape, but no data */
  ATTACK_CHUNK,          /* one chunk of half a gigabyte that holds next to nothing */
  ATTACK_NAN,            /* one value among good ones */
  ATTACK_INFINITY,       /* for texts: bytes that are not UTF-8 */
  ATTACK_MINUS_INFINITY, /* for texts: a reference to a text that is not there */
  ATTACK_NEGATIVE,       /* for texts: of 70000 bytes */
  ATTACK_LARGE,          /* the greatest number that there is */
  ATTACK_GROUP,
  ATTACK_SOFT_NOWHERE,  /* a soft link to nothing */
  ATTACK_SOFT_OUT,      /* a soft link through an external one */
  ATTACK_EXTERNAL_LINK, /* to the same field of a good file */
  ATTACK_EXTERNAL_DATA, /* stored in another file */
  ATTACK_VIRTUAL,       /* a virtual dataset of another file's */
  ATTACKS
} attack;

static const char *const attack_names[ATTACKS] = {
    "missing",  "other type", "compound", "other rank",   "one value", "longer",        "shorter",       "empty",
    "null",     "huge",       "overflow", "unwritten",    "chunk",     "NaN",           "infinity",      "-infinity",
    "negative", "large",      "group",    "soft nowhere", "soft out",  "external link", "external data", "virtual"};

/* A field that is there, with what is needed to make it again. */
typedef struct field {
  hid_t type;
  H5T_class_t class;
  int rank;
  hsize_t dims[3], rows, count;
  size_t bytes; /* of an element in the file */
} field;

static inline void attack_look(hid_t file, const char *path, field *f) {
  hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT), space = H5Dget_space(dataset);
  f->type = H5Dget_type(dataset);
  f->class = H5Tget_class(f->type);
  f->bytes = H5Tget_size(f->type);
  f->rank = H5Sget_simple_extent_dims(space, f->dims, NULL);
  f->rows = f->dims[0];
  f->count = (hsize_t)H5Sget_simple_extent_npoints(space);
  (void)H5Sclose(space);
  (void)H5Dclose(dataset);
}

/* Makes a dataset of `rank` dimensions at the path; data in memory type `memory`, or none. */
static inline void attack_put(hid_t file, const char *path, hid_t type, int rank, const hsize_t *dims, hid_t list,
                              const void *data) {
  hid_t space = rank < 0 ? H5Screate(H5S_NULL) : rank ? H5Screate_simple(rank, dims, NULL) : H5Screate(H5S_SCALAR);
  hid_t dataset = H5Dcreate2(file, path, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
  CHECK(dataset >= 0);
  if (data) CHECK(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
  (void)H5Dclose(dataset);
  (void)H5Sclose(space);
}

/* The element `at` of `values` becomes what the attack says. */
static inline void attack_value(const field *f, attack how, char *values, hsize_t at) {
  char *place = values + at * f->bytes;
  if (f->class == H5T_FLOAT) {
    double value = how == ATTACK_NAN              ? NAN
                   : how == ATTACK_INFINITY       ? INFINITY
                   : how == ATTACK_MINUS_INFINITY ? -INFINITY
                   : how == ATTACK_NEGATIVE       ? -1.5
                                                  : 1.7e308;
    memcpy(place, &value, sizeof value);
    (void)H5Tconvert(H5T_NATIVE_DOUBLE, f->type, 1, place, NULL, H5P_DEFAULT);
  } else {
    int64_t value[1] = {how == ATTACK_NEGATIVE ? -1 : INT64_MAX};
    (void)H5Tconvert(H5T_NATIVE_INT64, f->type, 1, value, NULL, H5P_DEFAULT);
    memcpy(place, value, f->bytes);
  }
}

/* Texts of variable length, one of which is bad. */
static inline void attack_texts(hid_t file, const char *path, const field *f, attack how) {
  static char longest[70001];
  hid_t type = H5Tcopy(H5T_C_S1);
  const char **texts = calloc(f->count, sizeof *texts);
  CHECK(H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0);
  for (hsize_t i = 0; i < f->count; i++) texts[i] = "a";
  memset(longest, 'x', sizeof longest - 1);
  texts[f->count - 1] = how == ATTACK_NEGATIVE ? longest : "\xff\xfe";
  attack_put(file, path, type, f->rank, f->dims, H5P_DEFAULT, texts);
  if (how == ATTACK_MINUS_INFINITY) { /* the references are overwritten by ones to nowhere */
    hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
    const haddr_t at = H5Dget_offset(dataset);
    char name[600];
    (void)H5Fget_name(file, name, sizeof name);
    (void)H5Dclose(dataset);
    CHECK(H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0);
    FILE *raw = fopen(name, "r+b");
    CHECK(raw && fseek(raw, (long)at + 4, SEEK_SET) == 0 && fputc(7, raw) == 7 && fputc(77, raw) == 77);
    if (raw) (void)fclose(raw);
  }
  free(texts);
  (void)H5Tclose(type);
}

static inline void attack_one_value(hid_t file, const char *path, const field *f, attack how, const char *good) {
  char *values = calloc(f->count + 1, f->bytes > 8 ? f->bytes : 8);
  memcpy(values, good, f->count * f->bytes);
  attack_value(f, how, values, f->count / 2);
  attack_put(file, path, f->type, f->rank, f->dims, H5P_DEFAULT, values);
  free(values);
}

static inline void attack_shape(hid_t file, const char *path, const field *f, attack how) {
  char *values = calloc(2 * f->count + f->count / f->rows + 8, f->bytes);
  hsize_t dims[3] = {f->dims[0], f->rank > 1 ? f->dims[1] : 1, 1}, chunk[3] = {1, dims[1], 1};
  const hsize_t none[3] = {H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED};
  hid_t list = H5Pcreate(H5P_DATASET_CREATE);
  if (how == ATTACK_LONGER) dims[0]++;
  if (how == ATTACK_SHORTER) dims[0]--;
  if (how == ATTACK_EMPTY) dims[0] = 0;
  if (how == ATTACK_HUGE) dims[0] = (hsize_t)1 << 40;
  if (how == ATTACK_OVERFLOW) dims[0] = (hsize_t)1 << 61;
  if (how == ATTACK_CHUNK) chunk[0] = ((hsize_t)1 << 29) / (chunk[1] * f->bytes);
  if (how == ATTACK_HUGE || how == ATTACK_OVERFLOW || how == ATTACK_CHUNK) {
    CHECK(H5Pset_chunk(list, f->rank, chunk) >= 0 && H5Pset_deflate(list, 1) >= 0);
    hid_t space = H5Screate_simple(f->rank, dims, none);
    hid_t dataset = H5Dcreate2(file, path, f->type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    CHECK(dataset >= 0);
    if (how == ATTACK_CHUNK) { /* a stored chunk of any contents, never unpacked */
      const hsize_t origin[3] = {0, 0, 0};
      CHECK(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, origin, 8, values) >= 0);
    }
    (void)H5Dclose(dataset);
    (void)H5Sclose(space);
  } else {
    const int rank = how == ATTACK_OTHER_RANK ? f->rank + 1 : how == ATTACK_ONE_VALUE ? 0 : f->rank;
    const bool data = how != ATTACK_UNWRITTEN && how != ATTACK_NULL && how != ATTACK_EMPTY;
    attack_put(file, path, f->type, how == ATTACK_NULL ? -1 : rank, dims, H5P_DEFAULT, data ? values : NULL);
  }
  (void)H5Pclose(list);
  free(values);
}

static inline void attack_type(hid_t file, const char *path, const field *f, attack how) {
  hid_t text = H5Tcopy(H5T_C_S1), record = H5Tcreate(H5T_COMPOUND, 16), list = H5Pcreate(H5P_DATASET_CREATE);
  char *values = calloc(f->count, 16);
  CHECK(H5Tset_size(text, 16) >= 0);
  CHECK(H5Tinsert(record, "a", 0, H5T_NATIVE_DOUBLE) >= 0 && H5Tinsert(record, "b", 8, H5T_NATIVE_INT64) >= 0);
  hid_t other = f->class == H5T_STRING ? H5T_NATIVE_DOUBLE : text;
  attack_put(file, path, how == ATTACK_COMPOUND ? record : other, f->rank, f->dims, list, values);
  free(values);
  (void)H5Tclose(text);
  (void)H5Tclose(record);
  (void)H5Pclose(list);
}

/* Ways out of the file, to one that is good. */
static inline void attack_leave(hid_t file, const char *path, const field *f, attack how, const char *elsewhere) {
  hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(f->rank, f->dims, NULL);
  char through[256];
  if (how == ATTACK_GROUP) (void)H5Gclose(H5Gcreate2(file, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  if (how == ATTACK_SOFT_NOWHERE) CHECK(H5Lcreate_soft("/nowhere", file, path, H5P_DEFAULT, H5P_DEFAULT) >= 0);
  if (how == ATTACK_EXTERNAL_LINK)
    CHECK(H5Lcreate_external(elsewhere, path, file, path, H5P_DEFAULT, H5P_DEFAULT) >= 0);
  if (how == ATTACK_SOFT_OUT) {
    (void)snprintf(through, sizeof through, "/out%s", path);
    CHECK(H5Lcreate_external(elsewhere, "/", file, "/out", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    CHECK(H5Lcreate_soft(through, file, path, H5P_DEFAULT, H5P_DEFAULT) >= 0);
  }
  if (how == ATTACK_EXTERNAL_DATA && H5Tis_variable_str(f->type) <= 0) {
    CHECK(H5Pset_external(list, elsewhere, 0, f->count * f->bytes) >= 0);
    attack_put(file, path, f->type, f->rank, f->dims, list, NULL);
  }
  if (how == ATTACK_VIRTUAL) {
    CHECK(H5Pset_virtual(list, space, elsewhere, path, space) >= 0);
    attack_put(file, path, f->type, f->rank, f->dims, list, NULL);
  }
  (void)H5Sclose(space);
  (void)H5Pclose(list);
}

/* Puts it in the field's place. `elsewhere` is a good file of the same kind. */
static inline void attack_field(hid_t file, const char *path, attack how, const char *elsewhere) {
  field f;
  attack_look(file, path, &f);
  char *good = calloc(f.count + 1, f.bytes > 8 ? f.bytes : 8);
  hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT);
  if (f.class != H5T_STRING) CHECK(H5Dread(dataset, f.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, good) >= 0);
  (void)H5Dclose(dataset);
  CHECK(H5Ldelete(file, path, H5P_DEFAULT) >= 0);
  if (how == ATTACK_OTHER_TYPE || how == ATTACK_COMPOUND) {
    attack_type(file, path, &f, how);
  } else if (how >= ATTACK_NAN && how <= ATTACK_LARGE) {
    if (f.class == H5T_STRING) attack_texts(file, path, &f, how);
    if (f.class != H5T_STRING) attack_one_value(file, path, &f, how, good);
  } else if (how >= ATTACK_GROUP) {
    attack_leave(file, path, &f, how, elsewhere);
  } else if (how != ATTACK_MISSING) {
    attack_shape(file, path, &f, how);
  }
  free(good);
  (void)H5Tclose(f.type);
}

#endif
