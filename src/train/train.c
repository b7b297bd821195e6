/* SPDX-License-Identifier: Apache-2.0 */
/* The objective of a model of the contexts, and how one is trained. */
#include "train/train_impl.h"
#include <math.h>

const crow_setting crow_training_settings[] = {
    CROW_SETTING("optimizer", CHOICE, crow_training_options, optimizer, .value = CROW_OPTIMIZER_AUTO,
                 .choices = "auto|lbfgs|adam",
                 .help = "of a linear or mlp model: L-BFGS on the whole objective, or Adam on minibatches of "
                         "compared pairs (on the whole objective where preferences are complete); auto: lbfgs for "
                         "linear, adam for mlp"),
    CROW_SETTING("ensemble", INT, crow_training_options, ensemble, .value = 1, .minimum = 1, .maximum = 100000,
                 .help = "members of an ensemble of linear or mlp models that differ in their random start and "
                         "minibatches, trained side by side on groups of ranks; rewards are their mean"),
    CROW_SETTING("model-seed", INT, crow_training_options, seed, .value = 1, .minimum = 0, .maximum = 9e15,
                 .help = "of the members' random starts and minibatches"),
    CROW_SETTING("validate", INPUT, crow_training_options, validate, .choices = "FILE",
                 .help = "a dataset of comparisons that are held out (crow split): Adam keeps the parameters of each "
                         "member that predict them best"),
    CROW_SETTING("patience", INT, crow_training_options, patience, .value = 10, .minimum = 0, .maximum = 1e9,
                 .help = "with --validate, a member stops after so many evaluations without a better one; 0: it "
                         "takes all steps"),
    CROW_SETTING("validate-every", INT, crow_training_options, validate_every, .value = 0, .minimum = 0,
                 .maximum = 1e12,
                 .help = "Adam's steps from one row of the training curve (and evaluation, with --validate) to the "
                         "next; 0: a fiftieth of --steps"),
    {.name = NULL}};

crow_status crow_model_fit_bind(crow_model_fit *fit) {
  return crow_model_bind(fit->model, fit->comm, &fit->weights->partition, NULL, fit->contexts, fit->type);
}

crow_status crow_model_fit_evaluate(crow_model_fit *fit, const double *theta, double *value, double *optimality,
                                    double *gradient) {
  const double *curvature = crow_objective_curvature(fit->objective), *weight = fit->weights->value;
  CROW_NEED(crow_model_rewards(fit->model, theta, fit->reward));
  CROW_NEED(crow_objective_evaluate(fit->objective, fit->reward, value, NULL, fit->slope));
  for (crow_gidx i = 0; i < fit->weights->partition.count; i++) fit->slope[i] *= weight[i] * curvature[i];
  CROW_NEED(crow_model_add_center(fit->model, weight, fit->reward, value, fit->slope));
  CROW_NEED(crow_model_gradient(fit->model, theta, fit->slope, gradient));
  crow_model_add_decay(fit->model, theta, value, gradient);
  *optimality = 0;
  for (crow_gidx i = 0; i < fit->parameters; i++) {
    const double size = fabs(gradient[i]);
    *optimality = isnan(size) ? (double)INFINITY : fmax(*optimality, size);
  }
  return CROW_OK;
}
