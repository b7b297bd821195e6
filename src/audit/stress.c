/* SPDX-License-Identifier: Apache-2.0 */
/* Stress tests: what clones of chosen alternatives do to both fits. */
#include "audit/audit_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The longest path, with its terminating zero: Linux takes no longer ones. */
enum { PATH_BYTES = 4096 };

/* What all tests of an audit share. */
typedef struct stress {
  const crow_comm *comm;
  const crow_dataset *dataset;
  const crow_audit_options *options;
  const crow_fits *fits;
  const crow_topic_map *topics;
  crow_within *within;
  double eps[CROW_AUDIT_NUMBERS], clones[CROW_AUDIT_NUMBERS];
  int64_t eps_count, clones_count;
  char *path; /* of the dataset with clones */
} stress;

/* ---- targets ------------------------------------------------------------------------------------------------ */

/* Something to clone, in words and as alternatives. */
typedef struct target {
  char name[2 * CROW_AUDIT_NAME];
  crow_gidx count;
  crow_gidx *alternative;
} target;

static int stress_ascending(const void *a, const void *b) {
  const crow_gidx x = *(const crow_gidx *)a, y = *(const crow_gidx *)b;
  return (x > y) - (x < y);
}

static crow_status one_target(const stress *s, crow_gidx alternative, target *out) {
  char id[CROW_AUDIT_NAME];
  CROW_NEED(crow_id_read(s->dataset, alternative, id));
  (void)snprintf(out->name, sizeof out->name, "alternative %s", id);
  CROW_NEED_AGREE(s->comm, CROW_ALLOCATE(&out->alternative, 1));
  out->alternative[0] = alternative;
  out->count = 1;
  return CROW_OK;
}

/* Of each prompt the first of those in most comparisons. */
static crow_status most_compared(const stress *s, const int64_t *places, target *out) {
  crow_status status = CROW_OK;
  const crow_within *w = s->within;
  crow_gidx *list = NULL;
  CROW_TRY_AGREE(s->comm, CROW_ALLOCATE(&list, w->prompts));
  for (crow_gidx k = 0; k < w->prompts; k++) {
    list[k] = w->alternative[w->begin[k]];
    for (crow_gidx i = w->begin[k]; i < w->begin[k + 1]; i++) {
      if (places[w->alternative[i]] > places[list[k]]) list[k] = w->alternative[i];
    }
  }
  if (w->prompts == 1) {
    CROW_TRY(one_target(s, list[0], out));
    goto cleanup;
  }
  qsort(list, (size_t)w->prompts, sizeof *list, stress_ascending);
  (void)snprintf(out->name, sizeof out->name, "most compared of each prompt");
  out->count = w->prompts;
  out->alternative = list;
  list = NULL;
cleanup:
  crow_free(list);
  return status;
}

static crow_status topic_target(const stress *s, int64_t topic, target *out) {
  crow_gidx at = 0;
  for (crow_gidx i = 0; i < s->dataset->alternatives; i++) out->count += s->topics->code[i] == topic;
  CROW_NEED_AGREE(s->comm, CROW_ALLOCATE(&out->alternative, out->count));
  for (crow_gidx i = 0; i < s->dataset->alternatives; i++) {
    if (s->topics->code[i] == topic) out->alternative[at++] = i;
  }
  (void)snprintf(out->name, sizeof out->name, "topic %.*s", CROW_AUDIT_NAME, crow_strings_get(&s->topics->name, topic));
  return CROW_OK;
}

/* The first alternative of this id. Collective. */
static crow_status stress_find_id(const stress *s, const char *id, crow_gidx *found) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(s->comm, s->dataset->alternatives, CROW_BLOCK);
  crow_strings ids = {0};
  *found = INT64_MAX;
  CROW_TRY(crow_dataset_read_ids(s->dataset, p.begin, p.count, &ids));
  for (crow_gidx i = p.count - 1; i >= 0; i--) {
    if (strcmp(crow_strings_get(&ids, i), id) == 0) *found = p.begin + i;
  }
  CROW_TRY(crow_comm_min_i64(s->comm, found, 1));
  if (*found == INT64_MAX) {
    CROW_TRY(crow_error(CROW_USAGE, "--target \"id:%s\": %s has no alternative of this id", id,
                        crow_file_name(s->dataset->file)));
  }
