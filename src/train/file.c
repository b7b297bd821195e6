/* SPDX-License-Identifier: Apache-2.0 */
/* Models in rewards files. */
#include "train/train_impl.h"
#include <string.h>

static const char *const kinds[] = {"tabular", "linear", "mlp"};
static const char *const activations[] = {"relu", "tanh", "silu"};
static const char *const optimizers[] = {"lbfgs", "adam"};

static crow_status train_file_write_attributes(crow_file *file, const crow_fitted_model *model) {
  CROW_NEED(crow_file_set_i64(file, "/model", "inputs", model->inputs));
  CROW_NEED(crow_file_set_i64(file, "/model", "members", model->members));
  CROW_NEED(crow_file_set_text(file, "/model", "optimizer", optimizers[model->optimizer - CROW_OPTIMIZER_LBFGS]));
  CROW_NEED(crow_file_set_f64(file, "/model", "weight_decay", model->weight_decay));
  CROW_NEED(crow_file_set_f64(file, "/model", "center", model->center));
  if (model->kind != CROW_MODEL_MLP) return CROW_OK;
  CROW_NEED(crow_file_set_text(file, "/model", "hidden", model->hidden));
  return crow_file_set_text(file, "/model", "activation", activations[model->activation]);
}

/* What the inputs are called, for matching contexts of new alternatives. */
static crow_status write_dimensions(const crow_comm *comm, crow_file *file, const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(comm, dataset->dimensions, CROW_BLOCK);
  crow_strings names = {0};
  if (!dataset->file || !crow_file_has(dataset->file, "/alternatives/dimension")) return CROW_OK;
  CROW_TRY(crow_file_read_strings(dataset->file, "/alternatives/dimension", p.begin, p.count, &names));
  CROW_TRY(crow_file_write_strings(file, "/model/dimension", p.global, p.begin, &names));
cleanup:
  crow_strings_free(&names);
  return status;
}

crow_status crow_model_write(const crow_comm *comm, crow_file *file, const crow_fitted_model *model,
                             const crow_dataset *dataset) {
  const bool root = crow_comm_rank(comm) == 0;
  CROW_NEED(crow_file_set_text(file, "/model", "kind", kinds[model->kind]));
  if (model->kind == CROW_MODEL_TABULAR) return CROW_OK;
  CROW_NEED(train_file_write_attributes(file, model));
  CROW_NEED(crow_file_define(file, "/model/parameters", CROW_F64, model->members, model->parameters));
  CROW_NEED(crow_file_write_rows(file, "/model/parameters", 0, root ? model->members : 0, CROW_F64, model->theta));
  return write_dimensions(comm, file, dataset);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

/* The place of an attribute's text among `words`; the schema has checked that it is one of them. Local. */
static crow_status read_choice(const crow_file *file, const char *name, const char *const *words, int count,
                               int *choice) {
  crow_status status = CROW_OK;
  char *text = NULL;
  CROW_TRY(crow_file_get_text(file, "/model", name, &text));
  *choice = 0;
  while (*choice < count - 1 && strcmp(text, words[*choice]) != 0) (*choice)++;
cleanup:
  crow_free(text);
  return status;
}

static crow_status read_attributes(const crow_file *file, crow_fitted_model *out) {
  CROW_NEED(crow_file_get_i64(file, "/model", "inputs", &out->inputs));
  CROW_NEED(crow_file_get_i64(file, "/model", "members", &out->members));
  CROW_NEED(read_choice(file, "optimizer", optimizers, 2, &out->optimizer));
  out->optimizer += CROW_OPTIMIZER_LBFGS;
  CROW_NEED(crow_file_get_f64(file, "/model", "weight_decay", &out->weight_decay));
  CROW_NEED(crow_file_get_f64(file, "/model", "center", &out->center));
  if (out->kind != CROW_MODEL_MLP) {
    CROW_NEED(crow_string_copy("", &out->hidden));
    return CROW_OK;
  }
  CROW_NEED(crow_file_get_text(file, "/model", "hidden", &out->hidden));
  return read_choice(file, "activation", activations, 3, &out->activation);
}

/* Whether as many parameters are there as such a model has. Local. */
static crow_status train_file_check_shape(const crow_file *file, crow_fitted_model *out) {
  crow_status status = CROW_OK;
  crow_model *model = NULL;
  int64_t shape[2];
  const crow_model_options options = {
      .model = out->kind, .hidden = out->kind == CROW_MODEL_MLP ? out->hidden : "1", .activation = out->activation};
  crow_file_shape(file, "/model/parameters", shape);
  if (crow_model_create(&options, 1, out->inputs, &model) != CROW_OK) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: attributes inputs and hidden of /model: no such model: %s",
                        crow_file_name(file), crow_error_message()));
  }
  out->parameters = crow_model_parameters(model);
  if (shape[0] != out->members || shape[1] != out->parameters) {
    CROW_TRY(
        crow_error(CROW_BAD_INPUT,
                   "%s: /model/parameters has shape (%lld, %lld), expected (%lld, %lld) by the attributes members, "
                   "inputs and hidden of /model",
                   crow_file_name(file), (long long)shape[0], (long long)shape[1], (long long)out->members,
                   (long long)out->parameters));
  }
  crow_file_shape(file, "/model/dimension", shape);
  if (crow_file_has(file, "/model/dimension") && shape[0] != out->inputs) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: /model/dimension holds %lld names, expected %lld by the inputs of /model",
                        crow_file_name(file), (long long)shape[0], (long long)out->inputs));
  }
  CROW_TRY(CROW_ALLOCATE(&out->theta, out->members * out->parameters));
cleanup:
  crow_model_destroy(&model);
  return status;
}

crow_status crow_fitted_model_read(const crow_comm *comm, const crow_file *rewards, crow_fitted_model *out) {
  crow_status status = CROW_OK;
  *out = (crow_fitted_model){0};
  CROW_TRY_AGREE(comm, read_choice(rewards, "kind", kinds, 3, &out->kind));
  if (out->kind == CROW_MODEL_TABULAR) goto cleanup;
  CROW_TRY_AGREE(comm, read_attributes(rewards, out));
  CROW_TRY_AGREE(comm, train_file_check_shape(rewards, out));
  CROW_TRY(crow_file_read(rewards, "/model/parameters", 0, out->members, CROW_F64, out->theta));
cleanup:
  if (status != CROW_OK) crow_fitted_model_free(out);
  return status;
}

void crow_fitted_model_free(crow_fitted_model *model) {
  CROW_FREE(model->hidden, model->theta);
  *model = (crow_fitted_model){0};
}
