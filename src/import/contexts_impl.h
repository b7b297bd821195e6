/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_IMPORT_CONTEXTS_IMPL_H
#define CROW_IMPORT_CONTEXTS_IMPL_H

#include "import/import_impl.h"

typedef enum crow_context_form { CROW_FORM_NPY, CROW_FORM_CSV, CROW_FORM_DATASET, CROW_FORM_ARRAY } crow_context_form;

struct crow_context_source {
  const crow_comm *comm; /* borrowed */
  char *name, *file;     /* as given; without PATH */
  int64_t form;
  crow_partition partition;
  int64_t dimensions;
  crow_floats npy;
  crow_array *array;
  crow_dataset dataset;
  bool borrowed;          /* the dataset is another's */
  double *slice;          /* of a CSV file: this rank's rows */
  crow_strings id;        /* and their ids */
  crow_strings prompt;    /* and prompts, if it has any */
  crow_strings dimension; /* names of the dimensions, on every rank; none if there are none */
  int64_t *order;         /* (d) which dimension of the file comes k-th; NULL: they come as they are */
  double *row;            /* (d) room for one row in another order */
};

/* Puts rows into the order that crow_context_source_match() has found. Local. */
void crow_context_source_reorder(const crow_context_source *contexts, crow_gidx count, double *values);

#endif
