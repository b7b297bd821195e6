/* SPDX-License-Identifier: Apache-2.0 */
/* What new alternatives, their prompts and the dimensions of their contexts are called. */
#include "import/contexts_impl.h"

#include <string.h>

/* ---- dimensions ------------------------------------------------------------------------------------------------- */

/* Refuses what one of the two has and the other lacks. */
static crow_status compare_names(const crow_context_source *contexts, const crow_ids *own, const crow_ids *expected,
                                 const char *expected_by) {
  for (int64_t k = 0; k < expected->count; k++) {
    if (crow_ids_find(own, crow_ids_get(expected, k)) >= 0) continue;
    return crow_error(CROW_BAD_INPUT, "%s: has no column \"%.200s\", which is dimension %lld of %s", contexts->name,
                      crow_ids_get(expected, k), (long long)k, expected_by);
  }
  for (int64_t k = 0; k < own->count; k++) {
    if (crow_ids_find(expected, crow_ids_get(own, k)) >= 0) continue;
    return crow_error(CROW_BAD_INPUT, "%s: column \"%.200s\" is none of the %lld dimensions of %s", contexts->name,
                      crow_ids_get(own, k), (long long)expected->count, expected_by);
  }
  return CROW_OK;
}

static crow_status find_order(crow_context_source *contexts, const crow_strings *names, const char *file,
                              const char *path) {
  crow_status status = CROW_OK;
  crow_ids own = {0}, expected = {0};
  bool same = true;
  CROW_TRY(crow_ids_index(contexts->name, "/alternatives/dimension", &contexts->dimension, &own));
  CROW_TRY(crow_ids_index(file, path, names, &expected));
  CROW_TRY(compare_names(contexts, &own, &expected, file));
  CROW_TRY(CROW_ALLOCATE_EACH(names->count, &contexts->order, &contexts->row));
  for (int64_t k = 0; k < names->count; k++) {
    contexts->order[k] = crow_ids_find(&own, crow_strings_get(names, k));
    same = same && contexts->order[k] == k;
  }
  if (!same) goto cleanup;
  crow_free(contexts->order);
  contexts->order = NULL;
cleanup:
  crow_ids_free(&own);
  crow_ids_free(&expected);
  return status;
}

crow_status crow_context_source_match(crow_context_source *contexts, const crow_file *file, const char *path) {
  crow_status status = CROW_OK;
  crow_strings expected = {0};
  if (!contexts->dimension.count || !crow_file_has(file, path)) return CROW_OK;
  CROW_TRY(crow_file_read_strings(file, path, 0, crow_file_rows(file, path), &expected));
  CROW_TRY_AGREE(contexts->comm, find_order(contexts, &expected, crow_file_name(file), path));
cleanup:
  crow_strings_free(&expected);
  return status;
}

void crow_context_source_reorder(const crow_context_source *contexts, crow_gidx count, double *values) {
  const int64_t d = contexts->dimensions;
  for (crow_gidx i = 0; contexts->order && i < count; i++) {
    memcpy(contexts->row, values + i * d, (size_t)d * sizeof *values);
    for (int64_t k = 0; k < d; k++) values[i * d + k] = contexts->row[contexts->order[k]];
  }
}

/* ---- prompts ---------------------------------------------------------------------------------------------------- */

static crow_status refuse_unknown(const crow_context_source *contexts, const crow_dataset *dataset,
                                  const crow_strings *names, const int32_t *prompt) {
  for (int64_t i = 0; i < names->count; i++) {
    if (prompt[i] >= 0) continue;
    return crow_error(CROW_BAD_INPUT,
                      "%s: row %lld answers the prompt \"%.200s\", expected one of the %lld prompts of %s: rewards of "
                      "its alternatives say nothing of another prompt (those of a linear or mlp model do)",
                      contexts->name, (long long)(contexts->partition.begin + i), crow_strings_get(names, i),
                      (long long)dataset->prompts, crow_file_name(dataset->file));
  }
  return CROW_OK;
}

crow_status crow_context_source_prompts(const crow_context_source *contexts, const crow_dataset *dataset,
                                        int32_t **prompt) {
  crow_status status = CROW_OK;
  crow_strings read = {0};
  const crow_strings *names = &contexts->prompt;
  const crow_partition *p = &contexts->partition;
  *prompt = NULL;
  if (!dataset->prompt) return CROW_OK;
  if (contexts->form == CROW_FORM_DATASET && contexts->dataset.has_prompt) {
    CROW_TRY(crow_file_read_strings(contexts->dataset.file, "/alternatives/prompt", p->begin, p->count, &read));
    names = &read;
  }
  if (!names->width) goto cleanup;
  /* Never NULL: an empty slice is not one without prompts. */
  CROW_TRY_AGREE(contexts->comm, CROW_ALLOCATE(prompt, p->count + 1));
  CROW_TRY(crow_dataset_find_prompts(contexts->comm, dataset, names, *prompt));
  CROW_TRY_AGREE(contexts->comm, refuse_unknown(contexts, dataset, names, *prompt));
cleanup:
  crow_strings_free(&read);
  if (status != CROW_OK) {
    crow_free(*prompt);
    *prompt = NULL;
  }
  return status;
}

/* ---- names in results ------------------------------------------------------------------------------------------- */

crow_status crow_context_source_write_names(const crow_context_source *contexts, crow_file *to) {
  const crow_partition *p = &contexts->partition;
  const crow_dataset *dataset = &contexts->dataset;
  if (contexts->form == CROW_FORM_CSV) {
    if (contexts->id.width)
      CROW_NEED(crow_file_write_strings(to, "/alternatives/id", p->global, p->begin, &contexts->id));
    if (contexts->prompt.width) {
      CROW_NEED(crow_file_write_strings(to, "/alternatives/prompt", p->global, p->begin, &contexts->prompt));
    }
  }
  if (contexts->form != CROW_FORM_DATASET || !dataset->file) return CROW_OK;
  return crow_dataset_copy_names(dataset, to);
}
