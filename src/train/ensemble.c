/* SPDX-License-Identifier: Apache-2.0 */
/* An ensemble of linear or mlp models, its members trained side by side on groups of ranks, and averaged by all. */
#include "train/train_impl.h"
#include <math.h>
#include <string.h>

static int64_t curve_numbers(const crow_ensemble *e) { return CROW_CURVE_COLUMNS * crow_curve_rows(e->fit.options); }
static double *curve_of(const crow_ensemble *e, int64_t member) { return e->curve + member * curve_numbers(e); }

/* ---- members as tasks ----------------------------------------------------------------------------------------- */

static crow_status ensemble_begin(void *context, int64_t task) {
  crow_ensemble *e = context;
  int64_t k = 0;
  while (k < e->waiting_count && e->waiting[k].member != task) k++;
  CROW_NEED(crow_member_begin(&e->fit, task, k < e->waiting_count ? &e->waiting[k] : NULL));
  if (k == e->waiting_count) return CROW_OK;
  crow_member_state_free(&e->waiting[k]);
  memmove(e->waiting + k, e->waiting + k + 1, (size_t)(e->waiting_count - k - 1) * sizeof *e->waiting);
  e->waiting_count--;
  return CROW_OK;
}

static crow_status ensemble_step(void *context, int64_t slot, bool *done) {
  crow_ensemble *e = context;
  (void)slot; /* every member has its place */
  CROW_NEED(crow_member_step(&e->fit, done));
  if (!*done) return CROW_OK;
  const int64_t member = e->fit.member;
  crow_member_result *result = &e->result[member];
  double *theta = e->out->model.theta + member * e->fit.parameters;
  const bool adam = e->fit.adam != NULL;
  CROW_NEED(crow_member_end(&e->fit, theta, result));
  if (!adam) return CROW_OK;
  const double *rows = crow_curve_end(&e->fit, result);
  memcpy(curve_of(e, member), rows, (size_t)(CROW_CURVE_COLUMNS * (int64_t)result->rows) * sizeof *rows);
  return CROW_OK;
}

static crow_status ensemble_deliver(void *context, int64_t task, int group, int64_t slot) {
  crow_ensemble *e = context;
  const int root = crow_rank_groups_first(&e->groups, group);
  const int64_t bytes = e->fit.parameters * (int64_t)sizeof(double);
  (void)slot;
  CROW_NEED(crow_comm_broadcast(e->comm, e->out->model.theta + task * e->fit.parameters, bytes, root));
  CROW_NEED(crow_comm_broadcast(e->comm, &e->result[task], (int64_t)sizeof *e->result, root));
  CROW_NEED(crow_comm_broadcast(e->comm, curve_of(e, task), curve_numbers(e) * (int64_t)sizeof(double), root));
  crow_log(CROW_LOG_INFO, "fit: member %lld of %lld: objective %.15g, largest gradient %.3e", (long long)(task + 1),
           (long long)e->out->model.members, e->result[task].value, e->result[task].optimality);
  return CROW_OK;
}

static crow_status ensemble_save(void *context, const crow_tasks *tasks) {
  return crow_ensemble_save(context, crow_tasks_current(tasks));
}

static const crow_task_kind member_kind = {.stopped = "stopped before the fit had ended",
                                           .begin = ensemble_begin,
                                           .step = ensemble_step,
                                           .deliver = ensemble_deliver,
                                           .save = ensemble_save};

/* ---- the groups' data ----------------------------------------------------------------------------------------- */

double crow_model_units(const crow_model_options *options, int64_t inputs) {
  crow_model *model = NULL;
  double units = 0;
  if (crow_model_create(options, 1, inputs, &model) == CROW_OK) {
    for (int k = 0; k < crow_model_arrays(model); k++) {
      const crow_model_array array = crow_model_array_at(model, k);
      if (array.columns > 1) units += (double)array.rows;
    }
  }
  crow_model_destroy(&model);
  return units;
}

