/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the best alternative leads all others by more than chance. */
#include "summary/lead_impl.h"

crow_lead crow_places_lead(const crow_places *places, const double *error, const double *lead_error) {
  crow_lead best = crow_lead_begin(0);
  const crow_gidx top = places->order[0];
  for (crow_gidx k = 1; k < places->ranked; k++) {
    const crow_gidx row = places->order[k];
    const double lead = places->value[top] - places->value[row];
    const bool known = error && lead_error && !isnan(lead_error[row]),
               shared = places->place[row] == places->place[top];
    const double both = known ? lead_error[row] : error ? hypot(error[top], error[row]) : (double)NAN;
    crow_lead_consider(&best, k, lead, both, shared);
  }
  return best;
}

crow_status crow_front_find(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                            const crow_places *places, int known, const double *error, const double *lead_error,
                            crow_front *out) {
  crow_status status = CROW_OK;
  const double *const slice[2] = {error, lead_error};
  double *whole[2] = {NULL, NULL};
  *out = (crow_front){.lead = crow_lead_begin(0)};
  if (places->ranked < 1) return CROW_OK;
  for (int k = 0; k < known; k++) {
    CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&whole[k], places->count));
    CROW_TRY(crow_comm_gather_slices(comm, partition, slice[k], whole[k], sizeof **whole));
  }
  out->lead = crow_places_lead(places, whole[0], whole[1]);
  if (out->lead.second < 0) goto cleanup;
  const crow_gidx row = places->order[out->lead.second];
  CROW_TRY(crow_ranking_names(comm, file, "/alternatives/id", 1, &(crow_ranked){places->value[row], row}, &out->rival));
cleanup:
  crow_free(whole[0]);
  crow_free(whole[1]);
  return status;
}
