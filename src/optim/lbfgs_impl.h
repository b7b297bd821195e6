/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_LBFGS_IMPL_H
#define CROW_LBFGS_IMPL_H

#include "optim/direction_impl.h"
#include "optim/line_search_impl.h"

#include <crow/optim.h>

/* Differences of f below this share of |f| are taken for rounding. It is raised to the greatest when a
 * line search shows that f is noisier than that: then f contradicts its own gradient. */
#define CROW_LBFGS_NOISE 1e-11
#define CROW_LBFGS_NOISE_RAISE 1e3
#define CROW_LBFGS_NOISE_GREATEST 1e-6
/* Iterations without a lower value or certificate after which the run is at its rounding floor. */
#define CROW_LBFGS_PATIENCE 50

/* The numbers of a run that outlive an iteration: doubles all, so that a checkpoint keeps them as they are. */
typedef struct crow_lbfgs_numbers {
  double history, used; /* the layout of what follows in the state */
  double started, iterations, evaluations;
  double value, optimality;                       /* of the iterate */
  double best_value, best_optimality, best_apart; /* the best iterate, and whether it is another one */
  double lowest;                                  /* least value met */
  double noise;                                   /* share of a value that is rounding */
  double stalled_since;                           /* iteration of the latest progress, and what it reached */
  double stalled_value, stalled_optimality;
  double gg;
} crow_lbfgs_numbers;

struct crow_lbfgs {
  const crow_comm *comm;
  crow_partition partition;
  crow_lbfgs_options options;
  crow_lbfgs_function *function;
  void *context;
  double *x, *g, *trial_x, *trial_g;
  double *best_x, *best_g; /* allocated when the best iterate is not the current one for the first time */
  double **s, **y;         /* (history) oldest first; the first unused one holds the direction during a search */
  double *scalar;          /* the state's scalars: numbers, then sg, yg, sy, yy, into which these point: */
  crow_lbfgs_numbers *numbers;
  crow_products products;
  crow_combination direction;
  const double **left, **right; /* factors of a batch of inner products */
  double *dot;                  /* and the products */
  double *work;                 /* (4 history) holds alpha and the direction's parts */
  double **state_vector;        /* (4 + 2 history) */
  bool ended;
  crow_lbfgs_end end;
};

/* One iteration from an evaluated iterate to the next; sets `ended` and `end` if there is none. */
crow_status crow_lbfgs_iterate_once(crow_lbfgs *lbfgs);
/* Room for a best iterate beside the current one; nothing to do the second time. Local. */
crow_status crow_lbfgs_allocate_best(crow_lbfgs *lbfgs);
/* Takes value and certificate of a new iterate into the numbers; `*better` says that it is the best one so far. */
void crow_lbfgs_note(crow_lbfgs *lbfgs, double value, double optimality, bool *better);

#endif
