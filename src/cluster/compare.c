/* SPDX-License-Identifier: Apache-2.0 */
/* The distances of all pairs of alternatives. Contexts pass by all ranks in blocks, which begin at the same
 * alternatives for any number of ranks; of two ranks one looks at the pairs of their slices. */
#include "cluster/cluster_impl.h"
#include <cblas.h>
#include <string.h>

enum { ROWS = CROW_BLOCK };

typedef struct comparer {
  const crow_contexts *contexts;
  double *origin;                /* (d) the first context */
  double *product;               /* (ROWS, ROWS) */
  double *passing;               /* (ROWS, d) the contexts that pass by */
  crow_context_block own, other; /* one of this rank's blocks, and the one that passes by */
  crow_blocks_function *take;
  void *context;
} comparer;

static void fill_block(const comparer *c, crow_gidx begin, crow_gidx count, const double *context,
                       crow_context_block *b) {
  const int64_t d = c->contexts->d;
  b->begin = begin;
  b->count = count;
  b->context = context;
  for (crow_gidx i = 0; i < count; i++) {
    b->square[i] = 0;
    for (int64_t k = 0; k < d; k++) {
      const double v = context[i * d + k] - c->origin[k];
      b->shifted[i * d + k] = v;
      b->square[i] += v * v;
    }
  }
}

static crow_status comparer_create(comparer *c) {
  const int64_t d = c->contexts->d;
  CROW_NEED(CROW_ALLOCATE(&c->origin, d));
  CROW_NEED(CROW_ALLOCATE_RAW(&c->product, ROWS * ROWS));
  CROW_NEED(CROW_ALLOCATE_RAW_EACH(ROWS * d, &c->passing, &c->own.shifted));
  CROW_NEED(CROW_ALLOCATE_RAW(&c->own.square, ROWS));
  CROW_NEED(CROW_ALLOCATE_RAW(&c->other.shifted, ROWS * d));
  return CROW_ALLOCATE_RAW(&c->other.square, ROWS);
}

static void compare_two(const comparer *c, const crow_context_block *a, const crow_context_block *b) {
  const int d = (int)c->contexts->d;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)a->count, (int)b->count, d, 1, a->shifted, d, b->shifted, d,
              0, c->product, ROWS);
  c->take(c->context, a, b, c->product);
}

/* This rank's blocks with the one that passes by. Within a slice the earlier blocks are compared with the later. */
static void compare_own(comparer *c, int owner) {
  const crow_contexts *contexts = c->contexts;
  const crow_partition *p = &contexts->partition;
  if (owner != p->rank && ((p->rank + owner) % 2 == 0) != (p->rank < owner)) return;
  for (crow_gidx at = 0; at < p->count; at += ROWS) {
    if (owner == p->rank && p->begin + at > c->other.begin) break;
    fill_block(c, p->begin + at, p->count - at < ROWS ? p->count - at : ROWS, contexts->value + at * contexts->d,
               &c->own);
    /* The same two blocks are multiplied in the same order whoever does it, or their last bits would differ. */
    const bool first = c->own.begin <= c->other.begin;
    compare_two(c, first ? &c->own : &c->other, first ? &c->other : &c->own);
  }
}

/* There is no state worth keeping: a stop is a failure that says so. */
static crow_status check_stop(crow_checkpoint *checkpoint) {
  bool save = false, stop = false;
  if (checkpoint) CROW_NEED(crow_checkpoint_due(checkpoint, &save, &stop));
  if (stop) return crow_error(CROW_FAILED, "stopped by a signal or the time limit; this scheme saves no state");
  return CROW_OK;
}

crow_status crow_contexts_compare(const crow_comm *comm, const crow_contexts *contexts, const char *name,
                                  crow_checkpoint *checkpoint, crow_blocks_function *take, void *context) {
  crow_status status = CROW_OK;
  const crow_partition *p = &contexts->partition;
  const int64_t d = contexts->d;
  comparer c = {.contexts = contexts, .take = take, .context = context};
  crow_progress progress;
  CROW_TRY_AGREE(comm, comparer_create(&c));
  if (p->rank == 0) memcpy(c.origin, contexts->value, (size_t)d * sizeof *c.origin);
  CROW_TRY(crow_comm_broadcast(comm, c.origin, d * (int64_t)sizeof *c.origin, 0));
  crow_progress_begin(&progress, name, "alternatives", (double)p->global);
  for (int owner = 0; owner < p->size; owner++) {
    const crow_gidx end = crow_partition_begin(p, owner + 1);
    for (crow_gidx begin = crow_partition_begin(p, owner); begin < end; begin += ROWS) {
      const crow_gidx count = end - begin < ROWS ? end - begin : ROWS;
      const size_t bytes = (size_t)(count * d) * sizeof *c.passing;
      if (owner == p->rank) memcpy(c.passing, contexts->value + (begin - p->begin) * d, bytes);
      CROW_TRY(crow_comm_broadcast(comm, c.passing, (int64_t)bytes, owner));
      fill_block(&c, begin, count, c.passing, &c.other);
      compare_own(&c, owner);
      CROW_TRY(check_stop(checkpoint));
      crow_progress_update(&progress, (double)(begin + count));
    }
  }
cleanup:
  CROW_FREE(c.origin, c.product, c.passing, c.own.shifted, c.own.square, c.other.shifted, c.other.square);
  return status;
}
