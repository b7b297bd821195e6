/* SPDX-License-Identifier: Apache-2.0 */
/* A reward model's parameters for other programs, under the names of a PyTorch state_dict: NumPy's .npz, and
 * safetensors. Rank 0 writes; parameters are whole on every rank. */
#include "export/export_impl.h"
#include "export/model_impl.h"
#include <string.h>

static const char *const kinds[] = {"tabular", "linear", "mlp"};
static const char *const activations[] = {"relu", "tanh", "silu"};

static void name_tensor(const crow_fitted_model *fitted, int64_t member, int array, crow_tensor *out) {
  char prefix[32] = "";
  if (fitted->members > 1) (void)snprintf(prefix, sizeof prefix, "member.%lld.", (long long)member);
  (void)snprintf(out->name, sizeof out->name, "%slayers.%d.%s", prefix, array / 2, array % 2 ? "bias" : "weight");
}

static crow_status list_tensors(const crow_fitted_model *fitted, crow_tensors *out) {
  crow_status status = CROW_OK;
  crow_model *model = NULL;
  const bool mlp = fitted->kind == CROW_MODEL_MLP;
  const crow_model_options options = {
      .model = fitted->kind, .hidden = mlp ? fitted->hidden : "1", .activation = fitted->activation};
  CROW_TRY(crow_model_create(&options, 1, fitted->inputs, &model));
  const int arrays = crow_model_arrays(model);
  CROW_TRY(CROW_ALLOCATE(&out->tensor, fitted->members * arrays));
  for (int64_t b = 0; b < fitted->members; b++) {
    for (int k = 0; k < arrays; k++) {
      const crow_model_array array = crow_model_array_at(model, k);
      crow_tensor *tensor = &out->tensor[out->count++];
      name_tensor(fitted, b, k, tensor);
      tensor->value = fitted->theta + b * fitted->parameters + array.offset;
      tensor->rows = array.rows;
      tensor->columns = k % 2 ? 0 : array.columns;
      tensor->numbers = array.rows * array.columns;
    }
  }
cleanup:
  crow_model_destroy(&model);
  return status;
}

/* What the numbers alone do not say. NULL if there is no memory. */
static json_t *describe_model(const crow_fitted_model *fitted, const crow_strings *inputs) {
  json_t *json =
      json_pack("{s:s, s:I, s:I, s:f, s:f, s:s}", "model", kinds[fitted->kind], "inputs", (json_int_t)fitted->inputs,
                "members", (json_int_t)fitted->members, "weight_decay", fitted->weight_decay, "center", fitted->center,
                "reward", "mean over the members of the last layer's output");
  if (fitted->kind == CROW_MODEL_MLP) {
    (void)json_object_set_new(json, "hidden", json_string(fitted->hidden));
    (void)json_object_set_new(json, "activation", json_string(activations[fitted->activation]));
  }
  if (inputs->count) {
    json_t *names = json_array();
    for (int64_t k = 0; k < inputs->count; k++)
      (void)json_array_append_new(names, json_string(crow_strings_get(inputs, k)));
    (void)json_object_set_new(json, "input_names", names);
  }
  return json;
}

static crow_status write_model(const char *output, bool overwrite, crow_export_format format,
                               const crow_tensors *tensors) {
  crow_status status = CROW_OK;
  crow_whole_file out = {0};
  if (!tensors->metadata) CROW_TRY(crow_error(CROW_FAILED, "out of memory for the description of a model"));
  CROW_TRY(crow_whole_file_create(output, overwrite, &out));
  if (format == CROW_EXPORT_NPZ) {
    CROW_TRY(crow_npz_write(out.stream, output, tensors));
  } else {
    CROW_TRY(crow_safetensors_write(out.stream, tensors));
  }
  CROW_TRY(crow_whole_file_finish(&out));
cleanup:
  crow_whole_file_abandon(&out);
  return status;
}

crow_status crow_export_model(const crow_comm *comm, const crow_file *file, crow_export_format format,
                              const char *output, bool overwrite, int64_t *count) {
  crow_status status = CROW_OK;
  const bool root = crow_comm_rank(comm) == 0;
  crow_fitted_model fitted = {0};
  crow_tensors tensors = {0};
  crow_strings inputs = {0};
  if (strcmp(crow_file_kind(file), "rewards") != 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: is a %s file, expected rewards with their model", crow_file_name(file),
                        crow_file_kind(file)));
  }
  CROW_TRY(crow_fitted_model_read(comm, file, &fitted));
  if (fitted.kind == CROW_MODEL_TABULAR) {
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "%s: has tabular rewards, which are no function of contexts: expected those of crow fit "
                        "--model linear or mlp",
                        crow_file_name(file)));
  }
  if (crow_file_has(file, "/model/dimension")) {
    CROW_TRY(crow_file_read_strings(file, "/model/dimension", 0, root ? fitted.inputs : 0, &inputs));
  }
  CROW_TRY_AGREE(comm, list_tensors(&fitted, &tensors));
  if (root) tensors.metadata = describe_model(&fitted, &inputs);
  CROW_TRY_AGREE(comm, root ? write_model(output, overwrite, format, &tensors) : CROW_OK);
  *count = tensors.count;
cleanup:
  json_decref(tensors.metadata);
  crow_free(tensors.tensor);
  crow_strings_free(&inputs);
  crow_fitted_model_free(&fitted);
  return status;
}
