/* SPDX-License-Identifier: Apache-2.0 */
/* Sandwich variances: prepared here, found by a dense inverse or by probes. */
#include "objective/sandwich_impl.h"
#include "objective/sigmoid_impl.h"
#include <math.h>

static crow_status sandwich_allocate(crow_sandwich *s) {
  crow_status status = CROW_OK;
  CROW_TRY(CROW_ALLOCATE_RAW(&s->slope, s->o->pairs->partition.count));
  CROW_TRY(CROW_ALLOCATE_RAW(&s->noise, s->o->pairs->partition.count));
  CROW_TRY(CROW_ALLOCATE_RAW(&s->curvature, s->o->weights->partition.count));
cleanup:
  return status;
}

crow_status crow_objective_sandwich(crow_objective *objective, const double *reward, const double *spread,
                                    const crow_sandwich_options *options, double *variance,
                                    const crow_sandwich_groups *groups) {
  crow_status status = CROW_OK;
  crow_objective *o = objective;
  const crow_pairs *pairs = o->pairs;
  crow_sandwich s = {.o = o};
  int64_t wanted = variance != NULL;
  if (!pairs) CROW_TRY(crow_error(CROW_BAD_INPUT, "standard errors are of observed comparisons"));
  /* A rank without alternatives has no room for variances and takes part all the same. */
  CROW_TRY(crow_comm_max_i64(o->comm, &wanted, 1));
  CROW_TRY_AGREE(o->comm, sandwich_allocate(&s));
  CROW_TRY(crow_paired_set_rewards(o, reward));
  for (int64_t k = 0; k < pairs->partition.count; k++) {
    double rest;
    const double e = crow_exp_minus(fabs(o->cell[pairs->first[k]].reward - o->cell[pairs->second[k]].reward), &rest);
    s.slope[k] = (o->options.pair_weight ? (double)pairs->judgements[k] : 1) * (e / ((1 + e) * (1 + e)));
    s.noise[k] = sqrt(spread[k]);
  }
  CROW_TRY(crow_sandwich_sum(&s, s.slope, false, false, NULL, s.curvature));
  for (int64_t i = 0; i < o->weights->partition.count; i++) s.curvature[i] += o->options.lambda;
  if (pairs->alternatives <= options->exact) {
    CROW_TRY(crow_sandwich_dense(&s, variance, groups));
  } else {
    if (wanted) CROW_TRY(crow_sandwich_probe(&s, options->probes, (uint64_t)options->seed, variance));
    if (groups) CROW_TRY(crow_sandwich_solve_groups(&s, groups));
  }
  for (int64_t i = 0; variance && i < o->weights->partition.count; i++) {
    if (!(o->neighbours[i] > 0)) variance[i] = (double)NAN;
  }
cleanup:
  crow_free(s.slope);
  crow_free(s.noise);
  crow_free(s.curvature);
  return status;
}