cleanup:
  crow_strings_free(&ids);
  return status;
}

static crow_status check_topics(const stress *s) {
  if (s->topics->count) return CROW_OK;
  return crow_error(CROW_USAGE, "--target \"%s\": %s has no topics", s->options->target,
                    crow_file_name(s->dataset->file));
}

static int64_t find_topic(const crow_topic_map *topics, const char *name) {
  int64_t topic = topics->count - 1;
  while (topic >= 0 && strcmp(crow_strings_get(&topics->name, topic), name) != 0) topic--;
  return topic;
}

static crow_status choose_targets(const stress *s, const int64_t *places, target **targets, int64_t *count) {
  const char *text = s->options->target;
  const bool each = strcmp(text, "topics") == 0, topic = strncmp(text, "topic:", 6) == 0;
  if (each || topic) CROW_NEED(check_topics(s));
  *count = each ? s->topics->count : strcmp(text, "none") != 0;
  CROW_NEED_AGREE(s->comm, CROW_ALLOCATE(targets, *count));
  if (*count == 0) return CROW_OK;
  for (int64_t t = 0; each && t < *count; t++) CROW_NEED(topic_target(s, t, &(*targets)[t]));
  if (each) return CROW_OK;
  if (topic) {
    const int64_t found = find_topic(s->topics, text + 6);
    if (found < 0) {
      return crow_error(CROW_USAGE, "--target \"%s\": %s has no such topic; its first is \"%s\"", text,
                        crow_file_name(s->dataset->file), crow_strings_get(&s->topics->name, 0));
    }
    CROW_NEED(topic_target(s, found, *targets));
    return CROW_OK;
  }
  if (strncmp(text, "id:", 3) == 0) {
    crow_gidx alternative = 0;
    CROW_NEED(stress_find_id(s, text + 3, &alternative));
    CROW_NEED(one_target(s, alternative, *targets));
  } else {
    CROW_NEED(most_compared(s, places, *targets));
  }
  return CROW_OK;
}

/* ---- what changed ------------------------------------------------------------------------------------------- */

static void stress_measure(crow_gidx m, const double *before, const double *after, crow_audit_shift *out) {
  crow_exact_sum sum = {{0}};
  for (crow_gidx i = 0; i < m; i++) {
    const double shift = fabs(before[i] - after[i]);
    out->largest = fmax(out->largest, shift);
    crow_exact_add(&sum, shift);
    if (i % (1 << 20) == 0) crow_exact_normalise(&sum);
  }
  out->mean = crow_exact_value(&sum) / (double)m;
}

/* Winners by topic; clones belong to their originals' topics. */
static crow_status find_topic_winners(const stress *s, const crow_clones *clones, crow_gidx all, crow_measured before,
                                      crow_measured after, crow_audit_shift *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = s->dataset->alternatives;
  double *mean[2] = {NULL, NULL};
  crow_gidx *size = NULL, *original = NULL;
  if (s->topics->count == 0) return CROW_OK;
  for (int k = 0; k < 2; k++) CROW_TRY(CROW_ALLOCATE(&mean[k], s->topics->count));
  CROW_TRY(CROW_ALLOCATE(&size, s->topics->count));
  CROW_TRY(CROW_ALLOCATE_RAW(&original, all));
  for (crow_gidx i = 0; i < all; i++) original[i] = crow_clones_original(clones, m, i);
  int64_t winner[2];
  crow_topic_means(s->topics, m, NULL, before.value, mean[0], size);
  crow_topic_means(s->topics, all, original, after.value, mean[1], size);
  crow_winners(s->topics->count, (crow_measured){mean[0], before.tie}, (crow_measured){mean[1], after.tie}, winner);
  for (int k = 0; k < 2 && winner[0] >= 0 && winner[1] >= 0; k++) {
    crow_name_copy(crow_strings_get(&s->topics->name, winner[k]), out->winner_topic[k]);
  }
  out->topic_changed = winner[0] != winner[1];
cleanup:
  for (int k = 0; k < 2; k++) crow_free(mean[k]);
  CROW_FREE(size, original);
  return status;
}

