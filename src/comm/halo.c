/* SPDX-License-Identifier: Apache-2.0 */
/* Elements of a distributed vector that ranks work on beside their slices. Each pair of ranks exchanges one message in
 * each direction, whose datatype picks the ranges from the vectors in place. */
#include "comm/comm_impl.h"
#include <string.h>

enum { ELEMENT = 8 }; /* bytes of an element: a double or a 64-bit integer; both are sent as integers */

/* The message to or from another rank. */
typedef struct peer {
  int rank;
  int64_t count, ranges; /* elements; ranges */
  const crow_range *range;
  MPI_Datatype in_whole; /* elements in a whole vector: of those that this rank needs */
  MPI_Datatype in_slice; /* elements in this rank's slice: of those that it gives */
} peer;

struct crow_halo {
  const crow_comm *comm; /* borrowed */
  crow_partition partition;
  crow_range *range; /* what this rank works on */
  int64_t ranges, count;
  crow_range *needed, *given; /* the same cut at the owners' slices; what others work on of this rank's slice */
  peer *needs, *gives;        /* with this rank itself among them */
  int needs_count, gives_count;
  MPI_Request *request; /* (needs_count + gives_count) */
  void *received;       /* the elements given, as they come back */
};

static crow_gidx halo_least(crow_gidx a, crow_gidx b) { return a < b ? a : b; }

/* Cuts the ranges at the slices' borders: at most one cut more for each rank. */
static crow_status cut_ranges(crow_halo *h, int64_t *counts) {
  int64_t n = 0;
  CROW_NEED(CROW_ALLOCATE_RAW(&h->needed, h->ranges + h->comm->size));
  for (int64_t k = 0; k < h->ranges; k++) {
    crow_gidx at = h->range[k].begin;
    for (int owner = at < h->range[k].end ? crow_partition_owner(&h->partition, at) : 0; at < h->range[k].end;
         owner++) {
      const crow_gidx end = halo_least(h->range[k].end, crow_partition_begin(&h->partition, owner + 1));
      if (end == at) continue;
      h->needed[n++] = (crow_range){at, end};
      counts[owner]++;
      at = end;
    }
  }
  return CROW_OK;
}

/* One datatype for ranges that begin at `origin` in memory. */
static crow_status make_type(const peer *p, crow_gidx origin, MPI_Datatype *type) {
  crow_status status = CROW_OK;
  int *length = NULL;
  MPI_Aint *place = NULL;
  CROW_TRY(CROW_ALLOCATE_EACH(p->ranges, &length, &place));
  for (int64_t k = 0; k < p->ranges; k++) {
    length[k] = (int)(p->range[k].end - p->range[k].begin);
    place[k] = (MPI_Aint)(p->range[k].begin - origin) * ELEMENT;
  }
  CROW_TRY_MPI(MPI_Type_create_hindexed((int)p->ranges, length, place, MPI_INT64_T, type));
  CROW_TRY_MPI(MPI_Type_commit(type));
cleanup:
  CROW_FREE(length, place);
  return status;
}

/* The ranks with which ranges are shared. */
static crow_status make_peers(const crow_halo *h, const crow_range *range, const int64_t *counts, bool slice,
                              peer **peers, int *peers_count) {
  int64_t at = 0;
  int n = 0;
  for (int r = 0; r < h->comm->size; r++) n += counts[r] > 0;
  CROW_NEED(CROW_ALLOCATE(peers, n));
  for (int k = 0; k < n; k++) (*peers)[k].in_whole = (*peers)[k].in_slice = MPI_DATATYPE_NULL;
  for (int r = 0; r < h->comm->size; r++) {
    if (counts[r] == 0) continue;
    peer *p = &(*peers)[(*peers_count)++];
    p->rank = r;
    p->range = range + at;
    p->ranges = counts[r];
    for (int64_t k = 0; k < p->ranges; k++) p->count += p->range[k].end - p->range[k].begin;
    CROW_NEED(slice ? make_type(p, h->partition.begin, &p->in_slice) : make_type(p, 0, &p->in_whole));
    at += counts[r];
  }
  return CROW_OK;
}

static crow_status allocate_messages(crow_halo *h) {
  int64_t returned = 0;
  for (int k = 0; k < h->gives_count; k++) returned += h->gives[k].count;
  CROW_NEED(CROW_ALLOCATE_RAW(&h->request, h->needs_count + h->gives_count));
  return crow_allocate_raw(returned, ELEMENT, &h->received);
}

crow_status crow_halo_create(const crow_comm *comm, const crow_partition *partition, const crow_range *ranges,
                             int64_t count, crow_halo **out) {
  crow_status status = CROW_OK;
  crow_halo *h = NULL;
  int64_t *need = NULL, *give = NULL;
  *out = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&h, 1));
  h->comm = comm;
  h->partition = *partition;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&h->range, count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(comm->size, &need, &give));
  if (partition->global > INT32_MAX) { /* MPI's counts */
    CROW_TRY(crow_error(CROW_FAILED, "%lld elements cannot be fetched by ranks", (long long)partition->global));
  }
  if (count) memcpy(h->range, ranges, (size_t)count * sizeof *ranges);
  h->ranges = count;
  for (int64_t k = 0; k < count; k++) h->count += ranges[k].end - ranges[k].begin;
  CROW_TRY_AGREE(comm, cut_ranges(h, need));
  CROW_TRY(crow_comm_exchange(comm, h->needed, need, sizeof *h->needed, (void **)&h->given, give));
  CROW_TRY_AGREE(comm, make_peers(h, h->needed, need, false, &h->needs, &h->needs_count));
  CROW_TRY_AGREE(comm, make_peers(h, h->given, give, true, &h->gives, &h->gives_count));
  CROW_TRY_AGREE(comm, allocate_messages(h));
