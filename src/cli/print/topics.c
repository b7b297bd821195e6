/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print/results_impl.h"
#include "cli/table_impl.h"
#include <math.h>

static void report_topic_means(crow_run *run, const crow_topics *topics) {
  if (!run->report) return;
  json_t *list = json_array();
  for (int64_t k = 0; k < topics->count; k++) {
    const int64_t t = topics->by_mean[k];
    json_t *entry = json_object();
    (void)json_object_set_new(entry, "topic", crow_json_text(crow_strings_get(&topics->name, t)));
    (void)json_object_set_new(entry, "alternatives", json_integer(topics->size[t]));
    if (topics->weight) (void)json_object_set_new(entry, "weight", crow_json_real(topics->weight[t]));
    (void)json_object_set_new(entry, "mean", crow_json_real(topics->mean[t]));
    (void)json_object_set_new(entry, "deviation", crow_json_real(topics->deviation[t]));
    if (topics->error) (void)json_object_set_new(entry, "standard_error", crow_json_real(topics->error[t]));
    (void)json_array_append_new(list, entry);
  }
  (void)json_object_set_new(run->report, "topics", list);
}

crow_status crow_results_topics(crow_run *run, const crow_topics *topics, const char *value_name, int decimals) {
  crow_table table = {0};
  char title[64];
  report_topic_means(run, topics);
  if (topics->too_many) crow_print_detail(run, "\nTopics: more than %d, no table", CROW_TOPICS_MOST);
  if (topics->count == 0 || !(crow_topics_matter(topics) || run->common.verbose)) return CROW_OK;
  crow_table_add_columns(&table, "topic:40|alternatives");
  if (topics->weight) crow_table_add_column(&table, "weight", false, 0);
  (void)snprintf(title, sizeof title, "mean %s", value_name);
  crow_table_add_column(&table, title, false, 0);
  if (topics->error) crow_table_add_column(&table, "se", false, 0);
  crow_table_add_column(&table, "spread", false, 0);
  for (int64_t k = 0; k < topics->count; k++) {
    const int64_t t = topics->by_mean[k];
    crow_table_add(&table, "%s", crow_strings_get(&topics->name, t));
    crow_table_add(&table, "%lld", (long long)topics->size[t]);
    if (topics->weight) crow_table_add_real(&table, -1, topics->weight[t]);
    crow_table_add_real(&table, decimals, topics->mean[t]);
    if (topics->error) crow_table_add_real(&table, decimals, topics->error[t]);
    crow_table_add_real(&table, decimals, topics->deviation[t]);
  }
  crow_print(run, "\n%c%s by topic (%sspread: standard deviation within the topic)", value_name[0] - 'a' + 'A',
             value_name + 1, topics->error ? "se: standard error of the mean; " : "");
  return crow_comm_agree(run->comm, crow_table_print(&table, crow_print_stream(run)));
}

void crow_results_lead(const crow_topics *topics, char *text, size_t bytes) {
  const crow_lead lead = crow_topics_lead(topics);
  char first[2 * CROW_NAME_BYTES], second[2 * CROW_NAME_BYTES];
  (void)crow_text_fit(crow_strings_get(&topics->name, lead.first), 40, first, sizeof first);
  if (lead.second < 0) {
    (void)snprintf(text, bytes, "%s is the only topic", first);
    return;
  }
  (void)crow_text_fit(crow_strings_get(&topics->name, lead.second), 40, second, sizeof second);
  if (lead.shared) {
    (void)snprintf(text, bytes, "topics %s and %s share the highest mean reward", first, second);
  } else if (isnan(lead.error)) {
    (void)snprintf(text, bytes, "the topic of highest mean reward is %s, by %.4g over %s (no standard error)", first,
                   lead.lead, second);
  } else if (lead.clear) {
    (void)snprintf(text, bytes, "the topic of highest mean reward is %s, by %.4f (standard error %.4f) over %s", first,
                   lead.lead, lead.error, second);
  } else {
    (void)snprintf(text, bytes,
                   "too close to call: topic %s leads %s by %.4f, less than two standard errors (%.4f each)%s", first,
                   second, lead.lead, lead.error, lead.second == topics->by_mean[1] ? "" : "; the least certain lead");
  }
}

void crow_results_best(const crow_ends_rewards *best, char *text, size_t bytes) {
  const crow_ends *ends = &best->ends;
  const crow_lead lead = best->front.lead;
  char first[2 * CROW_NAME_BYTES], second[2 * CROW_NAME_BYTES];
  (void)crow_text_fit(ends->id[lead.first], 40, first, sizeof first);
  (void)crow_text_fit(best->front.rival, 40, second, sizeof second);
  if (lead.shared) {
    (void)snprintf(text, bytes, "%s and %s share the first rank", first, second);
  } else if (isnan(lead.error)) {
    (void)snprintf(text, bytes, "%s leads, by %.4g over %s (no standard error)", first, lead.lead, second);
  } else if (lead.clear) {
    (void)snprintf(text, bytes, "%s leads, by %.4f (standard error %.4f) over %s", first, lead.lead, lead.error,
                   second);
  } else {
    (void)snprintf(text, bytes, "too close to call: %s leads %s by %.4f, less than two standard errors (%.4f each)%s",
                   first, second, lead.lead, lead.error, lead.second == 1 ? "" : "; the least certain lead");
  }
}

json_t *crow_json_lead(const crow_topics *topics) {
  const crow_lead lead = crow_topics_lead(topics);
  json_t *entry = json_object();
  (void)json_object_set_new(entry, "topic", crow_json_text(crow_strings_get(&topics->name, lead.first)));
  if (lead.second < 0) return entry;
  (void)json_object_set_new(entry, "over", crow_json_text(crow_strings_get(&topics->name, lead.second)));
  (void)json_object_set_new(entry, "lead", crow_json_real(lead.lead));
  (void)json_object_set_new(entry, "standard_error", crow_json_real(lead.error));
  (void)json_object_set_new(entry, "too_close_to_call", json_boolean(!lead.clear));
  return entry;
}