static crow_status compare(const stress *s, const crow_clones *clones, crow_measured before, crow_gidx all,
                           crow_measured after, crow_audit_shift *out) {
  const crow_gidx m = s->dataset->alternatives;
  crow_gidx first = 0;
  stress_measure(m, before.value, after.value, out);
  CROW_NEED_AGREE(s->comm, crow_within_tau(s->within, before.value, after.value, &out->tau));
  CROW_NEED_AGREE(s->comm, find_topic_winners(s, clones, all, before, after, out));
  out->prompts_changed = crow_within_changed(s->within, before, clones, all, after, &first);
  out->winner_changed = out->prompts_changed > 0;
  for (int k = 0; k < 2; k++) {
    const crow_gidx winner = s->within->winner[k][first];
    if (winner < 0) return crow_error(CROW_FAILED, "audit: no reward is a number");
    CROW_NEED(crow_id_read(s->dataset, winner, out->winner[k]));
  }
  return CROW_OK;
}

/* ---- tests -------------------------------------------------------------------------------------------------- */

/* Of the dataset with clones: those share evenly what their original has. `*shared` is freed by the caller. Local. */
static crow_status share_weights(const stress *s, const crow_clones *clones, double **shared) {
  const crow_gidx m = s->dataset->alternatives;
  CROW_NEED(CROW_ALLOCATE_RAW(shared, m + clones->targets * clones->clones));
  memcpy(*shared, s->fits->weight, (size_t)m * sizeof **shared);
  for (crow_gidx t = 0; t < clones->targets; t++) {
    const double each = s->fits->weight[clones->target[t]] / (double)(clones->clones + 1);
    (*shared)[clones->target[t]] = each;
    for (int64_t k = 0; k < clones->clones; k++) (*shared)[m + k * clones->targets + t] = each;
  }
  return CROW_OK;
}

static crow_status run_test(const stress *s, const target *what, crow_audit_test *test) {
  crow_status status = CROW_OK;
  crow_dataset changed = {0};
  crow_fits fits = {0};
  double *shared = NULL;
  const crow_clones clones = {.targets = what->count,
                              .target = what->alternative,
                              .clones = test->clones,
                              .eps = test->eps,
                              .seed = (uint64_t)s->options->clone_seed};
  memcpy(test->target, what->name, sizeof test->target);
  test->targets = what->count;
  crow_log(CROW_LOG_INFO, "audit: %s, %lld clone%s each at distance %g", what->name, (long long)test->clones,
           crow_plural(test->clones), test->eps);
  CROW_TRY(crow_clones_write(s->comm, s->dataset, &clones, s->path));
  CROW_TRY(crow_dataset_open(s->comm, s->path, false, &changed));
  if (crow_audit_weights_file(s->options, 0)) CROW_TRY_AGREE(s->comm, share_weights(s, &clones, &shared));
  CROW_TRY(crow_fits_make(s->comm, &changed, s->options, 0, shared, &fits));
  CROW_TRY(compare(s, &clones, crow_fits_of(s->fits, false), fits.m, crow_fits_of(&fits, false), &test->standard));
  CROW_TRY(compare(s, &clones, crow_fits_of(s->fits, true), fits.m, crow_fits_of(&fits, true), &test->weighted));
  test->standard.converged = s->fits->standard_converged && fits.standard_converged;
  test->weighted.converged = s->fits->weighted_converged && fits.weighted_converged;
cleanup:
  crow_dataset_close(&changed);
  crow_fits_free(&fits);
  crow_free(shared);
  return status;
}

