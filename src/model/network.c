/* SPDX-License-Identifier: Apache-2.0 */
/* A model at rows: rewards forward, gradients backward, block by block through OpenBLAS. Blocks begin where they begin
 * in all rows, so that every number of ranks makes the same calls. */
#include "model/model_impl.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

static double largest(const void *values, crow_type type, int64_t count) {
  double most = 0;
  for (int64_t i = 0; i < count; i++) {
    const double value = fabs(type == CROW_F32 ? (double)((const float *)values)[i] : ((const double *)values)[i]);
    most = value <= most ? most : isnan(value) ? INFINITY : value;
  }
  return most;
}

static crow_status network_make_room(crow_model *model) {
  const bool convert = model->layers && model->type == CROW_F32;
  if (convert && !model->block) CROW_NEED(CROW_ALLOCATE(&model->block, CROW_BLOCK * model->dimensions));
  if (model->rows.count <= model->capacity) return CROW_OK;
  model->capacity = 0;
  for (int k = 0; k + 1 < model->layers; k++) {
    crow_layer *layer = &model->layer[k];
    CROW_FREE(layer->value, layer->slope);
    layer->value = layer->slope = NULL;
    CROW_NEED(CROW_ALLOCATE_RAW_EACH(model->rows.count * layer->outputs, &layer->value, &layer->slope));
  }
  model->capacity = model->rows.count;
  return CROW_OK;
}

crow_status crow_model_bind(crow_model *model, const crow_comm *comm, const crow_partition *rows,
                            const crow_gidx *index, const void *contexts, crow_type type) {
  model->comm = comm;
  model->rows = *rows;
  model->index = index;
  model->contexts = contexts;
  model->type = type;
  CROW_NEED_AGREE(comm, network_make_room(model));
  double agreed[2] = {index != NULL, 0};
  if (model->layers) agreed[1] = largest(contexts, type, rows->count * model->dimensions);
  CROW_NEED(crow_comm_max_f64(comm, agreed, 2));
  model->indexed = agreed[0] != 0;
  model->largest_context = agreed[1];
  return CROW_OK;
}

/* The contexts of rows begin .. begin + count as doubles. */
static const double *network_contexts(crow_model *model, int64_t begin, int64_t count) {
  const int64_t d = model->dimensions;
  if (model->type == CROW_F64) return (const double *)model->contexts + begin * d;
  const float *from = (const float *)model->contexts + begin * d;
  for (int64_t i = 0; i < count * d; i++) model->block[i] = (double)from[i];
  return model->block;
}

static int64_t block_length(const crow_model *model, int64_t begin) {
  return model->rows.count - begin < CROW_BLOCK ? model->rows.count - begin : CROW_BLOCK;
}

/* out (n, outputs) = in (n, inputs) W' + b */
static void layer_forward(const crow_layer *layer, const double *theta, int64_t n, const double *in, double *out) {
  for (int64_t i = 0; i < n; i++) {
    memcpy(out + i * layer->outputs, theta + layer->bias, (size_t)layer->outputs * sizeof *out);
  }
  const int rows = (int)n, inputs = (int)layer->inputs, outputs = (int)layer->outputs;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, outputs, inputs, 1, in, inputs, theta + layer->weight,
              inputs, 1, out, outputs);
}

crow_status crow_model_rewards(crow_model *model, const double *theta, double *reward) {
  for (crow_gidx i = 0; !model->layers && i < model->rows.count; i++) {
    reward[i] = theta[model->index ? model->index[i] : model->rows.begin + i];
  }
  for (int64_t begin = 0; model->layers && begin < model->rows.count; begin += CROW_BLOCK) {
    const int64_t n = block_length(model, begin);
    const double *in = network_contexts(model, begin, n);
    for (int k = 0; k + 1 < model->layers; k++) {
      const crow_layer *layer = &model->layer[k];
      double *value = layer->value + begin * layer->outputs, *slope = layer->slope + begin * layer->outputs;
      layer_forward(layer, theta, n, in, value);
      crow_activation_apply((crow_activation)model->options.activation, n * layer->outputs, value, slope);
      in = value;
    }
    layer_forward(&model->layer[model->layers - 1], theta, n, in, reward + begin);
  }
  return CROW_OK;
}

static bool all_finite(const crow_model *model, const double *theta, double delta) {
  bool finite = isfinite(delta) && isfinite(model->largest_context);
  for (crow_gidx i = 0; finite && i < model->parameters; i++) finite = isfinite(theta[i]);
  return finite;
}

/* Units in which each layer's sums over blocks cannot overflow, from bounds of |dF/dz| and |a| that follow from theta:
 * the same on all ranks without asking. False if they are not finite. */
