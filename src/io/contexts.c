/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts of new alternatives, whatever kind of file holds them. */
#include "io/file_impl.h"
#include "io/import_impl.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

typedef enum form { FORM_NPY, FORM_CSV, FORM_DATASET, FORM_ARRAY } form;

struct crow_context_source {
  const crow_comm *comm; /* borrowed */
  char *name, *file;     /* as given; without PATH */
  int64_t form;
  crow_partition partition;
  int64_t dimensions;
  crow_npy npy;
  crow_array *array;
  crow_dataset dataset;
  bool borrowed;   /* the dataset is another's */
  double *slice;   /* of a CSV file: this rank's rows */
  crow_strings id; /* and their ids */
};

/* Which kind of file it is; where FILE:PATH is meant, `*colon` is the one between them. Local. */
static form find_form(const char *source, const char **colon) {
  *colon = NULL;
  if (access(source, F_OK) != 0) {
    /* A file's name may hold colons itself, so the last one counts. */
    const char *last = strrchr(source, ':');
    if (last && last != source && last[1]) {
      *colon = last;
      return FORM_ARRAY;
    }
  }
  if (crow_npy_is(source)) return FORM_NPY;
  return H5Fis_hdf5(source) > 0 ? FORM_DATASET : FORM_CSV;
}

static crow_status set_names(crow_context_source *contexts, const char *source, const char *colon) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_string_copy(source, &contexts->name));
  CROW_TRY(crow_string_copy(source, &contexts->file));
  if (colon) contexts->file[colon - source] = 0;
cleanup:
  return status;
}

static void set_shape(crow_context_source *contexts, crow_gidx rows, int64_t dimensions) {
  contexts->partition = crow_comm_partition(contexts->comm, rows, CROW_BLOCK);
  contexts->dimensions = dimensions;
}

static crow_status open_npy(crow_context_source *contexts) {
  crow_status status = CROW_OK;
  CROW_TRY_AGREE(contexts->comm, crow_npy_open(contexts->name, &contexts->npy));
  set_shape(contexts, contexts->npy.rows, contexts->npy.columns);
cleanup:
  return status;
}

static crow_status open_array(crow_context_source *contexts) {
  crow_status status = CROW_OK;
  const char *path = contexts->name + strlen(contexts->file) + 1;
  CROW_TRY(crow_array_open(contexts->comm, contexts->file, path, &contexts->array));
  set_shape(contexts, crow_array_rows(contexts->array), crow_array_columns(contexts->array));
  if (contexts->partition.global < 1 || contexts->dimensions < 1) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: the array is empty, expected a row for each alternative", contexts->name));
  }
cleanup:
  return status;
}

/* What rank 0 sends to every rank: the elements of its slice. */
static crow_status share_out(const crow_context_source *contexts, const void *whole, size_t element_bytes,
                             void **slice) {
  crow_status status = CROW_OK;
  const crow_comm *comm = contexts->comm;
  const crow_partition *p = &contexts->partition;
  int64_t *send = NULL, *receive = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&send, p->size));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&receive, p->size));
  for (int r = 0; r < p->size && p->rank == 0; r++)
    send[r] = crow_partition_begin(p, r + 1) - crow_partition_begin(p, r);
  CROW_TRY(crow_comm_exchange(comm, whole, send, element_bytes, slice, receive));
cleanup:
  crow_free(send);
  crow_free(receive);
  return status;
}

static crow_status open_csv(crow_context_source *contexts) {
  crow_status status = CROW_OK, local = CROW_OK;
  const crow_comm *comm = contexts->comm;
  const bool root = crow_comm_rank(comm) == 0;
  crow_import_alternatives read = {0};
  crow_strings ids = {0};
  if (root) local = crow_import_read_alternatives(NULL, contexts->name, &read);
  if (root && local == CROW_OK) local = crow_ids_strings(&read.ids, 0, read.count, &ids);
  CROW_TRY_AGREE(comm, local);
  int64_t shape[3] = {read.count, read.dimensions, ids.width};
  CROW_TRY(crow_comm_broadcast(comm, shape, sizeof shape, 0));
  set_shape(contexts, shape[0], shape[1]);
  CROW_TRY(share_out(contexts, read.context, (size_t)shape[1] * sizeof(double), (void **)&contexts->slice));
  contexts->id = (crow_strings){.count = contexts->partition.count, .width = shape[2]};
  CROW_TRY(share_out(contexts, ids.data, (size_t)shape[2], (void **)&contexts->id.data));
cleanup:
  crow_import_alternatives_free(&read);
  crow_strings_free(&ids);
  return status;
}

static crow_status open_form(crow_context_source *contexts) {
  crow_status status = CROW_OK;
  switch (contexts->form) {
  case FORM_NPY:
    return open_npy(contexts);
  case FORM_CSV:
    return open_csv(contexts);
  case FORM_ARRAY:
    return open_array(contexts);
  default:
    CROW_TRY(crow_dataset_open(contexts->comm, contexts->name, true, &contexts->dataset));
    set_shape(contexts, contexts->dataset.alternatives, contexts->dataset.dimensions);
  }
cleanup:
  return status;
}

