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
  CROW_FREE(s->standard, s->weighted, s->weight, s->size);
}

static crow_status side_create(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options,
                               int k, side *s) {
  s->dataset = dataset;
  CROW_NEED(crow_topic_map_read(comm, dataset, &s->topics));
  const int64_t topics = s->topics.count;
  if (topics == 0) {
    return crow_error(CROW_BAD_INPUT, "%s: expected /alternatives/topic: two datasets are compared by topic",
                      crow_file_name(dataset->file));
  }
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_EACH(topics, &s->standard, &s->weighted, &s->weight, &s->size));
  CROW_NEED(crow_fits_make(comm, dataset, options, k, NULL, &s->fits));
  crow_topic_means(&s->topics, s->fits.m, NULL, s->fits.standard, s->standard, s->size);
  crow_topic_means(&s->topics, s->fits.m, NULL, s->fits.weighted, s->weighted, s->size);
  for (crow_gidx i = 0; i < s->fits.m; i++) s->weight[s->topics.code[i]] += s->fits.weight[i];
  return CROW_OK;
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
  const crow_topic_map *a = &both[0].topics, *b = &both[1].topics;
  CROW_NEED(CROW_ALLOCATE(&out->topic, a->count + b->count));
  for (int64_t i = 0, j = 0; i < a->count || j < b->count;) {
    int order = i >= a->count ? 1 : j >= b->count ? -1 : 0;
    if (order == 0) order = strcmp(crow_strings_get(&a->name, i), crow_strings_get(&b->name, j));
    crow_audit_topic *topic = &out->topic[out->topics++];
    fill_topic(&both[0], 0, order <= 0 ? i++ : -1, topic);
    fill_topic(&both[1], 1, order >= 0 ? j++ : -1, topic);
    out->common += order == 0;
  }
  return CROW_OK;
}

static double reward_of(const crow_audit_topic *topic, bool weighted, int k) {
  return weighted ? topic->weighted[k] : topic->standard[k];
}

/* Shifts of the common topics' means. Local. */
static crow_status compare_measure(const side both[2], const crow_audit_comparison *c, bool weighted,
                                   crow_audit_shift *out) {
  crow_status status = CROW_OK;
  double *mean[2] = {NULL, NULL}, sum = 0;
  int64_t n = 0, best[2];
  CROW_TRY(CROW_ALLOCATE_EACH(c->topics, &mean[0], &mean[1]));
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
  for (int64_t t = 0; t < c->topics; t++) {
    for (int k = 0; k < 2; k++) mean[k][t] = reward_of(&c->topic[t], weighted, k);
  }
  crow_winners(c->topics, (crow_measured){mean[0], crow_fits_of(&both[0].fits, weighted).tie},
               (crow_measured){mean[1], crow_fits_of(&both[1].fits, weighted).tie}, best);
  for (int k = 0; k < 2; k++) {
    if (best[k] >= 0) crow_name_copy(c->topic[best[k]].name, out->winner_topic[k]);
  }
  out->topic_changed = strcmp(out->winner_topic[0], out->winner_topic[1]) != 0;
cleanup:
  CROW_FREE(mean[0], mean[1]);
  return status;
}

/* Alternatives that share the first rank, at most so many: more are as good as none. */
enum { TIED_MOST = 16 };

typedef struct tied_ids {
  int count;
  char id[TIED_MOST][CROW_AUDIT_NAME];
} tied_ids;

/* The ids of the best alternative and of those that tie with it. Collective. */
static crow_status read_best(const crow_dataset *dataset, crow_gidx m, crow_measured of, tied_ids *out) {
  const int64_t best = crow_greatest(m, of.value);
  for (crow_gidx i = 0; best >= 0 && i < m && out->count < TIED_MOST; i++) {
    if (of.value[i] >= of.value[best] - of.tie) CROW_NEED(crow_id_read(dataset, i, out->id[out->count++]));
  }
  return CROW_OK;
}