static bool choose_units(const crow_model *model, const double *theta, double delta, crow_model_sum_units *units) {
  const crow_activation activation = (crow_activation)model->options.activation;
  const int64_t blocks = (model->rows.global + CROW_BLOCK - 1) / CROW_BLOCK;
  double input[CROW_MODEL_LAYERS] = {model->largest_context};
  if (!all_finite(model, theta, delta)) return false;
  for (int k = 0; k + 1 < model->layers; k++) {
    const crow_layer *layer = &model->layer[k];
    double z = 0;
    for (int64_t j = 0; j < layer->outputs; j++) {
      double sum = fabs(theta[layer->bias + j]);
      for (int64_t i = 0; i < layer->inputs; i++) sum += fabs(theta[layer->weight + j * layer->inputs + i]) * input[k];
      z = fmax(z, sum);
    }
    if (!isfinite(z)) return false;
    input[k + 1] = crow_activation_bound(activation, z);
  }
  for (int k = model->layers - 1; k >= 0; k--) {
    const crow_layer *layer = &model->layer[k];
    /* Twice for what rounding adds; at least 1 for the bias. */
    const double bound = 2 * CROW_BLOCK * delta * fmax(input[k], 1);
    if (!isfinite(bound)) return false;
    units[k] = crow_model_sum_units_make(bound, blocks);
    double most = 0;
    for (int64_t i = 0; i < layer->inputs; i++) {
      double sum = 0;
      for (int64_t j = 0; j < layer->outputs; j++) sum += fabs(theta[layer->weight + j * layer->inputs + i]);
      most = fmax(most, sum);
    }
    delta *= most * crow_activation_slope_bound(activation);
  }
  return true;
}

/* What one block gives to the gradient of a layer: delta' in, and the column sums of delta. */
static void layer_gradient(const crow_layer *layer, int64_t n, const double *delta, const double *in, double *partial) {
  const int rows = (int)n, inputs = (int)layer->inputs, outputs = (int)layer->outputs;
  cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, outputs, inputs, rows, 1, delta, outputs, in, inputs, 0,
              partial + layer->weight, inputs);
  double *bias = partial + layer->bias;
  memset(bias, 0, (size_t)outputs * sizeof *bias);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < outputs; j++) bias[j] += delta[i * outputs + j];
  }
}

/* dF/dz of the layer below: (delta W) times the slopes there. */
static void layer_backward(const crow_layer *layer, const double *theta, int64_t n, const double *delta,
                           const double *slope, double *below) {
  const int rows = (int)n, inputs = (int)layer->inputs, outputs = (int)layer->outputs;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, inputs, outputs, 1, delta, outputs,
              theta + layer->weight, inputs, 0, below, inputs);
  for (int64_t i = 0; i < n * layer->inputs; i++) below[i] *= slope[i];
}

static void block_gradient(crow_model *model, const double *theta, int64_t begin, const double *reward_gradient) {
  const int64_t n = block_length(model, begin);
  const double *delta = reward_gradient + begin;
  for (int k = model->layers - 1; k > 0; k--) {
    const crow_layer *layer = &model->layer[k], *below = &model->layer[k - 1];
    layer_gradient(layer, n, delta, below->value + begin * below->outputs, model->partial);
    layer_backward(layer, theta, n, delta, below->slope + begin * below->outputs, model->delta[k % 2]);
    delta = model->delta[k % 2];
  }
  layer_gradient(&model->layer[0], n, delta, network_contexts(model, begin, n), model->partial);
}

static crow_status network_gradient(crow_model *model, const double *theta, const double *reward_gradient,
                                    double *gradient) {
  crow_model_sum_units units[CROW_MODEL_LAYERS];
  int64_t *coarse = model->fixed, *fine = model->fixed + model->parameters;
  double delta = largest(reward_gradient, CROW_F64, model->rows.count);
  CROW_NEED(crow_comm_max_f64(model->comm, &delta, 1));
  if (!choose_units(model, theta, delta, units)) {
    for (crow_gidx i = 0; i < model->parameters; i++) gradient[i] = NAN;
    return CROW_OK;
  }
  memset(model->fixed, 0, 2 * (size_t)model->parameters * sizeof *model->fixed);
  for (int64_t begin = 0; begin < model->rows.count; begin += CROW_BLOCK) {
    block_gradient(model, theta, begin, reward_gradient);
    for (int k = 0; k < model->layers; k++) {
      const crow_gidx at = model->layer[k].weight, count = model->layer[k].bias + model->layer[k].outputs - at;
      crow_model_sum_add(units[k], count, model->partial + at, coarse + at, fine + at);
    }
  }
  CROW_NEED(crow_comm_sum_i64(model->comm, model->fixed, 2 * model->parameters));
  for (int k = 0; k < model->layers; k++) {
    const crow_gidx at = model->layer[k].weight, count = model->layer[k].bias + model->layer[k].outputs - at;
    crow_model_sum_values(units[k], count, coarse + at, fine + at, gradient + at);
  }
  return CROW_OK;
}

/* A parameter is a reward: the slices put together, each at its alternative. */
static crow_status tabular_gradient(const crow_model *model, const double *reward_gradient, double *gradient) {
  crow_status status = CROW_OK;
  double *whole = NULL;
  crow_gidx *index = NULL;
  if (!model->indexed) {
    return crow_comm_gather_slices(model->comm, &model->rows, reward_gradient, gradient, sizeof *gradient);
  }
  CROW_TRY_AGREE(model->comm, CROW_ALLOCATE_EACH(model->rows.global, &whole, &index));
  CROW_TRY(crow_comm_gather_slices(model->comm, &model->rows, reward_gradient, whole, sizeof *whole));
  CROW_TRY(crow_comm_gather_slices(model->comm, &model->rows, model->index, index, sizeof *index));
  memset(gradient, 0, (size_t)model->parameters * sizeof *gradient);
  for (crow_gidx i = 0; i < model->rows.global; i++) gradient[index[i]] = whole[i];
cleanup:
  CROW_FREE(whole, index);
  return status;
}

crow_status crow_model_gradient(crow_model *model, const double *theta, const double *reward_gradient,
                                double *gradient) {
  return model->layers ? network_gradient(model, theta, reward_gradient, gradient)
                       : tabular_gradient(model, reward_gradient, gradient);
}
