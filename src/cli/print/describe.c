/* SPDX-License-Identifier: Apache-2.0 */
#include "base/order_impl.h"
#include "cli/print/describe_impl.h"
#include "cli/table_impl.h"
#include <stdlib.h>
#include <string.h>

/* A value in one cell: texts bare, numbers short, lists with commas. */
static void value_text(const json_t *value, char *text, size_t bytes) {
  if (!value || json_is_null(value)) {
    (void)snprintf(text, bytes, "-");
  } else if (json_is_string(value)) {
    (void)snprintf(text, bytes, "%s", json_string_value(value));
  } else if (json_is_boolean(value)) {
    (void)snprintf(text, bytes, "%s", json_is_true(value) ? "yes" : "no");
  } else if (json_is_integer(value)) {
    (void)snprintf(text, bytes, "%lld", (long long)json_integer_value(value));
  } else if (json_is_real(value)) {
    (void)snprintf(text, bytes, "%.8g", json_real_value(value));
  } else {
    char *dump = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(8));
    (void)snprintf(text, bytes, "%s", dump ? dump : "");
    free(dump);
  }
}

/* The entries of an object, one a line, in the order of their names. */
static crow_status render_entries(FILE *out, json_t *object) {
  crow_status status = CROW_OK;
  const char **keys = NULL, *key;
  json_t *value;
  size_t widest = 0, count = 0;
  CROW_TRY(CROW_ALLOCATE(&keys, (int64_t)json_object_size(object)));
  json_object_foreach(object, key, value) {
    if (strlen(key) > widest) widest = strlen(key);
    keys[count++] = key;
  }
  if (count) qsort(keys, count, sizeof *keys, crow_order_texts);
  for (size_t k = 0; k < count; k++) {
    char raw[2048], text[2048];
    value_text(json_object_get(object, keys[k]), raw, sizeof raw);
    (void)crow_text_fit(raw, 0, text, sizeof text);
    (void)fprintf(out, "  %-*s  %s\n", (int)widest, keys[k], text);
  }
cleanup:
  crow_free(keys);
  return status;
}

/* "180 x 64", "180", or "scalar". */
static void shape_text(const json_t *shape, char *text, size_t bytes) {
  const long long rows = (long long)json_integer_value(json_array_get(shape, 0));
  const long long columns = (long long)json_integer_value(json_array_get(shape, 1));
  if (json_array_size(shape) == 0) (void)snprintf(text, bytes, "scalar");
  if (json_array_size(shape) == 1) (void)snprintf(text, bytes, "%lld", rows);
  if (json_array_size(shape) > 1) (void)snprintf(text, bytes, "%lld x %lld", rows, columns);
}

static void first_text(const json_t *first, char *text, size_t bytes) {
  int used = 0;
  text[0] = 0;
  for (size_t k = 0; k < json_array_size(first) && k < 3 && used < (int)bytes - 1; k++) {
    char value[64];
    value_text(json_array_get(first, k), value, sizeof value);
    used += snprintf(text + used, bytes - (size_t)used, "%s%s", k ? ", " : "", value);
  }
}

static crow_status render_datasets(FILE *out, json_t *datasets) {
  static const char *const numbers[] = {"minimum", "maximum", "mean", "nan"};
  crow_table table = {0};
  size_t index;
  json_t *dataset;
  crow_table_add_columns(&table, "  path:60|type:0|shape:0");
  for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) crow_table_add_column(&table, numbers[k], false, 0);
  crow_table_add_column(&table, "begins with", true, 40);
  json_array_foreach(datasets, index, dataset) {
    char text[512];
    const char *path = json_string_value(json_object_get(dataset, "path"));
    const char *type = json_string_value(json_object_get(dataset, "type"));
    crow_table_add(&table, "  %s", path ? path : "");
    crow_table_add(&table, "%s", type ? type : "");
    shape_text(json_object_get(dataset, "shape"), text, sizeof text);
    crow_table_add(&table, "%s", text);
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
      value_text(json_object_get(dataset, numbers[k]), text, sizeof text);
      crow_table_add(&table, "%s", text);
    }
    first_text(json_object_get(dataset, "first"), text, sizeof text);
    crow_table_add(&table, "%s", text);
  }
  return crow_table_print(&table, out);
}

static void render_head(FILE *out, json_t *description) {
  const json_t *kind = json_object_get(description, "kind");
  const bool valid = json_is_true(json_object_get(description, "valid"));
  char file[2048];
  const char *name = json_string_value(json_object_get(description, "file"));
  (void)crow_text_fit(name ? name : "", 0, file, sizeof file);
  (void)fprintf(out, "%s: %s, %s\n", file, json_is_string(kind) ? json_string_value(kind) : "of no known kind",
                valid ? "valid" : "NOT VALID");
}

crow_status crow_render_description(FILE *out, json_t *description, bool verbose) {
  const char *key;
  json_t *value, *datasets = json_object_get(description, "datasets");
  render_head(out, description);
  if (json_array_size(datasets)) {
    (void)fprintf(out, "\ndatasets\n");
    CROW_NEED(render_datasets(out, datasets));
  }
  json_object_foreach(description, key, value) {
    if (!verbose && strcmp(key, "provenance") == 0) {
      if (json_object_size(value)) (void)fprintf(out, "\nhow it came about, with all options: --verbose\n");
    } else if (json_is_object(value) && strcmp(key, "groups") == 0) {
      const char *group;
      json_t *attributes;
      json_object_foreach(value, group, attributes) {
        (void)fprintf(out, "\nattributes of %s\n", group);
        CROW_NEED(render_entries(out, attributes));
      }
    } else if (json_is_object(value) && json_object_size(value)) {
      (void)fprintf(out, "\n%s\n", key);
      CROW_NEED(render_entries(out, value));
    }
  }
  return CROW_OK;
}
