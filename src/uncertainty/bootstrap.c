/* SPDX-License-Identifier: Apache-2.0 */
/* Bootstrap replicates of a fit, side by side on groups of ranks. */
#include "uncertainty/bootstrap_impl.h"
#include <math.h>
#include <string.h>

/* With c = 1 a pair counts the judgements that were drawn over those that it has, kept as an integer in this unit. */
#define UNIT 0x1p24
/* Replicates that a group may end before it delivers them. */
#define SLOTS 16

/* ---- replicates as tasks -------------------------------------------------------------------------------------- */

static crow_status bootstrap_begin(void *context, int64_t task) { return crow_replicate_begin(context, task); }

static crow_status step(void *context, int64_t slot, bool *done) { return crow_replicate_step(context, slot, done); }

/* From slices over the group to slices over all ranks. */
static crow_status deliver(void *context, int64_t task, int group, int64_t slot) {
  crow_bootstrap *b = context;
  const crow_partition *to = &b->weights->partition;
  crow_partition from = b->at.weights->partition;
  double end = b->slot_end[slot];
  const double *value = b->slot_value + slot * from.count;
  const int32_t *rank = b->slot_rank + slot * from.count;
  if (group != b->groups.index) from.begin = from.count = 0;
  CROW_NEED(
      crow_comm_fetch(b->comm, from.begin, from.count, value, to->begin, to->count, b->value_column, sizeof *value));
  CROW_NEED(crow_comm_fetch(b->comm, from.begin, from.count, rank, to->begin, to->count, b->rank_column, sizeof *rank));
  CROW_NEED(crow_comm_broadcast(b->comm, &end, sizeof end, crow_rank_groups_first(&b->groups, group)));
  b->end[task] = end;
  for (crow_gidx i = 0; i < to->count; i++) {
    b->values[i * b->replicates + task] = b->value_column[i];
    b->ranks[i * b->replicates + task] = b->rank_column[i];
  }
  return CROW_OK;
}

/* Replicates that have begun are begun again: they are short. */
static crow_status bootstrap_save(void *context, const crow_tasks *tasks) {
  (void)tasks;
  return crow_bootstrap_save(context);
}

static const crow_task_kind replicate_kind = {.stopped = "stopped before the bootstrap had ended",
                                              .begin = bootstrap_begin,
                                              .step = step,
                                              .deliver = deliver,
                                              .save = bootstrap_save};

/* ---- the groups' data ----------------------------------------------------------------------------------------- */

/* Weights, start, scalings, iterates and gradients, history, the objective's slices, and slots; pairs with their
 * copies; comparisons; what every rank knows of all alternatives for pairs and to rank them; and what is kept of all
 * replicates, over all ranks. */
double crow_bootstrap_bytes(const void *bootstrap, int ranks) {
  const crow_bootstrap *b = bootstrap;
  const double m = (double)b->weights->partition.global, slice = m / ranks + CROW_BLOCK;
  const double pairs = (double)b->judged.pairs.partition.global, comparisons = (double)b->judged.judgements.global;
  return slice * (8 * (20 + 2 * (double)b->lbfgs->history) + 12 * SLOTS) + (40 * pairs + 24 * comparisons) / ranks +
         100 * m + 12 * (double)b->replicates * (m / crow_comm_size(b->comm) + CROW_BLOCK);
}

static crow_status copy_data(crow_bootstrap *b, const double *reward) {
  const crow_rank_groups *g = &b->groups;
  const crow_judged *from = &b->judged;
  crow_judged *to = &b->own_judged;
  CROW_NEED(crow_rank_groups_weights(g, b->weights, &b->own_weights));
  const crow_partition *p = &b->own_weights.partition;
  CROW_NEED_AGREE(b->comm, CROW_ALLOCATE_RAW(&b->own_start, p->count));
  CROW_NEED(crow_rank_groups_vector(g, &b->weights->partition, reward, p, b->own_start, sizeof *reward));
  CROW_NEED(crow_rank_groups_pairs(g, &from->pairs, &to->pairs));
  CROW_NEED(crow_rank_groups_judgements(g, &from->pairs, &from->judgements, &to->pairs, &to->judgements));
  b->at.weights = &b->own_weights;
  b->at.start = b->own_start;
  b->at.judged = to;
  return CROW_OK;
}

