/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the embedded schemas. They are part of the program, so a fault in one is a defect (CROW_FAILED). */
#include "io/schema_impl.h"

#include <crow/io.h>
#include <jansson.h>
#include <string.h>

const char *const *crow_schema_kinds(void) {
  static const char *kinds[32];
  for (size_t i = 0; i + 1 < sizeof kinds / sizeof *kinds && crow_embedded_schemas[i].kind; i++) {
    kinds[i] = crow_embedded_schemas[i].kind;
  }
  return kinds;
}

const char *crow_schema_text(const char *kind) {
  for (const crow_embedded_schema *schema = crow_embedded_schemas; schema->kind; schema++) {
    if (kind && strcmp(schema->kind, kind) == 0) return schema->text;
  }
  return NULL;
}

bool crow_word_among(const char *word, const char *words) {
  const size_t length = strlen(word);
  for (const char *at = words; at;) {
    const char *end = strchr(at, '|');
    const size_t bytes = end ? (size_t)(end - at) : strlen(at);
    if (bytes == length && memcmp(at, word, length) == 0) return true;
    at = end ? end + 1 : NULL;
  }
  return false;
}

static const struct {
  const char *name;
  crow_class class;
} class_names[] = {{"float", CROW_CLASS_FLOAT},
                   {"integer", CROW_CLASS_INTEGER},
                   {"boolean", CROW_CLASS_BOOLEAN},
                   {"text", CROW_CLASS_TEXT}};

static unsigned schema_class_of(const char *name) {
  for (size_t i = 0; i < sizeof class_names / sizeof *class_names; i++) {
    if (name && strcmp(name, class_names[i].name) == 0) return class_names[i].class;
  }
  return CROW_CLASS_OTHER;
}

void crow_classes_print(unsigned classes, char *text, size_t bytes) {
  size_t at = 0;
  text[0] = 0;
  for (size_t i = 0; i < sizeof class_names / sizeof *class_names; i++) {
    if (!(classes & class_names[i].class) || at >= bytes) continue;
    const int printed = snprintf(text + at, bytes - at, "%s%s", at ? " or " : "", class_names[i].name);
    at += printed > 0 ? (size_t)printed : 0;
  }
}

/* A JSON list of texts as one text with '|' between. */
static crow_status schema_join(const json_t *list, char **out) {
  size_t bytes = 1;
  size_t i;
  json_t *word;
  json_array_foreach(list, i, word) bytes += json_string_length(word) + 1;
  CROW_NEED(crow_allocate((int64_t)bytes, 1, (void **)out));
  json_array_foreach(list, i, word) {
    if (i > 0) strcat(*out, "|");
    strcat(*out, json_string_value(word) ? json_string_value(word) : "");
  }
  return CROW_OK;
}

static bool read_number(const json_t *entry, const char *key, double *value) {
  const json_t *number = json_object_get(entry, key);
  if (number) *value = json_number_value(number);
  return number != NULL;
}

static crow_status read_field(const json_t *entry, crow_field *field) {
  crow_status status = CROW_OK;
  char *one_of = NULL;
  field->path = json_string_value(json_object_get(entry, "path"));
  field->name = json_string_value(json_object_get(entry, "name"));
  field->required = json_is_true(json_object_get(entry, "required"));
  field->set = json_string_value(json_object_get(entry, "set"));
  field->classes = schema_class_of(json_string_value(json_object_get(entry, "type")));
  size_t i;
  json_t *word;
  json_array_foreach(json_object_get(entry, "types"), i, word) field->classes |=
      schema_class_of(json_string_value(word));
  json_array_foreach(json_object_get(entry, "shape"), i, word) {
    if (i < 2) field->shape[i] = json_string_value(word);
    field->rank = (int)i + 1;
  }
  field->rule.nan = json_is_true(json_object_get(entry, "nan"));
  field->rule.has_minimum = read_number(entry, "minimum", &field->rule.minimum);
  field->rule.has_maximum = read_number(entry, "maximum", &field->rule.maximum);
  field->rule.has_sum = read_number(entry, "sum", &field->rule.sum);
  field->rule.below = json_string_value(json_object_get(entry, "below"));
  if (json_object_get(entry, "one_of")) CROW_TRY(schema_join(json_object_get(entry, "one_of"), &one_of));
  field->one_of = one_of;
  if (!field->path || !field->classes || (!field->name && (field->rank < 1 || field->rank > 2 || !field->shape[0]))) {
    status = crow_error(CROW_FAILED, "the embedded schemas have a field without a path, type or shape");
  }
cleanup:
  return status;
}

