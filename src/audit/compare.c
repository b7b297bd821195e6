/* SPDX-License-Identifier: Apache-2.0 */
/* Two datasets, say without and with clones, by topic. */
#include "audit/audit_impl.h"
#include <math.h>
#include <string.h>

/* One of the two. */
typedef struct side {
  const crow_dataset *dataset;
  crow_fits fits;
  crow_topic_map topics;
  double *standard, *weighted, *weight; /* (topics) mean rewards, share of the weight */
  crow_gidx *size;
} side;

static void side_free(side *s) {
  crow_fits_free(&s->fits);
  crow_topic_map_free(&s->topics);
  crow_free(s->standard);
  crow_free(s->weighted);
  crow_free(s->weight);
  crow_free(s->size);
}

static crow_status side_create(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options,
                               side *s) {
  crow_status status = CROW_OK;
  s->dataset = dataset;
  CROW_TRY(crow_topic_map_read(comm, dataset, &s->topics));
  const int64_t topics = s->topics.count;
  if (topics == 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: expected /alternatives/topic: two datasets are compared by topic",
                        crow_file_name(dataset->file)));
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s->standard, topics));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s->weighted, topics));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s->weight, topics));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s->size, topics));
  CROW_TRY(crow_fits_make(comm, dataset, options, &s->fits));
  crow_topic_means(&s->topics, s->fits.m, NULL, s->fits.standard, s->standard, s->size);
  crow_topic_means(&s->topics, s->fits.m, NULL, s->fits.weighted, s->weighted, s->size);
  for (crow_gidx i = 0; i < s->fits.m; i++) s->weight[s->topics.code[i]] += s->fits.weight[i];
cleanup:
  return status;
}

static void fill_topic(const side *s, int k, int64_t topic, crow_audit_topic *out) {
  out->standard[k] = out->weighted[k] = NAN;
  if (topic < 0) return;
  crow_name_copy(crow_strings_get(&s->topics.name, topic), out->name);
  out->size[k] = s->size[topic];
  out->standard[k] = s->standard[topic];
  out->weighted[k] = s->weighted[topic];
  out->weight[k] = s->weight[topic];
}

/* The topics of both, merged in alphabetical order. Local. */
static crow_status merge_topics(const side both[2], crow_audit_comparison *out) {
  crow_status status = CROW_OK;
  const crow_topic_map *a = &both[0].topics, *b = &both[1].topics;
  CROW_TRY(CROW_ALLOCATE(&out->topic, a->count + b->count));
  for (int64_t i = 0, j = 0; i < a->count || j < b->count;) {
    int order = i >= a->count ? 1 : j >= b->count ? -1 : 0;
    if (order == 0) order = strcmp(crow_strings_get(&a->name, i), crow_strings_get(&b->name, j));
    crow_audit_topic *topic = &out->topic[out->topics++];
    fill_topic(&both[0], 0, order <= 0 ? i++ : -1, topic);
    fill_topic(&both[1], 1, order >= 0 ? j++ : -1, topic);
    out->common += order == 0;
  }
cleanup:
  return status;
}

static double reward_of(const crow_audit_topic *topic, bool weighted, int k) {
  return weighted ? topic->weighted[k] : topic->standard[k];
}

/* Shifts of the common topics' means. Local. */
static crow_status measure(const crow_audit_comparison *c, bool weighted, crow_audit_shift *out) {
  crow_status status = CROW_OK;
  double *mean[2] = {NULL, NULL}, sum = 0;
  int64_t n = 0;
  CROW_TRY(CROW_ALLOCATE(&mean[0], c->topics));
  CROW_TRY(CROW_ALLOCATE(&mean[1], c->topics));
  for (int64_t t = 0; t < c->topics; t++) {
    const double before = reward_of(&c->topic[t], weighted, 0), after = reward_of(&c->topic[t], weighted, 1);
    if (isnan(before) || isnan(after)) continue;
    mean[0][n] = before;
    mean[1][n++] = after;
    sum += fabs(before - after);
    out->largest = fmax(out->largest, fabs(before - after));
  }
  out->mean = n ? sum / (double)n : NAN;
  CROW_TRY(crow_kendall_tau(n, mean[0], mean[1], &out->tau));
  for (int k = 0; k < 2; k++) {
    for (int64_t t = 0; t < c->topics; t++) mean[k][t] = reward_of(&c->topic[t], weighted, k);
    const int64_t best = crow_greatest(c->topics, mean[k]);
    if (best >= 0) crow_name_copy(c->topic[best].name, out->winner_topic[k]);
  }
  out->topic_changed = strcmp(out->winner_topic[0], out->winner_topic[1]) != 0;
cleanup:
  crow_free(mean[0]);
  crow_free(mean[1]);
  return status;
}

/* The best alternatives, by id. Collective. */
static crow_status find_winners(const side both[2], bool weighted, crow_audit_shift *out) {
  crow_status status = CROW_OK;
  out->converged = true;
  for (int k = 0; k < 2; k++) {
    const crow_fits *fits = &both[k].fits;
    const int64_t best = crow_greatest(fits->m, weighted ? fits->weighted : fits->standard);
    if (best >= 0) CROW_TRY(crow_id_read(both[k].dataset, best, out->winner[k]));
    out->converged = out->converged && (weighted ? fits->weighted_converged : fits->standard_converged);
  }
  out->winner_changed = strcmp(out->winner[0], out->winner[1]) != 0;
cleanup:
  return status;
}

crow_status crow_audit_compare(const crow_comm *comm, const crow_dataset *first, const crow_dataset *second,
                               const crow_audit_options *options, crow_audit_comparison *out) {
  crow_status status = CROW_OK;
  side both[2] = {{0}, {0}};
  memset(out, 0, sizeof *out);
  CROW_TRY(crow_audit_options_validate(options));
  CROW_TRY(side_create(comm, first, options, &both[0]));
  CROW_TRY(side_create(comm, second, options, &both[1]));
  CROW_TRY_AGREE(comm, merge_topics(both, out));
  CROW_TRY_AGREE(comm, measure(out, false, &out->standard));
  CROW_TRY_AGREE(comm, measure(out, true, &out->weighted));
  CROW_TRY(find_winners(both, false, &out->standard));
  CROW_TRY(find_winners(both, true, &out->weighted));
cleanup:
  side_free(&both[0]);
  side_free(&both[1]);
  if (status != CROW_OK) crow_audit_comparison_free(out);
  return status;
}

void crow_audit_comparison_free(crow_audit_comparison *comparison) {
  crow_free(comparison->topic);
  memset(comparison, 0, sizeof *comparison);
}
