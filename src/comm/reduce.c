/* SPDX-License-Identifier: Apache-2.0 */
#include "comm/comm_impl.h"
#include <string.h>

static crow_status allreduce(const crow_comm *comm, void *values, int64_t count, MPI_Datatype type, size_t bytes,
                             MPI_Op op) {
  for (int64_t begin = 0; begin < count; begin += CROW_COMM_PIECE) {
    const int64_t n = count - begin < CROW_COMM_PIECE ? count - begin : CROW_COMM_PIECE;
    void *piece = (char *)values + (size_t)begin * bytes;
    CROW_NEED_MPI(MPI_Allreduce(MPI_IN_PLACE, piece, (int)n, type, op, comm->mpi));
  }
  return CROW_OK;
}

crow_status crow_comm_sum_i64(const crow_comm *comm, int64_t *values, int64_t count) {
  return allreduce(comm, values, count, MPI_INT64_T, sizeof *values, MPI_SUM);
}
crow_status crow_comm_min_i64(const crow_comm *comm, int64_t *values, int64_t count) {
  return allreduce(comm, values, count, MPI_INT64_T, sizeof *values, MPI_MIN);
}
crow_status crow_comm_max_i64(const crow_comm *comm, int64_t *values, int64_t count) {
  return allreduce(comm, values, count, MPI_INT64_T, sizeof *values, MPI_MAX);
}
crow_status crow_comm_min_f64(const crow_comm *comm, double *values, int64_t count) {
  return allreduce(comm, values, count, MPI_DOUBLE, sizeof *values, MPI_MIN);
}
crow_status crow_comm_max_f64(const crow_comm *comm, double *values, int64_t count) {
  return allreduce(comm, values, count, MPI_DOUBLE, sizeof *values, MPI_MAX);
}
crow_status crow_comm_sum_f64_unordered(const crow_comm *comm, double *values, int64_t count) {
  return allreduce(comm, values, count, MPI_DOUBLE, sizeof *values, MPI_SUM);
}

crow_status crow_comm_sum_exact(const crow_comm *comm, crow_exact_sum *sums, int64_t count) {
  /* Normalised digits are below 2^32, so the integer sum over ranks cannot overflow. */
  for (int64_t k = 0; k < count; k++) crow_exact_normalise(&sums[k]);
  CROW_NEED(crow_comm_sum_i64(comm, sums->limb, count * CROW_EXACT_LIMBS));
  for (int64_t k = 0; k < count; k++) crow_exact_normalise(&sums[k]);
  return CROW_OK;
}

/* Up to this many sums are kept on the stack, more than an iteration of L-BFGS with its usual history needs: without
 * an allocation that could fail, ranks need not agree before the one reduction. */
enum { SUMS_ON_STACK = 64 };

crow_status crow_comm_dot(const crow_comm *comm, const crow_partition *partition, int64_t count, const double *const *a,
                          const double *const *b, double *result) {
  crow_status status = CROW_OK;
  crow_exact_sum few[SUMS_ON_STACK], *many = NULL, *sums = few;
  if (count <= SUMS_ON_STACK) {
    memset(few, 0, (size_t)count * sizeof *few);
  } else {
    CROW_TRY_AGREE(comm, CROW_ALLOCATE(&many, count));
    sums = many;
  }
  crow_work_begin();
  /* Block by block over all products: vectors that occur in several of them are read from memory once. */
  for (crow_gidx begin = 0; begin < partition->count; begin += CROW_BLOCK) {
    const crow_gidx n = partition->count - begin < CROW_BLOCK ? partition->count - begin : CROW_BLOCK;
    for (int64_t k = 0; k < count; k++) crow_exact_add_dot_blocks(&sums[k], a[k] + begin, b[k] + begin, n);
  }
  crow_work_end(CROW_WORK_VECTOR, (double)partition->count * (double)count);
  CROW_TRY(crow_comm_sum_exact(comm, sums, count));
  for (int64_t k = 0; k < count; k++) result[k] = crow_exact_value(&sums[k]);
cleanup:
  crow_free(many);
  return status;
}

crow_status crow_comm_sum(const crow_comm *comm, const crow_partition *partition, const double *slice, double *result) {
  crow_exact_sum sum = {{0}};
  crow_exact_add_blocks(&sum, slice, partition->count);
  CROW_NEED(crow_comm_sum_exact(comm, &sum, 1));
  *result = crow_exact_value(&sum);
  return CROW_OK;
}
