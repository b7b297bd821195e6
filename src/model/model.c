/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of reward models: options, layers, parameters. */
#include "model/model_impl.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const crow_setting crow_model_settings[] = {
    CROW_SETTING("model", CHOICE, crow_model_options, model, .value = CROW_MODEL_TABULAR,
                 .choices = "tabular|linear|mlp",
                 .help = "how rewards depend on parameters: one each, linear in the contexts, or a neural network of "
                         "the contexts"),
    CROW_SETTING("hidden", TEXT, crow_model_options, hidden, .text = "32,32", .choices = "WIDTH,WIDTH,...",
                 .help = "widths of an mlp's hidden layers"),
    CROW_SETTING("activation", CHOICE, crow_model_options, activation, .value = CROW_ACTIVATION_RELU,
                 .choices = "relu|tanh|silu", .help = "activation of an mlp's hidden layers"),
    CROW_SETTING("weight-decay", DOUBLE, crow_model_options, weight_decay, .value = 0, .minimum = 0, .maximum = 1e6,
                 .help = "adds weight-decay / 2 |theta|^2 to the objective of a linear or mlp model"),
    CROW_SETTING("center", DOUBLE, crow_model_options, center, .value = 0, .minimum = 0, .maximum = 1e6,
                 .help = "adds center / 2 (sum_x w(x) r(x))^2 to the objective: draws the weighted mean reward to 0"),
    {.name = NULL}};

/* "32,32" into widths; `*count` of them. */
static crow_status parse_widths(const char *text, int64_t *widths, int *count) {
  const char *at = text ? text : "";
  for (*count = 0;; at++) {
    char *end = NULL;
    const long long width = isdigit((unsigned char)*at) ? strtoll(at, &end, 10) : 0;
    if (width < 1 || width > CROW_MODEL_WIDTH || (*end != ',' && *end != 0)) {
      return crow_error(CROW_USAGE, "hidden \"%s\": expected widths from 1 to %d with commas between, e.g. 32,32",
                        text ? text : "", CROW_MODEL_WIDTH);
    }
    if (*count == CROW_MODEL_LAYERS - 1) {
      return crow_error(CROW_USAGE, "hidden \"%s\": expected at most %d layers", text, CROW_MODEL_LAYERS - 1);
    }
    widths[(*count)++] = width;
    at = end;
    if (!*at) return CROW_OK;
  }
}

crow_status crow_model_options_validate(const crow_model_options *options) {
  int64_t widths[CROW_MODEL_LAYERS];
  int count;
  CROW_NEED(crow_settings_validate(crow_model_settings, options));
  return parse_widths(options->hidden, widths, &count);
}

static void add_layer(crow_model *model, int64_t inputs, int64_t outputs) {
  crow_layer *layer = &model->layer[model->layers++];
  layer->inputs = inputs;
  layer->outputs = outputs;
  layer->weight = model->parameters;
  layer->bias = layer->weight + inputs * outputs;
  model->parameters = layer->bias + outputs;
  if (outputs > model->widest) model->widest = outputs;
}

static crow_status make_layers(crow_model *model) {
  int64_t widths[CROW_MODEL_LAYERS], inputs = model->dimensions;
  int count = 0;
  if (model->options.model == CROW_MODEL_TABULAR) {
    model->parameters = model->alternatives;
    return CROW_OK;
  }
  if (model->options.model == CROW_MODEL_MLP) CROW_NEED(parse_widths(model->options.hidden, widths, &count));
  for (int k = 0; k < count; k++) {
    add_layer(model, inputs, widths[k]);
    inputs = widths[k];
  }
  add_layer(model, inputs, 1);
  CROW_NEED(CROW_ALLOCATE_EACH(CROW_BLOCK * model->widest, &model->delta[0], &model->delta[1]));
  CROW_NEED(CROW_ALLOCATE(&model->partial, model->parameters));
  return CROW_ALLOCATE(&model->fixed, 2 * model->parameters);
}

crow_status crow_model_create(const crow_model_options *options, crow_gidx alternatives, int64_t dimensions,
                              crow_model **out) {
  crow_status status = CROW_OK;
  crow_model *model = NULL;
  *out = NULL;
  CROW_TRY(crow_model_options_validate(options));
  if (dimensions > INT32_MAX) {
    CROW_TRY(crow_error(CROW_USAGE, "contexts of %lld numbers: expected at most 2^31 - 1", (long long)dimensions));
  }
  CROW_TRY(CROW_ALLOCATE(&model, 1));
  model->options = *options;
  model->alternatives = alternatives;
  model->dimensions = dimensions;
  CROW_TRY(make_layers(model));
  model->options.hidden = NULL; /* borrowed only for this call */
  *out = model;
  model = NULL;
cleanup:
  crow_model_destroy(&model);
  return status;
}

void crow_model_destroy(crow_model **model) {
  crow_model *m = *model;
  if (!m) return;
  for (int k = 0; k < m->layers; k++) {
    CROW_FREE(m->layer[k].value, m->layer[k].slope);
  }
  CROW_FREE(m->block, m->delta[0], m->delta[1], m->partial, m->fixed, m);
  *model = NULL;
}

crow_gidx crow_model_parameters(const crow_model *model) { return model->parameters; }

int crow_model_arrays(const crow_model *model) { return model->layers ? 2 * model->layers : 1; }

crow_model_array crow_model_array_at(const crow_model *model, int index) {
  crow_model_array array = {.name = "reward", .rows = model->alternatives, .columns = 1, .offset = 0};
  if (model->layers) {
    const crow_layer *layer = &model->layer[index / 2];
    const bool bias = index % 2;
    (void)snprintf(array.name, sizeof array.name, "%s%d", bias ? "bias" : "weight", index / 2);
    array.rows = layer->outputs;
    array.columns = bias ? 1 : layer->inputs;
    array.offset = bias ? layer->bias : layer->weight;
  }
  return array;
}

void crow_model_initialise(const crow_model *model, uint64_t seed, int64_t member, double *theta) {
  if (!model->layers) memset(theta, 0, (size_t)model->parameters * sizeof *theta);
  for (int k = 0; model->layers && k < crow_model_arrays(model); k++) {
    const crow_model_array array = crow_model_array_at(model, k);
    const double bound = 1 / sqrt((double)model->layer[k / 2].inputs);
    const uint64_t element = (uint64_t)member * 64 + (uint64_t)k; /* at most 34 arrays */
    double *values = theta + array.offset;
    crow_random_uniform(seed, CROW_STREAM_MODEL, element, values, array.rows * array.columns);
    for (int64_t i = 0; i < array.rows * array.columns; i++) values[i] = bound * (2 * values[i] - 1);
  }
}

void crow_model_add_decay(const crow_model *model, const double *theta, double *value, double *gradient) {
  const double decay = model->options.weight_decay;
  double squares = 0;
  if (decay == 0) return;
  for (crow_gidx i = 0; i < model->parameters; i++) {
    squares += theta[i] * theta[i];
    if (gradient) gradient[i] += decay * theta[i];
  }
  if (value) *value += decay / 2 * squares;
}

crow_status crow_model_add_center(const crow_model *model, const double *weight, const double *reward, double *value,
                                  double *reward_gradient) {
  double mean = 0;
  if (model->options.center == 0) return CROW_OK;
  CROW_NEED(crow_comm_dot(model->comm, &model->rows, 1, &weight, &reward, &mean));
  if (value) *value += model->options.center / 2 * mean * mean;
  for (crow_gidx i = 0; reward_gradient && i < model->rows.count; i++) {
    reward_gradient[i] += model->options.center * mean * weight[i];
  }
  return CROW_OK;
}
