/* SPDX-License-Identifier: Apache-2.0 */
/* What the weights did, in words and in the summary. */
#include "cli/print/results_impl.h"
#include <string.h>

enum { TEXT_BYTES = 1200 };

/* Adds to a text what there is room for. */
static void CROW_PRINTF(2, 3) append(char *text, const char *format, ...) {
  va_list values;
  const size_t used = strlen(text);
  va_start(values, format);
  (void)vsnprintf(text + used, TEXT_BYTES - used, format, values);
  va_end(values);
}

/* "near-duplicates: A, B: 0.13 apart, 1.02 equal shares together; uniform gives 2" */
static void print_group(const crow_run *run, const crow_effect *e, const crow_effect_group *g) {
  char text[TEXT_BYTES] = "";
  for (int k = 0; k < g->named; k++) append(text, "%s%s", k ? ", " : "", g->id[k]);
  if (g->size > g->named) append(text, " and %lld more", (long long)(g->size - g->named));
  append(text, ": %.2g apart, ", g->apart);
  if (e->equal) {
    append(text, "count %lld times", (long long)g->size);
  } else {
    append(text, "%.3g equal share%s together; uniform gives %lld", g->shares, g->shares == 1 ? "" : "s",
           (long long)g->size);
  }
  crow_print(run, "near-duplicates: %s", text);
}

static void print_groups(const crow_run *run, const crow_effect *e) {
  char part[96] = "";
  if (e->looked == 0) return;
  for (int k = 0; k < e->named; k++) print_group(run, e, &e->group[k]);
  if (e->looked < e->alternatives) {
    (void)snprintf(part, sizeof part, ", looked for with %lld of %lld alternatives", (long long)e->looked,
                   (long long)e->alternatives);
  }
  if (e->groups == 0) {
    crow_print(run, "near-duplicates: none closer than %.3g%s", e->radius, part);
  } else if (e->groups > e->named || *part) {
    crow_print(run, "near-duplicates in all: %lld alternatives in %lld group%s, closer than %.3g%s",
               (long long)e->members, (long long)e->groups, crow_plural(e->groups), e->radius, part);
  }
}

/* The text of a warning goes to the user and to the summary. */
static void warn(const crow_run *run, json_t *list, const char *text) {
  crow_print_warning(run, "warning: %s", text);
  if (list) (void)json_array_append_new(list, crow_json_text(text));
}

static void warn_of_space(const crow_run *run, const crow_effect *e, const char *space, json_t *list) {
  char text[TEXT_BYTES] = "";
  if (!e->concentrated) return;
  append(text,
         "weights count like %.4g of %lld alternatives, though few have near-duplicates: the space gives most of the "
         "weight to few; try %s",
         e->effective, (long long)e->alternatives,
         strcmp(space, "sphere") == 0 ? "a pool of typical contexts (--space pool:FILE:PATH)"
                                      : "--space sphere for embeddings, or a pool (--space pool:FILE:PATH)");
  warn(run, list, text);
}

/* Noise and zeros have one remedy, unless weights are exact. */
static void warn_of_samples(const crow_run *run, const crow_effect *e, json_t *list) {
  char text[TEXT_BYTES] = "";
  if (e->noisy) {
    append(text, "weights are noisy: half of the alternatives were nearest to %.3g samples or fewer", e->median_hits);
  }
  if (e->zeros) {
    append(text, "%s%lld of %lld weights %s zero: %s a limit", *text ? "; " : "", (long long)e->zeros,
           (long long)e->alternatives, e->zeros == 1 ? "is" : "are",
           e->zeros == 1 ? "its reward is" : "each reward is");
  }
  if (e->more_samples) append(text, "; --samples %lld", (long long)e->more_samples);
  if (*text) warn(run, list, text);
}

static json_t *json_of_end(const crow_ranked *end, const char *id) {
  json_t *entry = json_object();
  (void)json_object_set_new(entry, "id", crow_json_text(id));
  (void)json_object_set_new(entry, "weight", crow_json_real(end->value));
  return entry;
}

static json_t *json_of_groups(const crow_effect *e) {
  json_t *list = json_array();
  for (int k = 0; k < e->named; k++) {
    const crow_effect_group *g = &e->group[k];
    json_t *entry = json_object(), *ids = json_array();
    for (int j = 0; j < g->named; j++) (void)json_array_append_new(ids, crow_json_text(g->id[j]));
    (void)json_object_set_new(entry, "ids", ids);
    (void)json_object_set_new(entry, "size", json_integer(g->size));
    (void)json_object_set_new(entry, "apart", crow_json_real(g->apart));
    (void)json_object_set_new(entry, "equal_shares", crow_json_real(g->shares));
    (void)json_array_append_new(list, entry);
  }
  return list;
}

static void report_effect(crow_run *run, const crow_effect *e, json_t *warnings) {
  if (!run->report) return;
  json_t *entry = json_object();
  (void)json_object_set_new(entry, "effective_number", crow_json_real(e->effective));
  (void)json_object_set_new(entry, "zero_weights", json_integer(e->zeros));
  (void)json_object_set_new(entry, "largest", json_of_end(&e->largest, e->largest_id));
  (void)json_object_set_new(entry, "smallest", json_of_end(&e->smallest, e->smallest_id));
  (void)json_object_set_new(entry, "median_hits", e->median_hits >= 0 ? crow_json_real(e->median_hits) : json_null());
  (void)json_object_set_new(entry, "compared_with_all", json_integer(e->looked));
  if (e->looked) {
    (void)json_object_set_new(entry, "radius", crow_json_real(e->radius));
    (void)json_object_set_new(entry, "groups", json_integer(e->groups));
    (void)json_object_set_new(entry, "near_duplicates", json_integer(e->members));
    (void)json_object_set_new(entry, "largest_groups", json_of_groups(e));
  }
  (void)json_object_set(entry, "warnings", warnings);
  (void)json_object_set_new(run->report, "weights_effect", entry);
}

void crow_results_effect_found(crow_run *run, const crow_weights *weights, const crow_effect *e) {
  json_t *warnings = run->report ? json_array() : NULL;
  if (!e->equal) {
    crow_print(run, "weights: effective number %.4g of %lld; largest %.3g (%s), smallest %.3g (%s)", e->effective,
               (long long)e->alternatives, e->largest.value, e->largest_id, e->smallest.value, e->smallest_id);
  }
  print_groups(run, e);
  warn_of_space(run, e, weights->space.choice.space, warnings);
  warn_of_samples(run, e, warnings);
  report_effect(run, e, warnings);
  json_decref(warnings);
}

crow_status crow_results_effect(crow_run *run, const crow_dataset *dataset, const crow_weights *weights) {
  crow_status status = CROW_OK;
  crow_effect e = {0};
  CROW_TRY(crow_effect_create(run->comm, dataset, weights, &e));
  crow_results_effect_found(run, weights, &e);
cleanup:
  crow_effect_free(&e);
  return status;
}
