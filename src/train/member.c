/* SPDX-License-Identifier: Apache-2.0 */
/* One member of an ensemble, trained step by step by a group of ranks. */
#include "train/train_impl.h"
#include <string.h>

static bool by_adam(const crow_model_fit *fit) { return crow_train_optimizer(fit->options) == CROW_OPTIMIZER_ADAM; }
static bool in_batches(const crow_model_fit *fit) {
  return by_adam(fit) && fit->pairs && fit->pairs->partition.global > 0;
}

/* L-BFGS holds its vectors in slices, the model its parameters whole. */
static crow_status evaluate_slice(void *context, const double *x, double *value, double *optimality, double *gradient) {
  crow_model_fit *fit = context;
  CROW_NEED(crow_comm_gather_slices(fit->comm, &fit->slice, x, fit->theta, sizeof *x));
  CROW_NEED(crow_model_fit_evaluate(fit, fit->theta, value, optimality, fit->gradient));
  if (fit->slice.count) memcpy(gradient, fit->gradient + fit->slice.begin, (size_t)fit->slice.count * sizeof *gradient);
  return CROW_OK;
}

/* Complete preferences have no pairs to draw: every step takes the whole objective. */
static crow_status whole_loss(void *context, int64_t step, const double *theta, double *value, double *gradient) {
  double optimality = 0;
  (void)step;
  return crow_model_fit_evaluate(context, theta, value, &optimality, gradient);
}

/* ---- states --------------------------------------------------------------------------------------------------- */

static int64_t blocks(crow_gidx count) { return (count + CROW_BLOCK - 1) / CROW_BLOCK; }

int64_t crow_member_part(const crow_model_fit *fit, int64_t vectors) {
  return vectors * blocks(fit->slice.count) * CROW_BLOCK;
}

int64_t crow_member_whole(const crow_model_fit *fit, int64_t vectors) {
  return vectors * blocks(fit->parameters) * CROW_BLOCK;
}

void crow_member_state_free(crow_member_state *state) {
  CROW_FREE(state->scalar, state->data);
  memset(state, 0, sizeof *state);
}

static void get_state(crow_model_fit *fit, crow_optim_state *state) {
  if (fit->adam)
    crow_adam_state(fit->adam, state);
  else
    crow_lbfgs_state(fit->lbfgs, state);
}

int64_t crow_member_scalars(const crow_model_fit *fit) {
  if (by_adam(fit)) return CROW_ADAM_SCALARS + crow_curve_numbers(fit->options);
  return crow_lbfgs_state_scalars(fit->options->lbfgs.history);
}

/* Adam's vectors, and the best parameters so far if comparisons are held out, are whole on every rank. */
static double *adam_vector(const crow_model_fit *fit, const crow_optim_state *state, int64_t v) {
  return v < state->vectors ? state->vector[v] : fit->best;
}

/* Copies vector v of a state from (`take`) or to this rank's slice. */
static void move_vector(const crow_model_fit *fit, crow_member_state *state, int64_t v, double *slice, bool take) {
  for (crow_gidx at = 0; at < fit->slice.count; at += CROW_BLOCK) {
    const crow_gidx n = fit->slice.count - at < CROW_BLOCK ? fit->slice.count - at : CROW_BLOCK;
    double *packed = state->data + at * state->vectors + v * CROW_BLOCK;
    if (take)
      memcpy(packed, slice + at, (size_t)n * sizeof *slice);
    else
      memcpy(slice + at, packed, (size_t)n * sizeof *slice);
  }
}

crow_status crow_member_save(crow_model_fit *fit, crow_member_state *out) {
  crow_status status = CROW_OK;
  crow_optim_state state;
  get_state(fit, &state);
  *out = (crow_member_state){
      .member = fit->member, .vectors = state.vectors + (fit->validation != NULL), .scalars = crow_member_scalars(fit)};
  CROW_TRY(CROW_ALLOCATE(&out->scalar, out->scalars));
  CROW_TRY(CROW_ALLOCATE(&out->data, crow_member_part(fit, out->vectors)));
  memcpy(out->scalar, state.scalar, (size_t)state.scalars * sizeof *out->scalar);
  if (fit->adam) {
    memcpy(out->scalar + state.scalars, fit->curve, (size_t)crow_curve_numbers(fit->options) * sizeof *fit->curve);
  }
  for (int64_t v = 0; v < out->vectors; v++) {
    move_vector(fit, out, v, fit->adam ? adam_vector(fit, &state, v) + fit->slice.begin : state.vector[v], true);
  }
cleanup:
  if (status != CROW_OK) crow_member_state_free(out);
  return status;
}

