/* SPDX-License-Identifier: Apache-2.0 */
/* What scores and evaluations need of memory, reckoned before any work. */
#include "predict/predict_impl.h"
#include "train/train_impl.h"
#include <math.h>
#include <string.h>

/* Of every alternative of the dataset on every rank: its row, its reward, whether it is known. */
#define KNOWN_BYTES 17
/* Of a new alternative in its slice: reward, nearest, distance; or reward and spread. */
#define SCORE_BYTES 24
/* Of a comparison: both sides, outcome, count. */
#define COMPARISON_BYTES 24

/* Contexts that a rank has at a time. */
static double turn_rows(double slice, double d) {
  const double blocks = floor(CROW_TURN_BYTES / (8 * CROW_BLOCK * d));
  return fmin(slice, CROW_BLOCK * fmax(blocks, 1));
}

/* The dataset's contexts, whole on every rank, and the search among them; on a sphere their directions in double, and
 * a centre for each prompt with the work space to find them. */
static crow_status nearest_bytes(const crow_file *rewards, const crow_dataset *dataset, double *bytes) {
  bool sphere = false;
  CROW_NEED(crow_metric_is_sphere(rewards, &sphere));
  *bytes = (double)crow_weights_rank_bytes(dataset->alternatives, dataset->dimensions, dataset->single && !sphere,
                                           false, 1) +
           KNOWN_BYTES * (double)dataset->alternatives;
  if (!sphere) return CROW_OK;
  *bytes += (double)CROW_TURN_BYTES + 8 * ((double)dataset->prompts + 1) * (double)dataset->dimensions +
            8 * (double)dataset->alternatives;
  return CROW_OK;
}

/* Parameters and, for the rows of one turn, contexts and what the layers give. */
static crow_status model_bytes(const crow_comm *comm, const crow_file *rewards, double slice, double *bytes) {
  crow_status status = CROW_OK;
  crow_fitted_model model = {0};
  CROW_TRY(crow_fitted_model_read(comm, rewards, &model));
  const crow_model_options options = {
      .model = model.kind, .hidden = model.kind == CROW_MODEL_MLP ? model.hidden : "1", .activation = model.activation};
  const double rows = turn_rows(slice, (double)model.inputs);
  *bytes = (double)CROW_PROCESS_BYTES + 8 * (double)(model.members + 1) * (double)model.parameters +
           rows * (8 * (double)model.inputs + 16 * crow_model_units(&options, model.inputs) + 8);
cleanup:
  crow_fitted_model_free(&model);
  return status;
}

static crow_status need(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset, double n,
                        double d, double *bytes) {
  const double slice = n / crow_comm_size(comm) + CROW_BLOCK;
  int kind = CROW_MODEL_TABULAR;
  CROW_NEED(crow_score_kind(rewards, &kind));
  if (kind == CROW_MODEL_TABULAR) {
    CROW_NEED(nearest_bytes(rewards, dataset, bytes));
    *bytes += 8 * d * turn_rows(slice, d);
  } else {
    CROW_NEED(model_bytes(comm, rewards, slice, bytes));
  }
  *bytes += SCORE_BYTES * slice;
  return CROW_OK;
}

static const char ways[] =
    "use more ranks or fewer ranks a node; a linear or mlp model needs no contexts of the dataset";

crow_status crow_score_check_memory(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                                    const crow_context_source *contexts, double memory_per_rank) {
  const double n = (double)crow_context_source_partition(contexts)->global;
  double bytes = 0,
         opened = crow_comm_rank(comm) == 0 ? crow_context_source_rank_bytes(crow_context_source_name(contexts)) : 0;
  CROW_NEED(need(comm, rewards, dataset, n, (double)crow_context_source_dimensions(contexts), &bytes));
  CROW_NEED(crow_comm_max_f64(comm, &opened, 1));
  return crow_comm_check_memory(comm, memory_per_rank, bytes + opened, ways, "the scores of %.0f alternatives", n);
}

crow_status crow_evaluate_check_memory(const crow_comm *comm, const crow_file *file, const crow_dataset *dataset,
                                       double memory_per_rank) {
  const double m = (double)dataset->alternatives;
  double bytes = (double)CROW_PROCESS_BYTES + KNOWN_BYTES * m;
  if (strcmp(crow_file_kind(file), "rewards") == 0) {
    int kind = CROW_MODEL_TABULAR;
    CROW_NEED(crow_score_kind(file, &kind));
    /* Of tabular rewards nothing is scored, but those never compared may get the nearest's. */
    CROW_NEED(need(comm, file, dataset, kind == CROW_MODEL_TABULAR ? 0 : m, (double)dataset->dimensions, &bytes));
  }
  bytes += COMPARISON_BYTES * (double)dataset->comparisons / crow_comm_size(comm) + 8 * m;
  return crow_comm_check_memory(comm, memory_per_rank, bytes, ways,
                                "the evaluation of %lld comparisons among %lld alternatives",
                                (long long)dataset->comparisons, (long long)dataset->alternatives);
}
