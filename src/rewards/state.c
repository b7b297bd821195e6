/* SPDX-License-Identifier: Apache-2.0 */
/* The result of a tabular fit as a state ("rewards") of a checkpoint, for what comes after the fit. */
#include "rewards/rewards_impl.h"

/* Its numbers, in this order. */
#define NUMBERS 17

static void pack(const crow_rewards *r, double *to) {
  const double numbers[NUMBERS] = {r->objective,
                                   r->optimality,
                                   (double)r->iterations,
                                   (double)r->evaluations,
                                   r->converged,
                                   r->end,
                                   r->pair_scale,
                                   r->lambda,
                                   (double)r->unknown,
                                   (double)r->pairs,
                                   (double)r->components,
                                   (double)r->ties,
                                   (double)r->never_compared,
                                   (double)r->trace.count,
                                   r->uncertainty.has_standard_errors,
                                   (double)r->prompts,
                                   r->violation};
  for (int k = 0; k < NUMBERS; k++) to[k] = numbers[k];
}

static void unpack_rewards(const double *from, crow_rewards *r) {
  r->objective = from[0];
  r->optimality = from[1];
  r->iterations = (int64_t)from[2];
  r->evaluations = (int64_t)from[3];
  r->converged = from[4] != 0;
  r->end = (crow_lbfgs_end)(int)from[5];
  r->pair_scale = from[6];
  r->lambda = from[7];
  r->unknown = (crow_gidx)from[8];
  r->pairs = (crow_gidx)from[9];
  r->components = (crow_gidx)from[10];
  r->ties = (crow_gidx)from[11];
  r->never_compared = (crow_gidx)from[12];
  r->uncertainty.has_standard_errors = from[14] != 0;
  r->violation = from[16];
}

crow_status crow_rewards_save(crow_checkpoint *checkpoint, const crow_rewards *rewards) {
  const crow_partition *p = &rewards->partition;
  const double *const vector[] = {rewards->value, rewards->win_rate, rewards->fitted_win_rate,
                                  rewards->uncertainty.standard_error, rewards->uncertainty.lead_error};
  const int count = rewards->uncertainty.has_standard_errors ? 5 : 3;
  double numbers[NUMBERS];
  pack(rewards, numbers);
  CROW_NEED(crow_checkpoint_put_scalars(checkpoint, "rewards", NUMBERS, numbers));
  for (int k = 0; k < count; k++) {
    CROW_NEED(crow_checkpoint_put_vector(checkpoint, "rewards", k, CROW_F64, p, vector[k]));
  }
  CROW_NEED(crow_rewards_save_prompts(checkpoint, rewards));
  CROW_NEED(crow_sampling_error_save(checkpoint, p, &rewards->sampling_error));
  return crow_trace_save(checkpoint, &rewards->trace);
}

crow_status crow_rewards_load(const crow_comm *comm, crow_checkpoint *checkpoint, crow_rewards *out) {
  const crow_partition *p = &out->partition;
  double numbers[NUMBERS];
  CROW_NEED(crow_checkpoint_get_scalars(checkpoint, "rewards", NUMBERS, numbers));
  unpack_rewards(numbers, out);
  CROW_NEED(crow_checkpoint_get_vector(checkpoint, "rewards", 0, CROW_F64, p, out->value));
  CROW_NEED(crow_checkpoint_get_vector(checkpoint, "rewards", 1, CROW_F64, p, out->win_rate));
  CROW_NEED(crow_checkpoint_get_vector(checkpoint, "rewards", 2, CROW_F64, p, out->fitted_win_rate));
  if (out->uncertainty.has_standard_errors) {
    CROW_NEED_AGREE(comm, CROW_ALLOCATE(&out->uncertainty.standard_error, p->count));
    CROW_NEED(crow_checkpoint_get_vector(checkpoint, "rewards", 3, CROW_F64, p, out->uncertainty.standard_error));
    CROW_NEED_AGREE(comm, CROW_ALLOCATE(&out->uncertainty.lead_error, p->count + 1)); /* never NULL */
    CROW_NEED(crow_checkpoint_get_vector(checkpoint, "rewards", 4, CROW_F64, p, out->uncertainty.lead_error));
  }
  CROW_NEED(crow_sampling_error_load(comm, checkpoint, p, &out->sampling_error));
  CROW_NEED(crow_rewards_load_prompts(comm, checkpoint, (crow_gidx)numbers[15], out));
  CROW_NEED(crow_trace_load(comm, checkpoint, (int64_t)numbers[13], &out->trace));
  crow_log(CROW_LOG_NOTICE, "fit: rewards of %lld iterations taken from the checkpoint", (long long)out->iterations);
  return CROW_OK;
}
