/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards files side by side, and their topics. */
#include <crow/summary.h>
#include <string.h>

/* The file's name without folder and ".h5". */
static void comparison_result_name(const char *path, char *name, size_t bytes) {
  const char *slash = strrchr(path, '/');
  const char *base = slash ? slash + 1 : path;
  const size_t length = strlen(base);
  const bool suffix = length > 3 && strcmp(base + length - 3, ".h5") == 0;
  (void)snprintf(name, bytes, "%.*s", (int)(suffix ? length - 3 : length), base);
}

/* 1.96 standard errors on either side where there was no bootstrap. */
static crow_status read_intervals(const crow_comm *comm, crow_comparison_result *result) {
  crow_partition *p = &result->partition;
  const bool bootstrap = crow_file_has(result->file, "/rewards/lower") && crow_file_has(result->file, "/rewards/upper");
  if (!bootstrap && !crow_file_has(result->file, "/rewards/standard_error")) return CROW_OK;
  result->has_intervals = true;
  CROW_NEED(
      crow_file_read_vector(result->file, bootstrap ? "/rewards/lower" : "/rewards/standard_error", p, &result->lower));
  if (bootstrap) return crow_file_read_vector(result->file, "/rewards/upper", p, &result->upper);
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&result->upper, p->count));
  for (crow_gidx i = 0; i < p->count; i++) {
    const double half = CROW_INTERVAL_ERRORS * result->lower[i];
    result->lower[i] = result->value[i] - half;
    result->upper[i] = result->value[i] + half;
  }
  return CROW_OK;
}

crow_status crow_comparison_add(const crow_comm *comm, const char *path, crow_comparison *comparison) {
  int64_t converged = 0;
  if (comparison->count == CROW_COMPARISON_MOST) {
    return crow_error(CROW_USAGE, "%s: expected at most %d results to compare", path, CROW_COMPARISON_MOST);
  }
  crow_comparison_result *result = &comparison->result[comparison->count++];
  comparison->comm = comm;
  *result = (crow_comparison_result){0};
  comparison_result_name(path, result->name, sizeof result->name);
  CROW_NEED(crow_file_open(comm, path, "rewards", &result->file));
  CROW_NEED_AGREE(comm, crow_file_get_f64(result->file, "/", "lambda", &result->lambda));
  CROW_NEED_AGREE(comm, crow_file_get_f64(result->file, "/", "optimality", &result->optimality));
  CROW_NEED_AGREE(comm, crow_file_get_i64(result->file, "/", "converged", &converged));
  result->converged = converged != 0;
  CROW_NEED(crow_file_read_vector(result->file, "/rewards/value", &result->partition, &result->value));
  CROW_NEED(crow_file_read_vector(result->file, "/rewards/weight", &result->partition, &result->weight));
  CROW_NEED(read_intervals(comm, result));
  CROW_NEED(crow_places_read(comm, result->file, &result->partition, result->value, &result->places));
  result->components = crow_places_components(result->file);
  return CROW_OK;
}

void crow_comparison_close(crow_comparison *comparison) {
  for (int k = 0; k < comparison->count; k++) {
    crow_file_close(&comparison->result[k].file);
    CROW_FREE(comparison->result[k].value, comparison->result[k].weight, comparison->result[k].lower,
              comparison->result[k].upper);
    crow_places_free(&comparison->result[k].places);
  }
  *comparison = (crow_comparison){0};
}

static crow_status comparison_check_topics(const crow_comparison_result *result, const crow_topics *topics) {
  if (topics->count > 0) return CROW_OK;
  if (topics->too_many) {
    return crow_error(CROW_BAD_INPUT, "%s: /alternatives/topic: more than %d topics, too many for a table",
                      crow_file_name(result->file), CROW_TOPICS_MOST);
  }
  return crow_error(CROW_BAD_INPUT, "%s: /alternatives/topic is missing: expected topics; --by alternative needs none",
                    crow_file_name(result->file));
}

crow_status crow_comparison_topics_create(const crow_comparison *comparison, crow_comparison_topics *out) {
  *out = (crow_comparison_topics){0};
  for (int k = 0; k < comparison->count; k++) {
    const crow_comparison_result *result = &comparison->result[k];
    CROW_NEED(crow_topics_create(comparison->comm, result->file, &result->partition, false, result->value, NULL,
                                 &out->topics[k]));
    CROW_NEED(crow_topics_read_errors(comparison->comm, result->file, &out->topics[k]));
    CROW_NEED(comparison_check_topics(result, &out->topics[k]));
  }
  return crow_comm_agree(comparison->comm, crow_topics_join(comparison->count, out->topics, &out->rows, &out->row));
}

void crow_comparison_topics_free(crow_comparison_topics *topics) {
  for (int k = 0; k < CROW_COMPARISON_MOST; k++) crow_topics_free(&topics->topics[k]);
  crow_free(topics->row);
  *topics = (crow_comparison_topics){0};
}
