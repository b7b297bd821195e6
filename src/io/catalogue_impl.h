/* SPDX-License-Identifier: Apache-2.0 */
/* What is in a file: every object and attribute, held in memory on all ranks. Rank 0 surveys a file alone and sends the
 * catalogue to the others, so that asking what a file holds is Local, and a broken file is refused by one message
 * before all ranks open it. While a file is written its catalogue grows with it. */
#ifndef CROW_IO_CATALOGUE_IMPL_H
#define CROW_IO_CATALOGUE_IMPL_H

#include "io/schema_impl.h"

#include <crow/comm.h>

typedef enum crow_object { CROW_OBJECT_GROUP, CROW_OBJECT_DATASET, CROW_OBJECT_LINK } crow_object;

/* Texts are offsets into the catalogue's texts, so that a catalogue is sent as plain bytes; offset 0 is "". */
typedef struct crow_entry {
  int64_t path;
  int64_t problem;   /* why it cannot be read, in words that follow its path; "" if it can */
  int64_t rows;      /* 1 for a scalar */
  int64_t columns;   /* 1 for a vector; of a dataset with more than two dimensions: all but the first, multiplied */
  int64_t bytes;     /* of a stored element */
  int64_t handle;    /* this rank's open HDF5 dataset, or 0 */
  int64_t written;   /* values that this rank has written */
  int32_t object;    /* crow_object */
  int32_t class;     /* crow_class */
  int32_t rank;      /* number of dimensions */
  int32_t is_signed; /* of an integer */
  int32_t variable;  /* a text of variable length */
  int32_t padding;
} crow_entry;

typedef struct crow_attribute {
  int64_t path, name, text;
  int64_t integer;
  double number;
  int64_t class; /* crow_class; an integer or boolean is in both `integer` and `number` */
} crow_attribute;

typedef struct crow_catalogue {
  crow_entry *entries;
  crow_attribute *attributes;
  char *texts;
  int64_t entry_count, entry_room, attribute_count, attribute_room, text_bytes, text_room;
} crow_catalogue;

/* All Local but the last. */
crow_status crow_catalogue_begin(crow_catalogue *catalogue);
void crow_catalogue_free(crow_catalogue *catalogue);
crow_status crow_catalogue_text(crow_catalogue *catalogue, const char *text, int64_t *offset);
/* Adds a blank entry; the pointer is valid until the next is added. */
crow_status crow_catalogue_add(crow_catalogue *catalogue, const char *path, crow_object object, crow_entry **out);
/* Adds an attribute or replaces the one of this path and name. */
crow_status crow_catalogue_set(crow_catalogue *catalogue, const char *path, const char *name,
                               const crow_attribute *value, const char *text);
crow_entry *crow_catalogue_find(const crow_catalogue *catalogue, const char *path);
const crow_attribute *crow_catalogue_attribute(const crow_catalogue *catalogue, const char *path, const char *name);
/* Collective: rank 0's catalogue to all. */
crow_status crow_catalogue_broadcast(const crow_comm *comm, crow_catalogue *catalogue);

/* Checks the attributes, paths, types and shapes against the schema: CROW_BAD_INPUT with `file` and the first fault.
 * `complete` demands the schema's "at least one of" too. */
crow_status crow_catalogue_check(const crow_catalogue *catalogue, const crow_schema *schema, const char *file,
                                 bool complete);
/* The length of a named dimension: that of the first dataset that has it; -1 if none has. */
int64_t crow_catalogue_dimension(const crow_catalogue *catalogue, const crow_schema *schema, const char *name);

#endif
