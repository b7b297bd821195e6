/* SPDX-License-Identifier: Apache-2.0 */
/* wAWR of changed weights, many at once. */
#include "preference/win_rate_impl.h"

crow_status crow_win_rate_changed(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                  int64_t count, const double *relative, double *win_rate) {
  crow_status status = CROW_OK;
  const crow_partition *p = &weights->partition;
  double *changed = NULL;
  if (crow_preference_source(dataset) != CROW_SOURCE_MATRIX)
    return crow_win_rates_population(comm, dataset, weights, count, relative, win_rate);
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&changed, count * p->count));
  for (int64_t k = 0; k < count * p->count; k++) changed[k] = weights->value[k % p->count] * (1 + relative[k]);
  CROW_TRY(crow_win_rates_matrix(comm, dataset, p, count, changed, win_rate));
cleanup:
  crow_free(changed);
  return status;
}
