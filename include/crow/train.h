/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Linear and mlp rewards of the contexts: how they are trained, and the parameters that come of it.
 */
#ifndef CROW_TRAIN_H
#define CROW_TRAIN_H

#include <crow/fit.h>
#include <crow/model.h>
#include <crow/tasks.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum crow_optimizer {
  CROW_OPTIMIZER_AUTO, /**< as crow_train_optimizer() chooses */
  CROW_OPTIMIZER_LBFGS,
  CROW_OPTIMIZER_ADAM
} crow_optimizer;

/** How a linear or mlp model is trained. */
typedef struct crow_training_options {
  int optimizer;          /**< crow_optimizer; default auto */
  int64_t ensemble;       /**< members B, default 1: rewards are their mean */
  int64_t seed;           /**< of random starts and minibatches; default 1 */
  const char *validate;   /**< a dataset of the same dimensions whose comparisons are held out: Adam keeps each
                               member's parameters that predict them best; NULL: none. Borrowed */
  int64_t patience;       /**< a member stops after so many evaluations without a better one; default 10; 0: never */
  int64_t validate_every; /**< steps from one evaluation, and one row of the training curve, to the next; default 0: a
                               fiftieth of Adam's steps */
} crow_training_options;
extern CROW_API const crow_setting crow_training_settings[];

/** Everything that says how rewards are made from preferences and weights, tabular ones or a model's. */
typedef struct crow_train_options {
  crow_objective_options objective; /**< its settings are crow_objective_settings */
  crow_lbfgs_options lbfgs;         /**< its settings are crow_lbfgs_settings */
  crow_model_options model;         /**< its settings are crow_model_settings; default tabular */
  crow_training_options training;   /**< its settings are crow_training_settings; unused by a tabular model */
  crow_adam_options adam;           /**< its settings are crow_adam_settings; for the optimiser Adam */
  crow_rank_groups_options groups;  /**< its settings are crow_rank_groups_settings; for ensembles and bootstraps */
  const double *start; /**< rewards that a tabular fit begins at, this rank's slice, borrowed; default NULL: 0 */
  bool sampling_error; /**< whether a tabular fit finds what the sampling of its weights does to rewards; default false
                        */
} crow_train_options;
/** Sets the struct and those in it to their defaults; Local. */
CROW_API void crow_train_options_default(crow_train_options *options);
/** Checks them: CROW_USAGE names the field, the value and the range. Local. */
CROW_API crow_status crow_train_options_validate(const crow_train_options *options);
/** The optimiser that trains such a model, lbfgs or adam. Auto is adam for an mlp, whose objective has many minima and
 * where L-BFGS took far longer to predict no better, and wherever there is `validate`; else lbfgs. Local. */
CROW_API crow_optimizer crow_train_optimizer(const crow_train_options *options);

/** How training by Adam went: the rows of all members one after the other, whole on every rank. */
typedef struct crow_training_curve {
  int64_t count;               /**< rows; 0: none, as of L-BFGS */
  int64_t stopped;             /**< members that stopped before they had taken all steps */
  bool validated;              /**< whether comparisons were held out; without, the last three arrays say nothing */
  int64_t *member;             /**< (count), from 0 */
  int64_t *step;               /**< (count) steps taken */
  double *loss;                /**< (count) mean of the minibatches' losses since the row before; NaN at the start */
  double *validation_loss;     /**< (count) mean over the judgements of -o log p - (1 - o) log(1 - p) */
  double *validation_accuracy; /**< (count) share of those without ties that went to the greater reward */
  int64_t *kept;               /**< (members) the step whose parameters were kept */
} crow_training_curve;
/** Local. Frees and zeroes. */
CROW_API void crow_training_curve_free(crow_training_curve *curve);

/** The parameters behind rewards: whole on every rank. */
typedef struct crow_fitted_model {
  int kind;       /**< crow_model_kind; of a tabular model nothing else is set */
  int activation; /**< crow_activation */
  int optimizer;  /**< crow_optimizer, not auto */
  char *hidden;   /**< widths of the hidden layers, "32,32"; owned */
  double weight_decay, center;
  int64_t inputs, members;
  crow_gidx parameters; /**< of each member */
  double *theta;        /**< (members, parameters); owned */
} crow_fitted_model;

/** The parameters in a rewards file, whole on every rank: `*kind` is what crow_rewards_fit() fitted; a tabular model
 * has none. Parameters that do not fit the shape that is stated beside them are CROW_BAD_INPUT. Collective. Free
 * `theta` and `hidden` with crow_fitted_model_free(). */
CROW_API crow_status crow_fitted_model_read(const crow_comm *comm, const crow_file *rewards, crow_fitted_model *out);
/** Local. Frees and zeroes. */
CROW_API void crow_fitted_model_free(crow_fitted_model *model);

#ifdef __cplusplus
}
#endif
#endif