static crow_status check_vectors(const crow_member_state *from, int64_t expected) {
  if (from->vectors == expected) return CROW_OK;
  return crow_error(CROW_BAD_INPUT, "the checkpoint holds %lld vectors of member %lld: expected %lld",
                    (long long)from->vectors, (long long)from->member, (long long)expected);
}

static crow_status restore(crow_model_fit *fit, const crow_member_state *from) {
  crow_member_state copy = *from; /* the data are only read */
  crow_optim_state state;
  get_state(fit, &state);
  memcpy(state.scalar, from->scalar, (size_t)state.scalars * sizeof *from->scalar);
  if (fit->lbfgs) CROW_NEED(crow_lbfgs_resume(fit->lbfgs, &state));
  if (fit->adam) {
    memcpy(fit->curve, from->scalar + state.scalars, (size_t)crow_curve_numbers(fit->options) * sizeof *fit->curve);
  }
  CROW_NEED(check_vectors(from, state.vectors + (fit->validation != NULL)));
  for (int64_t v = 0; v < from->vectors; v++) {
    if (fit->lbfgs) {
      move_vector(fit, &copy, v, state.vector[v], false);
    } else {
      move_vector(fit, &copy, v, fit->theta, false);
      CROW_NEED(
          crow_comm_gather_slices(fit->comm, &fit->slice, fit->theta, adam_vector(fit, &state, v), sizeof(double)));
    }
  }
  return CROW_OK;
}

/* ---- training ------------------------------------------------------------------------------------------------- */

crow_status crow_member_begin(crow_model_fit *fit, int64_t member, const crow_member_state *from) {
  fit->member = member;
  crow_model_initialise(fit->model, (uint64_t)fit->options->training.seed, member, fit->theta);
  if (in_batches(fit)) {
    if (!fit->batcher) CROW_NEED(crow_batcher_create(fit, &fit->batcher));
  } else {
    CROW_NEED(crow_model_fit_bind(fit));
  }
  if (by_adam(fit)) {
    CROW_NEED_AGREE(fit->comm, crow_adam_create(&fit->options->adam, fit->parameters, fit->theta, &fit->adam));
  } else {
    CROW_NEED(crow_lbfgs_create(fit->comm, &fit->slice, &fit->options->lbfgs, evaluate_slice, fit,
                                fit->theta + fit->slice.begin, &fit->lbfgs));
  }
  if (from) {
    CROW_NEED(restore(fit, from));
  } else if (fit->adam) {
    CROW_NEED(crow_curve_begin(fit));
  }
  return CROW_OK;
}

crow_status crow_member_step(crow_model_fit *fit, bool *done) {
  if (fit->lbfgs) return crow_lbfgs_step(fit->lbfgs, done);
  CROW_NEED(crow_adam_step(fit->adam, in_batches(fit) ? crow_model_fit_batch_loss : whole_loss, fit, done));
  return crow_curve_step(fit, done);
}

static crow_status end_lbfgs(crow_model_fit *fit, double *theta, crow_member_result *result) {
  crow_status status = CROW_OK;
  crow_lbfgs_result ended;
  double *mine = NULL;
  CROW_TRY_AGREE(fit->comm, CROW_ALLOCATE(&mine, fit->slice.count));
  crow_lbfgs_get(fit->lbfgs, mine, NULL, &ended);
  CROW_TRY(crow_comm_gather_slices(fit->comm, &fit->slice, mine, theta, sizeof *mine));
  result->iterations = (double)ended.iterations;
  result->evaluations = (double)ended.evaluations;
  result->end = ended.end;
cleanup:
  crow_free(mine);
  return status;
}

crow_status crow_member_end(crow_model_fit *fit, double *theta, crow_member_result *result) {
  crow_status status = CROW_OK;
  *result = (crow_member_result){.ended = 1, .end = CROW_LBFGS_CONVERGED};
  if (fit->lbfgs) {
    CROW_TRY(end_lbfgs(fit, theta, result));
  } else {
    memcpy(theta, fit->validation ? fit->best : crow_adam_theta(fit->adam), (size_t)fit->parameters * sizeof *theta);
    result->iterations = result->evaluations = (double)crow_adam_steps(fit->adam);
  }
  CROW_TRY(crow_model_fit_bind(fit));
  CROW_TRY(crow_model_fit_evaluate(fit, theta, &result->value, &result->optimality, fit->gradient));
cleanup:
  crow_member_leave(fit);
  return status;
}

void crow_member_leave(crow_model_fit *fit) {
  crow_adam_destroy(&fit->adam);
  crow_lbfgs_destroy(&fit->lbfgs);
}
