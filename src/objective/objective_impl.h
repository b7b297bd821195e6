/* SPDX-License-Identifier: Apache-2.0 */
/* What complete preferences and observed pairs share. */
#ifndef CROW_OBJECTIVE_OBJECTIVE_IMPL_H
#define CROW_OBJECTIVE_OBJECTIVE_IMPL_H

#include "preference/convolution_impl.h"
#include <crow/objective.h>
#include <math.h>

/* With prompts k of shares P_k = sum of w over k, f is the sum over prompts of P_k times Eq. 2 of the prompt alone,
 * whose weights are v = w / P_k and whose pairs have the scale s_k. A pair's mass s_k P_k v(x) v(y) is q(x) q(y) with
 * q = w / root, root = sqrt(P / s): the cells hold q in the place of w, and a sum over q(y), divided by root(x), is one
 * over s v(y). Where one s holds for all, root = sqrt(P). */
/* An alternative as the pairs see it: half a cache line holds all that a pair needs of it. */
typedef struct crow_cell {
  double reward;
  double weight;
  double unit; /* power of two: sums over its pairs are kept in integers of 1 / unit */
  int64_t sum; /* the running sum */
} crow_cell;

/* Which pairs a pass takes. */
typedef enum crow_pair_set {
  CROW_PAIRS_ACTIVE, /* both weights are positive: these make up f */
  CROW_PAIRS_LIMIT,  /* exactly one weight is positive: these make up the limit equation of the other alternative */
  CROW_PAIRS_SETS
} crow_pair_set;

struct crow_objective {
  const crow_comm *comm;       /* borrowed */
  const crow_weights *weights; /* borrowed */
  const crow_pairs *pairs;     /* borrowed; NULL for complete preferences */
  crow_objective_options options;
  double scale;          /* s; 1 for complete preferences */
  double given_scale;    /* > 0: s as the caller gave it */
  double weight_squares; /* sum w^2, with prompts sum w^2 / share */
  double *prompt_scale;  /* (K) s_k of every prompt, of which `scale` is then no part; NULL where one s holds for all */
  double *root;          /* of the prompts' shares over their scales, this rank's slice; NULL without prompts */
  double *curvature;     /* K, this rank's slice */
  const double *win_rate; /* this rank's slice; `own_win_rate` or borrowed */
  double *own_win_rate;
  /* complete preferences */
  crow_convolution *convolution;
  /* observed pairs */
  crow_halo *halo;         /* the alternatives in this rank's pairs */
  const crow_range *range; /* of the halo */
  int64_t ranges;
  crow_cell *cell;                  /* (m), like the next two used within the ranges only: the rest gets no memory */
  bool some_unweighted;             /* a cell has no weight */
  double *whole;                    /* (m) */
  int64_t *whole_sum;               /* (m) */
  int64_t *slice_sum;               /* this rank's slice of sums */
  double *unit;                     /* this rank's slice of cell.unit */
  double *neighbours;               /* this rank's slice of sum_y w(y) c(x,y) */
  double mass;                      /* sum_E w(x) w(y) c */
  int64_t *sum_at_zero;             /* this rank's slice of sums where all rewards are 0 */
  double *last;                     /* this rank's slice of the rewards last evaluated, */
  bool last_counts;                 /* whose sums slice_sum holds if this is set */
  uint8_t *blocks[CROW_PAIRS_SETS]; /* for each block of pairs: 0 none of its pairs is in the set, 1 some are, 2 all */
};

/* The implementations behind the public functions; all Collective. */
crow_status crow_complete_evaluate(crow_objective *o, const double *reward, double *value, double *optimality,
                                   double *scaled_gradient);
crow_status crow_complete_zero_weights(crow_objective *o, double *reward, crow_gidx *unknown, double *violation);
crow_status crow_complete_fitted_win_rate(crow_objective *o, const double *reward, double *fitted);
/* Sums over all y of weight(y) sigma(r(x) - r(y)), and of weight(y) sigma'(r(x) - r(y)), for `columns` sets of weights
 * (columns, slice) that are 0 where the objective's are and sum to 1 at most. The results may take the weights' place.
 * Collective. */
crow_status crow_complete_fitted(const crow_objective *o, const double *reward, int64_t columns, const double *weight,
                                 double *fitted);
