/* SPDX-License-Identifier: Apache-2.0 */
/* The weighted mean about which contexts become directions on the sphere: the fixed point c = sum w(x) y(x), where w
 * are the weights that c gives and y(x) = x / |x|. Clones share their weight, so they do not move it. All rounds count
 * the same samples: what changes from one to the next is c alone, and it comes to rest exactly. */
#include "space/space_impl.h"
#include "weights/sampling_impl.h"
#include <math.h>
#include <string.h>

#define ROUNDS_MOST 30
/* It rests when the weights' changes in a round sum to less. */
#define CHANGE_LEAST 1e-4

/* ---- the mean of given weights -------------------------------------------------------------------------------- */

typedef struct weighted_mean {
  const double *weights; /* of this rank's slice, which begins at `first` */
  crow_gidx first;
  double *row, *column; /* work space: (CROW_BLOCK, d), (CROW_BLOCK) */
  crow_exact_sum *sums; /* (d) */
} weighted_mean;

static crow_status visit_weighted(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  const weighted_mean *m = context;
  if (count == 0) return CROW_OK;
  memcpy(m->row, rows, (size_t)(count * d) * sizeof *rows);
  for (crow_gidx i = 0; i < count; i++) (void)crow_space_normalise(m->row + i * d, d);
  for (crow_gidx k = 0; k < d; k++) {
    for (crow_gidx i = 0; i < count; i++) m->column[i] = m->weights[begin + i - m->first] * m->row[i * d + k];
    crow_exact_add_blocks(&m->sums[k], m->column, count);
  }
  return CROW_OK;
}

/* sum w(x) y(x), the same bits for any number of ranks. Collective. */
static crow_status find_weighted_mean(const crow_comm *comm, const crow_dataset *dataset, const crow_partition *p,
                                      const double *weights, double *mean) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions;
  weighted_mean m = {.weights = weights, .first = p->begin};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&m.row, CROW_BLOCK * d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&m.column, CROW_BLOCK));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&m.sums, d));
  CROW_TRY(crow_space_visit(comm, dataset, visit_weighted, &m));
  CROW_TRY(crow_comm_sum_exact(comm, m.sums, d));
  for (crow_gidx k = 0; k < d; k++) mean[k] = crow_exact_value(&m.sums[k]);
cleanup:
  crow_free(m.row);
  crow_free(m.column);
  crow_free(m.sums);
  return status;
}

/* ---- rounds --------------------------------------------------------------------------------------------------- */

/* The mean of the distinct contexts. A single one needs no direction: all share equally wherever the centre is. */
static crow_status begin_center(const crow_comm *comm, const crow_dataset *dataset, const crow_partition *p,
                                crow_weights_center *center) {
  crow_status status = CROW_OK;
  int64_t distinct = 0;
  CROW_TRY(crow_weights_of_distinct(comm, dataset, center->weights, &distinct));
  center->found = distinct == 1;
  if (!center->found) CROW_TRY(find_weighted_mean(comm, dataset, p, center->weights, center->value));
cleanup:
  return status;
}

/* How much the weights differ from those of the round before, which they replace. */
static crow_status take_change(const crow_comm *comm, const crow_weights *weights, crow_weights_center *center) {
  crow_status status = CROW_OK;
  const crow_partition *p = &weights->partition;
  for (crow_gidx i = 0; i < p->count; i++) center->weights[i] = fabs(weights->value[i] - center->weights[i]);
  CROW_TRY(crow_comm_sum(comm, p, center->weights, &center->change));
  for (crow_gidx i = 0; i < p->count; i++) center->weights[i] = weights->value[i];
cleanup:
  return status;
}

/* The weights at the latest centre, from the first samples; `resumes`: of which a checkpoint has counted some. Clones
 * would have a say in the mean by pseudo-counts. */
static crow_status count_round(const crow_comm *comm, const crow_dataset *dataset, const crow_weights_options *options,
                               int64_t samples, bool resumes, const crow_space *space, crow_checkpoint *checkpoint,
                               crow_weights *out, crow_weights_center *center) {
  crow_status status = CROW_OK;
  crow_weights_options plain = *options;
  crow_sampling s = {.checkpoint = checkpoint,
                     .space = space,
                     .center = center,
                     .target = samples,
                     .stages = center->stages,
                     .hull = center->hull,
                     .hull_limit = center->hull_limit,
                     .blocks = CROW_DRAWS_RULE};
  char name[64];
  center->hull = (crow_hull){0};
  plain.pseudo_count = 0;
  (void)snprintf(name, sizeof name, "weighted mean, round %lld", (long long)center->rounds + 1);
  CROW_TRY(crow_sampling_prepare(comm, dataset, &plain, samples, &s));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&s.squares, out->partition.count));
  s.target = crow_sampling_whole(&s, samples);
  if (resumes) CROW_TRY(crow_sampling_resume(comm, &s, &out->partition));
  crow_progress_begin(&s.progress, name, "samples", (double)s.target);
  CROW_TRY(crow_sampling_to_target(comm, &plain, crow_sampling_whole(&s, samples), &s, out));
  CROW_TRY(crow_sampling_gather(comm, &plain, &s, out));
  center->stages = s.stages;
  center->hull = s.hull;
  center->hull_limit = s.hull_limit;
  s.hull = (crow_hull){0};
