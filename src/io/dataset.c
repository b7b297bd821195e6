/* SPDX-License-Identifier: Apache-2.0 */
#include "io/file_impl.h"
#include "io/ids_impl.h"
#include "io/summary_impl.h"
#include <string.h>

crow_status crow_dataset_open(const crow_comm *comm, const char *path, bool weights_only, crow_dataset *out) {
  crow_status status = CROW_OK;
  int64_t shape[2];
  *out = (crow_dataset){0};
  CROW_TRY(crow_file_open_checked(comm, path, "dataset", !weights_only, &out->file));
  crow_file_shape(out->file, "/alternatives/context", shape);
  out->dimensions = shape[0] > 0 ? shape[1] : 0;
  out->alternatives = crow_catalogue_dimension(&out->file->catalogue, out->file->schema, "m");
  if (out->alternatives < 1) {
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "%s: has neither /alternatives/context nor /alternatives/id, expected one of them to tell how "
                        "many alternatives there are",
                        path));
  }
  crow_file_shape(out->file, "/comparisons/first", shape);
  out->comparisons = shape[0];
  crow_file_shape(out->file, "/comparisons/label_name", shape);
  out->kept = shape[0];
  crow_file_shape(out->file, "/population/prevalence", shape);
  out->types = shape[0];
  out->has_id = crow_file_has(out->file, "/alternatives/id");
  out->has_topic = crow_file_has(out->file, "/alternatives/topic");
  out->has_comparisons = crow_file_has(out->file, "/comparisons/first");
  out->has_count = crow_file_has(out->file, "/comparisons/count");
  out->has_matrix = crow_file_has(out->file, "/preference/matrix");
  out->has_population = crow_file_has(out->file, "/population/prevalence");
  out->has_prompt = crow_file_has(out->file, "/alternatives/prompt");
  out->single = crow_file_is_single(out->file, "/alternatives/context");
  if (out->has_prompt) CROW_TRY(crow_dataset_number_prompts(comm, out));
cleanup:
  if (status != CROW_OK) crow_dataset_close(out);
  return status;
}

/* What is found by its name must have one of its own. Collective. */
static crow_status check_distinct(const crow_dataset *dataset, const char *path, int64_t count) {
  crow_status status = CROW_OK;
  crow_strings names = {0};
  crow_ids ids = {0};
  if (!crow_file_has(dataset->file, path)) return CROW_OK;
  const bool root = crow_comm_rank(dataset->file->comm) == 0;
  CROW_TRY(crow_file_read_strings(dataset->file, path, 0, root ? count : 0, &names));
  CROW_TRY_AGREE(dataset->file->comm, crow_ids_index(crow_file_name(dataset->file), path, &names, &ids));
cleanup:
  crow_ids_free(&ids);
  crow_strings_free(&names);
  return status;
}

crow_status crow_dataset_check_names(const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  const crow_schema *schema = dataset->file ? dataset->file->schema : NULL;
  for (int64_t i = 0; schema && i < schema->dataset_count; i++) {
    const crow_field *field = &schema->datasets[i];
    crow_summary summary = {0};
    const bool copied = (field->classes & CROW_CLASS_TEXT) || strncmp(field->path, "/cluster/", 9) == 0;
    if (copied && crow_file_has(dataset->file, field->path)) {
      status = crow_summary_make(dataset->file, field->path, &summary);
    }
    crow_summary_free(&summary);
    if (status != CROW_OK) return status;
  }
  if (!dataset->file) return CROW_OK;
  CROW_TRY(check_distinct(dataset, "/alternatives/dimension", dataset->dimensions));
  CROW_TRY(check_distinct(dataset, "/comparisons/label_name", dataset->kept));
cleanup:
  return status;
}

void crow_dataset_close(crow_dataset *dataset) {
  if (!dataset) return;
  crow_file_close(&dataset->file);
  crow_free(dataset->prompt);
  *dataset = (crow_dataset){0};
}

