/* SPDX-License-Identifier: Apache-2.0 */
/* The schemas: what is embedded is what is in hdf5-schemas/, and its page says the same in tables. With CROW_WRITE_PAGE
 * set in the environment, the tables of the page are written anew from the schemas. */
#include "harness.h"
#include "io/schema_impl.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>

#define PAGE_BYTES (1 << 18)
#define TABLES_MARK "<!-- made from the schemas from here on -->\n"

static char *read_file(const char *name) {
  char path[512], *text = NULL;
  (void)snprintf(path, sizeof path, "%s/hdf5-schemas/%s", CROW_SOURCE, name);
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  CHECK_OK(crow_allocate(PAGE_BYTES, 1, (void **)&text));
  if (file && text) text[fread(text, 1, PAGE_BYTES - 1, file)] = 0;
  if (file) (void)fclose(file);
  return text;
}

static void append(char *page, const char *format, ...) CROW_PRINTF(2, 3);
static void append(char *page, const char *format, ...) {
  va_list arguments;
  const size_t used = strlen(page);
  va_start(arguments, format);
  (void)vsnprintf(page + used, PAGE_BYTES - used, format, arguments);
  va_end(arguments);
}

static const char *word(const json_t *field, const char *key) {
  const char *text = json_string_value(json_object_get(field, key));
  return text ? text : "";
}

static void append_list(char *page, const json_t *list, const char *between) {
  size_t i;
  json_t *each;
  json_array_foreach(list, i, each) append(page, "%s%s", i ? between : "", json_string_value(each));
}

/* What values a field allows, in words. */
static void append_values(char *page, const json_t *field) {
  const json_t *minimum = json_object_get(field, "minimum"), *maximum = json_object_get(field, "maximum");
  const json_t *sum = json_object_get(field, "sum");
  const size_t before = strlen(page);
  append_list(page, json_object_get(field, "one_of"), ", ");
  if (word(field, "below")[0]) {
    append(page, "%g to %s - 1", json_number_value(minimum), word(field, "below"));
  } else if (minimum && maximum) {
    append(page, "%.17g to %.17g", json_number_value(minimum), json_number_value(maximum));
  } else if (minimum) {
    append(page, "at least %.17g", json_number_value(minimum));
  }
  if (sum) append(page, ", sum %.17g", json_number_value(sum));
  if (json_is_true(json_object_get(field, "nan"))) append(page, "%sfinite or NaN", strlen(page) > before ? ", " : "");
  if (strlen(page) == before) append(page, "any");
}

static void append_needed(char *page, const json_t *field) {
  const char *set = word(field, "set");
  const bool required = json_is_true(json_object_get(field, "required"));
  if (required && set[0]) {
    append(page, "with %s", set);
  } else {
    append(page, "%s", required ? "always" : "no");
  }
}

/* The part of the page about one kind. */
static void append_kind(char *page, const json_t *schema) {
  size_t i;
  json_t *each;
  const char *name;
  append(page, "## %s, version %lld\n\n%s\n\nDimensions:", word(schema, "kind"),
         (long long)json_integer_value(json_object_get(schema, "schema_version")), word(schema, "doc"));
  const char *between = " ";
  json_object_foreach(json_object_get(schema, "dimensions"), name, each) {
    append(page, "%s%s %s", between, name, word(each, "doc"));
    between = ", ";
  }
  append(page, "%s.\n", json_object_size(json_object_get(schema, "dimensions")) ? "" : " none");
  json_array_foreach(json_object_get(schema, "at_least_one"), i, each) {
    append(page, "\nAt least one of ");
    append_list(page, json_object_get(each, "of"), ", ");
    append(page, ": %s.\n", word(each, "doc"));
  }
  append(page, "\n| Attribute | of | Type | Needed | Values | Meaning |\n|---|---|---|---|---|---|\n");
  json_array_foreach(json_object_get(schema, "attributes"), i, each) {
    append(page, "| %s | %s | %s | ", word(each, "name"), word(each, "path"), word(each, "type"));
    append_needed(page, each);
    append(page, " | ");
    append_values(page, each);
    append(page, " | %s |\n", word(each, "doc"));
  }
  if (json_array_size(json_object_get(schema, "datasets")) == 0) return;
  append(page, "\n| Dataset | Type | Shape | Needed | Values | Unit | Meaning |\n|---|---|---|---|---|---|---|\n");
  json_array_foreach(json_object_get(schema, "datasets"), i, each) {
    append(page, "| %s | ", word(each, "path"));
    append_list(page, json_object_get(each, "types"), " or ");
    append(page, " | (");
    append_list(page, json_object_get(each, "shape"), ", ");
    append(page, ") | ");
    append_needed(page, each);
    append(page, " | ");
    append_values(page, each);
    append(page, " | %s | %s |\n", word(each, "unit"), word(each, "doc"));
  }
}

