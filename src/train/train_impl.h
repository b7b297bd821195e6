/* SPDX-License-Identifier: Apache-2.0 */
/* Fits of linear and mlp models: the members of an ensemble are tasks of groups of ranks. */
#ifndef CROW_TRAIN_IMPL_H
#define CROW_TRAIN_IMPL_H

#include "tasks/rank_groups_impl.h"
#include <crow/train.h>

/* Minibatches for Adam; batch.c. */
typedef struct crow_batcher crow_batcher;

/* Comparisons held out, of a group of ranks; validation.c. */
typedef struct crow_validation crow_validation;

/* What a group trains its members on, and the member it is at. */
typedef struct crow_model_fit {
  const crow_comm *comm; /* the group's */
  const crow_weights *weights;
  const crow_pairs *pairs; /* NULL for complete preferences */
  crow_objective *objective;
  const crow_train_options *options;
  crow_model *model;
  crow_gidx parameters;
  crow_partition slice; /* of the parameters over the group */
  int64_t dimensions;
  crow_type type;
  const void *contexts;   /* this rank's, (count, dimensions) of `type` */
  double *reward, *slope; /* (count) */
  double *theta;          /* (parameters) */
  double *gradient;       /* (parameters) */
  /* the current member */
  int64_t member;
  crow_adam *adam;
  crow_lbfgs *lbfgs;
  crow_batcher *batcher;       /* made for the first member that needs it */
  crow_validation *validation; /* NULL: nothing is held out */
  double *curve;               /* (crow_curve_numbers()) of Adam */
  double *best;                /* (parameters) those that did best on what is held out */
} crow_model_fit;

/* How a member's training ended: doubles, so that a checkpoint keeps them. */
typedef struct crow_member_result {
  double ended; /* 0: not yet */
  double value, optimality, iterations, evaluations;
  double end;                 /* crow_lbfgs_end; converged for Adam */
  double rows, kept, stopped; /* of Adam: rows of the curve; the step whose parameters were kept; 1: before its last */
} crow_member_result;
#define CROW_MEMBER_NUMBERS ((int64_t)(sizeof(crow_member_result) / sizeof(double)))

/* Binds the model to all alternatives. Collective over the group. */
crow_status crow_model_fit_bind(crow_model_fit *fit);
/* The whole objective at theta with the model's own terms, the largest entry of its gradient by theta, and the
 * gradient. Collective over the group. */
crow_status crow_model_fit_evaluate(crow_model_fit *fit, const double *theta, double *value, double *optimality,
                                    double *gradient);

/* The loss of a minibatch of the current member, as crow_adam_function; its context is the fit. */
crow_status crow_model_fit_batch_loss(void *context, int64_t step, const double *theta, double *value,
                                      double *gradient);
crow_status crow_batcher_create(crow_model_fit *fit, crow_batcher **out);
void crow_batcher_destroy(crow_batcher **batcher);

/* ---- comparisons held out: validation.c --------------------------------------------------------------------- */

/* Opens a dataset to validate by, and checks that it has comparisons and the dimensions of what is trained on. Close
 * it. Collective. */
crow_status crow_validation_open(const crow_comm *comm, const crow_dataset *dataset, const char *path,
                                 crow_dataset *out);
/* Every group of ranks reads all of it in slices. Collective over `all`. */
crow_status crow_validation_create(const crow_comm *all, const crow_comm *group, const crow_dataset *held,
                                   const crow_model_options *options, crow_validation **out);
void crow_validation_destroy(crow_validation **validation);
/* Mean log loss over the judgements, and the share of those without ties that went to the greater reward: the same bits
 * on any number of ranks. Collective over the group. */
crow_status crow_validation_evaluate(crow_validation *validation, const double *theta, double *loss, double *accuracy);
/* Bytes of a rank of a group of `ranks`. Local. */
double crow_validation_bytes(const crow_dataset *held, const crow_model_options *options, int ranks);

/* ---- how training goes: curve.c ----------------------------------------------------------------------------- */

/* Rows of a curve unless the options say otherwise, and at most. */
enum { CROW_CURVE_ROWS = 50, CROW_CURVE_MOST = 1000 };
enum { CROW_CURVE_STEP, CROW_CURVE_LOSS, CROW_CURVE_HELD_LOSS, CROW_CURVE_ACCURACY, CROW_CURVE_COLUMNS };
/* Local: the rows of a member's curve at most, 0 for L-BFGS, and the numbers that a member's state has of it. */
int64_t crow_curve_rows(const crow_train_options *options);
int64_t crow_curve_numbers(const crow_train_options *options);
/* At a member's start; and after each of its steps, where `*done` may become true. Collective over the group. */
crow_status crow_curve_begin(crow_model_fit *fit);
crow_status crow_curve_step(crow_model_fit *fit, bool *done);
/* Local: the current member's rows, and what its result says of them. */
const double *crow_curve_end(const crow_model_fit *fit, crow_member_result *result);
/* The members' rows (members, crow_curve_rows(), columns) as a curve; free it also after an error. Local. */
crow_status crow_curve_collect(const crow_train_options *options, const crow_member_result *result, const double *rows,
                               crow_training_curve *out);
