/* SPDX-License-Identifier: Apache-2.0 */
#include "comm/comm_impl.h"
#include <string.h>

/* Leak checks are for what crow leaks, not for what MPI keeps until the process ends: looking up the stacks of all
 * that takes several times as long as a short run. So allocations while MPI starts are not checked, and the check runs
 * before MPI ends, while its plugins are still loaded and their functions have names. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#define LEAKS_UNCOUNTED() __lsan_disable()
#define LEAKS_COUNTED() __lsan_enable()
#define LEAKS_CHECK() __lsan_do_leak_check()
#else
#define LEAKS_UNCOUNTED() ((void)0)
#define LEAKS_COUNTED() ((void)0)
#define LEAKS_CHECK() ((void)0)
#endif

static bool began_mpi;

/* Only a process's first thread communicates. */
static double mpi_seconds, mpi_start_s = -1;

void crow_comm_clock_start(void) { mpi_start_s = crow_time_s(); }
double crow_comm_seconds(void) { return mpi_seconds; }

crow_status crow_comm_check(int code, const char *call) {
  if (mpi_start_s >= 0) mpi_seconds += crow_time_s() - mpi_start_s;
  mpi_start_s = -1;
  if (code == MPI_SUCCESS) return CROW_OK;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  (void)MPI_Error_string(code, text, &length);
  return crow_error(CROW_FAILED, "%.60s: %s", call, text);
}

crow_status crow_comm_init(int *argc, char ***argv) {
  int initialised = 0;
  CROW_NEED_MPI(MPI_Initialized(&initialised));
  if (!initialised) {
    /* Threads of a rank compute, only the first one communicates. */
    int provided = 0;
    LEAKS_UNCOUNTED();
    const int code = MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    LEAKS_COUNTED();
    CROW_NEED_MPI(code);
    began_mpi = true;
  }
  return CROW_OK;
}

void crow_comm_finalize(void) {
  int finalized = 0;
  if (began_mpi && MPI_Finalized(&finalized) == MPI_SUCCESS && !finalized) {
    LEAKS_CHECK();
    (void)MPI_Finalize();
  }
  began_mpi = false;
}

void crow_comm_abort(int exit_code) { (void)MPI_Abort(MPI_COMM_WORLD, exit_code); }

/* Takes ownership of `mpi`. */
static crow_status comm_wrap(MPI_Comm mpi, crow_comm **out) {
  crow_status status = CROW_OK;
  crow_comm *comm = NULL;
  CROW_TRY(CROW_ALLOCATE(&comm, 1));
  comm->mpi = mpi;
  CROW_TRY_MPI(MPI_Comm_set_errhandler(mpi, MPI_ERRORS_RETURN));
  CROW_TRY_MPI(MPI_Comm_rank(mpi, &comm->rank));
  CROW_TRY_MPI(MPI_Comm_size(mpi, &comm->size));
cleanup:
  if (status != CROW_OK) {
    (void)MPI_Comm_free(&mpi);
    crow_free(comm);
    comm = NULL;
  }
  *out = comm;
  return status;
}

crow_status crow_comm_create(MPI_Comm parent, crow_comm **out) {
  MPI_Comm mpi = MPI_COMM_NULL;
  *out = NULL;
  CROW_NEED_MPI(MPI_Comm_dup(parent, &mpi));
  return comm_wrap(mpi, out);
}

crow_status crow_comm_create_world(crow_comm **out) { return crow_comm_create(MPI_COMM_WORLD, out); }

crow_status crow_comm_split(const crow_comm *comm, int color, int key, crow_comm **out) {
  crow_status status = CROW_OK;
  MPI_Comm mpi = MPI_COMM_NULL;
  *out = NULL;
  CROW_TRY_MPI(MPI_Comm_split(comm->mpi, color < 0 ? MPI_UNDEFINED : color, key, &mpi));
  CROW_TRY_AGREE(comm, mpi != MPI_COMM_NULL ? comm_wrap(mpi, out) : CROW_OK);
cleanup:
  if (status != CROW_OK) crow_comm_destroy(out);
  return status;
}

crow_status crow_comm_split_node(const crow_comm *comm, crow_comm **out) {
  crow_status status = CROW_OK;
  MPI_Comm mpi = MPI_COMM_NULL;
  *out = NULL;
  CROW_TRY_MPI(MPI_Comm_split_type(comm->mpi, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL, &mpi));
  CROW_TRY_AGREE(comm, comm_wrap(mpi, out));
cleanup:
  if (status != CROW_OK) crow_comm_destroy(out);
  return status;
}

void crow_comm_destroy(crow_comm **comm) {
  if (!*comm) return;
  (void)MPI_Comm_free(&(*comm)->mpi);
  crow_free(*comm);
  *comm = NULL;
}

int crow_comm_rank(const crow_comm *comm) { return comm->rank; }
int crow_comm_size(const crow_comm *comm) { return comm->size; }
MPI_Comm crow_comm_mpi(const crow_comm *comm) { return comm->mpi; }

const char *crow_comm_version(void) {
  static char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) return "";
  text[strcspn(text, ",\n")] = 0;
  return text;
}

const char *crow_comm_host(void) {
  static char text[MPI_MAX_PROCESSOR_NAME];
  int length = 0;
  return MPI_Get_processor_name(text, &length) == MPI_SUCCESS ? text : "";
}

crow_status crow_comm_barrier(const crow_comm *comm) { return CROW_CHECK_MPI(MPI_Barrier(comm->mpi)); }

crow_status crow_comm_agree(const crow_comm *comm, crow_status local) {
  crow_status status = CROW_OK;
  int failing = local == CROW_OK ? comm->size : comm->rank, lowest = failing;
  CROW_TRY_MPI(MPI_Allreduce(&failing, &lowest, 1, MPI_INT, MPI_MIN, comm->mpi));
  if (lowest == comm->size) return CROW_OK;
  /* The lowest failing rank's status goes with its message, so that code and words tell of the same failure. */
  struct {
    int status;
    char message[CROW_ERROR_BYTES];
  } report = {(int)local, ""};
  (void)snprintf(report.message, sizeof report.message, "%s", crow_error_message());
  CROW_TRY_MPI(MPI_Bcast(&report, (int)sizeof report, MPI_BYTE, lowest, comm->mpi));
  status = crow_error((crow_status)report.status, "%s", report.message);
cleanup:
  return status;
}
