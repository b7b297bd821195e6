/* SPDX-License-Identifier: Apache-2.0 */
/* The rewards that a file gives the alternatives of a dataset. */
#include "fit/score_impl.h"
#include <string.h>

/* Alternatives that were never compared get the reward of the nearest one that was. */
static crow_status carry_over(const crow_comm *comm, const crow_dataset *dataset, const crow_nearest_options *options,
                              const unsigned char *unseen, double *reward) {
  crow_status status = CROW_OK;
  const crow_gidx d = dataset->dimensions;
  const crow_partition p = crow_comm_partition(comm, dataset->alternatives, CROW_BLOCK);
  crow_candidates candidates = {0};
  double *rows = NULL, *slice = NULL;
  int64_t turns = (p.count + CROW_BLOCK - 1) / CROW_BLOCK;
  CROW_TRY(crow_candidates_create(comm, dataset, unseen, options, &candidates));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&rows, CROW_BLOCK * d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&slice, p.count));
  CROW_TRY(crow_comm_max_i64(comm, &turns, 1));
  for (int64_t turn = 0; turn < turns; turn++) {
    crow_gidx nearest[CROW_BLOCK], at = turn * CROW_BLOCK < p.count ? turn * CROW_BLOCK : p.count;
    const crow_gidx n = p.count - at < CROW_BLOCK ? p.count - at : CROW_BLOCK;
    CROW_TRY(crow_dataset_read_contexts(dataset, p.begin + at, n, CROW_F64, rows));
    crow_status local = CROW_OK;
    for (crow_gidx i = 0; i < n && local == CROW_OK; i++) {
      nearest[0] = p.begin + at + i;
      if (unseen[nearest[0]]) local = crow_candidates_find(&candidates, d, rows + i * d, 1, nearest, NULL);
      if (local == CROW_OK) slice[at + i] = reward[nearest[0]];
    }
    CROW_TRY_AGREE(comm, local);
  }
  CROW_TRY(crow_comm_gather_slices(comm, &p, slice, reward, sizeof *slice));
cleanup:
  crow_candidates_free(&candidates);
  crow_free(rows);
  crow_free(slice);
  return status;
}

static crow_status tabular(const crow_comm *comm, const crow_file *file, const crow_dataset *dataset,
                           const crow_evaluate_options *options, const crow_nearest_options *nearest, double *reward,
                           unsigned char *unseen) {
  crow_status status = CROW_OK;
  crow_gidx unknown = 0;
  CROW_TRY(crow_score_check_ids(comm, file, dataset));
  CROW_TRY(crow_file_read(file, "/rewards/value", 0, dataset->alternatives, CROW_F64, reward));
  CROW_TRY(crow_score_unknown(comm, file, dataset->alternatives, unseen, &unknown));
  if (unknown && options->unseen == CROW_UNSEEN_NEAREST) {
    CROW_TRY(carry_over(comm, dataset, nearest, unseen, reward));
  }
cleanup:
  return status;
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

crow_status crow_evaluate_rewards(const crow_comm *comm, const crow_file *file, const crow_dataset *dataset,
                                  const crow_evaluate_options *options, const crow_nearest_options *nearest,
                                  double *reward, unsigned char *unseen) {
  crow_status status = CROW_OK;
  int kind = CROW_MODEL_TABULAR;
  memset(unseen, 0, (size_t)dataset->alternatives);
  if (strcmp(crow_file_kind(file), "scores") == 0) {
    CROW_TRY(crow_score_check_ids(comm, file, dataset));
    CROW_TRY(crow_file_read(file, "/scores/value", 0, dataset->alternatives, CROW_F64, reward));
    goto cleanup;
  }
  CROW_TRY(crow_score_kind(file, &kind));
  if (kind == CROW_MODEL_TABULAR) {
    CROW_TRY(tabular(comm, file, dataset, options, nearest, reward, unseen));
  } else {
    CROW_TRY(by_model(comm, file, dataset, nearest, reward));
  }
cleanup:
  return status;
}
