/* SPDX-License-Identifier: Apache-2.0 */
/* The rewards that a file gives the alternatives of a dataset. */
#include "predict/predict_impl.h"
#include <string.h>

/* Rewards `slice` (n) of a block of alternatives from `first` on, whose contexts are `rows`: those never compared get
 * that of the nearest of their prompt that was, or 0 if none was. Local. */
static crow_status carry_block(crow_candidates *candidates, const crow_dataset *dataset, const unsigned char *unseen,
                               const double *reward, crow_gidx first, crow_gidx n, double *rows, double *slice) {
  const crow_gidx d = dataset->dimensions;
  crow_gidx nearest[CROW_BLOCK], asked[CROW_BLOCK], count = 0;
  double distance[CROW_BLOCK];
  int32_t prompt[CROW_BLOCK];
  for (crow_gidx i = 0; i < n; i++) {
    slice[i] = reward[first + i];
    if (!unseen[first + i]) continue;
    if (dataset->prompt) prompt[count] = dataset->prompt[first + i];
    if (count < i) memcpy(rows + count * d, rows + i * d, (size_t)d * sizeof *rows);
    asked[count++] = i;
  }
  CROW_NEED(crow_candidates_find(candidates, dataset->prompt ? prompt : NULL, rows, count, nearest, distance));
  for (crow_gidx k = 0; k < count; k++) slice[asked[k]] = nearest[k] < 0 ? 0 : reward[nearest[k]];
  return CROW_OK;
}

static crow_status carry_over(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                              const crow_nearest_options *options, const unsigned char *unseen, double *reward) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(comm, dataset->alternatives, CROW_BLOCK);
  crow_candidates candidates = {0};
  double *rows = NULL, *slice = NULL;
  int64_t turns = (p.count + CROW_BLOCK - 1) / CROW_BLOCK;
  CROW_TRY(crow_candidates_create(comm, rewards, dataset, unseen, dataset->prompt != NULL, options, &candidates));
  crow_log(CROW_LOG_INFO, "evaluate: alternatives never compared have the reward of the nearest, %s",
           candidates.metric.name);
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&rows, CROW_BLOCK * dataset->dimensions));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&slice, p.count));
  CROW_TRY(crow_comm_max_i64(comm, &turns, 1));
  for (int64_t turn = 0; turn < turns; turn++) {
    const crow_gidx at = turn * CROW_BLOCK < p.count ? turn * CROW_BLOCK : p.count;
    const crow_gidx n = p.count - at < CROW_BLOCK ? p.count - at : CROW_BLOCK;
    CROW_TRY(crow_dataset_read_contexts(dataset, p.begin + at, n, CROW_F64, rows));
    CROW_TRY_AGREE(comm, carry_block(&candidates, dataset, unseen, reward, p.begin + at, n, rows, slice + at));
  }
  CROW_TRY(crow_comm_gather_slices(comm, &p, slice, reward, sizeof *slice));
cleanup:
  crow_candidates_free(&candidates);
  CROW_FREE(rows, slice);
  return status;
}

static crow_status tabular(const crow_comm *comm, const crow_file *file, const crow_dataset *dataset,
                           const crow_evaluate_options *options, const crow_nearest_options *nearest, double *reward,
                           unsigned char *unseen) {
  crow_gidx unknown = 0;
  CROW_NEED(crow_score_check_ids(file, dataset));
  CROW_NEED(crow_file_read(file, "/rewards/value", 0, dataset->alternatives, CROW_F64, reward));
  CROW_NEED(crow_score_unknown(comm, file, dataset->alternatives, unseen, &unknown));
  if (unknown && options->unseen == CROW_UNSEEN_NEAREST) {
    CROW_NEED(carry_over(comm, file, dataset, nearest, unseen, reward));
  }
  return CROW_OK;
}

static crow_status by_model(const crow_comm *comm, const crow_file *file, const crow_dataset *dataset,
                            const crow_nearest_options *nearest, double *reward) {
  crow_status status = CROW_OK;
  crow_context_source *contexts = NULL;
  crow_scores scores = {0};
  CROW_TRY(crow_context_source_of_dataset(comm, dataset, &contexts));
  CROW_TRY(crow_score_run(comm, file, NULL, contexts, nearest, &scores));
  CROW_TRY(crow_comm_gather_slices(comm, &scores.partition, scores.value, reward, sizeof *reward));
cleanup:
  crow_scores_free(&scores);
  crow_context_source_close(&contexts);
  return status;
}

crow_status crow_evaluate_open(const crow_comm *comm, const char *path, crow_file **out) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  CROW_TRY(crow_file_open(comm, path, NULL, &file));
  const char *kind = crow_file_kind(file);
  if (strcmp(kind, "rewards") != 0 && strcmp(kind, "scores") != 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: is a %s file, expected rewards or scores", path, kind));
  }
  *out = file;
  file = NULL;
cleanup:
  crow_file_close(&file);
  return status;
}

crow_status crow_evaluate_rewards(const crow_comm *comm, const crow_file *file, const crow_dataset *dataset,
                                  const crow_evaluate_options *options, const crow_nearest_options *nearest,
                                  double *reward, unsigned char *unseen) {
  int kind = CROW_MODEL_TABULAR;
  memset(unseen, 0, (size_t)dataset->alternatives);
  if (strcmp(crow_file_kind(file), "scores") == 0) {
    CROW_NEED(crow_score_check_ids(file, dataset));
    CROW_NEED(crow_file_read(file, "/scores/value", 0, dataset->alternatives, CROW_F64, reward));
    return CROW_OK;
  }
  CROW_NEED(crow_score_kind(file, &kind));
  if (kind == CROW_MODEL_TABULAR) {
    CROW_NEED(tabular(comm, file, dataset, options, nearest, reward, unseen));
  } else {
    CROW_NEED(by_model(comm, file, dataset, nearest, reward));
  }
  return CROW_OK;
}
