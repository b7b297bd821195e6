/* SPDX-License-Identifier: Apache-2.0 */
/* Holds a catalogue against a schema. The same check serves files that are opened and files that were just written. */
#include "io/catalogue_impl.h"

#include <math.h>
#include <string.h>

#define TEXT(catalogue, offset) ((catalogue)->texts + (offset))

typedef struct check {
  const crow_catalogue *catalogue;
  const crow_schema *schema;
  const char *file;
} check;

/* The first dataset that has this dimension, and its length; -1 if there is none. */
static int64_t dimension(const check *c, const char *name, const char **path) {
  for (int64_t i = 0; i < c->schema->dataset_count; i++) {
    const crow_field *field = &c->schema->datasets[i];
    const crow_entry *entry = crow_catalogue_find(c->catalogue, field->path);
    if (!entry || entry->object != CROW_OBJECT_DATASET) continue;
    for (int axis = 0; axis < field->rank; axis++) {
      if (strcmp(field->shape[axis], name) != 0) continue;
      *path = field->path;
      return axis == 0 ? entry->rows : entry->columns;
    }
  }
  return -1;
}

int64_t crow_catalogue_dimension(const crow_catalogue *catalogue, const crow_schema *schema, const char *name) {
  const check c = {catalogue, schema, ""};
  const char *path = NULL;
  return dimension(&c, name, &path);
}

static void catalogue_check_shape_text(const crow_entry *entry, char *text, size_t bytes) {
  if (entry->rank == 0) (void)snprintf(text, bytes, "one value");
  if (entry->rank == 1) (void)snprintf(text, bytes, "shape (%lld)", (long long)entry->rows);
  if (entry->rank == 2) {
    (void)snprintf(text, bytes, "shape (%lld, %lld)", (long long)entry->rows, (long long)entry->columns);
  }
  if (entry->rank > 2) (void)snprintf(text, bytes, "%d dimensions", (int)entry->rank);
}

static crow_status catalogue_check_shape(const check *c, const crow_field *field, const crow_entry *entry) {
  char expected[64], actual[64];
  (void)snprintf(expected, sizeof expected, field->rank == 2 ? "(%s, %s)" : "(%s)", field->shape[0], field->shape[1]);
  catalogue_check_shape_text(entry, actual, sizeof actual);
  if (entry->rank != field->rank) {
    return crow_error(CROW_BAD_INPUT, "%s: %s has %s, expected shape %s", c->file, field->path, actual, expected);
  }
  for (int axis = 0; axis < field->rank; axis++) {
    const char *name = field->shape[axis], *first = field->path;
    const int64_t length = axis == 0 ? entry->rows : entry->columns, should = dimension(c, name, &first);
    if (length != should) {
      if (strcmp(first, field->path) == 0) {
        return crow_error(CROW_BAD_INPUT, "%s: %s has %s, expected shape %s", c->file, field->path, actual, expected);
      }
      return crow_error(CROW_BAD_INPUT, "%s: %s has %s, expected shape %s with %s = %lld as in %s", c->file,
                        field->path, actual, expected, name, (long long)should, first);
    }
    for (int64_t i = 0; i < c->schema->dimension_count; i++) {
      const crow_dimension *known = &c->schema->dimensions[i];
      if (strcmp(known->name, name) == 0 && length < known->minimum) {
        return crow_error(CROW_BAD_INPUT, "%s: %s has %s, expected shape %s with %s at least %lld", c->file,
                          field->path, actual, expected, name, (long long)known->minimum);
      }
    }
  }
  return CROW_OK;
}

/* Whether any dataset of a set is there, and which. */
static const char *set_present(const check *c, const char *set) {
  for (int64_t i = 0; i < c->schema->dataset_count; i++) {
    const crow_field *field = &c->schema->datasets[i];
    if (field->set && strcmp(field->set, set) == 0 && crow_catalogue_find(c->catalogue, field->path)) {
      return field->path;
    }
  }
  return NULL;
}

static crow_status check_dataset(const check *c, const crow_field *field) {
  const crow_entry *entry = crow_catalogue_find(c->catalogue, field->path);
  char allowed[64];
  crow_classes_print(field->classes, allowed, sizeof allowed);
  if (!entry) {
    const char *sibling = field->set ? set_present(c, field->set) : NULL;
    if (!field->required || (field->set && !sibling)) return CROW_OK;
    return crow_error(CROW_BAD_INPUT, "%s: %s is missing%s%s%s; expected a dataset of %s", c->file, field->path,
                      sibling ? " (" : "", sibling ? sibling : "", sibling ? " needs it)" : "", allowed);
  }
  if (entry->object == CROW_OBJECT_GROUP) {
    return crow_error(CROW_BAD_INPUT, "%s: %s is a group, expected a dataset of %s", c->file, field->path, allowed);
  }
  if (entry->problem) {
    return crow_error(CROW_BAD_INPUT, "%s: %s %s", c->file, field->path, TEXT(c->catalogue, entry->problem));
  }
  if (!((unsigned)entry->class & field->classes)) {
    char actual[64];
    crow_classes_print((unsigned)entry->class, actual, sizeof actual);
    return crow_error(CROW_BAD_INPUT, "%s: %s is of type %s, expected %s", c->file, field->path,
                      actual[0] ? actual : "other (compound, array, ...)", allowed);
  }
  return catalogue_check_shape(c, field, entry);
}