/* Local. */
static crow_status allocate_results(crow_bootstrap *b) {
  crow_replicate *at = &b->at;
  const crow_partition *p = &at->weights->partition;
  const crow_gidx count = b->weights->partition.count;
  at->pairs = at->judged->pairs;
  at->pairs.share = NULL;
  at->pairs.judgements = NULL;
  CROW_NEED(CROW_ALLOCATE_RAW_EACH(at->pairs.partition.count, &at->pairs.share, &at->pairs.judgements));
  CROW_NEED(CROW_ALLOCATE_RAW_EACH(p->count, &at->value, &at->root, &at->scaled));
  CROW_NEED(CROW_ALLOCATE_RAW_EACH(p->global, &at->whole, &at->weighted, &at->rival));
  CROW_NEED(CROW_ALLOCATE_RAW_EACH(SLOTS * p->count, &b->slot_value, &b->slot_rank));
  CROW_NEED(CROW_ALLOCATE(&b->slot_end, SLOTS));
  CROW_NEED(CROW_ALLOCATE(&b->end, b->replicates));
  CROW_NEED(CROW_ALLOCATE_EACH(count * b->replicates, &b->values, &b->ranks));
  return CROW_ALLOCATE_RAW_EACH(count, &b->value_column, &b->rank_column);
}

/* s of the full fit, for replicates; groups and their data. */
static crow_status bootstrap_prepare(crow_bootstrap *b, const crow_objective_options *options,
                                     const crow_rank_groups_options *groups, const double *reward) {
  const crow_rank_groups_plan plan = {"replicates", b->replicates, crow_bootstrap_bytes, b};
  CROW_NEED(crow_objective_create_pairs(b->comm, options, b->weights, &b->judged.pairs, &b->full));
  b->unit = options->pair_weight ? 0 : UNIT;
  b->scale = crow_objective_pair_scale(b->full) / (b->unit > 0 ? b->unit : 1);
  b->objective = *options;
  b->objective.pair_weight = 1;
  CROW_NEED(crow_rank_groups_create(b->comm, groups, &plan, &b->groups));
  b->at.comm = b->groups.mine;
  b->at.weights = b->weights;
  b->at.start = reward;
  b->at.judged = &b->judged;
  if (b->groups.count > 1) CROW_NEED(copy_data(b, reward));
  CROW_NEED_AGREE(b->comm, allocate_results(b));
  return crow_replicate_find_weighted(&b->at);
}

static void bootstrap_free(crow_bootstrap *b) {
  crow_replicate *at = &b->at;
  crow_replicate_leave(b);
  crow_objective_destroy(&b->full);
  CROW_FREE(at->pairs.share, at->pairs.judgements, at->value, at->root, at->scaled, at->whole, at->weighted, at->rival,
            b->own_start, b->slot_value, b->slot_rank, b->slot_end, b->end, b->values, b->ranks, b->todo,
            b->value_column, b->rank_column);
  crow_weights_free(&b->own_weights);
  crow_judged_free(&b->own_judged);
  crow_judged_free(&b->judged);
  crow_rank_groups_free(&b->groups);
  crow_labels_free(&b->topics);
}

/* ---- all of them ---------------------------------------------------------------------------------------------- */

static crow_status run(crow_bootstrap *b) {
  CROW_NEED(crow_bootstrap_load(b));
  crow_tasks tasks = {.groups = &b->groups,
                      .kind = &replicate_kind,
                      .context = b,
                      .checkpoint = b->kept.checkpoint,
                      .todo = b->todo,
                      .count = b->todo_count,
                      .slots = SLOTS,
                      .name = "bootstrap",
                      .unit = "replicates",
                      .total = b->replicates};
  return crow_tasks_run(&tasks);
}

