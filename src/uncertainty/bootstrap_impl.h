/* SPDX-License-Identifier: Apache-2.0 */
/* Bootstrap replicates of a tabular fit: tasks of groups of ranks. */
#ifndef CROW_BOOTSTRAP_IMPL_H
#define CROW_BOOTSTRAP_IMPL_H

#include "tasks/rank_groups_impl.h"
#include "uncertainty/uncertainty_impl.h"

/* A weighted alternative, by whose reward others are ranked. */
typedef struct crow_replicate_rival {
  double value;
  int32_t prompt;
} crow_replicate_rival;

/* What a group resamples and fits, and the replicate it is at. Where there is one group, the data are all ranks' own;
 * where there are more, they are copies in slices over the group. */
typedef struct crow_replicate {
  const crow_comm *comm;         /* the group's */
  const crow_weights *weights;   /* its slices */
  const crow_judged *judged;     /* its slices */
  const double *start;           /* its slice of the rewards of all comparisons */
  crow_pairs pairs;              /* the same pairs with the replicate's shares and judgements */
  double *value, *root, *scaled; /* (slice) r, sqrt(D), u = sqrt(D) r */
  double *whole;                 /* r of all alternatives */
  unsigned char *weighted;       /* (m) which have weight */
  crow_replicate_rival *rival;   /* (m) room for those */
  crow_objective *objective;
  crow_lbfgs *lbfgs;
} crow_replicate;

/* Where a bootstrap is kept, and with it what came before. */
typedef struct crow_bootstrap_kept {
  crow_checkpoint *checkpoint; /* NULL: nowhere */
  /* Puts the states of what came before, but for the weights, into a checkpoint that has been begun. Collective. */
  crow_status (*save)(const void *context, crow_checkpoint *checkpoint);
  const void *context;
} crow_bootstrap_kept;

typedef struct crow_bootstrap {
  const crow_comm *comm;       /* all ranks */
  const crow_weights *weights; /* theirs */
  const crow_lbfgs_options *lbfgs;
  const crow_uncertainty_options *options;
  crow_bootstrap_kept kept;
  crow_judged judged;               /* in slices over all ranks */
  crow_objective *full;             /* of all comparisons */
  crow_objective_options objective; /* of a replicate */
  double scale;                     /* its s */
  double unit;
  crow_labels topics;   /* whose means are wanted; else empty */
  const double *reward; /* of all comparisons, slices over all ranks */
  crow_rank_groups groups;
  crow_replicate at;
  /* the group's copies */
  crow_weights own_weights;
  crow_judged own_judged;
  double *own_start;
  /* results that have not been delivered: (slots, the group's slice), (slots) */
  double *slot_value;
  int32_t *slot_rank;
  double *slot_end;
  /* delivered ones, in slices over all ranks */
  int64_t replicates;
  double *end;               /* (B) how each ended: enum below */
  double *values;            /* (slice, B) r in every replicate */
  int32_t *ranks;            /* (slice, B) the rank in every replicate */
  double *value_column;      /* (slice) */
  int32_t *rank_column;      /* (slice) */
  int64_t *todo, todo_count; /* replicates that a checkpoint does not hold */
} crow_bootstrap;

/* How a replicate ended: doubles, so that a checkpoint keeps them. */
enum { CROW_REPLICATE_TO_DO, CROW_REPLICATE_CONVERGED, CROW_REPLICATE_NOT_CONVERGED };

/* All replicates and their intervals. Collective. */
crow_status crow_bootstrap_run(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                               const crow_objective_options *objective, const crow_lbfgs_options *lbfgs,
                               const crow_rank_groups_options *groups, const crow_uncertainty_options *options,
                               const double *reward, const crow_bootstrap_kept *kept, crow_uncertainty *out);

/* ---- one replicate: bootstrap_replicate.c; Collective over the group ------------------------------------------ */

/* Draws a replicate's comparisons and prepares its fit, which starts at the rewards of all comparisons. */
crow_status crow_replicate_begin(crow_bootstrap *b, int64_t number);
/* One step of its optimiser; the last one leaves rewards, ranks and how it ended in the slot. */
crow_status crow_replicate_step(crow_bootstrap *b, int64_t slot, bool *done);
/* bootstrap_ranks.c: notes which alternatives have weight, by `whole`. Collective over the group. */
crow_status crow_replicate_find_weighted(crow_replicate *at);
/* The ranks `rank` of the slice among the weighted alternatives of the same prompt, from `value` and `whole`; what has
 * no weight gets the one that it would have among them. Local. */
void crow_replicate_rank(const crow_replicate *at, int32_t *rank);
/* Local: leaves the current replicate, if there is one. */
void crow_replicate_leave(crow_bootstrap *b);

/* ---- all of them ---------------------------------------------------------------------------------------------- */

/* Bytes that a rank of a group of `ranks` needs for a crow_bootstrap: crow_rank_groups_plan. Local. */
double crow_bootstrap_bytes(const void *bootstrap, int ranks);
/* bootstrap_state.c: the fit's result and the replicates that have ended, into a checkpoint that has been begun and
 * back; loading lists those that are to be done. Collective. */
crow_status crow_bootstrap_save(crow_bootstrap *b);
crow_status crow_bootstrap_load(crow_bootstrap *b);
/* bootstrap_intervals.c: from the delivered replicates, which it sorts. Collective. */
crow_status crow_bootstrap_intervals(crow_bootstrap *b, crow_uncertainty *out);

#endif
