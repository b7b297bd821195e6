/* SPDX-License-Identifier: Apache-2.0 */
#include "comm/comm_impl.h"
#include "comm/simulated_impl.h"
#include <string.h>

crow_status crow_comm_broadcast(const crow_comm *comm, void *data, int64_t bytes, int root) {
  for (int64_t begin = 0; begin < bytes; begin += CROW_COMM_PIECE) {
    const int64_t n = bytes - begin < CROW_COMM_PIECE ? bytes - begin : CROW_COMM_PIECE;
    CROW_NEED_MPI(MPI_Bcast((char *)data + begin, (int)n, MPI_BYTE, root, comm->mpi));
  }
  return CROW_OK;
}

crow_status crow_comm_gather_slices(const crow_comm *comm, const crow_partition *partition, const void *slice,
                                    void *whole, size_t element_bytes) {
  crow_status status = CROW_OK;
  int *counts = NULL, *offsets = NULL;
  MPI_Datatype element = MPI_DATATYPE_NULL;
  if (partition->global > INT32_MAX) {
    CROW_TRY(crow_error(CROW_FAILED, "%lld elements cannot be gathered on every rank", (long long)partition->global));
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(comm->size, &counts, &offsets));
  for (int rank = 0; rank < comm->size; rank++) {
    offsets[rank] = (int)crow_partition_begin(partition, rank);
    counts[rank] = (int)(crow_partition_begin(partition, rank + 1) - offsets[rank]);
  }
  if (element_bytes == sizeof(double)) {
    CROW_TRY_MPI(MPI_Allgatherv(slice, counts[comm->rank], MPI_DOUBLE, whole, counts, offsets, MPI_DOUBLE, comm->mpi));
  } else {
    CROW_TRY_MPI(MPI_Type_contiguous((int)element_bytes, MPI_BYTE, &element));
    CROW_TRY_MPI(MPI_Type_commit(&element));
    CROW_TRY_MPI(MPI_Allgatherv(slice, counts[comm->rank], element, whole, counts, offsets, element, comm->mpi));
  }
cleanup:
  if (element != MPI_DATATYPE_NULL) (void)MPI_Type_free(&element);
  CROW_FREE(counts, offsets);
  return status;
}

crow_status crow_comm_gather(const crow_comm *comm, const void *mine, void *whole, int64_t bytes) {
  if (bytes > INT32_MAX) return crow_error(CROW_FAILED, "%lld bytes a rank cannot be gathered", (long long)bytes);
  return CROW_CHECK_MPI(MPI_Allgather(mine, (int)bytes, MPI_BYTE, whole, (int)bytes, MPI_BYTE, comm->mpi));
}

/* Sends one packet to a rank while receiving another, in pieces that MPI's counts can hold. */
static crow_status move_swap(const crow_comm *comm, const char *send, int64_t send_bytes, int to, char *receive,
                             int64_t receive_bytes, int from) {
  while (send_bytes > 0 || receive_bytes > 0) {
    const int out = (int)(send_bytes < CROW_COMM_PIECE ? send_bytes : CROW_COMM_PIECE);
    const int in = (int)(receive_bytes < CROW_COMM_PIECE ? receive_bytes : CROW_COMM_PIECE);
    CROW_NEED_MPI(MPI_Sendrecv(send, out, MPI_BYTE, out ? to : MPI_PROC_NULL, 1, receive, in, MPI_BYTE,
                               in ? from : MPI_PROC_NULL, 1, comm->mpi, MPI_STATUS_IGNORE));
    send += out;
    send_bytes -= out;
    receive += in;
    receive_bytes -= in;
  }
  return CROW_OK;
}

