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
  double *change;    /* dF of several changes (CROW_PAIR_COLUMNS, this rank's slice) */
  double *violation; /* of complete preferences sum_y w(y) sigma - wAWR, this rank's slice */
  /* Several changes (CROW_PAIR_COLUMNS, this rank's slice): of the weights, and of complete preferences wAWR. */
  double *relative, *win_rate;
} respond;

static void respond_free(respond *a) {
  crow_sandwich_free(&a->s);
  crow_respond_groups_free(&a->groups);
  crow_sandwich_solver_free(&a->solver);
  crow_free(a->residual);
  crow_free(a->change);
  crow_free(a->violation);
  crow_free(a->relative);
  crow_free(a->win_rate);
}

static crow_status respond_allocate(const crow_objective *o, respond *a) {
  crow_status status = CROW_OK;
  const int64_t n = o->weights->partition.count;
  CROW_TRY(crow_sandwich_solver_allocate(o, CROW_PAIR_COLUMNS, &a->solver));
  CROW_TRY(CROW_ALLOCATE_RAW(&a->residual, o->pairs ? o->pairs->partition.count : 0));
  CROW_TRY(CROW_ALLOCATE_RAW(&a->change, CROW_PAIR_COLUMNS * n));
  CROW_TRY(CROW_ALLOCATE_RAW(&a->relative, CROW_PAIR_COLUMNS * n));
  if (o->pairs) goto cleanup;
  CROW_TRY(CROW_ALLOCATE_RAW(&a->violation, n));
  CROW_TRY(CROW_ALLOCATE_RAW(&a->win_rate, CROW_PAIR_COLUMNS * n + 1)); /* never NULL */
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
static crow_status change_complete(const respond *a, int64_t columns) {
  crow_status status = CROW_OK;
  const crow_objective *o = a->s.o;
  const int64_t n = o->weights->partition.count;
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t i = 0; i < n; i++) a->change[c * n + i] = o->weights->value[i] * (1 + a->relative[c * n + i]);
  }
  CROW_TRY(crow_complete_fitted(o, a->s.reward, columns, a->change, a->change));
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t i = 0; i < n; i++) a->change[c * n + i] -= a->win_rate[c * n + i] + a->violation[i];
  }
cleanup:
  return status;
}

/* dF of pairs: by the weights, and by the scale, whose terms are -lambda r in all. */
static crow_status change_paired(const respond *a, const double *reward, int64_t columns) {
  crow_status status = CROW_OK;
  const crow_objective *o = a->s.o;
  const crow_respond_groups *g = &a->groups;
  const int64_t n = o->weights->partition.count;
  CROW_TRY(crow_sandwich_sums(&a->s, a->residual, true, columns, a->relative, a->change));
  for (int64_t c = 0; c < columns; c++) {
    for (int64_t i = 0; i < n; i++) {
      a->change[c * n + i] -= o->options.lambda * reward[i] * g->log_scale[c * g->count + crow_respond_group(g, i)];
    }
  }
cleanup:
  return status;
}

/* Adds the squared responses to dF: dr = constant - H^-1 (dF + lambda constant), as H times a constant is lambda times
 * it. The last sweep gives alternatives of little or no weight, which the residual's norm hardly sees, their changes
 * from the others'. */
static crow_status add_responses(respond *a, int64_t columns, double *squares) {
  crow_status status = CROW_OK;
  const crow_objective *o = a->s.o;
  const crow_respond_groups *g = &a->groups;
  crow_sandwich_solver *v = &a->solver;
  const int64_t n = o->weights->partition.count;
  for (int64_t c = 0; c < columns; c++) {
    double *to = a->change + c * n, *r = v->r + c * n;
    for (int64_t i = 0; i < n; i++) {
      to[i] += o->options.lambda * g->constant[c * g->count + crow_respond_group(g, i)];
      r[i] = -crow_sandwich_root(&a->s, i) * to[i];
    }
  }
  CROW_TRY(crow_sandwich_solve(&a->s, respond_tolerance, columns, v));
  CROW_TRY(crow_sandwich_apply(&a->s, columns, v->y, v->q));
  for (int64_t c = 0; c < columns; c++) {
    const double *of = a->change + c * n, *q = v->q + c * n;
    for (int64_t i = 0; i < n; i++) {
      const double constant = g->constant[c * g->count + crow_respond_group(g, i)];
      const double change = (q[i] - of[i]) / a->s.curvature[i] + constant;
      squares[i] += change * change;
    }
  }
cleanup:
  return status;
}

static crow_status prepare_respond(crow_objective *o, const double *reward, respond *a) {
  crow_status status = CROW_OK;
  CROW_TRY_AGREE(o->comm, respond_allocate(o, a));
  CROW_TRY(crow_sandwich_prepare(o, reward, &a->s));
  CROW_TRY(crow_sandwich_widen(&a->s));
  CROW_TRY(crow_respond_groups_create(&a->s, reward, &a->groups));
  if (o->pairs) {
    find_residuals(o, a->residual);
    goto cleanup;
  }
  CROW_TRY(crow_complete_fitted(o, reward, 1, o->weights->value, a->violation));
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
  for (int64_t b = 0; b < changes->count; b += CROW_PAIR_COLUMNS) {
    const int64_t left = changes->count - b, columns = left < CROW_PAIR_COLUMNS ? left : CROW_PAIR_COLUMNS;
    CROW_TRY(changes->take(changes->context, b, columns, a.relative, a.win_rate));
    for (int64_t c = 0; c < columns; c++) CROW_TRY(crow_respond_groups_change(&a.groups, a.relative + c * n, c));
    if (objective->pairs)
      CROW_TRY(change_paired(&a, reward, columns));
    else
      CROW_TRY(change_complete(&a, columns));
    CROW_TRY(add_responses(&a, columns, squares));
    crow_progress_update(&progress, (double)(b + columns));
  }
  for (int64_t i = 0; objective->pairs && i < n; i++) {
    if (!(objective->neighbours[i] > 0)) squares[i] = (double)NAN;
  }
cleanup:
  respond_free(&a);
  return status;
}
