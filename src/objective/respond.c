/* SPDX-License-Identifier: Apache-2.0 */
/* How rewards change with the weights, to first order: see crow_objective_respond(). */
#include "objective/respond_impl.h"
#include "objective/sigmoid_impl.h"
#include <math.h>

/* Tolerance of the residual relative to the right-hand side. The error that it leaves is a few percent, and the
 * estimate from 32 batches is itself good to an eighth only. */
static const double respond_tolerance = 1e-2;

typedef struct respond {
  crow_sandwich s;
  crow_respond_groups groups;
  crow_sandwich_solver solver;
  double *residual;  /* (pairs) c (sigma - p) */
  double *change;    /* dF, this rank's slice like the next two */
  double *violation; /* of complete preferences sum_y w(y) sigma - wAWR */
  double *weight;    /* changed ones */
} respond;

static void respond_free(respond *a) {
  crow_sandwich_free(&a->s);
  crow_respond_groups_free(&a->groups);
  crow_sandwich_solver_free(&a->solver);
  crow_free(a->residual);
  crow_free(a->change);
  crow_free(a->violation);
  crow_free(a->weight);
}

static crow_status respond_allocate(const crow_objective *o, respond *a) {
  crow_status status = CROW_OK;
  const int64_t n = o->weights->partition.count;
  CROW_TRY(crow_sandwich_solver_allocate(o, &a->solver));
  CROW_TRY(CROW_ALLOCATE(&a->residual, o->pairs ? o->pairs->partition.count : 0));
  CROW_TRY(CROW_ALLOCATE(&a->change, n));
  CROW_TRY(CROW_ALLOCATE(&a->violation, n));
  CROW_TRY(CROW_ALLOCATE(&a->weight, n));
cleanup:
  return status;
}

static void find_residuals(const crow_objective *o, double *residual) {
  const crow_pairs *pairs = o->pairs;
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    const double difference = o->cell[pairs->first[k]].reward - o->cell[pairs->second[k]].reward;
    const double c = o->options.pair_weight ? (double)pairs->judgements[k] : 1;
    residual[k] = c * (crow_sigmoid(difference) - pairs->share[k]);
  }
}

/* dF of complete preferences: the equations' left sides with the changed weights less those with the present ones. */
static crow_status change_complete(const respond *a, const double *relative, const double *win_rate) {
  crow_status status = CROW_OK;
  const crow_objective *o = a->s.o;
  const int64_t n = o->weights->partition.count;
  for (int64_t i = 0; i < n; i++) a->weight[i] = o->weights->value[i] * (1 + relative[i]);
  CROW_TRY(crow_complete_fitted(o, a->s.reward, a->weight, a->change));
  for (int64_t i = 0; i < n; i++) a->change[i] -= win_rate[i] + a->violation[i];
cleanup:
  return status;
}

/* dF of pairs: by the weights, and by the scale, whose terms are -lambda r in all. */
static crow_status change_paired(const respond *a, const double *reward, const double *relative) {
  crow_status status = CROW_OK;
  const crow_objective *o = a->s.o;
  CROW_TRY(crow_sandwich_sum(&a->s, a->residual, true, true, relative, a->change));
  for (int64_t i = 0; i < o->weights->partition.count; i++) {
    a->change[i] -= o->options.lambda * reward[i] * a->groups.log_scale[crow_respond_group(&a->groups, i)];
  }
cleanup:
  return status;
}

/* Adds the squared response to dF: dr = constant - H^-1 (dF + lambda constant), as H times a constant is lambda times
 * it. The last sweep gives alternatives of little or no weight, which the residual's norm hardly sees, their changes
 * from the others'. */
static crow_status add_response(respond *a, double *squares) {
  crow_status status = CROW_OK;
  const crow_objective *o = a->s.o;
  crow_sandwich_solver *v = &a->solver;
  const int64_t n = o->weights->partition.count;
  for (int64_t i = 0; i < n; i++) {
    a->change[i] += o->options.lambda * a->groups.constant[crow_respond_group(&a->groups, i)];
    v->r[i] = -crow_sandwich_root(&a->s, i) * a->change[i];
  }
  CROW_TRY(crow_sandwich_solve(&a->s, respond_tolerance, v));
  CROW_TRY(crow_sandwich_apply(&a->s, v->y, v->q));
  for (int64_t i = 0; i < n; i++) {
    const double change =
        (v->q[i] - a->change[i]) / a->s.curvature[i] + a->groups.constant[crow_respond_group(&a->groups, i)];
    squares[i] += change * change;
  }
cleanup:
  return status;
}

static crow_status prepare_respond(crow_objective *o, const double *reward, respond *a) {
  crow_status status = CROW_OK;
  CROW_TRY_AGREE(o->comm, respond_allocate(o, a));
  CROW_TRY(crow_sandwich_prepare(o, reward, &a->s));
  CROW_TRY(crow_respond_groups_create(&a->s, reward, &a->groups));
  if (o->pairs) {
    find_residuals(o, a->residual);
    goto cleanup;
  }
  CROW_TRY(crow_complete_fitted(o, reward, o->weights->value, a->violation));
  for (int64_t i = 0; i < o->weights->partition.count; i++) a->violation[i] -= o->win_rate[i];
cleanup:
  return status;
}

crow_status crow_objective_respond(crow_objective *objective, const double *reward, const crow_weight_changes *changes,
                                   double *squares) {
  crow_status status = CROW_OK;
  const int64_t n = objective->weights->partition.count;
  crow_progress progress;
  respond a = {.residual = NULL};
  CROW_TRY(prepare_respond(objective, reward, &a));
  for (int64_t i = 0; i < n; i++) squares[i] = 0;
  crow_progress_begin(&progress, "what sampling does to rewards", "batches", (double)changes->count);
  for (int64_t b = 0; b < changes->count; b++) {
    const double *relative = changes->relative + b * n;
    CROW_TRY(crow_respond_groups_change(&a.groups, relative));
    if (objective->pairs)
      CROW_TRY(change_paired(&a, reward, relative));
    else
      CROW_TRY(change_complete(&a, relative, changes->win_rate + b * n));
    CROW_TRY(add_response(&a, squares));
    crow_progress_update(&progress, (double)b + 1);
  }
  for (int64_t i = 0; objective->pairs && i < n; i++) {
    if (!(objective->neighbours[i] > 0)) squares[i] = (double)NAN;
  }
cleanup:
  respond_free(&a);
  return status;
}