crow_status crow_comm_exchange(const crow_comm *comm, const void *send, const int64_t *send_count, size_t element_bytes,
                               void **received, int64_t *receive_count) {
  crow_status status = CROW_OK;
  int64_t *send_at = NULL, *receive_at = NULL;
  const int size = comm->size, rank = comm->rank;
  const int64_t bytes = (int64_t)element_bytes;
  *received = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(size + 1, &send_at, &receive_at));
  CROW_TRY_MPI(MPI_Alltoall(send_count, 1, MPI_INT64_T, receive_count, 1, MPI_INT64_T, comm->mpi));
  for (int r = 0; r < size; r++) {
    send_at[r + 1] = send_at[r] + send_count[r];
    receive_at[r + 1] = receive_at[r] + receive_count[r];
  }
  CROW_TRY_AGREE(comm, crow_allocate_raw(receive_at[size], element_bytes, received));
  for (int step = 0; step < size; step++) {
    const int to = (rank + step) % size, from = (rank - step + size) % size;
    const char *out = send ? (const char *)send + send_at[to] * bytes : NULL;
    char *in = *received ? (char *)*received + receive_at[from] * bytes : NULL;
    if (step == 0) {
      if (send_count[rank]) memcpy(in, out, (size_t)(send_count[rank] * bytes));
    } else {
      CROW_TRY(move_swap(comm, out, send_count[to] * bytes, to, in, receive_count[from] * bytes, from));
    }
  }
cleanup:
  CROW_FREE(send_at, receive_at);
  if (status != CROW_OK) {
    crow_free(*received);
    *received = NULL;
  }
  return status;
}

static crow_gidx move_least(crow_gidx a, crow_gidx b) { return a < b ? a : b; }

/* What two ranges have in common: `*count` elements from `*begin`, 0 if nothing. */
static void overlap(const int64_t *a, const int64_t *b, int64_t *begin, int64_t *count) {
  const int64_t end = move_least(a[0] + a[1], b[0] + b[1]);
  *begin = a[0] > b[0] ? a[0] : b[0];
  *count = end > *begin ? end - *begin : 0;
}

crow_status crow_comm_fetch(const crow_comm *comm, crow_gidx have_begin, crow_gidx have_count, const void *have,
                            crow_gidx begin, crow_gidx count, void *out, size_t element_bytes) {
  crow_status status = CROW_OK;
  const int64_t mine[4] = {have_begin, have_count, begin, count}, bytes = (int64_t)element_bytes;
  int64_t *all = NULL;
  const int size = comm->size, rank = comm->rank;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&all, 4 * (int64_t)size));
  CROW_TRY(crow_comm_gather(comm, mine, all, (int64_t)sizeof mine));
  for (int step = 0; step < size; step++) {
    const int to = (rank + step) % size, from = (rank - step + size) % size;
    int64_t send_at, send, receive_at, receive;
    overlap(mine, all + 4 * to + 2, &send_at, &send);
    overlap(all + 4 * from, mine + 2, &receive_at, &receive);
    const char *source = send ? (const char *)have + (send_at - have_begin) * bytes : NULL;
    char *target = receive ? (char *)out + (receive_at - begin) * bytes : NULL;
    if (step == 0 && send) memcpy(target, source, (size_t)(send * bytes));
    if (step > 0) CROW_TRY(move_swap(comm, source, send * bytes, to, target, receive * bytes, from));
  }
cleanup:
  crow_free(all);
  return status;
}

/* SimGrid 3.32's MPI_Exscan does not return on a few hundred ranks. */
static crow_status offset_simulated(const crow_comm *comm, int64_t mine, int64_t *offset) {
  crow_status status = CROW_OK;
  int64_t *all = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&all, comm->size));
  CROW_TRY(crow_comm_gather(comm, &mine, all, (int64_t)sizeof mine));
  for (int r = 0; r < comm->rank; r++) *offset += all[r];
cleanup:
  crow_free(all);
  return status;
}

crow_status crow_comm_offset_i64(const crow_comm *comm, int64_t mine, int64_t *offset) {
  *offset = 0; /* MPI_Exscan leaves rank 0's result undefined */
  if (CROW_SIMULATED) return offset_simulated(comm, mine, offset);
  const crow_status status = CROW_CHECK_MPI(MPI_Exscan(&mine, offset, 1, MPI_INT64_T, MPI_SUM, comm->mpi));
  if (comm->rank == 0) *offset = 0;
  return status;
}