/* The best alternatives, by id: one that is among the best of both, or else the first of each. Collective. */
static crow_status find_winners(const side both[2], bool weighted, crow_audit_shift *out) {
  tied_ids best[2] = {{0}, {0}};
  int same[2] = {0, 0};
  out->converged = true;
  for (int k = 0; k < 2; k++) {
    const crow_fits *fits = &both[k].fits;
    CROW_NEED(read_best(both[k].dataset, fits->m, crow_fits_of(fits, weighted), &best[k]));
    out->converged = out->converged && (weighted ? fits->weighted_converged : fits->standard_converged);
  }
  for (int i = best[0].count - 1; i >= 0; i--) {
    for (int j = best[1].count - 1; j >= 0; j--) {
      if (strcmp(best[0].id[i], best[1].id[j]) != 0) continue;
      same[0] = i;
      same[1] = j;
    }
  }
  for (int k = 0; k < 2; k++) {
    if (best[k].count) memcpy(out->winner[k], best[k].id[same[k]], CROW_AUDIT_NAME);
  }
  out->prompts_changed = out->winner_changed = strcmp(out->winner[0], out->winner[1]) != 0;
  return CROW_OK;
}

/* ---- chance ----------------------------------------------------------------------------------------------------- */

/* One method's replicates of one of the datasets: deviations of the common topics' means from those of its fit. */
typedef struct deviations {
  const side *s;
  const double *fitted; /* (topics of the side) */
  const int64_t *topic; /* (common) a common topic's place among the side's */
  int64_t common;
  double *mean; /* (topics of the side) */
  crow_gidx *size;
  double sign, *sum; /* (redraws, common) */
} deviations;

static crow_status add_deviation(void *context, int64_t number, const double *reward) {
  deviations *d = context;
  crow_topic_means(&d->s->topics, d->s->fits.m, NULL, reward, d->mean, d->size);
  for (int64_t t = 0; t < d->common; t++) {
    d->sum[number * d->common + t] += d->sign * (d->mean[d->topic[t]] - d->fitted[d->topic[t]]);
  }
  return CROW_OK;
}

/* Adds those of side k, the second's less. Collective. */
static crow_status add_side(const crow_comm *comm, const side *s, int k, bool weighted, const int64_t *topic,
                            int64_t common, const crow_audit_options *options, double *sum) {
  crow_status status = CROW_OK;
  const crow_fits *fits = &s->fits;
  deviations d = {.s = s, .topic = topic, .common = common, .sign = k ? -1 : 1, .sum = sum};
  if (crow_preference_source(s->dataset) != CROW_SOURCE_COMPARISONS) return CROW_OK;
  d.fitted = weighted ? s->weighted : s->standard;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(s->topics.count, &d.mean, &d.size));
  CROW_TRY(crow_audit_replicates(comm, s->dataset, options, options->clone_seed + k,
                                 weighted ? &fits->voronoi : &fits->uniform, weighted ? fits->weighted : fits->standard,
                                 add_deviation, &d));
cleanup:
  CROW_FREE(d.mean, d.size);
  return status;
}

/* From deviations `sum` (redraws, common) and the first's means `mean` (common) to what they do. Local. */
static crow_status judge_deviations(const double *sum, crow_measured mean, int64_t common, int64_t redraws,
                                    crow_audit_noise *out) {
  crow_status status = CROW_OK;
  double *largest = NULL, *shifted = NULL, tau = 0;
  int64_t best[2];
  CROW_TRY(CROW_ALLOCATE(&largest, redraws));
  CROW_TRY(CROW_ALLOCATE(&shifted, common));
  for (int64_t b = 0; b < redraws; b++) {
    for (int64_t t = 0; t < common; t++) {
      const double deviation = sum[b * common + t];
      shifted[t] = mean.value[t] + deviation;
      largest[b] = fmax(largest[b], fabs(deviation));
      out->mean += fabs(deviation) / (double)common;
    }
    crow_winners(common, mean, (crow_measured){shifted, mean.tie}, best);
    out->changed += best[0] != best[1];
    out->winners = out->changed;
    CROW_TRY(crow_kendall_tau(common, mean.value, shifted, &tau));
    out->tau += tau;
  }
  crow_noise_finish(out, largest, redraws);
cleanup:
  CROW_FREE(largest, shifted);
  return status;
}

