/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_CLUSTER_IMPL_H
#define CROW_CLUSTER_IMPL_H

#include <crow/checkpoint.h>
#include <crow/cluster.h>

/* This rank's contexts. */
typedef struct crow_contexts {
  crow_partition partition; /* of the alternatives, in blocks of CROW_BLOCK */
  int64_t d;
  double *value; /* (count, d) */
} crow_contexts;
crow_status crow_contexts_read(const crow_comm *comm, const crow_dataset *dataset, crow_contexts *out);
void crow_contexts_free(crow_contexts *contexts);
/* A block of contexts, also relative to the first context of all: that keeps |x|^2 + |y|^2 - 2 x.y accurate far away
 * from zero. */
typedef struct crow_context_block {
  crow_gidx begin, count;
  const double *context;    /* (count, d) */
  double *shifted, *square; /* (count, d), (count) squared lengths of the shifted */
} crow_context_block;
/* Takes two blocks with the products of the shifted, `product` (a->count, CROW_BLOCK). In one block with itself every
 * pair is met twice, once from either side. */
typedef void crow_blocks_function(void *context, const crow_context_block *a, const crow_context_block *b,
                                  const double *product);
/* Gives every two blocks of all contexts to `take` of one rank, the earlier block first. `name` is said of the
 * progress; where `checkpoint`, which may be NULL, is due to stop the run, it fails. Collective. */
crow_status crow_contexts_compare(const crow_comm *comm, const crow_contexts *contexts, const char *name,
                                  crow_checkpoint *checkpoint, crow_blocks_function *take, void *context);
/* The distances of all pairs of alternatives, or of CROW_VALLEY_PAIRS random ones if there are more, ascending: the
 * same on all ranks and for any number of them. `*distance` is the caller's. Collective. */
crow_status crow_pair_distances(const crow_comm *comm, const crow_contexts *contexts, double **distance,
                                int64_t *pairs);
/* The valley of ascending distances. Local. */
void crow_valley_find(const double *distance, int64_t pairs, crow_valley *out);

/* Joins the ranks' forests (base/union_find_impl.h) of m trees: afterwards `parent` (m) is the root, the same on all
 * ranks and for any number of them. Collective. */
crow_status crow_forest_merge(const crow_comm *comm, crow_gidx m, int32_t *parent);

/* Numbers groups in the order of their first members; `label` (m) are any numbers from 0 to m - 1. Local. */
crow_status crow_groups_number(crow_gidx m, int32_t *label, crow_gidx *groups);

/* Cuts groups at the borders of prompts: `label` (m) become numbers from 0 to m - 1, equal where both were. Local. */
crow_status crow_groups_cut(crow_gidx m, const int32_t *prompt, int32_t *label);

/* Sums of rows by group in fixed point, so that their bits do not depend on who adds what. */
typedef struct crow_fixed {
  int64_t columns;
  int *exponent; /* (columns) a value v of column k is counted as v 2^exponent[k] */
} crow_fixed;
/* Chooses the exponents for sums over all ranks of `global` rows, of which this rank has `count`. Collective. */
crow_status crow_fixed_create(const crow_comm *comm, crow_gidx global, int64_t columns, int64_t count,
                              const double *rows, crow_fixed *out);
void crow_fixed_free(crow_fixed *fixed);
/* Adds a row to `sum` (columns). Local. */
void crow_fixed_add(const crow_fixed *fixed, const double *row, int64_t *sum);
/* sum / count as doubles. Local. */
void crow_fixed_mean(const crow_fixed *fixed, const int64_t *sum, int64_t count, double *mean);

#endif
