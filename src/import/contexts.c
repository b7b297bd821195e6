/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts of new alternatives, whatever kind of file holds them. */
#include "import/contexts_impl.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* Which kind of file it is; where FILE:PATH is meant, `*colon` is the one between them. Local. */
static crow_context_form find_form(const char *source, const char **colon) {
  crow_source_split(source, colon);
  if (crow_floats_is(source)) return CROW_FORM_NPY;
  if (*colon) return CROW_FORM_ARRAY;
  return crow_file_is_hdf5(source) ? CROW_FORM_DATASET : CROW_FORM_CSV;
}

static crow_status set_names(crow_context_source *contexts, const char *source, const char *colon) {
  CROW_NEED(crow_string_copy(source, &contexts->name));
  CROW_NEED(crow_string_copy(source, &contexts->file));
  if (colon) contexts->file[colon - source] = 0;
  return CROW_OK;
}

static void set_shape(crow_context_source *contexts, crow_gidx rows, int64_t dimensions) {
  contexts->partition = crow_comm_partition(contexts->comm, rows, CROW_BLOCK);
  contexts->dimensions = dimensions;
}

static crow_status open_npy(crow_context_source *contexts) {
  CROW_NEED_AGREE(contexts->comm, crow_floats_open(contexts->name, &contexts->npy));
  set_shape(contexts, contexts->npy.rows, contexts->npy.columns);
  return CROW_OK;
}

static crow_status open_array(crow_context_source *contexts) {
  const char *path = contexts->name + strlen(contexts->file) + 1;
  CROW_NEED(crow_array_open(contexts->comm, contexts->file, path, &contexts->array));
  set_shape(contexts, crow_array_rows(contexts->array), crow_array_columns(contexts->array));
  if (contexts->partition.global < 1 || contexts->dimensions < 1) {
    return crow_error(CROW_BAD_INPUT, "%s: the array is empty, expected a row for each alternative", contexts->name);
  }
  return CROW_OK;
}

/* What rank 0 sends to every rank: the elements of its slice. */
static crow_status contexts_share_out(const crow_context_source *contexts, const void *whole, size_t element_bytes,
                                      void **slice) {
  crow_status status = CROW_OK;
  const crow_comm *comm = contexts->comm;
  const crow_partition *p = &contexts->partition;
  int64_t *send = NULL, *receive = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(p->size, &send, &receive));
  for (int r = 0; r < p->size && p->rank == 0; r++)
    send[r] = crow_partition_begin(p, r + 1) - crow_partition_begin(p, r);
  CROW_TRY(crow_comm_exchange(comm, whole, send, element_bytes, slice, receive));
cleanup:
  CROW_FREE(send, receive);
  return status;
}

/* Ids, prompts and names of columns of a CSV file, as rank 0 has read it. Local. */
static crow_status name_rows(const crow_import_alternatives *read, crow_strings texts[3]) {
  int64_t shortened = 0;
  if (!read->by_number) CROW_NEED(crow_import_names(&read->ids, &texts[0], &shortened));
  if (read->has_prompt) CROW_NEED(crow_import_labels(&read->prompts, read->prompt, read->count, &texts[1]));
  if (read->columns.count) CROW_NEED(crow_ids_strings(&read->columns, 0, read->dimensions, &texts[2]));
  return CROW_OK;
}

static crow_status share_texts(const crow_context_source *contexts, const crow_strings *whole, int64_t width,
                               crow_strings *slice) {
  *slice = (crow_strings){.count = contexts->partition.count, .width = width};
  return contexts_share_out(contexts, whole->data, (size_t)width, (void **)&slice->data);
}

