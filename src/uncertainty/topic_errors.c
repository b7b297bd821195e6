/* SPDX-License-Identifier: Apache-2.0 */
/* Mean rewards of topics with their standard errors. */
#include "uncertainty/uncertainty_impl.h"
#include <math.h>
#include <string.h>

crow_status crow_topic_errors_labels(const crow_dataset *dataset, const crow_uncertainty_options *how,
                                     const crow_partition *partition, crow_labels *topics) {
  *topics = (crow_labels){0};
  if (!how->errors || !dataset->has_topic || !dataset->file) return CROW_OK;
  CROW_NEED(crow_labels_read(dataset->file, "/alternatives/topic", partition, topics));
  if (topics->name.count > CROW_TOPIC_ERRORS_MOST) crow_labels_free(topics);
  return CROW_OK;
}

crow_status crow_topic_errors_average(const crow_comm *comm, const crow_partition *partition, const crow_labels *topics,
                                      const double *values, int64_t stride, double *mean) {
  crow_status status = CROW_OK;
  const int64_t count = topics->name.count;
  crow_exact_sum *sums = NULL;
  int64_t *size = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(count, &sums, &size));
  for (int64_t i = 0; i < partition->count; i++) {
    crow_exact_add(&sums[topics->code[i]], values[i * stride]);
    size[topics->code[i]]++;
  }
  CROW_TRY(crow_comm_sum_exact(comm, sums, count));
  CROW_TRY(crow_comm_sum_i64(comm, size, count));
  for (int64_t t = 0; t < count; t++) mean[t] = crow_exact_value(&sums[t]) / (double)size[t];
cleanup:
  CROW_FREE(sums, size);
  return status;
}

static crow_status topic_errors_allocate(const crow_labels *topics, crow_topic_errors *out) {
  const int64_t count = topics->name.count, width = topics->name.width;
  out->name = (crow_strings){.count = count, .width = width};
  CROW_NEED(CROW_ALLOCATE(&out->name.data, count * width));
  memcpy(out->name.data, topics->name.data, (size_t)(count * width));
  CROW_NEED(CROW_ALLOCATE_EACH(count, &out->mean, &out->standard_error));
  return CROW_ALLOCATE(&out->covariance, count * count);
}

crow_status crow_topic_errors_fill(const crow_comm *comm, const crow_partition *partition, const double *reward,
                                   const crow_labels *topics, const double *covariance, crow_topic_errors *out) {
  const int64_t count = topics->name.count;
  if (count == 0) return CROW_OK;
  crow_topic_errors_free(out);
  CROW_NEED_AGREE(comm, topic_errors_allocate(topics, out));
  CROW_NEED(crow_topic_errors_average(comm, partition, topics, reward, 1, out->mean));
  for (int64_t t = 0; t < count; t++) {
    const double variance = covariance[t * count + t];
    out->standard_error[t] = variance > 0 ? sqrt(variance) : 0;
    /* Its two halves are computed apart, and may differ by rounding. */
    for (int64_t u = 0; u < count; u++) {
      out->covariance[t * count + u] = (covariance[t * count + u] + covariance[u * count + t]) / 2;
    }
  }
  return CROW_OK;
}

void crow_topic_errors_free(crow_topic_errors *means) {
  crow_strings_free(&means->name);
  CROW_FREE(means->mean, means->standard_error, means->covariance);
  *means = (crow_topic_errors){0};
}
