/* SPDX-License-Identifier: Apache-2.0 */
/* The best and the worst alternatives of a fit with what it says of them. */
#include <crow/summary.h>

/* Elements of a vector of real numbers or, where that is NULL, of integers. */
static crow_status pick_column(const crow_comm *comm, const crow_partition *p, const crow_ends *ends,
                               const double *reals, const int64_t *integers, double **out) {
  crow_status status = CROW_OK;
  double *slice = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(out, ends->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&slice, p->count));
  for (crow_gidx i = 0; i < p->count; i++) slice[i] = reals ? reals[i] : (double)integers[i];
  CROW_TRY(crow_ranking_pick(comm, p, slice, ends->count, ends->place, *out));
cleanup:
  crow_free(slice);
  return status;
}

static crow_status pick_uncertainty(const crow_comm *comm, const crow_rewards *r, crow_ends_rewards *e) {
  const crow_uncertainty *u = &r->uncertainty;
  if (u->has_standard_errors) {
    CROW_NEED(pick_column(comm, &r->partition, &e->ends, u->standard_error, NULL, &e->error));
  }
  if (u->replicates == 0) return CROW_OK;
  CROW_NEED(pick_column(comm, &r->partition, &e->ends, u->lower, NULL, &e->lower));
  CROW_NEED(pick_column(comm, &r->partition, &e->ends, u->upper, NULL, &e->upper));
  CROW_NEED(pick_column(comm, &r->partition, &e->ends, NULL, u->rank_lower, &e->rank_lower));
  return pick_column(comm, &r->partition, &e->ends, NULL, u->rank_upper, &e->rank_upper);
}

crow_status crow_ends_rewards_create(const crow_comm *comm, const crow_dataset *dataset, const crow_rewards *r,
                                     int64_t each, crow_ends_rewards *e) {
  crow_status status = CROW_OK;
  crow_places places = {0};
  *e = (crow_ends_rewards){0};
  CROW_TRY(crow_places_create(comm, &r->partition, r->value, r->weight, dataset->prompt, 2 * crow_rewards_bound(r),
                              &places));
  CROW_TRY(crow_ends_create_placed(comm, dataset->file, &places, each, &e->ends));
  CROW_TRY(pick_column(comm, &r->partition, &e->ends, r->weight, NULL, &e->weight));
  CROW_TRY(pick_column(comm, &r->partition, &e->ends, r->win_rate, NULL, &e->win_rate));
  CROW_TRY(pick_uncertainty(comm, r, e));
  const crow_uncertainty *u = &r->uncertainty;
  CROW_TRY(crow_front_find(comm, dataset->file, &r->partition, &places, u->has_standard_errors ? 2 : 0,
                           u->standard_error, u->lead_error, &e->front));
cleanup:
  crow_places_free(&places);
  return status;
}

bool crow_ends_rewards_interval(const crow_ends_rewards *e, int64_t k, double *lower, double *upper) {
  if (!e->lower && !e->error) return false;
  const double half = e->lower ? 0 : CROW_INTERVAL_ERRORS * e->error[k];
  *lower = e->lower ? e->lower[k] : e->ends.place[k].value - half;
  *upper = e->lower ? e->upper[k] : e->ends.place[k].value + half;
  return true;
}

void crow_ends_rewards_free(crow_ends_rewards *e) {
  crow_ends_free(&e->ends);
  CROW_FREE(e->weight, e->win_rate, e->error, e->lower, e->upper, e->rank_lower, e->rank_upper);
  *e = (crow_ends_rewards){0};
}
