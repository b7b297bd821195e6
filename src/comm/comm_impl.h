/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_COMM_IMPL_H
#define CROW_COMM_IMPL_H

#include <crow/comm.h>

struct crow_comm {
  MPI_Comm mpi;
  int rank, size;
};

/* The MPI communicator behind the handle: for parallel HDF5, which takes one. */
MPI_Comm crow_comm_mpi(const crow_comm *comm);

/* Turns an MPI return code into a status with MPI's own words. */
crow_status crow_comm_check(int code, const char *call);

/* Runs an MPI call and leaves the function if it fails. MPI failures are not recoverable, so there is nothing to
 * agree on: the caller ends the job. */
#define CROW_TRY_MPI(call) CROW_TRY(CROW_CHECK_MPI(call))
#define CROW_NEED_MPI(call) CROW_NEED(CROW_CHECK_MPI(call))
#define CROW_CHECK_MPI(call) (crow_comm_clock_start(), crow_comm_check((call), #call))

/* The clock of crow_comm_seconds(): runs from here to the next crow_comm_check(). */
void crow_comm_clock_start(void);

/* The largest piece of a message, in elements: MPI counts are ints. */
#define CROW_COMM_PIECE (INT64_C(1) << 28)

#endif