static crow_status read_fields(const json_t *list, crow_field **fields, int64_t *count) {
  *count = (int64_t)json_array_size(list);
  CROW_NEED(CROW_ALLOCATE(fields, *count));
  for (int64_t i = 0; i < *count; i++) CROW_NEED(read_field(json_array_get(list, (size_t)i), &(*fields)[i]));
  return CROW_OK;
}

static crow_status read_schema(crow_schema *schema) {
  json_t *json = schema->json;
  schema->kind = json_string_value(json_object_get(json, "kind"));
  schema->version = json_integer_value(json_object_get(json, "schema_version"));
  json_t *dimensions = json_object_get(json, "dimensions"), *choices = json_object_get(json, "at_least_one");
  schema->dimension_count = (int64_t)json_object_size(dimensions);
  CROW_NEED(CROW_ALLOCATE(&schema->dimensions, schema->dimension_count));
  const char *name;
  json_t *value;
  crow_dimension *next = schema->dimensions;
  json_object_foreach(dimensions, name, value) {
    *next++ = (crow_dimension){name, json_integer_value(json_object_get(value, "minimum"))};
  }
  CROW_NEED(read_fields(json_object_get(json, "attributes"), &schema->attributes, &schema->attribute_count));
  CROW_NEED(read_fields(json_object_get(json, "datasets"), &schema->datasets, &schema->dataset_count));
  schema->choice_count = (int64_t)json_array_size(choices);
  CROW_NEED(CROW_ALLOCATE(&schema->choices, schema->choice_count));
  for (int64_t i = 0; i < schema->choice_count; i++) {
    CROW_NEED(schema_join(json_object_get(json_array_get(choices, (size_t)i), "of"), &schema->choices[i].of));
  }
  return CROW_OK;
}

crow_status crow_schema_create(const char *kind, crow_schema **out) {
  crow_status status = CROW_OK;
  crow_schema *schema = NULL;
  json_error_t error;
  *out = NULL;
  const char *text = crow_schema_text(kind);
  if (!text) {
    char known[256] = "";
    for (const char *const *each = crow_schema_kinds(); *each; each++) {
      const size_t used = strlen(known);
      (void)snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", *each);
    }
    return crow_error(CROW_BAD_INPUT, "there is no kind of file \"%s\"; there are: %s", kind, known);
  }
  CROW_TRY(CROW_ALLOCATE(&schema, 1));
  schema->json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
  if (!schema->json) {
    CROW_TRY(crow_error(CROW_FAILED, "the embedded schema of \"%s\": line %d: %s", kind, error.line, error.text));
  }
  CROW_TRY(read_schema(schema));
cleanup:
  if (status == CROW_OK) {
    *out = schema;
  } else {
    crow_schema_destroy(&schema);
  }
  return status;
}

void crow_schema_destroy(crow_schema **schema) {
  if (!schema || !*schema) return;
  crow_schema *s = *schema;
  for (int64_t i = 0; s->datasets && i < s->dataset_count; i++) crow_free((void *)s->datasets[i].one_of);
  for (int64_t i = 0; s->attributes && i < s->attribute_count; i++) crow_free((void *)s->attributes[i].one_of);
  for (int64_t i = 0; s->choices && i < s->choice_count; i++) crow_free(s->choices[i].of);
  CROW_FREE(s->datasets, s->attributes, s->choices, s->dimensions);
  json_decref(s->json);
  crow_free(s);
  *schema = NULL;
}

const crow_field *crow_schema_find(const crow_schema *schema, const char *path) {
  for (int64_t i = 0; schema && i < schema->dataset_count; i++) {
    if (strcmp(schema->datasets[i].path, path) == 0) return &schema->datasets[i];
  }
  return NULL;
}
