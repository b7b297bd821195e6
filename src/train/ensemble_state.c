/* SPDX-License-Identifier: Apache-2.0 */
/* What a checkpoint keeps of an ensemble, on any number of ranks and groups: how the members that have ended did
 * ("ensemble": their numbers, their parameters) and where the others are ("members": a table, and vectors that hold the
 * states of several members one after the other; a group that has more than one uses more than one vector). */
#include "train/train_impl.h"
#include <string.h>

/* An entry of the table, before its scalars. */
enum { MEMBER, WAVE, OFFSET, VECTORS, HEAD };

static int64_t entry_numbers(const crow_ensemble *e) { return HEAD + crow_member_scalars(&e->fit); }

/* The rows of the members' curves, in slices. */
static crow_partition curve_slice(const crow_ensemble *e) {
  return crow_comm_partition(e->comm, e->out->model.members * CROW_CURVE_COLUMNS * crow_curve_rows(e->fit.options),
                             CROW_BLOCK);
}

static crow_status save_results(crow_ensemble *e) {
  const crow_fitted_model *model = &e->out->model;
  const crow_partition p = crow_comm_partition(e->comm, model->members * model->parameters, CROW_BLOCK);
  CROW_NEED(crow_checkpoint_put_scalars(e->checkpoint, "ensemble", CROW_MEMBER_NUMBERS * model->members,
                                        (const double *)(const void *)e->result));
  CROW_NEED(crow_checkpoint_put_vector(e->checkpoint, "ensemble", 0, CROW_F64, &p, model->theta + p.begin));
  const crow_partition curve = curve_slice(e);
  return crow_checkpoint_put_vector(e->checkpoint, "ensemble", 1, CROW_F64, &curve, e->curve + curve.begin);
}

/* Every rank's group's entry of this wave: (ranks, numbers), of which those of the groups' first ranks count. */
static crow_status gather_entries(crow_ensemble *e, const crow_member_state *mine, int64_t wave, double *entries) {
  crow_status status = CROW_OK;
  const int64_t numbers = entry_numbers(e);
  double *entry = NULL;
  CROW_TRY_AGREE(e->comm, CROW_ALLOCATE(&entry, numbers));
  entry[MEMBER] = -1;
  if (mine) {
    entry[MEMBER] = (double)mine->member;
    entry[WAVE] = (double)wave;
    entry[VECTORS] = (double)mine->vectors;
    memcpy(entry + HEAD, mine->scalar, (size_t)mine->scalars * sizeof *entry);
  }
  CROW_TRY(crow_comm_gather(e->comm, entry, entries, numbers * (int64_t)sizeof *entry));
cleanup:
  crow_free(entry);
  return status;
}

/* Appends the groups' entries to the table, finds where this group's part of the vector begins and writes it. */
static crow_status save_wave(crow_ensemble *e, const crow_member_state *mine, int64_t wave, const double *entries,
                             double *table, int64_t *count) {
  const int64_t numbers = entry_numbers(e);
  crow_partition p = crow_comm_partition(e->comm, 0, CROW_BLOCK);
  for (int group = 0; group < e->groups.count; group++) {
    const double *entry = entries + numbers * crow_rank_groups_first(&e->groups, group);
    double *to = table + numbers * *count;
    if (entry[MEMBER] < 0) continue;
    memcpy(to, entry, (size_t)numbers * sizeof *to);
    to[OFFSET] = (double)p.global;
    if (group == e->groups.index) {
      p.count = crow_member_part(&e->fit, mine->vectors);
      p.begin = p.count ? p.global + mine->vectors * e->fit.slice.begin : 0;
    }
    p.global += crow_member_whole(&e->fit, (int64_t)entry[VECTORS]);
    (*count)++;
  }
  return crow_checkpoint_put_vector(e->checkpoint, "members", wave, CROW_F64, &p, mine ? mine->data : NULL);
}

