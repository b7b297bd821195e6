/* SPDX-License-Identifier: Apache-2.0 */
/* Preferences looked through before the work that they are for. */
#include "preference/pairs_impl.h"

/* Whether some pair may have more judgements than are counted: only the sorted pairs tell for sure. */
static crow_status check_counts(const crow_comm *comm, const crow_dataset *dataset, const crow_comparisons *read) {
  crow_status status = CROW_OK;
  crow_pairs pairs = {0};
  double judgements = 0;
  for (crow_gidx i = 0; i < read->slice.count; i++) judgements += read->count ? (double)read->count[i] : 1;
  CROW_TRY(crow_comm_sum_f64_unordered(comm, &judgements, 1));
  if (judgements < (double)UINT32_MAX) goto cleanup;
  CROW_TRY(crow_comparisons_pair(comm, dataset, read, &pairs));
cleanup:
  crow_pairs_free(&pairs);
  return status;
}

static crow_status check_comparisons(const crow_comm *comm, const crow_dataset *dataset, bool across) {
  crow_status status = CROW_OK;
  crow_comparisons read = {0};
  CROW_TRY(crow_comparisons_read(comm, dataset, &read));
  CROW_TRY(check_counts(comm, dataset, &read));
  if (!across) CROW_TRY(crow_comparisons_check_prompts(comm, dataset, &read));
cleanup:
  crow_comparisons_free(&read);
  return status;
}

/* As a fit reads complete preferences with prompts, for weights that are all equal. */
static crow_status check_within_prompts(const crow_comm *comm, const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  crow_weights weights = {0};
  crow_pairs pairs = {0};
  CROW_TRY(crow_weights_uniform(comm, dataset->alternatives, &weights));
  CROW_TRY(crow_pairs_within_prompts(comm, dataset, &weights, &pairs));
cleanup:
  crow_pairs_free(&pairs);
  crow_weights_free(&weights);
  return status;
}

crow_status crow_preferences_check_complete(const crow_comm *comm, const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  crow_weights weights = {0};
  double *win_rate = NULL;
  if (dataset->has_comparisons || (!dataset->has_matrix && dataset->prompts > 1)) return CROW_OK;
  CROW_TRY(crow_weights_uniform(comm, dataset->alternatives, &weights));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&win_rate, weights.partition.count));
  if (dataset->has_matrix) {
    CROW_TRY(crow_win_rate_matrix(comm, dataset, &weights, win_rate));
  } else if (dataset->has_population) {
    CROW_TRY(crow_win_rate_population(comm, dataset, &weights, win_rate));
  }
cleanup:
  crow_free(win_rate);
  crow_weights_free(&weights);
  return status;
}

crow_status crow_preferences_check(const crow_comm *comm, const crow_dataset *dataset, bool across_prompts) {
  if (dataset->has_comparisons) return check_comparisons(comm, dataset, across_prompts);
  return dataset->prompts > 1 ? check_within_prompts(comm, dataset) : crow_preferences_check_complete(comm, dataset);
}
