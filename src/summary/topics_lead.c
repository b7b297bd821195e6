/* SPDX-License-Identifier: Apache-2.0 */
/* Standard errors of topics' means, and whether one of them leads by more than chance. */
#include "summary/lead_impl.h"
#include <string.h>

static bool same_topics(const crow_topics *topics, const crow_strings *name) {
  if (topics->count != name->count) return false;
  for (int64_t t = 0; t < topics->count; t++) {
    if (strcmp(crow_strings_get(&topics->name, t), crow_strings_get(name, t)) != 0) return false;
  }
  return true;
}

crow_status crow_topics_take_errors(crow_topics *topics, const crow_topic_errors *means) {
  const int64_t count = topics->count;
  if (count == 0 || !same_topics(topics, &means->name)) return CROW_OK;
  CROW_NEED(CROW_ALLOCATE(&topics->error, count));
  CROW_NEED(CROW_ALLOCATE(&topics->covariance, count * count));
  memcpy(topics->error, means->standard_error, (size_t)count * sizeof *topics->error);
  memcpy(topics->covariance, means->covariance, (size_t)(count * count) * sizeof *topics->covariance);
  return CROW_OK;
}

crow_status crow_topics_read_errors(const crow_comm *comm, const crow_file *file, crow_topics *topics) {
  crow_status status = CROW_OK;
  crow_topic_errors means = {0};
  if (topics->count == 0 || !crow_file_has(file, "/topics/covariance")) return CROW_OK;
  const int64_t rows = crow_file_rows(file, "/topics/covariance");
  if (rows != topics->count) return CROW_OK;
  CROW_TRY(crow_file_read_strings(file, "/topics/name", 0, rows, &means.name));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&means.standard_error, rows));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&means.covariance, rows * rows));
  CROW_TRY(crow_file_read(file, "/topics/standard_error", 0, rows, CROW_F64, means.standard_error));
  CROW_TRY(crow_file_read(file, "/topics/covariance", 0, rows, CROW_F64, means.covariance));
  CROW_TRY_AGREE(comm, crow_topics_take_errors(topics, &means));
cleanup:
  crow_topic_errors_free(&means);
  return status;
}

static double lead_error(const crow_topics *topics, int64_t t, int64_t u) {
  const double *s = topics->covariance;
  const int64_t n = topics->count;
  if (!s) return (double)NAN;
  const double variance = s[t * n + t] + s[u * n + u] - s[t * n + u] - s[u * n + t];
  return variance > 0 ? sqrt(variance) : 0;
}

crow_lead crow_topics_lead(const crow_topics *topics) {
  crow_lead best = crow_lead_begin(topics->by_mean[0]);
  for (int64_t k = 1; k < topics->count; k++) {
    const int64_t u = topics->by_mean[k];
    const double lead = topics->mean[best.first] - topics->mean[u];
    crow_lead_consider(&best, u, lead, lead_error(topics, best.first, u), lead <= topics->tie);
  }
  return best;
}

bool crow_topics_matter(const crow_topics *topics) {
  int64_t alternatives = 0;
  for (int64_t t = 0; t < topics->count; t++) alternatives += topics->size[t];
  return topics->count >= 2 && 4 * topics->count <= alternatives;
}