double crow_ensemble_bytes(const crow_dataset *dataset, const crow_train_options *options, crow_gidx pairs, int ranks) {
  const double m = (double)dataset->alternatives, slice = m / ranks + CROW_BLOCK;
  const double context = dataset->single ? 4 : 8;
  crow_model *model = NULL;
  double parameters = 0;
  const double units = crow_model_units(&options->model, dataset->dimensions);
  if (crow_model_create(&options->model, dataset->alternatives, dataset->dimensions, &model) == CROW_OK) {
    parameters = (double)crow_model_parameters(model);
  }
  crow_model_destroy(&model);
  /* Contexts, two doubles a hidden unit, weights, rewards, slopes and the objective's slices; pairs; what every rank
   * knows of all alternatives for pairs and minibatches; parameters, moments or history. */
  const double history =
      crow_train_optimizer(options) == CROW_OPTIMIZER_ADAM ? 8 : 8 + (6 + 2 * (double)options->lbfgs.history) / ranks;
  return slice * ((double)dataset->dimensions * context + 16 * units + 72) + 20 * ((double)pairs / ranks) +
         (pairs ? 88 * m : 0) + 8 * parameters * history;
}

typedef struct need {
  const crow_dataset *dataset;
  const crow_train_options *options;
  crow_gidx pairs;
  const crow_dataset *held; /* to validate by, or NULL */
} need;

static double ensemble_bytes_needed(const void *context, int ranks) {
  const need *n = context;
  return crow_ensemble_bytes(n->dataset, n->options, n->pairs, ranks) +
         (n->held ? crow_validation_bytes(n->held, &n->options->model, ranks) : 0);
}

/* Weights, preferences, contexts and objective in slices over the group. */
static crow_status ensemble_copy_data(crow_ensemble *e, const crow_pairs *pairs, const double *win_rate) {
  const crow_rank_groups *g = &e->groups;
  crow_model_fit *fit = &e->fit;
  const crow_objective_options *options = &fit->options->objective;
  const size_t row = (size_t)fit->dimensions * crow_type_bytes(fit->type);
  CROW_NEED(crow_rank_groups_weights(g, e->weights, &e->own_weights));
  const crow_partition *from = &e->weights->partition, *to = &e->own_weights.partition;
  CROW_NEED_AGREE(e->comm, crow_allocate_raw(to->count, row, &e->own_contexts));
  CROW_NEED(crow_rank_groups_vector(g, from, e->contexts, to, e->own_contexts, row));
  if (pairs) {
    CROW_NEED(crow_rank_groups_pairs(g, pairs, &e->own_pairs));
    CROW_NEED_AGREE(e->comm,
                    crow_objective_create_pairs(g->mine, options, &e->own_weights, &e->own_pairs, &e->own_objective));
    fit->pairs = &e->own_pairs;
  } else {
    CROW_NEED_AGREE(e->comm, CROW_ALLOCATE_RAW(&e->own_win_rate, to->count));
    CROW_NEED(crow_rank_groups_vector(g, from, win_rate, to, e->own_win_rate, sizeof(double)));
    CROW_NEED_AGREE(
        e->comm, crow_objective_create_complete(g->mine, options, &e->own_weights, e->own_win_rate, &e->own_objective));
  }
  fit->weights = &e->own_weights;
  fit->contexts = e->own_contexts;
  fit->objective = e->own_objective;
  return CROW_OK;
}

