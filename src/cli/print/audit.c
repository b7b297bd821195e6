/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print/audit_impl.h"
#include "cli/print/results_impl.h"
#include "cli/table_impl.h"

static void set_text(json_t *object, const char *name, const char *value) {
  (void)json_object_set_new(object, name, crow_json_text(value));
}

static void set_real(json_t *object, const char *name, double value) {
  (void)json_object_set_new(object, name, crow_json_real(value));
}

static void set_integer(json_t *object, const char *name, int64_t value) {
  (void)json_object_set_new(object, name, json_integer(value));
}

static json_t *shift_json(const crow_audit_shift *shift) {
  json_t *object = json_object();
  set_real(object, "largest_shift", shift->largest);
  set_real(object, "mean_shift", shift->mean);
  set_real(object, "kendall_tau", shift->tau);
  set_text(object, "winner_before", shift->winner[0]);
  set_text(object, "winner_after", shift->winner[1]);
  set_text(object, "winner_topic_before", shift->winner_topic[0]);
  set_text(object, "winner_topic_after", shift->winner_topic[1]);
  (void)json_object_set_new(object, "winner_changed", json_boolean(shift->winner_changed));
  set_integer(object, "prompts_changed", shift->prompts_changed);
  (void)json_object_set_new(object, "winner_topic_changed", json_boolean(shift->topic_changed));
  (void)json_object_set_new(object, "converged", json_boolean(shift->converged));
  return object;
}

/* ---- groups ------------------------------------------------------------------------------------------------- */

static void report_groups(crow_run *run, const crow_audit_result *r) {
  crow_report_real(run, "radius", r->radius);
  crow_report_integer(run, "groups", r->groups);
  crow_report_integer(run, "grouped_alternatives", r->grouped);
  crow_report_real(run, "grouped_comparisons", r->comparisons);
  crow_report_real(run, "grouped_weight", r->weight);
  if (!run->report) return;
  json_t *list = json_array();
  for (int64_t g = 0; g < r->listed; g++) {
    json_t *object = json_object();
    set_integer(object, "size", r->group[g].size);
    set_text(object, "first", r->group[g].first);
    set_text(object, "topics", r->group[g].topics);
    set_real(object, "comparisons", r->group[g].comparisons);
    set_real(object, "weight", r->group[g].weight);
    (void)json_array_append_new(list, object);
  }
  (void)json_object_set_new(run->report, "largest_groups", list);
}

static crow_status audit_print_groups(crow_run *run, const crow_audit_result *r, crow_gidx alternatives) {
  crow_table table = {0};
  char rule[128] = "";
  if (r->jump > 0) {
    (void)snprintf(rule, sizeof rule,
                   ", from the distances of nearest neighbours (beyond it the next is %.3g times as large)", r->jump);
  }
  crow_print(run, "\nApproximate clones: radius %.6g%s", r->radius, rule);
  if (r->groups == 0) {
    crow_print(run, "none: no two alternatives are that close");
    return CROW_OK;
  }
  crow_print(run,
             "%lld group%s of %lld alternatives (of %lld) hold%s %.1f %% of the comparisons and %.1f %% of the weight",
             (long long)r->groups, crow_plural(r->groups), (long long)r->grouped, (long long)alternatives,
             r->groups == 1 ? "s" : "", 100 * r->comparisons, 100 * r->weight);
  crow_table_add_columns(&table, "first member:32|size|comparisons %|weight %|topics:48");
  for (int64_t g = 0; g < r->listed; g++) {
    crow_table_add(&table, "%s", r->group[g].first);
    crow_table_add(&table, "%lld", (long long)r->group[g].size);
    crow_table_add_real(&table, 2, 100 * r->group[g].comparisons);
    crow_table_add_real(&table, 2, 100 * r->group[g].weight);
    crow_table_add(&table, "%s", r->group[g].topics);
  }
  const crow_status status = crow_table_print(&table, crow_print_stream(run));
  if (r->listed < r->groups) crow_print(run, "(the largest %lld)", (long long)r->listed);
  return status;
}

/* ---- tests -------------------------------------------------------------------------------------------------- */

