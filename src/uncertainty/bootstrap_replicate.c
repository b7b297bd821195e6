/* SPDX-License-Identifier: Apache-2.0 */
/* One bootstrap replicate: other counts of the same comparisons, fitted from the rewards of all of them. */
#include "uncertainty/bootstrap_impl.h"
#include <math.h>
#include <string.h>

/* As in the full fit, u = sqrt(D) r; here D is the Hessian's diagonal at the start, which is near the end. */
static void replicate_unscale(crow_replicate *at, const double *u) {
  for (crow_gidx i = 0; i < at->weights->partition.count; i++) at->value[i] = at->root[i] > 0 ? u[i] / at->root[i] : 0;
}

static crow_status bootstrap_replicate_evaluate(void *context, const double *u, double *value, double *optimality,
                                                double *gradient) {
  crow_replicate *at = context;
  const double *curvature = crow_objective_curvature(at->objective);
  replicate_unscale(at, u);
  const crow_status status = crow_objective_evaluate(at->objective, at->value, value, optimality, gradient);
  /* df/du = w K G / sqrt(D) */
  for (crow_gidx i = 0; i < at->weights->partition.count; i++) {
    gradient[i] *= at->root[i] > 0 ? at->weights->value[i] * curvature[i] / at->root[i] : 0;
  }
  return status;
}

crow_status crow_replicate_begin(crow_bootstrap *b, int64_t number) {
  crow_replicate *at = &b->at;
  const crow_partition *p = &at->weights->partition;
  crow_judgements_resample(&at->judged->pairs, &at->judged->judgements, (uint64_t)b->options->bootstrap_seed, number,
                           b->unit, at->pairs.share, at->pairs.judgements);
  CROW_NEED(crow_objective_create_scaled(at->comm, &b->objective, at->weights, &at->pairs, b->scale,
                                         crow_objective_prompt_scale(b->full), &at->objective));
  CROW_NEED(crow_objective_curvature_at(at->objective, at->start, at->scaled));
  for (crow_gidx i = 0; i < p->count; i++) {
    at->root[i] = sqrt(at->weights->value[i] * at->scaled[i]);
    at->scaled[i] = at->root[i] * at->start[i];
  }
  return crow_lbfgs_create(at->comm, p, b->lbfgs, bootstrap_replicate_evaluate, at, at->scaled, &at->lbfgs);
}

crow_status crow_replicate_step(crow_bootstrap *b, int64_t slot, bool *done) {
  crow_replicate *at = &b->at;
  const crow_partition *p = &at->weights->partition;
  double *value = b->slot_value + slot * p->count;
  int32_t *rank = b->slot_rank + slot * p->count;
  crow_lbfgs_result result;
  crow_gidx unknown = 0;
  double violation = 0;
  CROW_NEED(crow_lbfgs_step(at->lbfgs, done));
  if (!*done) return CROW_OK;
  crow_lbfgs_get(at->lbfgs, at->scaled, NULL, &result);
  replicate_unscale(at, at->scaled);
  CROW_NEED(crow_objective_complete_zero_weights(at->objective, at->value, &unknown, &violation));
  CROW_NEED(crow_comm_gather_slices(at->comm, p, at->value, at->whole, sizeof *at->whole));
  crow_replicate_rank(at, rank);
  for (crow_gidx i = 0; i < p->count; i++) value[i] = at->value[i];
  b->slot_end[slot] = result.end == CROW_LBFGS_CONVERGED ? CROW_REPLICATE_CONVERGED : CROW_REPLICATE_NOT_CONVERGED;
  crow_replicate_leave(b);
  return CROW_OK;
}

void crow_replicate_leave(crow_bootstrap *b) {
  crow_lbfgs_destroy(&b->at.lbfgs);
  crow_objective_destroy(&b->at.objective);
}