static crow_status check_attribute(const check *c, const crow_field *field) {
  const crow_attribute *attribute = crow_catalogue_attribute(c->catalogue, field->path, field->name);
  char allowed[64], actual[64];
  crow_classes_print(field->classes, allowed, sizeof allowed);
  if (!attribute) {
    if (!field->required) return CROW_OK;
    return crow_error(CROW_BAD_INPUT, "%s: %s has no attribute %s; expected %s", c->file, field->path, field->name,
                      allowed);
  }
  unsigned classes = field->classes;
  if (classes & CROW_CLASS_FLOAT) classes |= CROW_CLASS_INTEGER;
  if (classes & CROW_CLASS_INTEGER) classes |= CROW_CLASS_BOOLEAN;
  if (!((unsigned)attribute->class & classes)) {
    crow_classes_print((unsigned)attribute->class, actual, sizeof actual);
    return crow_error(CROW_BAD_INPUT, "%s: attribute %s of %s is of type %s, expected one value of %s", c->file,
                      field->name, field->path, actual[0] ? actual : "other", allowed);
  }
  const char *text = TEXT(c->catalogue, attribute->text);
  if (field->one_of && !crow_word_among(text, field->one_of)) {
    return crow_error(CROW_BAD_INPUT, "%s: attribute %s of %s is \"%.100s\", expected %s", c->file, field->name,
                      field->path, text, field->one_of);
  }
  if (attribute->class == CROW_CLASS_TEXT) return CROW_OK;
  const crow_rule *rule = &field->rule;
  const bool infinite = !isfinite(attribute->number) && !(rule->nan && isnan(attribute->number));
  if (infinite || (rule->has_minimum && attribute->number < rule->minimum) ||
      (rule->has_maximum && attribute->number > rule->maximum)) {
    char range[80] = "a finite number";
    if (rule->has_minimum) (void)snprintf(range, sizeof range, "at least %.17g", rule->minimum);
    if (rule->has_minimum && rule->has_maximum) {
      (void)snprintf(range, sizeof range, "%.17g to %.17g", rule->minimum, rule->maximum);
    }
    return crow_error(CROW_BAD_INPUT, "%s: attribute %s of %s is %.17g, expected %s", c->file, field->name, field->path,
                      attribute->number, range);
  }
  return CROW_OK;
}

/* Words of one '|'-separated list that name a set that is there. */
static bool any_set_present(const check *c, const char *sets) {
  for (int64_t i = 0; i < c->schema->dataset_count; i++) {
    const crow_field *field = &c->schema->datasets[i];
    if (field->set && crow_word_among(field->set, sets) && crow_catalogue_find(c->catalogue, field->path)) return true;
  }
  return false;
}

static crow_status check_choices(const check *c) {
  for (int64_t k = 0; k < c->schema->choice_count; k++) {
    const char *sets = c->schema->choices[k].of;
    if (any_set_present(c, sets)) continue;
    char wanted[512] = "";
    for (int64_t i = 0; i < c->schema->dataset_count; i++) {
      const crow_field *field = &c->schema->datasets[i];
      if (!field->set || !field->required || !crow_word_among(field->set, sets)) continue;
      const size_t used = strlen(wanted);
      (void)snprintf(wanted + used, sizeof wanted - used, "%s%s", used ? ", " : "", field->path);
    }
    return crow_error(CROW_BAD_INPUT, "%s has none of %s (%s): nothing to learn from", c->file, sets, wanted);
  }
  return CROW_OK;
}

/* Each version only adds optional fields to the one before, so this schema describes files of all earlier versions. */
static crow_status check_version(const check *c) {
  const crow_attribute *version = crow_catalogue_attribute(c->catalogue, "/", "crow_schema_version");
  if (!version || !(version->class & (CROW_CLASS_INTEGER | CROW_CLASS_BOOLEAN)) ||
      (version->integer >= 1 && version->integer <= c->schema->version)) {
    return CROW_OK;
  }
  return crow_error(CROW_BAD_INPUT,
                    "%s: attribute crow_schema_version of / is %lld; this crow reads versions 1 to %lld of %s", c->file,
                    (long long)version->integer, (long long)c->schema->version, c->schema->kind);
}

crow_status crow_catalogue_check(const crow_catalogue *catalogue, const crow_schema *schema, const char *file,
                                 bool complete) {
  const check c = {catalogue, schema, file};
  for (int64_t i = 0; i < catalogue->entry_count; i++) {
    const crow_entry *entry = &catalogue->entries[i];
    if (entry->object != CROW_OBJECT_LINK) continue;
    return crow_error(CROW_BAD_INPUT, "%s: %s %s", file, TEXT(catalogue, entry->path), TEXT(catalogue, entry->problem));
  }
  CROW_NEED(check_version(&c));
  for (int64_t i = 0; i < schema->attribute_count; i++) CROW_NEED(check_attribute(&c, &schema->attributes[i]));
  for (int64_t i = 0; i < schema->dataset_count; i++) CROW_NEED(check_dataset(&c, &schema->datasets[i]));
  if (complete) CROW_NEED(check_choices(&c));
  return CROW_OK;
}
