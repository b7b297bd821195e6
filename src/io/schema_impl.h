/* SPDX-License-Identifier: Apache-2.0 */
/* The schemas of hdf5-schemas/ as tables. Adding a kind of file means adding one JSON file there. */
#ifndef CROW_IO_SCHEMA_IMPL_H
#define CROW_IO_SCHEMA_IMPL_H

#include <crow/base.h>

/* One schema as the build embeds it; the table ends with a NULL kind. */
typedef struct crow_embedded_schema {
  const char *kind, *text;
} crow_embedded_schema;
extern const crow_embedded_schema crow_embedded_schemas[];

/* Classes of stored elements; a field allows a set of them. */
typedef enum crow_class {
  CROW_CLASS_OTHER = 0,
  CROW_CLASS_FLOAT = 1,
  CROW_CLASS_INTEGER = 2,
  CROW_CLASS_BOOLEAN = 4,
  CROW_CLASS_TEXT = 8
} crow_class;

/* What every value of a dataset or attribute must be. */
typedef struct crow_rule {
  bool nan; /* NaN stands for "unknown" and is allowed; infinities never are */
  bool has_minimum, has_maximum, has_sum;
  double minimum, maximum;
  double sum;
  const char *below; /* the dimension that values (indices) stay below; NULL: none */
} crow_rule;

/* A dataset or attribute that a schema names. Texts belong to the schema. */
typedef struct crow_field {
  const char *path, *name; /* name: of the attribute; NULL for a dataset */
  unsigned classes;        /* set of crow_class */
  bool required;           /* within its set, if it has one */
  const char *set;         /* datasets that come together; NULL: none */
  int rank;                /* 1 or 2 */
  const char *shape[2];    /* names of its dimensions */
  const char *one_of;      /* texts that are allowed, '|'-separated; NULL: any. Owned */
  crow_rule rule;
} crow_field;

typedef struct crow_dimension {
  const char *name;
  int64_t minimum;
} crow_dimension;

/* One of these sets of datasets has to be there. */
typedef struct crow_choice {
  char *of; /* '|'-separated names of sets. Owned */
} crow_choice;

typedef struct crow_schema {
  void *json; /* the parsed text, which owns the words */
  const char *kind;
  int64_t version;
  crow_dimension *dimensions;
  crow_field *datasets, *attributes;
  crow_choice *choices;
  int64_t dimension_count, dataset_count, attribute_count, choice_count;
} crow_schema;

/* Local. CROW_BAD_INPUT if there is no such kind, with the kinds there are. */
crow_status crow_schema_create(const char *kind, crow_schema **out);
void crow_schema_destroy(crow_schema **schema);
/* The field of a dataset, or NULL. Takes a NULL schema. */
const crow_field *crow_schema_find(const crow_schema *schema, const char *path);
/* Whether `word` is among the '|'-separated `words`. */
bool crow_word_among(const char *word, const char *words);
/* The classes of a field in words: "float or integer". */
void crow_classes_print(unsigned classes, char *text, size_t bytes);

#endif
