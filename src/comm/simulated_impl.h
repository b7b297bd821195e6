/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this is a build for SimGrid's simulation of MPI (CROW_SMPI). Its clock stands still while ranks compute, and
 * work.c moves it on; its ranks share one process; it has no files, for parallel HDF5 does not know its MPI. */
#ifndef CROW_COMM_SIMULATED_IMPL_H
#define CROW_COMM_SIMULATED_IMPL_H

#ifdef CROW_SMPI
enum { CROW_SIMULATED = 1 };
#else
enum { CROW_SIMULATED = 0 };
#endif

#endif