crow_status crow_context_source_open(const crow_comm *comm, const char *source, crow_context_source **out) {
  crow_status status = CROW_OK;
  crow_context_source *contexts = NULL;
  const char *colon = NULL;
  int64_t choice[2] = {0, -1}; /* rank 0 looks for all */
  if (crow_comm_rank(comm) == 0) {
    choice[0] = find_form(source, &colon);
    if (colon) choice[1] = colon - source;
  }
  CROW_TRY(crow_comm_broadcast(comm, choice, sizeof choice, 0));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&contexts, 1));
  contexts->comm = comm;
  contexts->form = choice[0];
  CROW_TRY_AGREE(comm, set_names(contexts, source, choice[1] < 0 ? NULL : source + choice[1]));
  CROW_TRY(open_form(contexts));
cleanup:
  if (status != CROW_OK) crow_context_source_close(&contexts);
  *out = contexts;
  return status;
}

crow_status crow_context_source_of_dataset(const crow_comm *comm, const crow_dataset *dataset,
                                           crow_context_source **out) {
  crow_status status = CROW_OK;
  crow_context_source *contexts = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&contexts, 1));
  contexts->comm = comm;
  contexts->form = FORM_DATASET;
  contexts->borrowed = true;
  contexts->dataset = *dataset;
  CROW_TRY_AGREE(comm, set_names(contexts, dataset->file ? crow_file_name(dataset->file) : "generated", NULL));
  set_shape(contexts, dataset->alternatives, dataset->dimensions);
cleanup:
  if (status != CROW_OK) crow_context_source_close(&contexts);
  *out = contexts;
  return status;
}

void crow_context_source_close(crow_context_source **contexts) {
  crow_context_source *c = *contexts;
  if (!c) return;
  crow_npy_close(&c->npy);
  crow_array_close(&c->array);
  if (!c->borrowed) crow_dataset_close(&c->dataset);
  crow_free(c->slice);
  crow_strings_free(&c->id);
  crow_free(c->name);
  crow_free(c->file);
  crow_free(c);
  *contexts = NULL;
}

const char *crow_context_source_name(const crow_context_source *contexts) { return contexts->name; }
const char *crow_context_source_file(const crow_context_source *contexts) { return contexts->file; }
const crow_partition *crow_context_source_partition(const crow_context_source *contexts) {
  return &contexts->partition;
}
int64_t crow_context_source_dimensions(const crow_context_source *contexts) { return contexts->dimensions; }

/* Rows of a .npy file as doubles. Local. */
static crow_status read_npy(const crow_context_source *contexts, crow_gidx begin, crow_gidx count, double *values) {
  crow_npy npy = contexts->npy;
  const int64_t numbers = count * contexts->dimensions;
  if (count == 0) return CROW_OK;
  /* Floats are read into the second half of their doubles and widened from the front: none is overwritten unread. */
  float *single = (float *)values + numbers;
  const crow_status status = crow_npy_read(&npy, begin, count, npy.type == CROW_F32 ? (void *)single : (void *)values);
  if (status != CROW_OK) return status;
  for (int64_t i = 0; i < numbers && npy.type == CROW_F32; i++) {
    float value;
    memcpy(&value, single + i, sizeof value);
    values[i] = (double)value;
  }
  for (int64_t i = 0; i < numbers; i++) {
    if (isfinite(values[i])) continue;
    return crow_error(CROW_BAD_INPUT, "%s[%lld, %lld] is %g, expected a finite number", contexts->name,
                      (long long)(begin + i / contexts->dimensions), (long long)(i % contexts->dimensions), values[i]);
  }
  return CROW_OK;
}

crow_status crow_context_source_read(const crow_context_source *contexts, crow_gidx begin, crow_gidx count,
                                     double *values) {
  crow_status status = CROW_OK;
  const int64_t d = contexts->dimensions;
  switch (contexts->form) {
  case FORM_NPY:
    CROW_TRY_AGREE(contexts->comm, read_npy(contexts, begin, count, values));
    break;
  case FORM_ARRAY:
    CROW_TRY_AGREE(contexts->comm, crow_array_read(contexts->array, begin, count, values));
    break;
  case FORM_CSV:
    if (count) {
      memcpy(values, contexts->slice + (begin - contexts->partition.begin) * d, (size_t)(count * d) * sizeof *values);
    }
    break;
  default:
    CROW_TRY(crow_dataset_read_contexts(&contexts->dataset, begin, count, CROW_F64, values));
  }
cleanup:
  return status;
}

crow_status crow_context_source_write_names(const crow_context_source *contexts, crow_file *to) {
  crow_status status = CROW_OK;
  const crow_partition *p = &contexts->partition;
  if (contexts->form == FORM_CSV) {
    CROW_TRY(crow_file_write_strings(to, "/alternatives/id", p->global, p->begin, &contexts->id));
  }
  if (contexts->form != FORM_DATASET || !contexts->dataset.file) goto cleanup;
  if (contexts->dataset.has_id) CROW_TRY(crow_file_copy(contexts->dataset.file, to, "/alternatives/id"));
  if (contexts->dataset.has_topic) CROW_TRY(crow_file_copy(contexts->dataset.file, to, "/alternatives/topic"));
cleanup:
  return status;
}
