/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of an audit share: both fits, topics and names, whole on every rank. */
#include "audit/audit_impl.h"
#include "base/utf8_impl.h"
#include "weights/weights_impl.h"
#include <math.h>
#include <string.h>

static crow_status fit(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                       const crow_train_options *options, double **reward, double *tie, bool *converged) {
  crow_status status = CROW_OK;
  crow_rewards rewards = {0};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(reward, dataset->alternatives));
  CROW_TRY(crow_rewards_fit(comm, dataset, weights, options, &rewards));
  CROW_TRY(crow_comm_gather_slices(comm, &rewards.partition, rewards.value, *reward, sizeof **reward));
  *converged = rewards.converged;
  *tie = 2 * crow_rewards_bound(&rewards);
cleanup:
  crow_rewards_free(&rewards);
  return status;
}

/* Weights or a fit, whichever needs more, beside what an audit has on every rank (rewards, weights, topics, places) and
 * a rank's share of contexts and of comparisons to copy. */
static crow_status check_memory(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options) {
  const int ranks = crow_comm_size(comm);
  const double m = (double)dataset->alternatives, d = (double)dataset->dimensions;
  const double fit = crow_rewards_rank_bytes(dataset, &options->fit, ranks);
  const double weights = crow_weights_need_bytes(dataset, &options->weights, ranks, ranks);
  const double own = 33 * m + 8 * d * (m / ranks + CROW_BLOCK) + 16 * ((double)dataset->comparisons / ranks);
  return crow_comm_check_memory(comm, options->weights.memory_per_rank, own + fmax(fit, weights),
                                "use more ranks or fewer ranks a node, or a shorter --history",
                                "the audit of %lld alternatives with %lld comparisons",
                                (long long)dataset->alternatives, (long long)dataset->comparisons);
}

static crow_status take_weights(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options,
                                int k, const double *shared, crow_weights *out) {
  const char *file = crow_audit_weights_file(options, k);
  crow_weights_options how = options->weights;
  const bool uniform = options->given[0] && strcmp(options->given[0], "uniform") == 0;
  if (file && !shared) {
    CROW_NEED(crow_weights_read(comm, file, dataset, out));
    return crow_weights_find_shares(comm, dataset, out);
  }
  if (shared || uniform) how.scheme = CROW_SCHEME_UNIFORM;
  CROW_NEED(crow_weights_compute(comm, dataset, &how, out));
  if (!shared) return CROW_OK;
  memcpy(out->value, shared + out->partition.begin, (size_t)out->partition.count * sizeof *out->value);
  CROW_NEED(crow_weights_summarise(comm, out));
  return crow_weights_find_shares(comm, dataset, out);
}

crow_status crow_fits_make(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options, int k,
                           const double *shared, crow_fits *out) {
  crow_status status = CROW_OK;
  crow_weights *uniform = &out->uniform, *voronoi = &out->voronoi;
  *out = (crow_fits){.m = dataset->alternatives};
  crow_weights_options equal = options->weights;
  equal.scheme = CROW_SCHEME_UNIFORM;
  CROW_TRY(check_memory(comm, dataset, options));
  CROW_TRY(crow_weights_compute(comm, dataset, &equal, uniform));
  CROW_TRY(fit(comm, dataset, uniform, &options->fit, &out->standard, &out->standard_tie, &out->standard_converged));
  CROW_TRY(take_weights(comm, dataset, options, k, shared, voronoi));
  CROW_TRY(fit(comm, dataset, voronoi, &options->fit, &out->weighted, &out->weighted_tie, &out->weighted_converged));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->weight, out->m));
  CROW_TRY(crow_comm_gather_slices(comm, &voronoi->partition, voronoi->value, out->weight, sizeof *out->weight));
cleanup:
  if (status != CROW_OK) crow_fits_free(out);
  return status;
}

crow_status crow_audit_choose_space(const crow_comm *comm, const crow_dataset *dataset,
                                    const crow_audit_options *options, crow_space_choice *choice,
                                    crow_audit_options *chosen) {
  memset(choice, 0, sizeof *choice);
  *chosen = *options;
  chosen->weights.batches = false; /* what sampling does to rewards is not asked here */
  const bool computed = !options->given[0] || strcmp(options->given[0], "voronoi") == 0;
  if (options->weights.scheme != CROW_SCHEME_VORONOI || !computed) return CROW_OK;
  CROW_NEED(crow_dataset_need_contexts(dataset));
  if (strcmp(options->weights.space.space, "auto") != 0) {
    (void)snprintf(choice->space, sizeof choice->space, "%s", options->weights.space.space);
    if (strcmp(choice->space, "sphere") == 0) {
      (void)snprintf(choice->center, sizeof choice->center, "%s",
                     options->weights.space.center ? options->weights.space.center : "weighted");
    }
    return CROW_OK;
  }
  CROW_NEED(crow_space_choose(comm, &options->weights.space, dataset, choice));
  chosen->weights.space = crow_space_chosen(&options->weights.space, choice);
  crow_log(CROW_LOG_NOTICE, "audit: space: %s%s%s, for all datasets that are weighed (auto, from %s: %s)",
           choice->space, *choice->center ? ", centre: " : "", choice->center, crow_file_name(dataset->file),
           choice->reason);
  return CROW_OK;
}

crow_measured crow_fits_of(const crow_fits *fits, bool weighted) {
  return weighted ? (crow_measured){fits->weighted, fits->weighted_tie}
                  : (crow_measured){fits->standard, fits->standard_tie};
}