cleanup:
  CROW_FREE(need, give);
  if (status != CROW_OK) crow_halo_destroy(&h);
  *out = h;
  return status;
}

static void free_peers(peer *peers, int count) {
  for (int k = 0; k < count; k++) {
    if (peers[k].in_whole != MPI_DATATYPE_NULL) (void)MPI_Type_free(&peers[k].in_whole);
    if (peers[k].in_slice != MPI_DATATYPE_NULL) (void)MPI_Type_free(&peers[k].in_slice);
  }
  crow_free(peers);
}

void crow_halo_destroy(crow_halo **halo) {
  crow_halo *h = *halo;
  if (!h) return;
  free_peers(h->needs, h->needs_count);
  free_peers(h->gives, h->gives_count);
  CROW_FREE(h->range, h->needed, h->given, h->request, h->received, h);
  *halo = NULL;
}

const crow_range *crow_halo_ranges(const crow_halo *halo, int64_t *count) {
  *count = halo->ranges;
  return halo->range;
}

crow_gidx crow_halo_count(const crow_halo *halo) { return halo->count; }

crow_status crow_halo_fetch(const crow_halo *halo, const double *slice, double *whole) {
  const crow_halo *h = halo;
  const crow_gidx begin = h->partition.begin;
  int n = 0;
  for (int k = 0; k < h->needs_count; k++) {
    const peer *p = &h->needs[k];
    if (p->rank == h->comm->rank) continue;
    CROW_NEED_MPI(MPI_Irecv(whole, 1, p->in_whole, p->rank, 0, h->comm->mpi, &h->request[n++]));
  }
  for (int k = 0; k < h->gives_count; k++) {
    const peer *p = &h->gives[k];
    if (p->rank == h->comm->rank) continue;
    CROW_NEED_MPI(MPI_Isend(slice, 1, p->in_slice, p->rank, 0, h->comm->mpi, &h->request[n++]));
  }
  for (int k = 0; k < h->needs_count; k++) {
    const peer *p = &h->needs[k];
    for (int64_t i = 0; i < p->ranges && p->rank == h->comm->rank; i++) {
      const size_t bytes = (size_t)(p->range[i].end - p->range[i].begin) * sizeof *slice;
      memcpy(whole + p->range[i].begin, slice + (p->range[i].begin - begin), bytes);
    }
  }
  return CROW_CHECK_MPI(MPI_Waitall(n, h->request, MPI_STATUSES_IGNORE));
}

/* Takes `count` values into the places of the slice that they belong to. */
typedef void take(int64_t count, const void *values, void *to);

static void take_sum(int64_t count, const void *values, void *to) {
  const int64_t *from = values;
  int64_t *sum = to;
  for (int64_t i = 0; i < count; i++) sum[i] += from[i];
}

static void take_greatest(int64_t count, const void *values, void *to) {
  const double *from = values;
  double *greatest = to;
  for (int64_t i = 0; i < count; i++) greatest[i] = from[i] > greatest[i] ? from[i] : greatest[i];
}

/* The values that a peer sent, one after another; or this rank's own, from `whole`. */
static void take_ranges(const crow_halo *h, const peer *p, const char *values, bool whole, take *into, char *slice) {
  for (int64_t k = 0; k < p->ranges; k++) {
    const crow_gidx begin = p->range[k].begin;
    const int64_t n = p->range[k].end - begin;
    into(n, whole ? values + begin * ELEMENT : values, slice + (begin - h->partition.begin) * ELEMENT);
    if (!whole) values += n * ELEMENT;
  }
}

static crow_status halo_reduce(const crow_halo *h, const void *whole, take *into, void *slice) {
  int n = 0;
  char *to = h->received;
  for (int k = 0; k < h->gives_count; k++) {
    const peer *p = &h->gives[k];
    if (p->rank == h->comm->rank) continue;
    CROW_NEED_MPI(MPI_Irecv(to, (int)p->count, MPI_INT64_T, p->rank, 0, h->comm->mpi, &h->request[n++]));
    to += p->count * ELEMENT;
  }
  for (int k = 0; k < h->needs_count; k++) {
    const peer *p = &h->needs[k];
    if (p->rank == h->comm->rank) continue;
    CROW_NEED_MPI(MPI_Isend(whole, 1, p->in_whole, p->rank, 0, h->comm->mpi, &h->request[n++]));
  }
  if (h->partition.count) memset(slice, 0, (size_t)(h->partition.count * ELEMENT));
  for (int k = 0; k < h->gives_count; k++) {
    if (h->gives[k].rank == h->comm->rank) take_ranges(h, &h->gives[k], whole, true, into, slice);
  }
  CROW_NEED_MPI(MPI_Waitall(n, h->request, MPI_STATUSES_IGNORE));
  const char *from = h->received;
  for (int k = 0; k < h->gives_count; k++) {
    if (h->gives[k].rank == h->comm->rank) continue;
    take_ranges(h, &h->gives[k], from, false, into, slice);
    from += h->gives[k].count * ELEMENT;
  }
  return CROW_OK;
}

crow_status crow_halo_sum_i64(const crow_halo *halo, const int64_t *whole, int64_t *slice) {
  return halo_reduce(halo, whole, take_sum, slice);
}

crow_status crow_halo_max_f64(const crow_halo *halo, const double *whole, double *slice) {
  return halo_reduce(halo, whole, take_greatest, slice);
}
