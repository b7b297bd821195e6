/* SPDX-License-Identifier: Apache-2.0 */
/* What the weights did, printed and in the summary. */
#include "cli/print/results_impl.h"

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
    (void)json_object_set_new(entry, "near_duplicates_weight", crow_json_real(e->weight));
    (void)json_object_set_new(entry, "largest_groups", json_of_groups(e));
  }
  (void)json_object_set(entry, "warnings", warnings);
  (void)json_object_set_new(run->report, "weights_effect", entry);
}

void crow_results_effect_found(crow_run *run, const crow_weights *weights, const crow_effect *e) {
  crow_effect_words said;
  json_t *warnings = run->report ? json_array() : NULL;
  crow_effect_say(e, weights->space.choice.space, &said);
  for (int k = 0; k < said.lines; k++) crow_print(run, "%s", said.line[k]);
  for (int k = 0; k < said.warnings; k++) {
    crow_print_warning(run, "warning: %s", said.warning[k]);
    if (warnings) (void)json_array_append_new(warnings, crow_json_text(said.warning[k]));
  }
  report_effect(run, e, warnings);
  json_decref(warnings);
}

crow_status crow_results_effect(crow_run *run, const crow_dataset *dataset, const crow_weights *weights,
                                crow_strings *kept) {
  crow_status status = CROW_OK;
  crow_effect e = {0};
  CROW_TRY(crow_effect_create(run->comm, dataset, weights, &e));
  crow_results_effect_found(run, weights, &e);
  CROW_TRY_AGREE(run->comm, crow_effect_keep(&e, weights->space.choice.space, kept));
cleanup:
  crow_effect_free(&e);
  return status;
}