void crow_fits_free(crow_fits *fits) {
  CROW_FREE(fits->standard, fits->weighted, fits->weight);
  crow_weights_free(&fits->uniform);
  crow_weights_free(&fits->voronoi);
  memset(fits, 0, sizeof *fits);
}

/* ---- topics ------------------------------------------------------------------------------------------------- */

crow_status crow_topic_map_read(const crow_comm *comm, const crow_dataset *dataset, crow_topic_map *out) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(comm, dataset->alternatives, CROW_BLOCK);
  crow_labels labels = {0};
  *out = (crow_topic_map){0};
  if (!dataset->has_topic) return CROW_OK;
  CROW_TRY(crow_labels_read(dataset->file, "/alternatives/topic", &p, &labels));
  if (labels.too_many) {
    crow_log(CROW_LOG_WARNING, "audit: more than %d topics; none are reported", CROW_LABELS_MOST);
    goto cleanup;
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->code, p.global));
  CROW_TRY(crow_comm_gather_slices(comm, &p, labels.code, out->code, sizeof *out->code));
  out->count = labels.name.count;
  out->name = labels.name;
  labels.name = (crow_strings){0};
cleanup:
  crow_labels_free(&labels);
  return status;
}

void crow_topic_map_free(crow_topic_map *map) {
  crow_strings_free(&map->name);
  crow_free(map->code);
  memset(map, 0, sizeof *map);
}

void crow_topic_means(const crow_topic_map *map, crow_gidx m, const crow_gidx *original, const double *reward,
                      double *mean, crow_gidx *size) {
  for (int64_t t = 0; t < map->count; t++) mean[t] = 0;
  for (int64_t t = 0; t < map->count; t++) size[t] = 0;
  for (crow_gidx i = 0; i < m; i++) {
    const int32_t topic = map->code[original ? original[i] : i];
    mean[topic] += reward[i];
    size[topic]++;
  }
  for (int64_t t = 0; t < map->count; t++) mean[t] = size[t] ? mean[t] / (double)size[t] : NAN;
}

/* ---- small things ------------------------------------------------------------------------------------------- */

int64_t crow_greatest(int64_t n, const double *values) {
  int64_t best = -1;
  for (int64_t i = 0; i < n; i++) {
    if (!isnan(values[i]) && (best < 0 || values[i] > values[best])) best = i;
  }
  return best;
}

void crow_winners(int64_t n, crow_measured before, crow_measured after, int64_t winner[2]) {
  winner[0] = crow_greatest(n, before.value);
  winner[1] = crow_greatest(n, after.value);
  if (winner[0] < 0 || winner[1] < 0) return;
  const double least[2] = {before.value[winner[0]] - before.tie, after.value[winner[1]] - after.tie};
  for (int64_t i = 0; i < n; i++) {
    if (!(before.value[i] >= least[0] && after.value[i] >= least[1])) continue;
    winner[0] = winner[1] = i;
    return;
  }
}

void crow_name_copy(const char *from, char to[CROW_AUDIT_NAME]) {
  (void)snprintf(to, CROW_AUDIT_NAME, "%.*s", (int)crow_utf8_cut(from, CROW_AUDIT_NAME - 1), from);
}

crow_status crow_id_read(const crow_dataset *dataset, crow_gidx alternative, char id[CROW_AUDIT_NAME]) {
  crow_status status = CROW_OK;
  crow_strings text = {0};
  CROW_TRY(crow_dataset_read_ids(dataset, alternative, 1, &text));
  crow_name_copy(crow_strings_get(&text, 0), id);
cleanup:
  crow_strings_free(&text);
  return status;
}

/* Judgements of this rank's comparisons, for both alternatives of each. */
static crow_status count_slice(const crow_comm *comm, const crow_dataset *dataset, int64_t *places) {
  crow_status status = CROW_OK;
  enum { PIECE = 1 << 20 };
  const crow_partition p = crow_comm_partition(comm, dataset->comparisons, 1);
  int32_t *side = NULL;
  int64_t *count = NULL, pieces = (p.count + PIECE - 1) / PIECE;
  CROW_TRY(crow_comm_max_i64(comm, &pieces, 1));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW_EACH(PIECE, &side, &count));
  for (int64_t i = 0; i < PIECE; i++) count[i] = 1;
  for (int64_t piece = 0; piece < pieces; piece++) {
    const int64_t at = piece * PIECE < p.count ? piece * PIECE : p.count;
    const int64_t n = p.count - at < PIECE ? p.count - at : PIECE;
    const char *const sides[] = {"/comparisons/first", "/comparisons/second"};
    if (dataset->has_count) {
      CROW_TRY(crow_file_read(dataset->file, "/comparisons/count", p.begin + at, n, CROW_I64, count));
    }
    for (int s = 0; s < 2; s++) {
      CROW_TRY(crow_file_read(dataset->file, sides[s], p.begin + at, n, CROW_I32, side));
      for (int64_t i = 0; i < n; i++) places[side[i]] += count[i];
    }
  }
cleanup:
  CROW_FREE(side, count);
  return status;
}

crow_status crow_places_count(const crow_comm *comm, const crow_dataset *dataset, int64_t *places) {
  for (crow_gidx i = 0; i < dataset->alternatives; i++) places[i] = !dataset->has_comparisons;
  if (!dataset->has_comparisons) return CROW_OK;
  CROW_NEED(count_slice(comm, dataset, places));
  return crow_comm_sum_i64(comm, places, dataset->alternatives);
}
