/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/summary.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* For each topic the exact sum of values[i], or of (values[i] - mean)^2 if `mean` is given. */
static crow_status sum_by_topic(const crow_comm *comm, const int32_t *topic, const double *values, int64_t n,
                                const double *mean, int64_t count, double *sum) {
  crow_status status = CROW_OK;
  crow_exact_sum *sums = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&sums, count));
  for (int64_t i = 0; i < n; i++) {
    const double difference = mean ? values[i] - mean[topic[i]] : values[i];
    crow_exact_add(&sums[topic[i]], mean ? difference * difference : values[i]);
  }
  CROW_TRY(crow_comm_sum_exact(comm, sums, count));
  for (int64_t k = 0; k < count; k++) sum[k] = crow_exact_value(&sums[k]);
cleanup:
  crow_free(sums);
  return status;
}

static crow_status topics_allocate(const crow_comm *comm, crow_topics *topics, bool weighted) {
  CROW_NEED_AGREE(
      comm, CROW_ALLOCATE_EACH(topics->count, &topics->size, &topics->mean, &topics->deviation, &topics->by_mean));
  if (weighted) CROW_NEED_AGREE(comm, CROW_ALLOCATE(&topics->weight, topics->count));
  return CROW_OK;
}

static void order_by_mean(crow_topics *topics) {
  for (int64_t k = 0; k < topics->count; k++) {
    int64_t at = k;
    for (; at > 0 && topics->mean[topics->by_mean[at - 1]] < topics->mean[k]; at--) {
      topics->by_mean[at] = topics->by_mean[at - 1];
    }
    topics->by_mean[at] = k;
  }
}

crow_status crow_topics_create(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                               bool weighted, const double *values, const double *weights, crow_topics *out) {
  crow_status status = CROW_OK;
  crow_labels labels = {0};
  const int64_t n = partition->count;
  *out = (crow_topics){0};
  if (!crow_file_has(file, "/alternatives/topic")) return CROW_OK;
  CROW_TRY(crow_labels_read(file, "/alternatives/topic", partition, &labels));
  out->too_many = labels.too_many || labels.name.count > CROW_TOPICS_MOST;
  if (out->too_many) goto cleanup;
  out->name = labels.name;
  out->count = labels.name.count;
  labels.name = (crow_strings){0};
  CROW_TRY(topics_allocate(comm, out, weighted));
  const int32_t *topic = labels.code;
  for (int64_t i = 0; i < n; i++) out->size[topic[i]]++;
  CROW_TRY(crow_comm_sum_i64(comm, out->size, out->count));
  CROW_TRY(sum_by_topic(comm, topic, values, n, NULL, out->count, out->mean));
  for (int64_t k = 0; k < out->count; k++) out->mean[k] /= (double)out->size[k];
  CROW_TRY(sum_by_topic(comm, topic, values, n, out->mean, out->count, out->deviation));
  for (int64_t k = 0; k < out->count; k++) {
    out->deviation[k] = out->size[k] > 1 ? sqrt(out->deviation[k] / (double)(out->size[k] - 1)) : NAN;
  }
  if (weighted) CROW_TRY(sum_by_topic(comm, topic, weights, n, NULL, out->count, out->weight));
  order_by_mean(out);
  out->tie = crow_places_tie(file);
cleanup:
  crow_labels_free(&labels);
  if (status != CROW_OK) crow_topics_free(out);
  return status;
}

static int compare_text(const void *a, const void *b) { return strcmp(a, b); }

int64_t crow_topics_find(const crow_topics *topics, const char *name) {
  if (topics->count == 0) return -1;
  const char *found = bsearch(name, topics->name.data, (size_t)topics->count, (size_t)topics->name.width, compare_text);
  return found ? (found - topics->name.data) / topics->name.width : -1;
}

/* Whether one of the results after `k` has the topic. */
static bool comes_later(const crow_topics *topics, int k, int count, const char *name) {
  for (int later = k + 1; later < count; later++) {
    if (crow_topics_find(&topics[later], name) >= 0) return true;
  }
  return false;
}

crow_status crow_topics_join(int count, const crow_topics *topics, int64_t *rows, crow_topics_row **row) {
  int64_t most = 0;
  *rows = 0;
  for (int k = 0; k < count; k++) most += topics[k].count;
  CROW_NEED(CROW_ALLOCATE(row, most));
  for (int k = count - 1; k >= 0; k--) {
    for (int64_t i = 0; i < topics[k].count; i++) {
      const char *name = crow_strings_get(&topics[k].name, topics[k].by_mean[i]);
      if (comes_later(topics, k, count, name)) continue;
      crow_topics_row *next = &(*row)[(*rows)++];
      next->name = name;
      for (int r = 0; r < count; r++) next->at[r] = crow_topics_find(&topics[r], name);
    }
  }
  return CROW_OK;
}

void crow_topics_free(crow_topics *topics) {
  crow_strings_free(&topics->name);
  CROW_FREE(topics->size, topics->mean, topics->deviation, topics->weight, topics->by_mean, topics->error,
            topics->covariance);
  *topics = (crow_topics){0};
}
