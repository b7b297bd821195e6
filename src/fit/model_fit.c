/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards that are a function of the contexts: an ensemble of linear or mlp models, trained one after the other by all
 * ranks together. */
#include "fit/model_fit_impl.h"
#include <math.h>
#include <string.h>

const crow_setting crow_training_settings[] = {
    {.name = "optimizer",
     .type = CROW_SETTING_CHOICE,
     .offset = offsetof(crow_training_options, optimizer),
     .value = CROW_OPTIMIZER_LBFGS,
     .choices = "lbfgs|adam",
     .help =
         "of a linear or mlp model: L-BFGS on the whole objective, or Adam on minibatches of compared pairs (on the "
         "whole objective where preferences are complete)"},
    {.name = "ensemble",
     .type = CROW_SETTING_INT,
     .offset = offsetof(crow_training_options, ensemble),
     .value = 1,
     .minimum = 1,
     .maximum = 100000,
     .help =
         "members of an ensemble of linear or mlp models that differ in their random start and minibatches; rewards "
         "are their mean"},
    {.name = "model-seed",
     .type = CROW_SETTING_INT,
     .offset = offsetof(crow_training_options, seed),
     .value = 1,
     .minimum = 0,
     .maximum = 9e15,
     .help = "of the members' random starts and minibatches"},
    {.name = NULL}};

crow_status crow_model_fit_bind(crow_model_fit *fit) {
  return crow_model_bind(fit->model, fit->comm, &fit->weights->partition, NULL, fit->contexts, fit->type);
}

crow_status crow_model_fit_evaluate(crow_model_fit *fit, const double *theta, double *value, double *optimality,
                                    double *gradient) {
  crow_status status = CROW_OK;
  const double *curvature = crow_objective_curvature(fit->objective), *weight = fit->weights->value;
  CROW_TRY(crow_model_rewards(fit->model, theta, fit->reward));
  CROW_TRY(crow_objective_evaluate(fit->objective, fit->reward, value, NULL, fit->slope));
  for (crow_gidx i = 0; i < fit->weights->partition.count; i++) fit->slope[i] *= weight[i] * curvature[i];
  CROW_TRY(crow_model_add_center(fit->model, weight, fit->reward, value, fit->slope));
  CROW_TRY(crow_model_gradient(fit->model, theta, fit->slope, gradient));
  crow_model_add_decay(fit->model, theta, value, gradient);
  *optimality = 0;
  for (crow_gidx i = 0; i < fit->parameters; i++) {
    const double size = fabs(gradient[i]);
    *optimality = isnan(size) ? (double)INFINITY : fmax(*optimality, size);
  }
cleanup:
  return status;
}

crow_status crow_model_fit_poll(crow_model_fit *fit) {
  crow_status status = CROW_OK;
  bool due = false, stop = false;
  if (!fit->checkpoint) return CROW_OK;
  CROW_TRY(crow_checkpoint_due(fit->checkpoint, &due, &stop));
  if (!stop) goto cleanup;
  CROW_TRY(crow_checkpoint_begin(fit->checkpoint));
  CROW_TRY(crow_weights_save(fit->checkpoint, fit->weights));
  CROW_TRY(crow_checkpoint_end(fit->checkpoint));
  CROW_TRY(crow_error(CROW_STOPPED, "stopped before the fit had ended; the weights are kept"));
cleanup:
  if (status != CROW_OK && status != CROW_STOPPED) crow_checkpoint_abandon(fit->checkpoint);
  return status;
}

/* L-BFGS holds its vectors in slices, the model its parameters whole. */
static crow_status evaluate_slice(void *context, const double *x, double *value, double *optimality, double *gradient) {
  crow_status status = CROW_OK;
  crow_model_fit *fit = context;
  CROW_TRY(crow_comm_gather_slices(fit->comm, &fit->slice, x, fit->theta, sizeof *x));
  CROW_TRY(crow_model_fit_evaluate(fit, fit->theta, value, optimality, fit->gradient));
  if (fit->slice.count) memcpy(gradient, fit->gradient + fit->slice.begin, (size_t)fit->slice.count * sizeof *gradient);
cleanup:
  return status;
}

static crow_status train_lbfgs(crow_model_fit *fit, double *theta) {
  crow_status status = CROW_OK;
  crow_lbfgs *lbfgs = NULL;
  crow_lbfgs_result result;
  double *mine = NULL;
  crow_rewards *out = fit->out;
  CROW_TRY_AGREE(fit->comm, CROW_ALLOCATE(&mine, fit->slice.count));
  CROW_TRY(crow_lbfgs_create(fit->comm, &fit->slice, &fit->options->lbfgs, evaluate_slice, fit,
                             theta + fit->slice.begin, &lbfgs));
  for (bool done = false; !done;) {
    CROW_TRY(crow_lbfgs_step(lbfgs, &done));
    if (!done) CROW_TRY(crow_model_fit_poll(fit));
  }
  crow_lbfgs_get(lbfgs, mine, NULL, &result);
  CROW_TRY(crow_comm_gather_slices(fit->comm, &fit->slice, mine, theta, sizeof *mine));
  out->iterations += result.iterations;
  out->evaluations += result.evaluations;
  if (result.end != CROW_LBFGS_CONVERGED) {
    out->end = result.end;
    out->converged = false;
  }
cleanup:
  crow_lbfgs_destroy(&lbfgs);
  crow_free(mine);
  return status;
}