/* Local. */
static crow_status ensemble_allocate(crow_ensemble *e) {
  crow_model_fit *fit = &e->fit;
  crow_fitted_model *model = &e->out->model;
  const crow_gidx all = e->weights->partition.count, group = fit->weights->partition.count;
  const crow_gidx count = all > group ? all : group; /* rewards are of the group's alternatives, and at last of all */
  CROW_NEED(CROW_ALLOCATE(&model->theta, model->members * fit->parameters));
  CROW_NEED(CROW_ALLOCATE(&e->result, model->members));
  CROW_NEED(CROW_ALLOCATE(&e->curve, model->members * curve_numbers(e)));
  CROW_NEED(CROW_ALLOCATE(&fit->curve, crow_curve_numbers(fit->options)));
  if (fit->options->training.validate) CROW_NEED(CROW_ALLOCATE(&fit->best, fit->parameters));
  CROW_NEED(
      crow_string_copy(fit->options->model.model == CROW_MODEL_MLP ? fit->options->model.hidden : "", &model->hidden));
  CROW_NEED(CROW_ALLOCATE_EACH(count, &fit->reward, &fit->slope));
  return CROW_ALLOCATE_EACH(fit->parameters, &fit->theta, &fit->gradient);
}

static void ensemble_describe(const crow_train_options *options, int64_t inputs, crow_fitted_model *model) {
  model->kind = options->model.model;
  model->activation = options->model.activation;
  model->weight_decay = options->model.weight_decay;
  model->center = options->model.center;
  model->optimizer = (int)crow_train_optimizer(options);
  model->members = options->training.ensemble;
  model->inputs = inputs;
}

