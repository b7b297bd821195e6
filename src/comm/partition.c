/* SPDX-License-Identifier: Apache-2.0 */
#include "comm/comm_impl.h"

/* Whole blocks are dealt out evenly; the first ranks take one more each. */
crow_gidx crow_partition_begin(const crow_partition *p, int rank) {
  const crow_gidx blocks = (p->global + p->block - 1) / p->block;
  const crow_gidx each = blocks / p->size, more = blocks % p->size;
  const crow_gidx begin = (each * rank + (rank < more ? rank : more)) * p->block;
  return begin < p->global ? begin : p->global;
}

crow_partition crow_partition_make(crow_gidx global, crow_gidx block, int size, int rank) {
  crow_partition p = {global, block, size, rank, 0, 0};
  p.begin = crow_partition_begin(&p, rank);
  p.count = crow_partition_begin(&p, rank + 1) - p.begin;
  return p;
}

crow_partition crow_comm_partition(const crow_comm *comm, crow_gidx global, crow_gidx block) {
  return crow_partition_make(global, block, comm->size, comm->rank);
}

int crow_partition_owner(const crow_partition *p, crow_gidx index) {
  int low = 0, high = p->size - 1;
  while (low < high) {
    const int middle = low + (high - low + 1) / 2;
    if (crow_partition_begin(p, middle) <= index)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

crow_gidx crow_partition_largest(crow_gidx global, crow_gidx block, int ranks) {
  const crow_gidx blocks = (global + block - 1) / block;
  return (blocks + ranks - 1) / ranks * block;
}