crow_dataset crow_dataset_generated(crow_gidx alternatives, crow_gidx dimensions, bool single,
                                    crow_contexts_function *make, void *context) {
  return (crow_dataset){
      .alternatives = alternatives, .dimensions = dimensions, .single = single, .make = make, .make_context = context};
}

crow_status crow_dataset_need_contexts(const crow_dataset *dataset) {
  if (dataset->dimensions > 0) return CROW_OK;
  return crow_error(CROW_BAD_INPUT,
                    "%s: has no contexts (/alternatives/context), which this needs to tell how much alternatives "
                    "resemble each other: type crow import with --contexts FILE; crow fit --weights uniform does "
                    "without",
                    dataset->file ? crow_file_name(dataset->file) : "the generated dataset");
}

crow_status crow_dataset_read_contexts(const crow_dataset *dataset, crow_gidx begin, crow_gidx count, crow_type type,
                                       void *values) {
  if (!dataset->make) {
    CROW_NEED(crow_dataset_need_contexts(dataset));
    return crow_file_read(dataset->file, "/alternatives/context", begin, count, type, values);
  }
  if (count > 0) dataset->make(dataset->make_context, begin, count, type, values);
  return CROW_OK;
}

crow_status crow_dataset_read_ids(const crow_dataset *dataset, crow_gidx begin, crow_gidx count, crow_strings *out) {
  crow_status status = CROW_OK;
  if (dataset->has_id) return crow_file_read_strings(dataset->file, "/alternatives/id", begin, count, out);
  *out = (crow_strings){.count = count, .width = 1};
  for (crow_gidx rest = dataset->alternatives - 1; rest > 0 || out->width == 1; rest /= 10) out->width++;
  CROW_TRY_AGREE(dataset->file->comm, crow_allocate(count, (size_t)out->width, (void **)&out->data));
  for (crow_gidx i = 0; i < count; i++) {
    (void)snprintf(out->data + i * out->width, (size_t)out->width, "%lld", (long long)(begin + i));
  }
cleanup:
  if (status != CROW_OK) crow_strings_free(out);
  return status;
}

static crow_status compare_ids(const crow_dataset *dataset, const crow_file *file, crow_gidx begin,
                               const crow_strings *own, const crow_strings *others, const char *meaning) {
  for (int64_t i = 0; i < own->count; i++) {
    const char *ours = crow_strings_get(own, i), *theirs = crow_strings_get(others, i);
    if (strcmp(theirs, ours) == 0) continue;
    return crow_error(CROW_BAD_INPUT, "%s: /alternatives/id[%lld] is \"%.100s\", but \"%.100s\" in %s: %s",
                      crow_file_name(file), (long long)(begin + i), theirs, ours, crow_file_name(dataset->file),
                      meaning);
  }
  return CROW_OK;
}

crow_status crow_dataset_check_same_ids(const crow_dataset *dataset, const crow_file *file, const char *meaning) {
  crow_status status = CROW_OK;
  crow_strings own = {0}, others = {0};
  if (!dataset->has_id || !crow_file_has(file, "/alternatives/id")) return CROW_OK;
  const crow_comm *comm = file->comm;
  const crow_partition p = crow_comm_partition(comm, dataset->alternatives, CROW_BLOCK);
  CROW_TRY(crow_file_read_strings(file, "/alternatives/id", p.begin, p.count, &others));
  CROW_TRY(crow_file_read_strings(dataset->file, "/alternatives/id", p.begin, p.count, &own));
  CROW_TRY_AGREE(comm, compare_ids(dataset, file, p.begin, &own, &others, meaning));
cleanup:
  crow_strings_free(&own);
  crow_strings_free(&others);
  return status;
}

crow_status crow_dataset_copy_names(const crow_dataset *dataset, crow_file *to) {
  if (dataset->has_id) CROW_NEED(crow_file_copy(dataset->file, to, "/alternatives/id"));
  if (dataset->has_topic) CROW_NEED(crow_file_copy(dataset->file, to, "/alternatives/topic"));
  if (dataset->has_prompt) CROW_NEED(crow_file_copy(dataset->file, to, "/alternatives/prompt"));
  return CROW_OK;
}