static crow_status ensemble_prepare(crow_ensemble *e, const crow_dataset *dataset, const crow_pairs *pairs,
                                    const double *win_rate, const crow_dataset *held) {
  const crow_partition *p = &e->weights->partition;
  crow_model_fit *fit = &e->fit;
  const need needed = {dataset, fit->options, pairs ? pairs->partition.global : 0, held};
  const crow_rank_groups_plan plan = {"members", fit->options->training.ensemble, ensemble_bytes_needed, &needed};
  fit->dimensions = dataset->dimensions;
  fit->type = dataset->single ? CROW_F32 : CROW_F64;
  ensemble_describe(fit->options, dataset->dimensions, &e->out->model);
  CROW_NEED(crow_rank_groups_create(e->comm, &fit->options->groups, &plan, &e->groups));
  fit->comm = e->groups.mine;
  CROW_NEED_AGREE(e->comm,
                  crow_model_create(&fit->options->model, dataset->alternatives, dataset->dimensions, &fit->model));
  fit->parameters = e->out->model.parameters = crow_model_parameters(fit->model);
  fit->slice = crow_comm_partition(fit->comm, fit->parameters, CROW_BLOCK);
  CROW_NEED_AGREE(e->comm, crow_allocate_raw(p->count * fit->dimensions, crow_type_bytes(fit->type), &e->contexts));
  CROW_NEED(crow_dataset_read_contexts(dataset, p->begin, p->count, fit->type, e->contexts));
  fit->contexts = e->contexts;
  if (e->groups.count > 1) CROW_NEED(ensemble_copy_data(e, pairs, win_rate));
  CROW_NEED_AGREE(e->comm, ensemble_allocate(e));
  if (held) CROW_NEED(crow_validation_create(e->comm, fit->comm, held, &fit->options->model, &fit->validation));
  return CROW_OK;
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

static crow_status train(crow_ensemble *e) {
  CROW_NEED(crow_ensemble_load(e));
  crow_tasks tasks = {.groups = &e->groups,
                      .kind = &member_kind,
                      .context = e,
                      .checkpoint = e->checkpoint,
                      .todo = e->todo,
                      .count = e->todo_count,
                      .slots = e->out->model.members,
                      .name = "fit",
                      .unit = "members",
                      .total = e->out->model.members};
  return crow_tasks_run(&tasks);
}

/* How the members did, in their order whichever ended first. */
static void sum_up(const crow_ensemble *e, crow_fit_end *end) {
  *end = (crow_fit_end){.converged = true};
  for (int64_t b = 0; b < e->out->model.members; b++) {
    const crow_member_result *r = &e->result[b];
    end->objective += r->value / (double)e->out->model.members;
    end->optimality = fmax(end->optimality, r->optimality);
    end->iterations += (int64_t)r->iterations;
    end->evaluations += (int64_t)r->evaluations;
    if (r->end == CROW_LBFGS_CONVERGED) continue;
    end->end = (crow_lbfgs_end)(int)r->end;
    end->converged = false;
  }
}

/* Mean and sample standard deviation of the members' rewards, by all ranks. */
static crow_status average(crow_ensemble *e) {
  crow_trained *out = e->out;
  crow_model_fit *fit = &e->fit;
  const crow_partition *p = &e->weights->partition;
  const crow_gidx count = p->count;
  const int64_t members = out->model.members;
  CROW_NEED(crow_model_bind(fit->model, e->comm, p, NULL, e->contexts, fit->type));
  for (int64_t b = 0; b < members; b++) {
    CROW_NEED(crow_model_rewards(fit->model, out->model.theta + b * fit->parameters, fit->reward));
    for (crow_gidx i = 0; i < count; i++) out->value[i] += fit->reward[i];
  }
  for (crow_gidx i = 0; i < count; i++) out->value[i] /= (double)members;
  if (members == 1) return CROW_OK;
  CROW_NEED_AGREE(e->comm, CROW_ALLOCATE(&out->spread, count));
  for (int64_t b = 0; b < members; b++) {
    CROW_NEED(crow_model_rewards(fit->model, out->model.theta + b * fit->parameters, fit->reward));
    for (crow_gidx i = 0; i < count; i++) {
      const double deviation = fit->reward[i] - out->value[i];
      out->spread[i] += deviation * deviation;
    }
  }
  for (crow_gidx i = 0; i < count; i++) out->spread[i] = sqrt(out->spread[i] / (double)(members - 1));
  return CROW_OK;
}

static void ensemble_free(crow_ensemble *e) {
  crow_model_fit *fit = &e->fit;
  crow_member_leave(fit);
  crow_batcher_destroy(&fit->batcher);
  crow_validation_destroy(&fit->validation);
  crow_objective_destroy(&e->own_objective);
  crow_model_destroy(&fit->model);
  for (int64_t k = 0; k < e->waiting_count; k++) crow_member_state_free(&e->waiting[k]);
  CROW_FREE(fit->curve, fit->best, e->curve, fit->reward, fit->slope, fit->theta, fit->gradient, e->contexts, e->result,
            e->waiting, e->own_win_rate, e->own_contexts, e->todo);
  crow_weights_free(&e->own_weights);
  crow_pairs_free(&e->own_pairs);
  crow_rank_groups_free(&e->groups);
}

crow_status crow_train_run(const crow_comm *comm, const crow_train_data *data, const crow_train_options *options,
                           crow_checkpoint *checkpoint, crow_stages *stages, crow_trained *out, crow_fit_end *end) {
  crow_status status = CROW_OK;
  crow_ensemble e = {.comm = comm, .weights = data->weights, .checkpoint = checkpoint, .out = out};
  e.fit = (crow_model_fit){
      .weights = data->weights, .pairs = data->pairs, .objective = data->objective, .options = options};
  crow_dataset held = {0};
  const char *validate = options->training.validate;
  crow_stages_begin(stages, "train");
  if (validate) CROW_TRY(crow_validation_open(comm, data->dataset, validate, &held));
  CROW_TRY(ensemble_prepare(&e, data->dataset, data->pairs, data->win_rate, validate ? &held : NULL));
  if (data->pairs && data->dataset->has_comparisons) {
    CROW_TRY(crow_train_find_equal(comm, data->dataset, &data->weights->partition, e.contexts, e.fit.type, data->pairs,
                                   &out->equal_contexts));
  }
  CROW_TRY(train(&e));
  sum_up(&e, end);
  CROW_TRY(average(&e));
  if (e.curve) CROW_TRY_AGREE(comm, crow_curve_collect(options, e.result, e.curve, &out->curve));
cleanup:
  crow_dataset_close(&held);
  ensemble_free(&e);
  return status;
}
