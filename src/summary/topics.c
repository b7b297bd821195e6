/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/summary.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_text(const void *a, const void *b) { return strcmp(a, b); }

/* Sorts `count` texts of `width` bytes and drops repetitions; returns how many are left. */
static int64_t sort_unique(char *data, int64_t count, int64_t width) {
  if (count == 0) return 0;
  qsort(data, (size_t)count, (size_t)width, compare_text);
  int64_t kept = 1;
  for (int64_t k = 1; k < count; k++) {
    if (strcmp(data + k * width, data + (kept - 1) * width) == 0) continue;
    memmove(data + kept * width, data + k * width, (size_t)width);
    kept++;
  }
  return kept;
}

/* The names of all ranks' topics, each once. */
static crow_status gather_names(const crow_comm *comm, const crow_strings *slice, crow_topics *topics) {
  crow_status status = CROW_OK;
  char *own = NULL, *all = NULL;
  int64_t *counts = NULL;
  const int64_t width = slice->width;
  const int size = crow_comm_size(comm);
  int64_t longest = slice->count, widest = 0;
  CROW_TRY(crow_comm_max_i64(comm, &longest, 1)); /* so that every rank's list fits the widest one's room */
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&own, longest * width));
  if (slice->count) memcpy(own, slice->data, (size_t)(slice->count * width));
  int64_t mine = sort_unique(own, slice->count, width), total = 0;
  widest = mine;
  CROW_TRY(crow_comm_max_i64(comm, &widest, 1));
  topics->too_many = widest > CROW_TOPICS_MOST;
  if (topics->too_many) goto cleanup;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&counts, size));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&all, size * widest * width));
  CROW_TRY(crow_comm_gather(comm, &mine, counts, sizeof mine));
  CROW_TRY(crow_comm_gather(comm, own, all, widest * width));
  for (int r = 0; r < size; r++) {
    memmove(all + total * width, all + r * widest * width, (size_t)(counts[r] * width));
    total += counts[r];
  }
  topics->count = sort_unique(all, total, width);
  topics->too_many = topics->count > CROW_TOPICS_MOST;
  topics->name = (crow_strings){.count = topics->count, .width = width, .data = all};
  all = NULL;
cleanup:
  if (topics->too_many) topics->count = 0;
  crow_free(own);
  crow_free(all);
  crow_free(counts);
  return status;
}

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

static crow_status allocate(const crow_comm *comm, crow_topics *topics, bool weighted) {
  crow_status status = CROW_OK;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&topics->size, topics->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&topics->mean, topics->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&topics->deviation, topics->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&topics->by_mean, topics->count));
  if (weighted) CROW_TRY_AGREE(comm, CROW_ALLOCATE(&topics->weight, topics->count));
cleanup:
  return status;
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
  crow_strings slice = {0};
  int32_t *topic = NULL;
  const int64_t n = partition->count;
  *out = (crow_topics){0};
  if (!crow_file_has(file, "/alternatives/topic")) return CROW_OK;
  CROW_TRY(crow_file_read_strings(file, "/alternatives/topic", partition->begin, n, &slice));
  CROW_TRY(gather_names(comm, &slice, out));
  if (out->count == 0) goto cleanup;
  CROW_TRY(allocate(comm, out, weighted));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&topic, n));
  for (int64_t i = 0; i < n; i++) {
    topic[i] = (int32_t)crow_topics_find(out, crow_strings_get(&slice, i));
    out->size[topic[i]]++;
  }
  CROW_TRY(crow_comm_sum_i64(comm, out->size, out->count));
  CROW_TRY(sum_by_topic(comm, topic, values, n, NULL, out->count, out->mean));
  for (int64_t k = 0; k < out->count; k++) out->mean[k] /= (double)out->size[k];
  CROW_TRY(sum_by_topic(comm, topic, values, n, out->mean, out->count, out->deviation));
  for (int64_t k = 0; k < out->count; k++) {
    out->deviation[k] = out->size[k] > 1 ? sqrt(out->deviation[k] / (double)(out->size[k] - 1)) : NAN;
  }
  if (weighted) CROW_TRY(sum_by_topic(comm, topic, weights, n, NULL, out->count, out->weight));
  order_by_mean(out);
cleanup:
  crow_strings_free(&slice);
  crow_free(topic);
  if (status != CROW_OK) crow_topics_free(out);
  return status;
}

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
  crow_status status = CROW_OK;
  int64_t most = 0;
  *rows = 0;
  for (int k = 0; k < count; k++) most += topics[k].count;
  CROW_TRY(CROW_ALLOCATE(row, most));
  for (int k = count - 1; k >= 0; k--) {
    for (int64_t i = 0; i < topics[k].count; i++) {
      const char *name = crow_strings_get(&topics[k].name, topics[k].by_mean[i]);
      if (comes_later(topics, k, count, name)) continue;
      crow_topics_row *next = &(*row)[(*rows)++];
      next->name = name;
      for (int r = 0; r < count; r++) next->at[r] = crow_topics_find(&topics[r], name);
    }
  }
cleanup:
  return status;
}

void crow_topics_free(crow_topics *topics) {
  crow_strings_free(&topics->name);
  crow_free(topics->size);
  crow_free(topics->mean);
  crow_free(topics->deviation);
  crow_free(topics->weight);
  crow_free(topics->by_mean);
  *topics = (crow_topics){0};
}