static crow_status open_csv(crow_context_source *contexts) {
  crow_status status = CROW_OK, local = CROW_OK;
  const crow_comm *comm = contexts->comm;
  const bool root = crow_comm_rank(comm) == 0;
  crow_import_alternatives read = {0};
  crow_strings texts[3] = {{0}, {0}, {0}};
  const crow_import_file none = {NULL, NULL}, file = {contexts->name, contexts->name};
  if (root) local = crow_import_read_alternatives(&none, &file, NULL, &read);
  if (root && local == CROW_OK) local = name_rows(&read, texts);
  CROW_TRY_AGREE(comm, local);
  int64_t shape[5] = {read.count, read.dimensions, texts[0].width, texts[1].width, texts[2].width};
  CROW_TRY(crow_comm_broadcast(comm, shape, sizeof shape, 0));
  set_shape(contexts, shape[0], shape[1]);
  CROW_TRY(contexts_share_out(contexts, read.context, (size_t)shape[1] * sizeof(double), (void **)&contexts->slice));
  if (shape[2]) CROW_TRY(share_texts(contexts, &texts[0], shape[2], &contexts->id));
  if (shape[3]) CROW_TRY(share_texts(contexts, &texts[1], shape[3], &contexts->prompt));
  if (!shape[4]) goto cleanup;
  contexts->dimension = (crow_strings){.count = shape[1], .width = shape[4]};
  CROW_TRY_AGREE(comm, crow_allocate(shape[1], (size_t)shape[4], (void **)&contexts->dimension.data));
  if (root) memcpy(contexts->dimension.data, texts[2].data, (size_t)(shape[1] * shape[4]));
  CROW_TRY(crow_comm_broadcast(comm, contexts->dimension.data, shape[1] * shape[4], 0));
cleanup:
  crow_import_alternatives_free(&read);
  for (int k = 0; k < 3; k++) crow_strings_free(&texts[k]);
  return status;
}

static crow_status contexts_name_dimensions(crow_context_source *contexts) {
  const crow_dataset *dataset = &contexts->dataset;
  if (!dataset->file || !crow_file_has(dataset->file, "/alternatives/dimension")) return CROW_OK;
  return crow_file_read_strings(dataset->file, "/alternatives/dimension", 0, contexts->dimensions,
                                &contexts->dimension);
}

static crow_status open_form(crow_context_source *contexts) {
  switch (contexts->form) {
  case CROW_FORM_NPY:
    return open_npy(contexts);
  case CROW_FORM_CSV:
    return open_csv(contexts);
  case CROW_FORM_ARRAY:
    return open_array(contexts);
  default:
    CROW_NEED(crow_dataset_open(contexts->comm, contexts->name, true, &contexts->dataset));
    CROW_NEED(crow_dataset_need_contexts(&contexts->dataset));
    set_shape(contexts, contexts->dataset.alternatives, contexts->dataset.dimensions);
    CROW_NEED(contexts_name_dimensions(contexts));
  }
  return CROW_OK;
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
  contexts->form = CROW_FORM_DATASET;
  contexts->borrowed = true;
  contexts->dataset = *dataset;
  CROW_TRY_AGREE(comm, set_names(contexts, dataset->file ? crow_file_name(dataset->file) : "generated", NULL));
  set_shape(contexts, dataset->alternatives, dataset->dimensions);
  CROW_TRY(contexts_name_dimensions(contexts));
cleanup:
  if (status != CROW_OK) crow_context_source_close(&contexts);
  *out = contexts;
  return status;
}

void crow_context_source_close(crow_context_source **contexts) {
  crow_context_source *c = *contexts;
  if (!c) return;
  crow_floats_close(&c->npy);
  crow_array_close(&c->array);
  if (!c->borrowed) crow_dataset_close(&c->dataset);
  crow_free(c->slice);
  crow_strings_free(&c->id);
  crow_strings_free(&c->prompt);
  crow_strings_free(&c->dimension);
  CROW_FREE(c->order, c->row, c->name, c->file, c);
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
  crow_floats npy = contexts->npy;
  const int64_t numbers = count * contexts->dimensions;
  if (count == 0) return CROW_OK;
  /* Floats are read into the second half of their doubles and widened from the front: none is overwritten unread. */
  float *single = (float *)values + numbers;
  const crow_status status =
      crow_floats_read(&npy, begin, count, npy.type == CROW_F32 ? (void *)single : (void *)values);
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
  const int64_t d = contexts->dimensions;
  switch (contexts->form) {
  case CROW_FORM_NPY:
    CROW_NEED_AGREE(contexts->comm, read_npy(contexts, begin, count, values));
    break;
  case CROW_FORM_ARRAY:
    CROW_NEED_AGREE(contexts->comm, crow_array_read(contexts->array, begin, count, values));
    break;
  case CROW_FORM_CSV:
    if (count) {
      memcpy(values, contexts->slice + (begin - contexts->partition.begin) * d, (size_t)(count * d) * sizeof *values);
    }
    break;
  default:
    CROW_NEED(crow_dataset_read_contexts(&contexts->dataset, begin, count, CROW_F64, values));
  }
  crow_context_source_reorder(contexts, count, values);
  return CROW_OK;
}
