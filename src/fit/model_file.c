/* SPDX-License-Identifier: Apache-2.0 */
/* Models in rewards files. */
#include "fit/model_fit_impl.h"

static const char *const kinds[] = {"tabular", "linear", "mlp"};
static const char *const activations[] = {"relu", "tanh", "silu"};
static const char *const optimizers[] = {"lbfgs", "adam"};

static crow_status write_attributes(crow_file *file, const crow_fitted_model *model) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_file_set_i64(file, "/model", "inputs", model->inputs));
  CROW_TRY(crow_file_set_i64(file, "/model", "members", model->members));
  CROW_TRY(crow_file_set_text(file, "/model", "optimizer", optimizers[model->optimizer]));
  CROW_TRY(crow_file_set_f64(file, "/model", "weight_decay", model->weight_decay));
  CROW_TRY(crow_file_set_f64(file, "/model", "center", model->center));
  if (model->kind != CROW_MODEL_MLP) goto cleanup;
  CROW_TRY(crow_file_set_text(file, "/model", "hidden", model->hidden));
  CROW_TRY(crow_file_set_text(file, "/model", "activation", activations[model->activation]));
cleanup:
  return status;
}

crow_status crow_model_write(const crow_comm *comm, crow_file *file, const crow_rewards *rewards) {
  crow_status status = CROW_OK;
  const crow_fitted_model *model = &rewards->model;
  const bool root = crow_comm_rank(comm) == 0;
  CROW_TRY(crow_file_set_text(file, "/model", "kind", kinds[model->kind]));
  if (model->kind == CROW_MODEL_TABULAR) goto cleanup;
  CROW_TRY(write_attributes(file, model));
  CROW_TRY(crow_file_define(file, "/model/parameters", CROW_F64, model->members, model->parameters));
  CROW_TRY(crow_file_write_rows(file, "/model/parameters", 0, root ? model->members : 0, CROW_F64, model->theta));
  if (model->members > 1) /* on every rank, those without rows too */
    CROW_TRY(crow_file_write_vector(file, "/rewards/spread", CROW_F64, &rewards->partition, rewards->spread));
cleanup:
  return status;
}