/* The whole page: its own words down to the mark, then the tables. */
static void make_page(char *page) {
  char *old = read_file("README.md");
  char *mark = strstr(old, TABLES_MARK);
  CHECK(mark != NULL);
  if (mark) mark[strlen(TABLES_MARK)] = 0;
  append(page, "%s", old);
  for (const char *const *kind = crow_schema_kinds(); *kind; kind++) {
    json_t *schema = json_loads(crow_schema_text(*kind), 0, NULL);
    CHECK(schema != NULL);
    append(page, "\n");
    append_kind(page, schema);
    json_decref(schema);
  }
  crow_free(old);
}

static void test_page(void) {
  char *expected = NULL;
  CHECK_OK(crow_allocate(PAGE_BYTES, 1, (void **)&expected));
  make_page(expected);
  if (getenv("CROW_WRITE_PAGE")) {
    FILE *file = fopen(CROW_SOURCE "/hdf5-schemas/README.md", "wb");
    CHECK(file && fputs(expected, file) >= 0 && fclose(file) == 0);
  }
  char *page = read_file("README.md");
  const bool same = strcmp(page, expected) == 0;
  if (!same) {
    (void)fprintf(stderr, "hdf5-schemas/README.md is not what the schemas say: run test_io_schema once with "
                          "CROW_WRITE_PAGE=1 in the environment\n");
  }
  CHECK(same);
  crow_free(expected);
  crow_free(page);
}

static void test_embedded(void) {
  for (const char *const *kind = crow_schema_kinds(); *kind; kind++) {
    char name[64];
    (void)snprintf(name, sizeof name, "%s.json", *kind);
    char *text = read_file(name);
    CHECK(strcmp(text, crow_schema_text(*kind)) == 0);
    crow_free(text);
  }
  CHECK(crow_schema_text("dataset") && crow_schema_text("weights") && crow_schema_text("rewards"));
  CHECK(crow_schema_text("sonnet") == NULL && crow_schema_text(NULL) == NULL);
}

static void test_tables(void) {
  for (const char *const *kind = crow_schema_kinds(); *kind; kind++) {
    crow_schema *schema = NULL;
    CHECK_OK(crow_schema_create(*kind, &schema));
    if (!schema) continue;
    CHECK(strcmp(schema->kind, *kind) == 0 && schema->version == 2);
    for (int64_t i = 0; i < schema->dataset_count; i++) {
      const crow_field *field = &schema->datasets[i];
      CHECK(field->path[0] == '/' && field->rank >= 1 && field->classes != 0);
      for (int axis = 0; axis < field->rank; axis++) {
        bool known = false;
        for (int64_t k = 0; k < schema->dimension_count; k++) {
          known = known || strcmp(schema->dimensions[k].name, field->shape[axis]) == 0;
        }
        CHECK(known);
      }
    }
    crow_schema_destroy(&schema);
    CHECK(schema == NULL);
  }
  crow_schema_destroy(NULL);
}

static void test_dataset_field(void) {
  crow_schema *schema = NULL;
  CHECK_OK(crow_schema_create("dataset", &schema));
  const crow_field *first = crow_schema_find(schema, "/comparisons/first");
  CHECK(first && first->classes == CROW_CLASS_INTEGER && first->required && strcmp(first->set, "comparisons") == 0);
  CHECK(first && first->rule.has_minimum && first->rule.minimum == 0 && strcmp(first->rule.below, "m") == 0);
  CHECK(crow_schema_find(schema, "/nothing") == NULL && crow_schema_find(NULL, "/alternatives/id") == NULL);
  crow_schema_destroy(&schema);
}

static void test_out_of_memory(void) {
  crow_status status = CROW_FAILED;
  for (int64_t allowed = 0; status != CROW_OK && allowed < 200; allowed++) {
    crow_schema *schema = NULL;
    crow_memory_fail_after(allowed);
    status = crow_schema_create("rewards", &schema);
    crow_memory_fail_after(-1);
    CHECK((status == CROW_OK) == (schema != NULL));
    crow_schema_destroy(&schema);
  }
  CHECK_OK(status);
}

static const crow_test tests[] = {{"the page says what the schemas say", test_page},
                                  {"the schemas are embedded byte by byte", test_embedded},
                                  {"every schema is read, and its shapes use its dimensions", test_tables},
                                  {"a field has its set, range and dimension", test_dataset_field},
                                  {"lack of memory at any point is an error without leaks", test_out_of_memory},
                                  {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "schema", tests, false); }