/* The winning alternative and, in a column of its own, the winning topic. */
static void add_shift(crow_table *table, const crow_audit_shift *shift, crow_gidx prompts, bool topics) {
  crow_table_add_real(table, 4, shift->largest);
  crow_table_add_real(table, 4, shift->mean);
  crow_table_add_real(table, 3, shift->tau);
  if (shift->winner_changed && prompts > 1)
    crow_table_add(table, "changed in %lld of %lld prompts", (long long)shift->prompts_changed, (long long)prompts);
  else if (shift->winner_changed)
    crow_table_add(table, "%s -> %s", shift->winner[0], shift->winner[1]);
  else
    crow_table_add(table, "kept");
  if (!topics) return;
  if (shift->topic_changed)
    crow_table_add(table, "%s -> %s", shift->winner_topic[0], shift->winner_topic[1]);
  else
    crow_table_add(table, "kept");
}

static void add_shift_columns(crow_table *table, const char *method, bool topics) {
  crow_table_add_columns(table, "largest|mean|tau|winner:32");
  if (topics) crow_table_add_column(table, "winning topic", true, 32);
  crow_table_add_group(table, method, topics ? 5 : 4);
}

static void add_noise(crow_table *table, const crow_audit_noise *noise, int64_t redraws, crow_gidx prompts,
                      bool topics) {
  crow_table_add_real(table, 4, noise->typical);
  crow_table_add_real(table, 4, noise->mean);
  crow_table_add_real(table, 3, noise->tau);
  if (prompts > 1)
    crow_table_add(table, "changed in %.3g of %lld prompts", noise->prompts, (long long)prompts);
  else
    crow_table_add(table, "changed %lld of %lld times", (long long)noise->winners, (long long)redraws);
  if (topics) crow_table_add(table, "changed %lld of %lld times", (long long)noise->topics, (long long)redraws);
}

static crow_status print_tests(crow_run *run, const crow_audit_result *r) {
  crow_table table = {0};
  const bool topics = r->prompts == 1 && r->tests && *r->test[0].standard.winner_topic[0];
  crow_print(run, "\nStress test: shift of rewards by clones that are judged as their originals");
  crow_table_add_columns(&table, "cloned:32|clones|eps");
  add_shift_columns(&table, "standard fit", topics);
  add_shift_columns(&table, "weighted fit", topics);
  for (int64_t t = 0; t < r->tests; t++) {
    const crow_audit_test *test = &r->test[t];
    crow_table_add(&table, "%s", test->target);
    crow_table_add(&table, "%lld", (long long)(test->clones * test->targets));
    crow_table_add(&table, "%g", test->eps);
    add_shift(&table, &test->standard, r->prompts, topics);
    add_shift(&table, &test->weighted, r->prompts, topics);
  }
  if (r->redraws) {
    crow_table_add(&table, "(comparisons redrawn)");
    crow_table_add(&table, "0");
    crow_table_add(&table, "-");
    add_noise(&table, &r->standard, r->redraws, r->prompts, topics);
    add_noise(&table, &r->weighted, r->redraws, r->prompts, topics);
  }
  return crow_table_print(&table, crow_print_stream(run));
}

/* `two`: of two datasets, which are compared by topic alone. */
static json_t *noise_json(const crow_audit_noise *noise, bool two) {
  json_t *object = json_object();
  set_real(object, "median_largest_shift", noise->typical);
  set_real(object, "greatest_largest_shift", noise->largest);
  set_real(object, "mean_shift", noise->mean);
  set_real(object, "kendall_tau", noise->tau);
  set_integer(object, "winner_changed", noise->changed);
  if (two)
    (void)json_object_set_new(object, "winning_alternative_changed", json_null());
  else
    set_integer(object, "winning_alternative_changed", noise->winners);
  set_integer(object, "winning_topic_changed", two ? noise->winners : noise->topics);
  set_real(object, "mean_prompts_changed", noise->prompts);
  set_integer(object, "most_prompts_changed", noise->most_prompts);
  return object;
}

static void report_noise(crow_run *run, int64_t redraws, const crow_audit_noise *standard,
                         const crow_audit_noise *weighted, bool two) {
  if (redraws == 0) return;
  json_t *object = json_object();
  set_integer(object, "redraws", redraws);
  (void)json_object_set_new(object, "standard", noise_json(standard, two));
  (void)json_object_set_new(object, "weighted", noise_json(weighted, two));
  (void)json_object_set_new(run->report, "without_clones", object);
}