/* The states of this group: `active`, if it is in the middle of a member, and those waiting. */
static crow_status save_states(crow_ensemble *e, const crow_member_state *active) {
  crow_status status = CROW_OK;
  const int64_t numbers = entry_numbers(e), own = e->waiting_count + (active != NULL);
  double *entries = NULL, *table = NULL;
  int64_t waves = own, count = 0;
  CROW_TRY(crow_comm_max_i64(e->comm, &waves, 1));
  CROW_TRY_AGREE(e->comm, CROW_ALLOCATE(&entries, numbers * crow_comm_size(e->comm)));
  CROW_TRY_AGREE(e->comm, CROW_ALLOCATE(&table, 1 + numbers * e->groups.count * waves));
  for (int64_t wave = 0; wave < waves; wave++) {
    const crow_member_state *mine = NULL;
    if (wave < own) mine = active && wave == 0 ? active : &e->waiting[wave - (active != NULL)];
    CROW_TRY(gather_entries(e, mine, wave, entries));
    CROW_TRY(save_wave(e, mine, wave, entries, table + 1, &count));
  }
  table[0] = (double)count;
  CROW_TRY(crow_checkpoint_put_scalars(e->checkpoint, "members", 1 + numbers * count, table));
cleanup:
  CROW_FREE(entries, table);
  return status;
}

crow_status crow_ensemble_save(crow_ensemble *e, int64_t current) {
  crow_status status = CROW_OK;
  crow_member_state active = {0};
  CROW_TRY_AGREE(e->comm, current >= 0 ? crow_member_save(&e->fit, &active) : CROW_OK);
  CROW_TRY(crow_weights_save(e->checkpoint, e->weights));
  CROW_TRY(save_results(e));
  CROW_TRY(save_states(e, current >= 0 ? &active : NULL));
cleanup:
  crow_member_state_free(&active);
  return status;
}

/* ---- going on ------------------------------------------------------------------------------------------------- */

static crow_status load_results(crow_ensemble *e) {
  crow_status status = CROW_OK;
  crow_fitted_model *model = &e->out->model;
  const crow_partition p = crow_comm_partition(e->comm, model->members * model->parameters, CROW_BLOCK);
  const crow_partition curve = curve_slice(e);
  double *slice = NULL, *rows = NULL;
  CROW_TRY_AGREE(e->comm, CROW_ALLOCATE(&slice, p.count));
  CROW_TRY(crow_checkpoint_get_scalars(e->checkpoint, "ensemble", CROW_MEMBER_NUMBERS * model->members,
                                       (double *)(void *)e->result));
  CROW_TRY(crow_checkpoint_get_vector(e->checkpoint, "ensemble", 0, CROW_F64, &p, slice));
  CROW_TRY(crow_comm_gather_slices(e->comm, &p, slice, model->theta, sizeof *slice));
  CROW_TRY_AGREE(e->comm, CROW_ALLOCATE(&rows, curve.count));
  CROW_TRY(crow_checkpoint_get_vector(e->checkpoint, "ensemble", 1, CROW_F64, &curve, rows));
  CROW_TRY(crow_comm_gather_slices(e->comm, &curve, rows, e->curve, sizeof *rows));
cleanup:
  CROW_FREE(rows, slice);
  return status;
}

static crow_status check_entry(const crow_ensemble *e, const double *entry, const char *begun) {
  const double most = (double)crow_member_scalars(&e->fit) + 4;
  if (entry[MEMBER] >= 0 && entry[MEMBER] < (double)e->out->model.members && entry[VECTORS] >= 1 &&
      entry[VECTORS] <= most && !begun[(int64_t)entry[MEMBER]]) {
    return CROW_OK;
  }
  return crow_error(CROW_BAD_INPUT, "the checkpoint holds %g vectors of member %g: expected other numbers",
                    entry[VECTORS], entry[MEMBER]);
}

