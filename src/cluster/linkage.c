/* SPDX-License-Identifier: Apache-2.0 */
/* Single linkage under a radius. Every rank compares its own contexts with blocks of all: a blocked product estimates
 * the squared distances, the canonical distance decides those that are too close to call, and union-find keeps the
 * components. Every pair of ranks' slices is looked at by one of the two. */
#include "base/union_find_impl.h"
#include "cluster/cluster_impl.h"
#include <cblas.h>
#include <crow/nearest.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { ROWS = 512 };

/* A block of contexts, also relative to an origin near them: their products keep more digits there. */
typedef struct block {
  crow_gidx begin;
  int64_t count;
  const double *context; /* (count, d) */
  double *shifted;       /* (count, d) */
  double *square;        /* (count) squared lengths of the shifted */
} block;

typedef struct linkage {
  const crow_contexts *contexts;
  const int32_t *prompt; /* (m) alternatives of different prompts are never joined; NULL: all are of one */
  double *origin;        /* (d) */
  double square;         /* radius squared */
  int32_t *parent;
  double *product; /* (ROWS, ROWS) */
} linkage;

static void fill_block(const linkage *l, crow_gidx begin, int64_t count, const double *context, block *b) {
  const int64_t d = l->contexts->d;
  b->begin = begin;
  b->count = count;
  b->context = context;
  for (int64_t i = 0; i < count; i++) {
    b->square[i] = 0;
    for (int64_t k = 0; k < d; k++) {
      const double v = context[i * d + k] - l->origin[k];
      b->shifted[i * d + k] = v;
      b->square[i] += v * v;
    }
  }
}

static crow_status block_create(int64_t d, block *b) {
  crow_status status = CROW_OK;
  CROW_TRY(CROW_ALLOCATE_RAW(&b->shifted, ROWS * d));
  CROW_TRY(CROW_ALLOCATE_RAW(&b->square, ROWS));
cleanup:
  return status;
}

static void block_free(block *b) {
  crow_free(b->shifted);
  crow_free(b->square);
}

/* Joins what is close in two blocks. The estimate |x|^2 + |y|^2 - 2xy is off by less than slack times the first two. */
static void join_blocks(linkage *l, const block *a, const block *b) {
  const int64_t d = l->contexts->d;
  const double slack = 4 * ((double)d + 8) * DBL_EPSILON;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)a->count, (int)b->count, (int)d, 1, a->shifted, (int)d,
              b->shifted, (int)d, 0, l->product, ROWS);
  for (int64_t i = 0; i < a->count; i++) {
    for (int64_t j = 0; j < b->count; j++) {
      const double squares = a->square[i] + b->square[j];
      if (squares - 2 * l->product[i * ROWS + j] - slack * squares > l->square) continue;
      const int32_t x = (int32_t)(a->begin + i), y = (int32_t)(b->begin + j);
      if (l->prompt && l->prompt[x] != l->prompt[y]) continue;
      if (crow_union_find(l->parent, x) == crow_union_find(l->parent, y)) continue;
      if (crow_nearest_distance(a->context + i * d, b->context + j * d, CROW_DOUBLE, d) <= l->square) {
        crow_union_join(l->parent, x, y);
      }
    }
  }
}

/* Whether the rank `mine` looks at the pairs of its contexts with those of rank `other`. */
static bool is_mine(int mine, int other) { return mine == other || ((mine + other) % 2 == 0) == (mine < other); }

static void join_with(linkage *l, const block *other, int owner, block *own) {
  const crow_contexts *c = l->contexts;
  const crow_partition *p = &c->partition;
  if (!is_mine(p->rank, owner)) return;
  for (crow_gidx at = 0; at < p->count; at += ROWS) {
    if (owner == p->rank && p->begin + at > other->begin) break;
    fill_block(l, p->begin + at, p->count - at < ROWS ? p->count - at : ROWS, c->value + at * c->d, own);
    join_blocks(l, own, other);
  }
}