static crow_status train(crow_model_fit *fit, int64_t member) {
  crow_status status = CROW_OK;
  crow_fitted_model *model = &fit->out->model;
  double *theta = model->theta + member * fit->parameters, value = 0, optimality = 0;
  crow_model_initialise(fit->model, (uint64_t)fit->options->training.seed, member, theta);
  if (model->optimizer == CROW_OPTIMIZER_ADAM) {
    CROW_TRY(crow_model_fit_adam(fit, member, theta));
  } else {
    CROW_TRY(crow_model_fit_bind(fit));
    CROW_TRY(train_lbfgs(fit, theta));
  }
  CROW_TRY(crow_model_fit_bind(fit));
  CROW_TRY(crow_model_fit_evaluate(fit, theta, &value, &optimality, fit->gradient));
  fit->out->objective += value / (double)model->members;
  fit->out->optimality = fmax(fit->out->optimality, optimality);
  crow_log(CROW_LOG_INFO, "fit: member %lld of %lld: objective %.15g, largest gradient %.3e", (long long)(member + 1),
           (long long)model->members, value, optimality);
cleanup:
  return status;
}

/* Mean and sample standard deviation of the members' rewards. */
static crow_status average(crow_model_fit *fit) {
  crow_status status = CROW_OK;
  crow_rewards *out = fit->out;
  const crow_gidx count = out->partition.count;
  const int64_t members = out->model.members;
  for (int64_t b = 0; b < members; b++) {
    CROW_TRY(crow_model_rewards(fit->model, out->model.theta + b * fit->parameters, fit->reward));
    for (crow_gidx i = 0; i < count; i++) out->value[i] += fit->reward[i];
  }
  for (crow_gidx i = 0; i < count; i++) out->value[i] /= (double)members;
  if (members == 1) goto cleanup;
  CROW_TRY_AGREE(fit->comm, CROW_ALLOCATE(&out->spread, count));
  for (int64_t b = 0; b < members; b++) {
    CROW_TRY(crow_model_rewards(fit->model, out->model.theta + b * fit->parameters, fit->reward));
    for (crow_gidx i = 0; i < count; i++) {
      const double deviation = fit->reward[i] - out->value[i];
      out->spread[i] += deviation * deviation;
    }
  }
  for (crow_gidx i = 0; i < count; i++) out->spread[i] = sqrt(out->spread[i] / (double)(members - 1));
cleanup:
  return status;
}

/* Local. */
static crow_status allocate(crow_model_fit *fit, const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  const crow_gidx count = fit->weights->partition.count;
  crow_fitted_model *model = &fit->out->model;
  CROW_TRY(crow_model_create(&fit->options->model, dataset->alternatives, dataset->dimensions, &fit->model));
  fit->parameters = model->parameters = crow_model_parameters(fit->model);
  CROW_TRY(CROW_ALLOCATE(&model->theta, model->members * fit->parameters));
  CROW_TRY(
      crow_string_copy(fit->options->model.model == CROW_MODEL_MLP ? fit->options->model.hidden : "", &model->hidden));
  CROW_TRY(crow_allocate_raw(count * fit->dimensions, crow_type_bytes(fit->type), &fit->contexts));
  CROW_TRY(CROW_ALLOCATE(&fit->reward, count));
  CROW_TRY(CROW_ALLOCATE(&fit->slope, count));
  CROW_TRY(CROW_ALLOCATE(&fit->theta, fit->parameters));
  CROW_TRY(CROW_ALLOCATE(&fit->gradient, fit->parameters));
cleanup:
  return status;
}

static crow_status prepare(crow_model_fit *fit, const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  const crow_partition *p = &fit->weights->partition;
  crow_fitted_model *model = &fit->out->model;
  model->kind = fit->options->model.model;
  model->activation = fit->options->model.activation;
  model->weight_decay = fit->options->model.weight_decay;
  model->center = fit->options->model.center;
  model->optimizer = fit->options->training.optimizer;
  model->members = fit->options->training.ensemble;
  model->inputs = fit->dimensions = dataset->dimensions;
  fit->type = dataset->single ? CROW_F32 : CROW_F64;
  CROW_TRY_AGREE(fit->comm, allocate(fit, dataset));
  fit->slice = crow_comm_partition(fit->comm, fit->parameters, CROW_BLOCK);
  CROW_TRY(crow_dataset_read_contexts(dataset, p->begin, p->count, fit->type, fit->contexts));
cleanup:
  return status;
}

crow_status crow_model_fit_run(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                               const crow_pairs *pairs, crow_objective *objective, const crow_fit_options *options,
                               crow_checkpoint *checkpoint, crow_rewards *out) {
  crow_status status = CROW_OK;
  crow_model_fit fit = {.comm = comm,
                        .weights = weights,
                        .pairs = pairs,
                        .objective = objective,
                        .options = options,
                        .checkpoint = checkpoint,
                        .out = out};
  crow_stages_begin(&out->stages, "train");
  CROW_TRY(prepare(&fit, dataset));
  out->converged = true;
  for (int64_t b = 0; b < out->model.members; b++) CROW_TRY(train(&fit, b));
  CROW_TRY(average(&fit));
cleanup:
  crow_model_destroy(&fit.model);
  crow_free(fit.contexts);
  crow_free(fit.reward);
  crow_free(fit.slope);
  crow_free(fit.theta);
  crow_free(fit.gradient);
  return status;
}