crow_status crow_bootstrap_run(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                               const crow_objective_options *objective, const crow_lbfgs_options *lbfgs,
                               const crow_rank_groups_options *groups, const crow_uncertainty_options *options,
                               const double *reward, const crow_bootstrap_kept *kept, crow_uncertainty *out) {
  crow_status status = CROW_OK;
  crow_bootstrap b = {.comm = comm,
                      .weights = weights,
                      .lbfgs = lbfgs,
                      .options = options,
                      .kept = *kept,
                      .reward = reward,
                      .replicates = options->bootstrap};
  CROW_TRY_AGREE(comm, crow_settings_validate(crow_uncertainty_settings, options));
  CROW_TRY(crow_judged_read(comm, dataset, options->bootstrap_by, &b.judged));
  if (b.replicates < 1) goto cleanup;
  CROW_TRY(crow_topic_errors_labels(dataset, options, &weights->partition, &b.topics));
  CROW_TRY(bootstrap_prepare(&b, objective, groups, reward));
  CROW_TRY(run(&b));
  out->replicates = b.replicates;
  out->by = options->bootstrap_by;
  out->not_converged = 0;
  for (int64_t k = 0; k < b.replicates; k++) out->not_converged += b.end[k] == CROW_REPLICATE_NOT_CONVERGED;
  CROW_TRY(crow_bootstrap_intervals(&b, out));
  crow_log(out->not_converged ? CROW_LOG_WARNING : CROW_LOG_INFO,
           "bootstrap: %lld replicate%s, %lld of them not converged", (long long)b.replicates,
           crow_plural(b.replicates), (long long)out->not_converged);
cleanup:
  bootstrap_free(&b);
  if (status != CROW_OK) crow_uncertainty_free(out);
  return status;
}

static crow_rank_groups_options default_groups(void) {
  crow_rank_groups_options groups = {0};
  crow_settings_default(crow_rank_groups_settings, &groups);
  return groups;
}

crow_status crow_uncertainty_bootstrap(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                       const crow_objective_options *objective, const crow_lbfgs_options *lbfgs,
                                       const crow_uncertainty_options *options, const double *reward,
                                       crow_uncertainty *out) {
  const crow_rank_groups_options groups = default_groups();
  const crow_bootstrap_kept kept = {0};
  return crow_bootstrap_run(comm, dataset, weights, objective, lbfgs, &groups, options, reward, &kept, out);
}

/* Hands over the delivered replicates in their order. */
static crow_status visit_all(crow_bootstrap *b, crow_replicate_visitor *visit, void *context, int64_t *not_converged) {
  crow_status status = CROW_OK;
  const crow_partition *p = &b->weights->partition;
  double *whole = NULL;
  CROW_TRY_AGREE(b->comm, CROW_ALLOCATE_RAW(&whole, p->global));
  for (int64_t k = 0; k < b->replicates; k++) {
    *not_converged += b->end[k] == CROW_REPLICATE_NOT_CONVERGED;
    for (crow_gidx i = 0; i < p->count; i++) b->value_column[i] = b->values[i * b->replicates + k];
    CROW_TRY(crow_comm_gather_slices(b->comm, p, b->value_column, whole, sizeof *whole));
    CROW_TRY(visit(context, k, whole));
  }
cleanup:
  crow_free(whole);
  return status;
}

crow_status crow_uncertainty_replicates(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                        const crow_objective_options *objective, const crow_lbfgs_options *lbfgs,
                                        const crow_uncertainty_options *options, const double *reward,
                                        crow_replicate_visitor *visit, void *context, int64_t *not_converged) {
  crow_status status = CROW_OK;
  const crow_rank_groups_options groups = default_groups();
  crow_bootstrap b = {
      .comm = comm, .weights = weights, .lbfgs = lbfgs, .options = options, .replicates = options->bootstrap};
  *not_converged = 0;
  CROW_TRY_AGREE(comm, crow_settings_validate(crow_uncertainty_settings, options));
  CROW_TRY(crow_judged_read(comm, dataset, options->bootstrap_by, &b.judged));
  if (b.replicates < 1) goto cleanup;
  CROW_TRY(bootstrap_prepare(&b, objective, &groups, reward));
  CROW_TRY(run(&b));
  CROW_TRY(visit_all(&b, visit, context, not_converged));
cleanup:
  bootstrap_free(&b);
  return status;
}
