/* SPDX-License-Identifier: Apache-2.0 */
/* Single linkage under a radius. A product estimates the squared distances, the canonical distance decides those that
 * are too close to call, and union-find keeps the components. */
#include "base/union_find_impl.h"
#include "cluster/cluster_impl.h"
#include <crow/nearest.h>
#include <float.h>

typedef struct linkage {
  int64_t d;
  const int32_t *prompt; /* (m) alternatives of different prompts are never joined; NULL: all are of one */
  double square;         /* radius squared */
  int32_t *parent;
} linkage;

/* Joins what is close in two blocks. The estimate |x|^2 + |y|^2 - 2xy is off by less than slack times the first two. */
static void join_blocks(void *context, const crow_context_block *a, const crow_context_block *b,
                        const double *product) {
  const linkage *l = context;
  const int64_t d = l->d;
  const double slack = 4 * ((double)d + 8) * DBL_EPSILON;
  for (int64_t i = 0; i < a->count; i++) {
    for (int64_t j = 0; j < b->count; j++) {
      const double squares = a->square[i] + b->square[j];
      if (squares - 2 * product[i * CROW_BLOCK + j] - slack * squares > l->square) continue;
      const int32_t x = (int32_t)(a->begin + i), y = (int32_t)(b->begin + j);
      if (l->prompt && l->prompt[x] != l->prompt[y]) continue;
      if (crow_union_find(l->parent, x) == crow_union_find(l->parent, y)) continue;
      if (crow_nearest_distance(a->context + i * d, b->context + j * d, CROW_DOUBLE, d) <= l->square) {
        crow_union_join(l->parent, x, y);
      }
    }
  }
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
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(crow_comm_size(comm), &send, &receive));
  for (int step = 1; step < crow_comm_size(comm); step *= 2) {
    CROW_TRY(linkage_merge_round(comm, m, step, parent, send, receive));
  }
  for (crow_gidx x = 0; x < m; x++) parent[x] = crow_union_find(parent, (int32_t)x);
  CROW_TRY(crow_comm_broadcast(comm, parent, m * (int64_t)sizeof *parent, 0));
cleanup:
  CROW_FREE(send, receive);
  return status;
}

crow_status crow_groups_by_radius(const crow_comm *comm, const crow_dataset *dataset, double radius, crow_groups *out) {
  crow_status status = CROW_OK;
  crow_contexts contexts = {0};
  linkage l = {.prompt = dataset->prompt, .square = radius * radius};
  *out = (crow_groups){.alternatives = dataset->alternatives, .converged = true};
  CROW_TRY(crow_contexts_read(comm, dataset, &contexts));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&out->group, out->alternatives));
  l.d = contexts.d;
  l.parent = out->group;
  for (crow_gidx x = 0; x < out->alternatives; x++) l.parent[x] = (int32_t)x;
  CROW_TRY(crow_contexts_compare(comm, &contexts, "linkage", NULL, join_blocks, &l));
  CROW_TRY(crow_forest_merge(comm, out->alternatives, l.parent));
  CROW_TRY_AGREE(comm, crow_groups_number(out->alternatives, out->group, &out->groups));
cleanup:
  crow_contexts_free(&contexts);
  if (status != CROW_OK) crow_groups_free(out);
  return status;
}
