/* SPDX-License-Identifier: Apache-2.0 */
/* Pairs of alternatives and prompts: comparisons across prompts, and complete preferences, of which only the pairs
 * within a prompt count: an observed graph without gaps there. */
#include "preference/pairs_impl.h"
#include <math.h>
#include <string.h>

/* ---- comparisons across prompts ----------------------------------------------------------------------------- */

crow_status crow_comparisons_check_prompts(const crow_comm *comm, const crow_dataset *dataset,
                                           const crow_comparisons *read) {
  crow_status status = CROW_OK;
  char name[2][64];
  int64_t lowest = INT64_MAX, side[2] = {-1, -1}, at = -1;
  if (dataset->prompts < 2) return CROW_OK;
  for (crow_gidx i = 0; i < read->slice.count && at < 0; i++) {
    if (dataset->prompt[read->first[i]] != dataset->prompt[read->second[i]]) at = i;
  }
  const int64_t mine = at < 0 ? INT64_MAX : crow_comparisons_row(read, at);
  lowest = mine;
  CROW_TRY(crow_comm_min_i64(comm, &lowest, 1));
  if (lowest == INT64_MAX) goto cleanup;
  if (mine == lowest) {
    side[0] = read->first[at];
    side[1] = read->second[at];
  }
  CROW_TRY(crow_comm_max_i64(comm, side, 2));
  for (int s = 0; s < 2; s++) CROW_TRY(crow_dataset_prompt_name(dataset, side[s], name[s], sizeof name[s]));
  status = crow_error(CROW_BAD_INPUT,
                      "%.1024s: /comparisons/first[%lld] is %lld, of prompt \"%s\", and /comparisons/second[%lld] is "
                      "%lld, of prompt \"%s\": expected alternatives of one prompt (--across-prompts takes "
                      "comparisons across prompts as well)",
                      crow_file_name(dataset->file), (long long)lowest, (long long)side[0], name[0], (long long)lowest,
                      (long long)side[1], name[1]);
cleanup:
  return status;
}

/* Names the first comparison across prompts. Collective; there is one. */
static crow_status refuse_first(const crow_comm *comm, const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  crow_comparisons read = {0};
  CROW_TRY(crow_comparisons_read(comm, dataset, &read));
  CROW_TRY(crow_comparisons_check_prompts(comm, dataset, &read));
cleanup:
  crow_comparisons_free(&read);
  return status;
}

crow_status crow_pairs_check_prompts(const crow_comm *comm, const crow_dataset *dataset, const crow_pairs *pairs) {
  int64_t across = 0;
  if (dataset->prompts < 2) return CROW_OK;
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    across += dataset->prompt[pairs->first[k]] != dataset->prompt[pairs->second[k]];
  }
  CROW_NEED(crow_comm_sum_i64(comm, &across, 1));
  if (across) CROW_NEED(refuse_first(comm, dataset));
  return CROW_OK;
}

/* ---- complete preferences within prompts -------------------------------------------------------------------- */

/* The alternatives by prompt: those of prompt k are member[begin[k]] .. member[begin[k + 1] - 1], ascending. */
typedef struct members {
  crow_gidx *begin, *place; /* place: of each alternative in `member` */
  int32_t *member;
} members;

static void members_free(members *m) { CROW_FREE(m->begin, m->place, m->member); }

static crow_status members_create(const crow_dataset *dataset, members *out) {
  CROW_NEED(CROW_ALLOCATE(&out->begin, dataset->prompts + 2));
  CROW_NEED(CROW_ALLOCATE_EACH(dataset->alternatives, &out->place, &out->member));
  for (crow_gidx x = 0; x < dataset->alternatives; x++) out->begin[dataset->prompt[x] + 2]++;
  for (crow_gidx k = 0; k < dataset->prompts; k++) out->begin[k + 2] += out->begin[k + 1];
  for (crow_gidx x = 0; x < dataset->alternatives; x++) {
    out->place[x] = out->begin[dataset->prompt[x] + 1]++;
    out->member[out->place[x]] = (int32_t)x;
  }
  return CROW_OK;
}

/* The pairs of alternative x with later ones of its prompt. */
static crow_gidx later(const crow_dataset *dataset, const members *m, crow_gidx x) {
  return m->begin[dataset->prompt[x] + 1] - m->place[x] - 1;
}

