/* SPDX-License-Identifier: Apache-2.0 */
/* Connected components: union-find on every rank's own edges, then the forests are merged pairwise over the ranks. */
#include "base/union_find_impl.h"
#include "preference/pairs_impl.h"

/* Ranks that are odd multiples of `step` hand their forest down to the rank `step` below and are done. */
static crow_status components_merge_round(const crow_comm *comm, crow_gidx vertices, int step, int32_t *parent,
                                          int64_t *send_count, int64_t *receive_count) {
  crow_status status = CROW_OK;
  void *received = NULL;
  const int size = crow_comm_size(comm), rank = crow_comm_rank(comm);
  for (int r = 0; r < size; r++) send_count[r] = 0;
  if (rank % (2 * step) == step) send_count[rank - step] = vertices;
  CROW_TRY(crow_comm_exchange(comm, parent, send_count, sizeof *parent, &received, receive_count));
  if (received) {
    const int32_t *other = received;
    for (crow_gidx x = 0; x < vertices; x++) {
      if (other[x] != x) crow_union_join(parent, (int32_t)x, other[x]);
    }
  }
cleanup:
  crow_free(received);
  return status;
}

/* Roots, and roots without children; `joined[vertices]` begins as zeros. */
static void count_roots(crow_gidx vertices, int32_t *parent, uint8_t *joined, int64_t found[2]) {
  for (crow_gidx x = 0; x < vertices; x++) {
    if (parent[x] != x) joined[crow_union_find(parent, (int32_t)x)] = 1;
  }
  for (crow_gidx x = 0; x < vertices; x++) {
    found[0] += parent[x] == x;
    found[1] += parent[x] == x && !joined[x];
  }
}

crow_status crow_components_count(const crow_comm *comm, crow_gidx vertices, int64_t edges, const int32_t *first,
                                  const int32_t *second, crow_gidx *components, crow_gidx *singles) {
  crow_status status = CROW_OK;
  const int size = crow_comm_size(comm);
  int32_t *parent = NULL;
  uint8_t *joined = NULL;
  int64_t *send_count = NULL, *receive_count = NULL, found[2] = {0, 0};
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&parent, vertices));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&joined, vertices));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(size, &send_count, &receive_count));
  for (crow_gidx x = 0; x < vertices; x++) parent[x] = (int32_t)x;
  for (int64_t e = 0; e < edges; e++) crow_union_join(parent, first[e], second[e]);
  for (int step = 1; step < size; step *= 2) {
    CROW_TRY(components_merge_round(comm, vertices, step, parent, send_count, receive_count));
  }
  count_roots(vertices, parent, joined, found);
  CROW_TRY(crow_comm_broadcast(comm, found, (int64_t)sizeof found, 0));
  *components = found[0];
  *singles = found[1];
cleanup:
  CROW_FREE(parent, joined, send_count, receive_count);
  return status;
}
