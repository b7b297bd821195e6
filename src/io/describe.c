/* SPDX-License-Identifier: Apache-2.0 */
/* A file in words for programs: JSON of what it holds, every value read and checked. */
#include "io/summary_impl.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* JSON has no NaN and no infinities: null and texts stand for them. */
static json_t *json_number(double value) {
  if (isnan(value)) return json_null();
  if (isinf(value)) return json_string(value > 0 ? "infinity" : "-infinity");
  return json_real(value);
}

static json_t *attribute_value(const crow_catalogue *catalogue, const crow_attribute *attribute) {
  switch (attribute->class) {
  case CROW_CLASS_TEXT:
    return json_string(catalogue->texts + attribute->text);
  case CROW_CLASS_FLOAT:
    return json_number(attribute->number);
  case CROW_CLASS_INTEGER:
    return json_integer(attribute->integer);
  case CROW_CLASS_BOOLEAN:
    return json_boolean(attribute->integer);
  default:
    return json_null();
  }
}

static json_t *attributes_of(const crow_catalogue *catalogue, const char *path) {
  json_t *all = json_object();
  for (int64_t i = 0; i < catalogue->attribute_count; i++) {
    const crow_attribute *attribute = &catalogue->attributes[i];
    if (strcmp(catalogue->texts + attribute->path, path) != 0) continue;
    (void)json_object_set_new(all, catalogue->texts + attribute->name, attribute_value(catalogue, attribute));
  }
  return all;
}

static void type_name(const crow_entry *entry, char *text, size_t bytes) {
  const long long bits = (long long)entry->bytes * 8;
  switch (entry->class) {
  case CROW_CLASS_FLOAT:
    (void)snprintf(text, bytes, "f%lld", bits);
    break;
  case CROW_CLASS_INTEGER:
    (void)snprintf(text, bytes, "%c%lld", entry->is_signed ? 'i' : 'u', bits);
    break;
  case CROW_CLASS_BOOLEAN:
    (void)snprintf(text, bytes, "boolean");
    break;
  case CROW_CLASS_TEXT:
    (void)snprintf(text, bytes, "text");
    break;
  default:
    (void)snprintf(text, bytes, "other");
    break;
  }
}

static json_t *shape_of(const crow_entry *entry) {
  if (entry->rank > 2) return json_null();
  json_t *shape = json_array();
  if (entry->rank > 0) (void)json_array_append_new(shape, json_integer(entry->rows));
  if (entry->rank > 1) (void)json_array_append_new(shape, json_integer(entry->columns));
  return shape;
}

static void add_summary(json_t *out, const crow_entry *entry, const crow_summary *summary) {
  json_t *first = json_array();
  for (int64_t i = 0; i < summary->first_count; i++) {
    json_t *value = NULL;
    if (entry->class == CROW_CLASS_TEXT) value = json_string(crow_strings_get(&summary->texts, i));
    if (entry->class == CROW_CLASS_FLOAT) value = json_number(summary->first_number[i]);
    if (!value) value = json_integer(summary->first_integer[i]);
    (void)json_array_append_new(first, value);
  }
  if (entry->class != CROW_CLASS_TEXT) {
    const bool floating = entry->class == CROW_CLASS_FLOAT, any = summary->finite > 0;
    json_t *least = floating ? json_number(summary->minimum) : json_integer(summary->minimum_integer);
    json_t *greatest = floating ? json_number(summary->maximum) : json_integer(summary->maximum_integer);
    (void)json_object_set_new(out, "minimum", any ? least : json_null());
    (void)json_object_set_new(out, "maximum", any ? greatest : json_null());
    (void)json_object_set_new(out, "mean", any ? json_number(summary->mean) : json_null());
    (void)json_object_set_new(out, "nan", json_integer(summary->nan));
    (void)json_object_set_new(out, "infinite", json_integer(summary->infinite));
    if (!any) {
      json_decref(least);
      json_decref(greatest);
    }
  }
  (void)json_object_set_new(out, "first", first);
}

/* The schema's words about a dataset. */
static void add_words(json_t *out, const crow_file *file, const char *path) {
  size_t i;
  json_t *field;
  if (!file->schema) return;
  json_array_foreach(json_object_get(file->schema->json, "datasets"), i, field) {
    if (strcmp(json_string_value(json_object_get(field, "path")), path) != 0) continue;
    (void)json_object_set(out, "doc", json_object_get(field, "doc"));
    if (json_object_get(field, "unit")) (void)json_object_set(out, "unit", json_object_get(field, "unit"));
  }
}

/* Notes the first reason why the file breaks its schema. */
static void keep_reason(char reason[CROW_ERROR_BYTES]) {
  if (!reason[0]) (void)snprintf(reason, CROW_ERROR_BYTES, "%s", crow_error_message());
}