/* /training of a rewards file. Collective. */
crow_status crow_training_curve_write(const crow_comm *comm, crow_file *file, int64_t members,
                                      const crow_training_curve *curve);

/* ---- one member: member.c; Collective over the group ---------------------------------------------------- */

/* A member in the middle of its training as a checkpoint keeps it: this rank's slice of the optimiser's vectors, in
 * blocks of CROW_BLOCK parameters, of each block all vectors. The last block is filled up with zeros. */
typedef struct crow_member_state {
  int64_t member, vectors, scalars;
  double *scalar; /* (scalars) */
  double *data;   /* (vectors, slice) */
} crow_member_state;
void crow_member_state_free(crow_member_state *state);

/* Begins a member at its random start, or where `from` says if it is not NULL. */
crow_status crow_member_begin(crow_model_fit *fit, int64_t member, const crow_member_state *from);
/* One step of its optimiser. */
crow_status crow_member_step(crow_model_fit *fit, bool *done);
/* After the last step: its parameters and how it went. */
crow_status crow_member_end(crow_model_fit *fit, double *theta, crow_member_result *result);
/* Local: leaves the current member, if there is one. */
void crow_member_leave(crow_model_fit *fit);
/* Local: the current member's state. Free it. */
crow_status crow_member_save(crow_model_fit *fit, crow_member_state *out);
/* Local: how many scalars a member's state has, and doubles a rank's part of a state with so many vectors, or all of
 * it. */
int64_t crow_member_scalars(const crow_model_fit *fit);
int64_t crow_member_part(const crow_model_fit *fit, int64_t vectors);
int64_t crow_member_whole(const crow_model_fit *fit, int64_t vectors);

/* What is trained on. */
typedef struct crow_train_data {
  const crow_dataset *dataset;
  const crow_weights *weights;
  const crow_pairs *pairs; /* NULL for complete preferences */
  const double *win_rate;  /* (count) of complete preferences, else NULL */
  crow_objective *objective;
} crow_train_data;

/* What comes of it. */
typedef struct crow_trained {
  double *value;  /* (count) mean of the members' rewards; borrowed, zeros before */
  double *spread; /* (count) their sample standard deviation, NULL of one member; owned */
  crow_fitted_model model;
  crow_training_curve curve; /* owned */
  int64_t equal_contexts;    /* judgements between alternatives of equal contexts */
} crow_trained;

/* Counts the judgements of observed pairs whose alternatives have equal contexts, and warns of them with an example.
 * `contexts` are this rank's by `p`. Collective. */
crow_status crow_train_find_equal(const crow_comm *comm, const crow_dataset *dataset, const crow_partition *p,
                                  const void *contexts, crow_type type, const crow_pairs *pairs, int64_t *judgements);

/* ---- all of them: ensemble.c and ensemble_state.c -------------------------------------------------------------- */

typedef struct crow_ensemble {
  const crow_comm *comm;       /* all ranks */
  const crow_weights *weights; /* theirs */
  crow_checkpoint *checkpoint; /* may be NULL */
  crow_trained *out;
  crow_rank_groups groups;
  crow_model_fit fit;
  void *contexts;             /* in slices over all ranks */
  double *curve;              /* (members, rows, columns) of the members' curves, as `result` */
  crow_member_result *result; /* (members) of those delivered, and of those this group has ended */
  crow_member_state *waiting; /* (waiting_count) states from a checkpoint that this group has not come to yet */
  int64_t waiting_count;
  int64_t *todo; /* (todo_count) members to train, those begun already first */
  int64_t todo_count;
  /* the group's copies, where there are several groups */
  crow_weights own_weights;
  crow_pairs own_pairs;
  crow_objective *own_objective;
  double *own_win_rate;
  void *own_contexts;
} crow_ensemble;

/* Puts results and states of all groups' members into a checkpoint being written. Collective. */
crow_status crow_ensemble_save(crow_ensemble *e, int64_t current);
/* Takes them from the checkpoint to go on from, and lists what is left to do; without one, all of it. Collective. */
crow_status crow_ensemble_load(crow_ensemble *e);

/* From an objective to rewards. `end` is over all members: the mean of what was minimised, the sums of the iterations
 * and of the evaluations. `out` is to be freed if this fails, too. Collective. */
crow_status crow_train_run(const crow_comm *comm, const crow_train_data *data, const crow_train_options *options,
                           crow_checkpoint *checkpoint, crow_stages *stages, crow_trained *out, crow_fit_end *end);
/* The outputs of all layers of such a model, each of which a row of contexts gives. Local. */
double crow_model_units(const crow_model_options *options, int64_t inputs);
/* Bytes that a rank of a group of `ranks` needs for its group's training. Local. */
double crow_ensemble_bytes(const crow_dataset *dataset, const crow_train_options *options, crow_gidx pairs, int ranks);
/* Attributes, parameters and names of inputs of a rewards file under /model; file.c. Collective. */
crow_status crow_model_write(const crow_comm *comm, crow_file *file, const crow_fitted_model *model,
                             const crow_dataset *dataset);

#endif