/* A name in the scratch folder that is no other run's, on this host or another. Local, for the first rank. */
static crow_status make_scratch_name(const stress *s, char *path) {
  char wanted[PATH_BYTES];
  const int bytes = snprintf(wanted, sizeof wanted, "%s/audit.h5", s->options->scratch);
  if (bytes < (int)sizeof wanted && crow_temporary_name(wanted, 0, path, PATH_BYTES)) {
    crow_temporary_clean(wanted);
    return CROW_OK;
  }
  return crow_error(CROW_FILE_SYSTEM, "the name of the scratch folder %.100s... is too long", s->options->scratch);
}

static crow_status name_scratch(stress *s) {
  const bool root = crow_comm_rank(s->comm) == 0;
  CROW_NEED_AGREE(s->comm, CROW_ALLOCATE(&s->path, PATH_BYTES));
  CROW_NEED_AGREE(s->comm, root ? make_scratch_name(s, s->path) : CROW_OK);
  return crow_comm_broadcast(s->comm, s->path, PATH_BYTES, 0);
}

static crow_status run_tests(stress *s, const int64_t *places, crow_audit_result *out) {
  crow_status status = CROW_OK;
  target *targets = NULL;
  int64_t count = 0;
  CROW_TRY(choose_targets(s, places, &targets, &count));
  CROW_TRY_AGREE(s->comm, CROW_ALLOCATE(&out->test, count * s->eps_count * s->clones_count));
  for (int64_t t = 0; t < count; t++) {
    for (int64_t k = 0; k < s->clones_count; k++) {
      for (int64_t e = 0; e < s->eps_count; e++) {
        crow_audit_test *test = &out->test[out->tests++];
        test->clones = (int64_t)s->clones[k];
        test->eps = s->eps[e];
        CROW_TRY(run_test(s, &targets[t], test));
      }
    }
  }
cleanup:
  if (s->path && crow_comm_rank(s->comm) == 0) (void)unlink(s->path);
  for (int64_t t = 0; targets && t < count; t++) crow_free(targets[t].alternative);
  crow_free(targets);
  return status;
}

crow_status crow_audit_run(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options,
                           crow_audit_result *out) {
  crow_status status = CROW_OK;
  crow_fits fits = {0};
  crow_topic_map topics = {0};
  crow_within within = {0};
  int64_t *places = NULL;
  crow_audit_options chosen = *options;
  stress s = {
      .comm = comm, .dataset = dataset, .options = &chosen, .fits = &fits, .topics = &topics, .within = &within};
  memset(out, 0, sizeof *out);
  CROW_TRY(crow_audit_options_validate(options));
  CROW_TRY(crow_dataset_need_contexts(dataset));
  CROW_TRY(crow_numbers_parse("eps", options->eps, CROW_AUDIT_NUMBERS, s.eps, &s.eps_count));
  CROW_TRY(crow_numbers_parse("clones", options->clones, CROW_AUDIT_NUMBERS, s.clones, &s.clones_count));
  CROW_TRY(name_scratch(&s));
  CROW_TRY(crow_topic_map_read(comm, dataset, &topics));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&places, dataset->alternatives));
  CROW_TRY_AGREE(comm, crow_within_create(dataset, &within));
  out->prompts = within.prompts;
  out->complete = crow_preference_source(dataset) != CROW_SOURCE_COMPARISONS;
  CROW_TRY(crow_places_count(comm, dataset, places));
  CROW_TRY(crow_audit_choose_space(comm, dataset, options, &out->space, &chosen));
  CROW_TRY(crow_fits_make(comm, dataset, &chosen, 0, NULL, &fits));
  CROW_TRY(crow_audit_find_groups(comm, dataset, &chosen, &fits, &topics, places, out));
  CROW_TRY(run_tests(&s, places, out));
  if (out->tests) CROW_TRY(crow_audit_redraw(comm, dataset, &chosen, &fits, &topics, &within, out));
cleanup:
  crow_fits_free(&fits);
  crow_topic_map_free(&topics);
  crow_within_free(&within);
  CROW_FREE(places, s.path);
  if (status != CROW_OK) crow_audit_result_free(out);
  return status;
}

void crow_audit_result_free(crow_audit_result *result) {
  CROW_FREE(result->group, result->test);
  memset(result, 0, sizeof *result);
}