crow_status crow_complete_slopes(const crow_objective *o, const double *reward, int64_t columns, const double *weight,
                                 double *slopes);
crow_status crow_paired_evaluate(crow_objective *o, const double *reward, double *value, double *optimality,
                                 double *scaled_gradient);
crow_status crow_paired_zero_weights(crow_objective *o, double *reward, crow_gidx *unknown, double *violation);
crow_status crow_paired_fitted_win_rate(crow_objective *o, const double *reward, double *fitted);

/* v(x), the weight of this rank's alternative i within its prompt. */
static inline double crow_paired_within(const crow_objective *o, int64_t i) {
  return o->weights->share ? o->weights->value[i] / o->weights->share[i] : o->weights->value[i];
}

/* s by its definition, (1 - sum w^2) / (2 sum_E w(x) w(y) c): of `rest` and the sum `both`. 0 if no pair has weight. */
static inline double crow_pairs_scale(double rest, double both) {
  const double scale = rest / (2 * both);
  return both > 0 && scale > 0 && isfinite(scale) ? scale : 0;
}
/* What s is where no two weighted alternatives were compared: such that the `unweighted` ones have a sum of w(y) c over
 * the compared y of mean 1, of which `sum` is the sum. 0 if there is no such pair either. */
static inline double crow_pairs_scale_of_limit(int64_t unweighted, double sum) {
  return sum > 0 ? (double)unweighted / sum : 0;
}

/* Makes what observed pairs need beyond the common part: cells, units, K, s and win rates. Collective. */
crow_status crow_paired_setup(crow_objective *o);
/* Sets prompt_scale where every prompt has a scale of its own that was not given. Collective. */
crow_status crow_paired_find_prompt_scales(crow_objective *o);
/* Finds the alternatives in this rank's pairs and allocates what is kept of them. Collective. */
crow_status crow_paired_allocate(crow_objective *o);

/* Fetches the rewards of this rank's ranges into the cells. Collective. */
crow_status crow_paired_set_rewards(crow_objective *o, const double *reward);
/* Adds to every cell's sum w(y) c (sigma(r(x) - r(y)) - p(x>y)) over this rank's pairs of the set, and to `value`, if
 * not NULL, w(x) w(y) c (softplus(r(x) - r(y)) - p (r(x) - r(y))). Local. */
void crow_paired_add(crow_objective *o, crow_pair_set set, crow_exact_sum *value);
/* Sums the cells over the ranks into slice_sum and clears them. Collective. */
crow_status crow_paired_collect(crow_objective *o);

/* Reports that no finite objective exists at these rewards: infinite value and certificate, NaN gradient. */
void crow_objective_set_infinite(const crow_objective *o, double *value, double *optimality, double *scaled_gradient);

/* ---- the kernel over a block of pairs, compiled for several instruction sets, all with the same bits --------- */

typedef struct crow_pair_block {
  int64_t count; /* <= CROW_BLOCK */
  const int32_t *first, *second;
  const double *share;
  const uint32_t *judgements; /* NULL: every pair counts once */
} crow_pair_block;

/* Columns that a pass over the pairs takes at once. */
enum { CROW_PAIR_COLUMNS = 8 };
/* What they are for an alternative: two cache lines. */
typedef struct crow_wide_cell {
  double value[CROW_PAIR_COLUMNS];
  int64_t sum[CROW_PAIR_COLUMNS]; /* the running sums, in units of the cell */
} crow_wide_cell;

/* Adds to the cells' sums; returns the sum of the pairs' values. */
typedef double crow_pair_kernel(crow_cell *cell, const crow_pair_block *block);
/* Adds w(y) c sigma'(r(x) - r(y)) to the cells' sums. */
typedef void crow_slope_kernel(crow_cell *cell, const crow_pair_block *block);
/* Adds w(y) of_pair value(y) to the sums of the wide cells of x, and for y the same with the sign. */
typedef void crow_wide_kernel(const crow_cell *cell, crow_wide_cell *wide, const crow_pair_block *block,
                              const double *of_pair, double sign);
/* NULL if this machine lacks the set. */
crow_pair_kernel *crow_pair_kernel_get(crow_isa isa);
crow_slope_kernel *crow_slope_kernel_get(crow_isa isa);
crow_wide_kernel *crow_wide_kernel_get(crow_isa isa);

#endif