cleanup:
  crow_sampling_free(&s);
  return status;
}

double crow_weights_expected_error(double weight, int64_t samples) {
  return sqrt(2 / 3.14159265358979324 * weight * fmax(1 - weight, 0) / (double)samples);
}

bool crow_weights_center_restless(double change) { return change >= CHANGE_LEAST; }

/* What is left to go is some ten times the last change, as changes shrink by about a tenth a round. */
bool crow_weights_center_seen(double change, double error) { return 10 * change > error; }

/* What so many samples leave of error in all weights together. */
static crow_status expected_error(const crow_comm *comm, const crow_partition *p, int64_t samples,
                                  const crow_weights_center *center, double *sum) {
  crow_status status = CROW_OK;
  double *error = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&error, p->count));
  for (crow_gidx i = 0; i < p->count; i++) error[i] = crow_weights_expected_error(center->weights[i], samples);
  CROW_TRY(crow_comm_sum(comm, p, error, sum));
cleanup:
  crow_free(error);
  return status;
}

/* A centre that has not come to rest matters only where that is seen beside what `limit` samples leave of error. */
static crow_status log_restless(const crow_comm *comm, const crow_partition *p, int64_t samples, int64_t limit,
                                const crow_weights_center *center) {
  crow_status status = CROW_OK;
  double error = 0;
  CROW_TRY(expected_error(comm, p, limit, center, &error));
  const bool seen = crow_weights_center_seen(center->change, error);
  crow_log(
      seen ? CROW_LOG_WARNING : CROW_LOG_INFO,
      "space: the weighted mean had not come to rest after %lld rounds of %lld sample%s; the last round changed the "
      "weights by %.2g in sum, which %s beside their sampling error of %.2g with %lld sample%s",
      (long long)center->rounds, (long long)samples, crow_plural(samples), center->change,
      seen ? "matters" : "does not matter", error, (long long)limit, crow_plural(limit));
cleanup:
  return status;
}

static crow_status log_center(const crow_comm *comm, const crow_partition *p, int64_t samples, int64_t limit,
                              const crow_weights_center *center) {
  if (center->rounds > 0 && crow_weights_center_restless(center->change))
    return log_restless(comm, p, samples, limit, center);
  if (center->rounds == 0) {
    crow_log(CROW_LOG_INFO, "space: all contexts have one direction, which needs no centre");
  } else {
    crow_log(CROW_LOG_INFO, "space: weighted mean found in %lld round%s of %lld sample%s", (long long)center->rounds,
             crow_plural(center->rounds), (long long)samples, crow_plural(samples));
  }
  return CROW_OK;
}

crow_status crow_weights_find_center(const crow_comm *comm, const crow_dataset *dataset,
                                     const crow_weights_options *options, int64_t limit, crow_space *space,
                                     crow_checkpoint *checkpoint, crow_weights *out, crow_weights_center *center) {
  crow_status status = CROW_OK;
  const crow_partition *p = &out->partition;
  const int64_t samples = limit < CROW_CENTER_SAMPLES ? limit : CROW_CENTER_SAMPLES;
  const bool resumes = checkpoint && crow_checkpoint_has(checkpoint, "center");
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&center->value, dataset->dimensions));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&center->weights, p->count));
  if (resumes)
    CROW_TRY(crow_weights_center_get(comm, checkpoint, dataset->dimensions, p, center));
  else
    CROW_TRY(begin_center(comm, dataset, p, center));
  center->took_counts = resumes && !center->found;
  for (bool counted = center->took_counts; !center->found; counted = false) {
    CROW_TRY_AGREE(comm, crow_space_set_center(space, center->value));
    CROW_TRY(count_round(comm, dataset, options, samples, counted, space, checkpoint, out, center));
    CROW_TRY(take_change(comm, out, center));
    center->rounds++;
    center->found = center->change < CHANGE_LEAST || center->rounds == ROUNDS_MOST;
    if (!center->found) CROW_TRY(find_weighted_mean(comm, dataset, p, center->weights, center->value));
  }
  CROW_TRY_AGREE(comm, crow_space_set_center(space, center->value));
  CROW_TRY(log_center(comm, p, samples, limit, center));
cleanup:
  return status;
}
