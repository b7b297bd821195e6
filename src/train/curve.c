/* SPDX-License-Identifier: Apache-2.0 */
/* How a member's training by Adam goes: rows of its curve, the parameters that did best on what is held out, and when
 * to stop. All of it is numbers in one array, so that a checkpoint keeps it whole. */
#include "train/train_impl.h"
#include <math.h>
#include <string.h>

/* Rows so far; sum and number of the minibatches' losses since the latest row; of the best row its loss and step; rows
 * since then without improvement; whether that ended the training. The rows follow. */
enum { ROWS, LOSS_SUM, LOSSES, BEST_LOSS, BEST_STEP, WAITED, STOPPED, HEAD };

static int64_t steps_between(const crow_train_options *options) {
  const int64_t steps = options->adam.steps, every = options->training.validate_every;
  return every ? every : (steps + CROW_CURVE_ROWS - 1) / CROW_CURVE_ROWS + (steps == 0);
}

int64_t crow_curve_rows(const crow_train_options *options) {
  const int64_t every = steps_between(options);
  if (crow_train_optimizer(options) != CROW_OPTIMIZER_ADAM) return 0;
  return options->adam.steps / every + (options->adam.steps % every != 0) + (options->training.validate != NULL);
}

int64_t crow_curve_numbers(const crow_train_options *options) {
  return HEAD + CROW_CURVE_COLUMNS * crow_curve_rows(options);
}

static crow_status add_curve_row(crow_model_fit *fit) {
  double *at = fit->curve, *row = at + HEAD + CROW_CURVE_COLUMNS * (int64_t)at[ROWS];
  const double steps = (double)crow_adam_steps(fit->adam), *theta = crow_adam_theta(fit->adam);
  row[CROW_CURVE_STEP] = steps;
  row[CROW_CURVE_LOSS] = at[LOSSES] > 0 ? at[LOSS_SUM] / at[LOSSES] : NAN;
  row[CROW_CURVE_HELD_LOSS] = row[CROW_CURVE_ACCURACY] = NAN;
  at[LOSS_SUM] = at[LOSSES] = 0;
  at[ROWS]++;
  if (!fit->validation) return CROW_OK;
  CROW_NEED(crow_validation_evaluate(fit->validation, theta, &row[CROW_CURVE_HELD_LOSS], &row[CROW_CURVE_ACCURACY]));
  /* The first row counts whatever it is, so that there are always parameters to keep; a loss that is no number is never
   * better. */
  const double loss = row[CROW_CURVE_HELD_LOSS];
  if (at[ROWS] == 1 || loss < at[BEST_LOSS] || (isnan(at[BEST_LOSS]) && !isnan(loss))) {
    at[BEST_LOSS] = loss;
    at[BEST_STEP] = steps;
    at[WAITED] = 0;
    memcpy(fit->best, theta, (size_t)fit->parameters * sizeof *theta);
  } else {
    at[WAITED]++;
  }
  return CROW_OK;
}

crow_status crow_curve_begin(crow_model_fit *fit) {
  memset(fit->curve, 0, (size_t)crow_curve_numbers(fit->options) * sizeof *fit->curve);
  return fit->validation ? add_curve_row(fit) : CROW_OK;
}

crow_status crow_curve_step(crow_model_fit *fit, bool *done) {
  double *at = fit->curve;
  const int64_t steps = crow_adam_steps(fit->adam), patience = fit->options->training.patience;
  if (steps == 0) return CROW_OK;
  at[LOSS_SUM] += crow_adam_value(fit->adam);
  at[LOSSES]++;
  if (steps % steps_between(fit->options) != 0 && !*done) return CROW_OK;
  CROW_NEED(add_curve_row(fit));
  if (fit->validation && patience && at[WAITED] >= (double)patience && !*done) {
    at[STOPPED] = 1;
    *done = true;
  }
  return CROW_OK;
}

const double *crow_curve_end(const crow_model_fit *fit, crow_member_result *result) {
  result->rows = fit->curve[ROWS];
  result->stopped = fit->curve[STOPPED];
  result->kept = fit->validation ? fit->curve[BEST_STEP] : result->iterations;
  return fit->curve + HEAD;
}

/* ---- all members ----------------------------------------------------------------------------------------------- */

crow_status crow_curve_collect(const crow_train_options *options, const crow_member_result *result, const double *rows,
                               crow_training_curve *out) {
  const int64_t members = options->training.ensemble, most = crow_curve_rows(options);
  out->validated = options->training.validate != NULL;
  for (int64_t b = 0; b < members; b++) {
    out->count += (int64_t)result[b].rows;
    out->stopped += result[b].stopped != 0;
  }
  CROW_NEED(CROW_ALLOCATE(&out->kept, members));
  CROW_NEED(CROW_ALLOCATE_EACH(out->count, &out->member, &out->step, &out->loss, &out->validation_loss,
                               &out->validation_accuracy));
  int64_t at = 0;
  for (int64_t b = 0; b < members; b++) {
    out->kept[b] = (int64_t)result[b].kept;
    for (int64_t k = 0; k < (int64_t)result[b].rows; k++, at++) {
      const double *row = rows + CROW_CURVE_COLUMNS * (b * most + k);
      out->member[at] = b;
      out->step[at] = (int64_t)row[CROW_CURVE_STEP];
      out->loss[at] = row[CROW_CURVE_LOSS];
      out->validation_loss[at] = row[CROW_CURVE_HELD_LOSS];
      out->validation_accuracy[at] = row[CROW_CURVE_ACCURACY];
    }
  }
  return CROW_OK;
}

void crow_training_curve_free(crow_training_curve *curve) {
  CROW_FREE(curve->member, curve->step, curve->loss, curve->validation_loss, curve->validation_accuracy, curve->kept);
  memset(curve, 0, sizeof *curve);
}

crow_status crow_training_curve_write(const crow_comm *comm, crow_file *file, int64_t members,
                                      const crow_training_curve *curve) {
  if (curve->count == 0) return CROW_OK;
  const crow_partition p = crow_comm_partition(comm, curve->count, CROW_BLOCK);
  CROW_NEED(crow_file_write_vector(file, "/training/member", CROW_I64, &p, curve->member + p.begin));
  CROW_NEED(crow_file_write_vector(file, "/training/step", CROW_I64, &p, curve->step + p.begin));
  CROW_NEED(crow_file_write_vector(file, "/training/loss", CROW_F64, &p, curve->loss + p.begin));
  if (!curve->validated) return CROW_OK;
  CROW_NEED(crow_file_write_vector(file, "/training/validation_loss", CROW_F64, &p, curve->validation_loss + p.begin));
  CROW_NEED(crow_file_write_vector(file, "/training/validation_accuracy", CROW_F64, &p,
                                   curve->validation_accuracy + p.begin));
  const crow_partition all = crow_comm_partition(comm, members, CROW_BLOCK);
  return crow_file_write_vector(file, "/training/kept", CROW_I64, &all, curve->kept + all.begin);
}