/* Members that have begun come first, in the table's order; those that have not follow. */
static crow_status list_todo(crow_ensemble *e, const double *table, int64_t count) {
  crow_status status = CROW_OK;
  const int64_t members = e->out->model.members;
  char *begun = NULL;
  CROW_TRY(CROW_ALLOCATE(&begun, members));
  for (int64_t k = 0; k < count; k++) {
    const double *entry = table + entry_numbers(e) * k;
    CROW_TRY(check_entry(e, entry, begun));
    const int64_t member = (int64_t)entry[MEMBER];
    begun[member] = 1;
    e->todo[e->todo_count++] = member;
  }
  for (int64_t b = 0; b < members; b++) {
    if (!begun[b] && e->result[b].ended == 0) e->todo[e->todo_count++] = b;
  }
cleanup:
  crow_free(begun);
  return status;
}

/* This group's part of one state; groups that it is not of read nothing. */
static crow_status load_state(crow_ensemble *e, const double *entry, crow_gidx length, bool mine) {
  const int64_t vectors = (int64_t)entry[VECTORS];
  crow_partition p = crow_comm_partition(e->comm, length, CROW_BLOCK);
  crow_member_state none = {0}, *state = mine ? &e->waiting[e->waiting_count++] : &none;
  p.begin = p.count = 0;
  if (mine) {
    *state = (crow_member_state){
        .member = (int64_t)entry[MEMBER], .vectors = vectors, .scalars = crow_member_scalars(&e->fit)};
    p.begin = (crow_gidx)entry[OFFSET] + vectors * e->fit.slice.begin;
    p.count = crow_member_part(&e->fit, vectors);
  }
  CROW_NEED_AGREE(e->comm, CROW_ALLOCATE(&state->scalar, state->scalars));
  CROW_NEED_AGREE(e->comm, CROW_ALLOCATE(&state->data, p.count));
  if (mine) memcpy(state->scalar, entry + HEAD, (size_t)state->scalars * sizeof(double));
  if (p.count == 0) p.begin = 0;
  return crow_checkpoint_get_vector(e->checkpoint, "members", (int64_t)entry[WAVE], CROW_F64, &p, state->data);
}

static crow_status load_states(crow_ensemble *e, const double *table, int64_t count) {
  CROW_NEED_AGREE(e->comm, CROW_ALLOCATE(&e->waiting, count));
  for (int64_t k = 0; k < count; k++) {
    const double *entry = table + entry_numbers(e) * k;
    crow_gidx length = 0;
    for (int64_t j = 0; j < count; j++) {
      const double *other = table + entry_numbers(e) * j;
      if (other[WAVE] == entry[WAVE]) length += crow_member_whole(&e->fit, (int64_t)other[VECTORS]);
    }
    CROW_NEED(load_state(e, entry, length, k % e->groups.count == e->groups.index));
  }
  return CROW_OK;
}

crow_status crow_ensemble_load(crow_ensemble *e) {
  crow_status status = CROW_OK;
  double *table = NULL;
  int64_t count = 0;
  CROW_TRY_AGREE(e->comm, CROW_ALLOCATE(&e->todo, e->out->model.members));
  if (e->checkpoint && crow_checkpoint_has(e->checkpoint, "ensemble")) {
    const int64_t length = crow_checkpoint_scalars(e->checkpoint, "members");
    CROW_TRY(load_results(e));
    CROW_TRY_AGREE(e->comm, CROW_ALLOCATE(&table, length));
    CROW_TRY(crow_checkpoint_get_scalars(e->checkpoint, "members", length, table));
    count = length > 0 ? (length - 1) / entry_numbers(e) : 0;
  }
  CROW_TRY_AGREE(e->comm, list_todo(e, table ? table + 1 : NULL, count));
  if (!table) goto cleanup;
  CROW_TRY(load_states(e, table + 1, count));
  crow_log(CROW_LOG_NOTICE, "fit: going on with %lld of %lld members trained, %lld in training",
           (long long)(e->out->model.members - e->todo_count), (long long)e->out->model.members, (long long)count);
cleanup:
  crow_free(table);
  return status;
}