static void report_tests(crow_run *run, const crow_audit_result *r) {
  if (!run->report) return;
  json_t *list = json_array();
  for (int64_t t = 0; t < r->tests; t++) {
    const crow_audit_test *test = &r->test[t];
    json_t *object = json_object();
    set_text(object, "target", test->target);
    set_integer(object, "targets", test->targets);
    set_integer(object, "clones_each", test->clones);
    set_real(object, "eps", test->eps);
    (void)json_object_set_new(object, "standard", shift_json(&test->standard));
    (void)json_object_set_new(object, "weighted", shift_json(&test->weighted));
    (void)json_array_append_new(list, object);
  }
  (void)json_object_set_new(run->report, "tests", list);
  report_noise(run, r->redraws, &r->standard, &r->weighted, false);
}

crow_status crow_audit_print(crow_run *run, crow_gidx alternatives, const crow_audit_result *result) {
  crow_audit_summary standard, weighted;
  crow_results_space(run, &result->space);
  report_groups(run, result);
  report_tests(run, result);
  CROW_NEED_AGREE(run->comm, audit_print_groups(run, result, alternatives));
  if (result->tests == 0) return CROW_OK;
  CROW_NEED_AGREE(run->comm, print_tests(run, result));
  crow_audit_summarise(result, &standard, &weighted);
  crow_audit_print_verdict(run, &standard, &weighted);
  return CROW_OK;
}

/* ---- two datasets ------------------------------------------------------------------------------------------- */

static void report_topics(crow_run *run, const crow_audit_comparison *c) {
  if (!run->report) return;
  json_t *list = json_array();
  for (int64_t t = 0; t < c->topics; t++) {
    const crow_audit_topic *topic = &c->topic[t];
    json_t *object = json_object();
    set_text(object, "topic", topic->name);
    static const char *const when[2] = {"first", "second"};
    for (int k = 0; k < 2; k++) {
      json_t *values = json_object();
      set_integer(values, "alternatives", topic->size[k]);
      set_real(values, "weight", topic->weight[k]);
      set_real(values, "standard", topic->standard[k]);
      set_real(values, "weighted", topic->weighted[k]);
      (void)json_object_set_new(object, when[k], values);
    }
    (void)json_array_append_new(list, object);
  }
  (void)json_object_set_new(run->report, "topics", list);
  (void)json_object_set_new(run->report, "standard", shift_json(&c->standard));
  (void)json_object_set_new(run->report, "weighted", shift_json(&c->weighted));
  report_noise(run, c->redraws, &c->standard_noise, &c->weighted_noise, true);
}

static crow_status print_topics(crow_run *run, const char *const names[2], const crow_audit_comparison *c) {
  crow_table table = {0};
  crow_print(run, "\nMean reward by topic: first %s, second %s", names[0], names[1]);
  crow_table_add_column(&table, "topic", true, 40);
  static const char *const columns[2] = {"first", "second"};
  static const char *const groups[4] = {"alternatives", "weight", "standard fit", "weighted fit"};
  for (int g = 0; g < 4; g++) {
    for (int k = 0; k < 2; k++) crow_table_add_column(&table, columns[k], false, 0);
    crow_table_add_group(&table, groups[g], 2);
  }
  for (int64_t t = 0; t < c->topics; t++) {
    const crow_audit_topic *topic = &c->topic[t];
    crow_table_add(&table, "%s", topic->name);
    for (int k = 0; k < 2; k++) crow_table_add(&table, "%lld", (long long)topic->size[k]);
    for (int k = 0; k < 2; k++) crow_table_add_real(&table, 4, topic->weight[k]);
    for (int k = 0; k < 2; k++) crow_table_add_real(&table, 4, topic->standard[k]);
    for (int k = 0; k < 2; k++) crow_table_add_real(&table, 4, topic->weighted[k]);
  }
  return crow_table_print(&table, crow_print_stream(run));
}

crow_status crow_audit_print_comparison(crow_run *run, const char *const names[2], const crow_audit_comparison *c) {
  crow_audit_summary standard, weighted;
  crow_audit_summarise_comparison(c, &standard, &weighted);
  crow_results_space(run, &c->space);
  report_topics(run, c);
  CROW_NEED_AGREE(run->comm, print_topics(run, names, c));
  crow_print(run, "common topics: %lld; Kendall's tau of their rewards: standard %.3f, weighted %.3f",
             (long long)c->common, c->standard.tau, c->weighted.tau);
  crow_audit_print_verdict(run, &standard, &weighted);
  return CROW_OK;
}
