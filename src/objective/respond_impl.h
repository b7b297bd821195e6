/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of crow_objective_respond() share. */
#ifndef CROW_OBJECTIVE_RESPOND_IMPL_H
#define CROW_OBJECTIVE_RESPOND_IMPL_H

#include "objective/sandwich_impl.h"

/* Sums over the alternatives of a group, that is of a prompt that has a scale of its own, or of all: what a change of
 * the weights does to that scale, and to the constant that can be added to the group's rewards. */
typedef enum crow_group_term {
  CROW_GROUP_SQUARE,     /* v^2 */
  CROW_GROUP_NEIGHBOURS, /* v times the sum over compared y that is in the scale */
  CROW_GROUP_REWARD,     /* v r */
  CROW_GROUP_TERMS
} crow_group_term;

typedef struct crow_respond_groups {
  crow_objective *o;
  crow_gidx count;
  bool scaled;                      /* whether the scale follows from the weights */
  double *factor[CROW_GROUP_TERMS]; /* this rank's slice of what v is multiplied by */
  double unit[CROW_GROUP_TERMS];    /* powers of two: sums are kept in integers of 1 / unit */
  int64_t *sum;                     /* (CROW_GROUP_TERMS, count) */
  double *whole;                    /* (CROW_GROUP_TERMS, count) the sums with the weights as they are */
  /* (CROW_PAIR_COLUMNS, count) of changes: of the scale's logarithm, and of the rewards' constant */
  double *log_scale, *constant;
} crow_respond_groups;

/* Collective. Freeing takes what is half made; Local. */
crow_status crow_respond_groups_create(const crow_sandwich *s, const double *reward, crow_respond_groups *g);
void crow_respond_groups_free(crow_respond_groups *g);
/* Finds log_scale and constant of a change of the weights w to w (1 + relative), for this column. Collective. */
crow_status crow_respond_groups_change(crow_respond_groups *g, const double *relative, int64_t column);
/* The group of this rank's alternative i. */
static inline crow_gidx crow_respond_group(const crow_respond_groups *g, int64_t i) {
  return g->count > 1 ? g->o->weights->prompt[g->o->weights->partition.begin + i] : 0;
}

#endif