static crow_status describe_dataset(const crow_file *file, const char *path, json_t *datasets,
                                    char reason[CROW_ERROR_BYTES]) {
  crow_status status = CROW_OK;
  const crow_entry *entry = crow_catalogue_find(&file->catalogue, path);
  crow_summary summary = {0};
  char type[32];
  json_t *out = json_object();
  type_name(entry, type, sizeof type);
  (void)json_object_set_new(out, "path", json_string(path));
  (void)json_object_set_new(out, "type", json_string(type));
  (void)json_object_set_new(out, "shape", shape_of(entry));
  (void)json_object_set_new(out, "dimensions", json_integer(entry->rank));
  add_words(out, file, path);
  json_t *attributes = attributes_of(&file->catalogue, path);
  if (json_object_size(attributes) > 0) (void)json_object_set(out, "attributes", attributes);
  json_decref(attributes);
  if (entry->problem) {
    (void)json_object_set_new(out, "problem", json_string(file->catalogue.texts + entry->problem));
  } else if (entry->class != CROW_CLASS_OTHER && entry->rank <= 2) {
    status = crow_summary_make(file, path, &summary);
    /* Wrong values are part of the description; only a failure of the system ends it. */
    const bool named = crow_schema_find(file->schema, path) != NULL;
    if (status == CROW_BAD_INPUT && (named || entry->class != CROW_CLASS_TEXT)) keep_reason(reason);
    if (status == CROW_BAD_INPUT) status = CROW_OK;
    if (status == CROW_OK) add_summary(out, entry, &summary);
  }
  (void)json_array_append_new(datasets, out);
  crow_summary_free(&summary);
  return status;
}

/* Groups other than /provenance that have attributes. */
static json_t *groups_of(const crow_catalogue *catalogue) {
  json_t *groups = json_object();
  for (int64_t i = 0; i < catalogue->entry_count; i++) {
    const char *path = catalogue->texts + catalogue->entries[i].path;
    if (catalogue->entries[i].object != CROW_OBJECT_GROUP || strcmp(path, "/provenance") == 0) continue;
    json_t *attributes = attributes_of(catalogue, path);
    if (json_object_size(attributes) > 0) (void)json_object_set(groups, path, attributes);
    json_decref(attributes);
  }
  return groups;
}

/* Gives a file that was opened as of no kind the kind that it says it is, and checks it. Local, the same on all ranks.
 */
static crow_status adopt_kind(crow_file *file, char reason[CROW_ERROR_BYTES]) {
  crow_status status = CROW_OK;
  const crow_attribute *kind = crow_catalogue_attribute(&file->catalogue, "/", "crow_kind");
  if (!kind || kind->class != CROW_CLASS_TEXT) {
    (void)snprintf(reason, CROW_ERROR_BYTES, "%s: / has no text attribute crow_kind: not a crow file", file->name);
    return CROW_OK;
  }
  crow_free(file->kind);
  file->kind = NULL;
  CROW_TRY(crow_string_copy(file->catalogue.texts + kind->text, &file->kind));
  status = crow_file_check_kind(file->name, file->kind);
  if (status == CROW_OK) status = crow_schema_create(file->kind, &file->schema);
  if (status == CROW_OK) status = crow_catalogue_check(&file->catalogue, file->schema, file->name, true);
  if (status == CROW_BAD_INPUT) {
    keep_reason(reason);
    status = CROW_OK;
  }
cleanup:
  return status;
}

static crow_status print_json(json_t *root, char **out) {
  crow_status status = CROW_OK;
  char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
  if (!text) CROW_TRY(crow_error(CROW_FAILED, "out of memory: cannot describe the file"));
  CROW_TRY(crow_string_copy(text, out));
cleanup:
  crow_free(text);
  return status;
}

crow_status crow_file_describe(const crow_comm *comm, const char *path, char **json) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  char reason[CROW_ERROR_BYTES] = "";
  json_t *root = json_object(), *datasets = json_array();
  *json = NULL;
  CROW_TRY(crow_file_open(comm, path, "", &file));
  CROW_TRY_AGREE(comm, adopt_kind(file, reason));
  for (int64_t i = 0; i < file->catalogue.entry_count; i++) {
    const crow_entry *entry = &file->catalogue.entries[i];
    if (entry->object != CROW_OBJECT_DATASET) continue;
    CROW_TRY(describe_dataset(file, crow_file_entry_path(file, entry), datasets, reason));
  }
  (void)json_object_set_new(root, "file", json_string(path));
  (void)json_object_set_new(root, "kind", file->kind[0] ? json_string(file->kind) : json_null());
  (void)json_object_set_new(root, "valid", json_boolean(reason[0] == 0));
  (void)json_object_set_new(root, "reason", reason[0] ? json_string(reason) : json_null());
  (void)json_object_set_new(root, "attributes", attributes_of(&file->catalogue, "/"));
  (void)json_object_set_new(root, "groups", groups_of(&file->catalogue));
  (void)json_object_set(root, "datasets", datasets);
  (void)json_object_set_new(root, "provenance", attributes_of(&file->catalogue, "/provenance"));
  CROW_TRY_AGREE(comm, print_json(root, json));
cleanup:
  json_decref(datasets);
  json_decref(root);
  crow_file_close(&file);
  if (status != CROW_OK) {
    crow_free(*json);
    *json = NULL;
  }
  return status;
}
