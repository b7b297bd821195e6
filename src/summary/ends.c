/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/summary.h>

static crow_status name_all(const crow_comm *comm, const crow_file *file, crow_ends *e) {
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_EACH(e->count, &e->id, &e->topic));
  CROW_NEED(crow_ranking_names(comm, file, "/alternatives/id", e->count, e->place, e->id));
  return crow_ranking_names(comm, file, "/alternatives/topic", e->count, e->place, e->topic);
}

static crow_status rank_all(const crow_comm *comm, const crow_partition *p, const double *values, crow_ends *e) {
  crow_status status = CROW_OK;
  double *value = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(e->count, &value, &e->rank));
  for (int64_t k = 0; k < e->count; k++) value[k] = e->place[k].value;
  CROW_TRY(crow_ranking_count_greater(comm, p, values, e->count, value, e->rank));
  for (int64_t k = 0; k < e->count; k++) e->rank[k]++;
cleanup:
  crow_free(value);
  return status;
}

crow_status crow_ends_create(const crow_comm *comm, const crow_file *file, const crow_partition *p,
                             const double *values, int64_t each, crow_ends *e) {
  crow_status status = CROW_OK;
  crow_ranked *best = NULL, *worst = NULL;
  const bool all = p->global <= 2 * each;
  int64_t worst_count = 0;
  *e = (crow_ends){0};
  CROW_TRY(crow_ranking_ends(comm, p, values, all ? 2 * each : each, true, &best, &e->best));
  if (!all) CROW_TRY(crow_ranking_ends(comm, p, values, each, false, &worst, &worst_count));
  e->count = e->best + worst_count;
  e->ranked = e->total = p->global;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&e->place, e->count));
  for (int64_t k = 0; k < e->best; k++) e->place[k] = best[k];
  for (int64_t k = 0; k < worst_count; k++) e->place[e->count - 1 - k] = worst[k];
  CROW_TRY(rank_all(comm, p, values, e));
  CROW_TRY(name_all(comm, file, e));
cleanup:
  CROW_FREE(best, worst);
  return status;
}

crow_status crow_ends_create_placed(const crow_comm *comm, const crow_file *file, const crow_places *places,
                                    int64_t each, crow_ends *e) {
  const bool all = places->ranked <= 2 * each;
  const int64_t worst = all ? 0 : each, without = places->count - places->ranked;
  *e = (crow_ends){.best = all ? places->ranked : each, .ranked = places->ranked, .total = places->count};
  e->unweighted = places->count <= 2 * each || without < each ? without : each;
  e->count = e->best + worst + e->unweighted;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_EACH(e->count, &e->place, &e->rank));
  for (int64_t k = 0; k < e->count; k++) {
    const int64_t end = e->best + worst;
    const int64_t at = k < e->best ? k : k < end ? places->ranked - end + k : places->ranked + k - end;
    e->place[k] = (crow_ranked){places->value[places->order[at]], places->order[at]};
    e->rank[k] = places->place[places->order[at]];
  }
  return name_all(comm, file, e);
}

void crow_ends_free(crow_ends *e) {
  CROW_FREE(e->place, e->rank, e->id, e->topic);
  *e = (crow_ends){0};
}
