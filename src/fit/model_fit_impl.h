/* SPDX-License-Identifier: Apache-2.0 */
/* Fits of linear and mlp models. All functions are Collective unless they say Local. */
#ifndef CROW_FIT_MODEL_FIT_IMPL_H
#define CROW_FIT_MODEL_FIT_IMPL_H

#include <crow/fit.h>

/* What all members of an ensemble are trained on. */
typedef struct crow_model_fit {
  const crow_comm *comm;
  const crow_weights *weights;
  const crow_pairs *pairs; /* NULL for complete preferences */
  crow_objective *objective;
  const crow_fit_options *options;
  crow_checkpoint *checkpoint; /* may be NULL */
  crow_rewards *out;
  crow_model *model;
  crow_gidx parameters;
  crow_partition slice; /* of the parameters */
  int64_t dimensions;
  crow_type type;
  void *contexts;         /* this rank's, (count, dimensions) of `type` */
  double *reward, *slope; /* (count) */
  double *theta;          /* (parameters) */
  double *gradient;       /* (parameters) */
} crow_model_fit;

/* Binds the model to all alternatives. */
crow_status crow_model_fit_bind(crow_model_fit *fit);
/* The whole objective at theta with the model's own terms, the largest entry of its gradient by theta, and the
 * gradient. */
crow_status crow_model_fit_evaluate(crow_model_fit *fit, const double *theta, double *value, double *optimality,
                                    double *gradient);
/* Asked to stop: keeps the weights in the checkpoint, so that only the fit begins anew, and returns CROW_STOPPED. */
crow_status crow_model_fit_poll(crow_model_fit *fit);

/* Trains a member by Adam from theta, which becomes the result; model_batch.c. */
crow_status crow_model_fit_adam(crow_model_fit *fit, int64_t member, double *theta);

/* From an objective to rewards; `out` is allocated. */
crow_status crow_model_fit_run(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                               const crow_pairs *pairs, crow_objective *objective, const crow_fit_options *options,
                               crow_checkpoint *checkpoint, crow_rewards *out);
/* Attributes and parameters of a rewards file under /model; model_file.c. */
crow_status crow_model_write(const crow_comm *comm, crow_file *file, const crow_rewards *rewards);

#endif