/* All ranks' contexts pass by, block by block. */
static crow_status join_all(const crow_comm *comm, linkage *l) {
  crow_status status = CROW_OK;
  const crow_contexts *c = l->contexts;
  const crow_partition *p = &c->partition;
  double *passing = NULL;
  block own = {0}, other = {0};
  crow_progress progress;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&passing, ROWS * c->d));
  CROW_TRY_AGREE(comm, block_create(c->d, &own));
  CROW_TRY_AGREE(comm, block_create(c->d, &other));
  crow_progress_begin(&progress, "linkage", "alternatives", (double)p->global);
  for (int owner = 0; owner < p->size; owner++) {
    const crow_gidx begin = crow_partition_begin(p, owner), end = crow_partition_begin(p, owner + 1);
    for (crow_gidx at = begin; at < end; at += ROWS) {
      const int64_t count = end - at < ROWS ? end - at : ROWS;
      if (owner == p->rank) {
        memcpy(passing, c->value + (at - begin) * c->d, (size_t)(count * c->d) * sizeof *passing);
      }
      CROW_TRY(crow_comm_broadcast(comm, passing, count * c->d * (int64_t)sizeof *passing, owner));
      fill_block(l, at, count, passing, &other);
      join_with(l, &other, owner, &own);
      crow_progress_update(&progress, (double)(at + count));
    }
  }
cleanup:
  crow_free(passing);
  block_free(&own);
  block_free(&other);
  return status;
}

/* Ranks that are odd multiples of `step` hand their forest to the rank `step` below. */
static crow_status linkage_merge_round(const crow_comm *comm, crow_gidx m, int step, int32_t *parent, int64_t *send,
                                       int64_t *receive) {
  crow_status status = CROW_OK;
  void *received = NULL;
  const int size = crow_comm_size(comm), rank = crow_comm_rank(comm);
  for (int r = 0; r < size; r++) send[r] = 0;
  if (rank % (2 * step) == step) send[rank - step] = m;
  CROW_TRY(crow_comm_exchange(comm, parent, send, sizeof *parent, &received, receive));
  const int32_t *other = received;
  for (crow_gidx x = 0; received && x < m; x++) {
    if (other[x] != x) crow_union_join(parent, (int32_t)x, other[x]);
  }
cleanup:
  crow_free(received);
  return status;
}

crow_status crow_forest_merge(const crow_comm *comm, crow_gidx m, int32_t *parent) {
  crow_status status = CROW_OK;
  int64_t *send = NULL, *receive = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&send, crow_comm_size(comm)));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&receive, crow_comm_size(comm)));
  for (int step = 1; step < crow_comm_size(comm); step *= 2) {
    CROW_TRY(linkage_merge_round(comm, m, step, parent, send, receive));
  }
  for (crow_gidx x = 0; x < m; x++) parent[x] = crow_union_find(parent, (int32_t)x);
  CROW_TRY(crow_comm_broadcast(comm, parent, m * (int64_t)sizeof *parent, 0));
cleanup:
  crow_free(send);
  crow_free(receive);
  return status;
}

crow_status crow_groups_by_radius(const crow_comm *comm, const crow_dataset *dataset, double radius, crow_groups *out) {
  crow_status status = CROW_OK;
  crow_contexts contexts = {0};
  linkage l = {.contexts = &contexts, .prompt = dataset->prompt, .square = radius * radius};
  *out = (crow_groups){.alternatives = dataset->alternatives, .converged = true};
  CROW_TRY(crow_contexts_read(comm, dataset, &contexts));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&l.product, ROWS * ROWS));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&l.origin, contexts.d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->group, out->alternatives));
  l.parent = out->group;
  for (crow_gidx x = 0; x < out->alternatives; x++) l.parent[x] = (int32_t)x;
  if (contexts.partition.rank == 0) memcpy(l.origin, contexts.value, (size_t)contexts.d * sizeof *l.origin);
  CROW_TRY(crow_comm_broadcast(comm, l.origin, contexts.d * (int64_t)sizeof *l.origin, 0));
  CROW_TRY(join_all(comm, &l));
  CROW_TRY(crow_forest_merge(comm, out->alternatives, l.parent));
  CROW_TRY_AGREE(comm, crow_groups_number(out->alternatives, out->group, &out->groups));
cleanup:
  crow_contexts_free(&contexts);
  crow_free(l.product);
  crow_free(l.origin);
  if (status != CROW_OK) crow_groups_free(out);
  return status;
}