/* All pairs within prompts, sorted, this rank's slice; shares are left at 0. */
static crow_status list_pairs(const crow_comm *comm, const crow_dataset *dataset, const members *m, crow_pairs *out) {
  crow_gidx total = 0, at = 0;
  for (crow_gidx x = 0; x < dataset->alternatives; x++) total += later(dataset, m, x);
  out->alternatives = dataset->alternatives;
  out->partition = crow_comm_partition(comm, total, CROW_BLOCK);
  const crow_gidx begin = out->partition.begin, count = out->partition.count;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW_EACH(count, &out->first, &out->second));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&out->share, count));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_RAW(&out->judgements, count));
  for (crow_gidx x = 0; x < dataset->alternatives; x++) {
    const crow_gidx n = later(dataset, m, x);
    for (crow_gidx j = 0; j < n && at + n > begin && at < begin + count; j++) {
      const crow_gidx k = at + j - begin;
      if (k < 0 || k >= count) continue;
      out->first[k] = (int32_t)x;
      out->second[k] = m->member[m->place[x] + 1 + j];
      out->judgements[k] = 1;
    }
    at += n;
  }
  out->comparisons = total;
  for (crow_gidx k = 0; k < dataset->prompts; k++) out->never_compared += m->begin[k + 1] - m->begin[k] == 1;
  out->components = dataset->prompts;
  return CROW_OK;
}

/* p = sum_t prevalence(t) sigma(r_t(x) - r_t(y)). */
static crow_status add_population(const crow_comm *comm, const crow_dataset *dataset, crow_pairs *out) {
  crow_status status = CROW_OK;
  double *prevalence = NULL, *reward = NULL, sum = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&prevalence, dataset->types));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&reward, dataset->alternatives));
  CROW_TRY(crow_file_read(dataset->file, "/population/prevalence", 0, dataset->types, CROW_F64, prevalence));
  for (crow_gidx t = 0; t < dataset->types; t++) sum += prevalence[t];
  for (crow_gidx t = 0; t < dataset->types; t++) {
    CROW_TRY(crow_file_read(dataset->file, "/population/reward", t, 1, CROW_F64, reward));
    for (int64_t k = 0; k < out->partition.count; k++) {
      const double d = reward[out->first[k]] - reward[out->second[k]];
      out->share[k] += prevalence[t] / sum / (1 + exp(-d));
    }
  }
  for (int64_t k = 0; k < out->partition.count; k++) out->share[k] = fmin(out->share[k], 1); /* rounding */
cleanup:
  CROW_FREE(prevalence, reward);
  return status;
}

/* Each rank reads the rows of its pairs' first alternatives. */
static crow_status add_matrix(const crow_comm *comm, const crow_dataset *dataset, crow_pairs *out) {
  crow_status status = CROW_OK;
  const crow_gidx n = out->partition.count, m = dataset->alternatives;
  const crow_gidx first = n ? out->first[0] : 0, rows = n ? out->first[n - 1] - first + 1 : 0;
  double *row = NULL;
  int64_t turns = rows, k = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&row, m));
  CROW_TRY(crow_comm_max_i64(comm, &turns, 1));
  for (int64_t turn = 0; turn < turns; turn++) {
    const bool reads = turn < rows;
    CROW_TRY(crow_file_read(dataset->file, "/preference/matrix", reads ? first + turn : 0, reads, CROW_F64, row));
    for (; reads && k < n && out->first[k] == first + turn; k++) out->share[k] = row[out->second[k]];
  }
cleanup:
  crow_free(row);
  return status;
}

crow_status crow_pairs_within_prompts(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                      crow_pairs *out) {
  crow_status status = CROW_OK;
  members m = {0};
  double *checked = NULL;
  memset(out, 0, sizeof *out);
  CROW_TRY_AGREE(comm, members_create(dataset, &m));
  CROW_TRY(list_pairs(comm, dataset, &m, out));
  if (dataset->has_matrix) {
    /* The matrix is held against what it must be as a whole. */
    CROW_TRY_AGREE(comm, CROW_ALLOCATE(&checked, weights->partition.count));
    CROW_TRY(crow_win_rate_matrix(comm, dataset, weights, checked));
    CROW_TRY(add_matrix(comm, dataset, out));
  } else {
    CROW_TRY(add_population(comm, dataset, out));
  }
cleanup:
  members_free(&m);
  crow_free(checked);
  if (status != CROW_OK) crow_pairs_free(out);
  return status;
}