/* The common topics' places in both, (common) each. Local. */
static crow_status find_common(const side both[2], int64_t common, int64_t *place[2]) {
  const crow_topic_map *a = &both[0].topics, *b = &both[1].topics;
  int64_t at = 0;
  CROW_NEED(CROW_ALLOCATE_EACH(common, &place[0], &place[1]));
  for (int64_t i = 0, j = 0; i < a->count && j < b->count;) {
    const int order = strcmp(crow_strings_get(&a->name, i), crow_strings_get(&b->name, j));
    if (order == 0) {
      place[0][at] = i;
      place[1][at++] = j;
    }
    i += order <= 0;
    j += order >= 0;
  }
  return CROW_OK;
}

/* Collective. */
static crow_status find_noise(const crow_comm *comm, const side both[2], const crow_audit_options *options,
                              crow_audit_comparison *out) {
  crow_status status = CROW_OK;
  double *sum = NULL, *mean = NULL;
  int64_t *place[2] = {NULL, NULL};
  out->complete = true;
  for (int k = 0; k < 2; k++) {
    out->complete = out->complete && crow_preference_source(both[k].dataset) != CROW_SOURCE_COMPARISONS;
  }
  if (out->complete || options->redraws == 0 || out->common == 0) return CROW_OK;
  crow_log(CROW_LOG_INFO, "audit: comparisons of both datasets drawn anew %lld times", (long long)options->redraws);
  CROW_TRY_AGREE(comm, find_common(both, out->common, place));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&sum, options->redraws * out->common));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&mean, out->common));
  for (int weighted = 0; weighted < 2; weighted++) {
    const double *first = weighted ? both[0].weighted : both[0].standard;
    for (int64_t t = 0; t < out->common; t++) mean[t] = first[place[0][t]];
    memset(sum, 0, (size_t)(options->redraws * out->common) * sizeof *sum);
    for (int k = 0; k < 2; k++) {
      CROW_TRY(add_side(comm, &both[k], k, weighted, place[k], out->common, options, sum));
    }
    CROW_TRY_AGREE(comm,
                   judge_deviations(sum, (crow_measured){mean, crow_fits_of(&both[0].fits, weighted).tie}, out->common,
                                    options->redraws, weighted ? &out->weighted_noise : &out->standard_noise));
  }
  out->redraws = options->redraws;
cleanup:
  CROW_FREE(sum, mean, place[0], place[1]);
  return status;
}

crow_status crow_audit_compare(const crow_comm *comm, const crow_dataset *first, const crow_dataset *second,
                               const crow_audit_options *options, crow_audit_comparison *out) {
  crow_status status = CROW_OK;
  side both[2] = {{0}, {0}};
  crow_audit_options chosen;
  memset(out, 0, sizeof *out);
  CROW_TRY(crow_audit_options_validate(options));
  if (!crow_audit_weights_file(options, 0) != !crow_audit_weights_file(options, 1)) {
    CROW_TRY(crow_error(CROW_USAGE, "given weights: expected a file for each of two datasets, or for none"));
  }
  CROW_TRY(crow_audit_choose_space(comm, first, options, &out->space, &chosen));
  CROW_TRY(side_create(comm, first, &chosen, 0, &both[0]));
  CROW_TRY(side_create(comm, second, &chosen, 1, &both[1]));
  CROW_TRY_AGREE(comm, merge_topics(both, out));
  CROW_TRY_AGREE(comm, compare_measure(both, out, false, &out->standard));
  CROW_TRY_AGREE(comm, compare_measure(both, out, true, &out->weighted));
  CROW_TRY(find_winners(both, false, &out->standard));
  CROW_TRY(find_winners(both, true, &out->weighted));
  CROW_TRY(find_noise(comm, both, &chosen, out));
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
