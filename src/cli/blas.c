/* SPDX-License-Identifier: Apache-2.0 */
/* An OpenBLAS that is older than the processor falls back to generic kernels, several times slower. Its choice is made
 * while the program is loaded, so the only cure is to start again with OPENBLAS_CORETYPE set. Before MPI_Init that is
 * harmless: the process keeps its number and its launcher's environment. */
#include "cli/cli_impl.h"
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define GUARD "CROW_RESTARTED_FROM_BLAS_CORE"

/* Names of kernels without AVX2, as OpenBLAS gives them. */
static bool is_generic(const char *core) {
  static const char *const generic[] = {"Generic",    "Prescott",  "Core2",  "Penryn",  "Dunnington", "Katmai",
                                        "Coppermine", "Northwood", "Banias", "Nehalem", "Atom",       "Athlon",
                                        "Opteron",    "Barcelona", "Nano",   "Bobcat",  "Unknown"};
  for (size_t k = 0; k < sizeof generic / sizeof *generic; k++) {
    if (strncasecmp(core, generic[k], strlen(generic[k])) == 0) return true;
  }
  return false;
}

static const char *better_core(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq")) {
    return "SkylakeX";
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return NULL;
}

/* Whether OpenBLAS made more threads than one that nobody asked for. */
static bool has_needless_threads(int argc, char **argv) {
  cpu_set_t cpus;
  if (getenv("OPENBLAS_NUM_THREADS") || getenv("GOTO_NUM_THREADS")) return false;
  for (int k = 1; k < argc; k++) {
    if (strncmp(argv[k], "--threads", 9) == 0) return false;
  }
  const char *omp = getenv("OMP_NUM_THREADS");
  if (omp && strcmp(omp, "1") == 0) return false;
  return sched_getaffinity(0, sizeof cpus, &cpus) != 0 || CPU_COUNT(&cpus) > 1;
}

void crow_blas_restart(int argc, char **argv) {
#ifdef CROW_SMPI
  return; /* the process is the simulator's */
#endif
  if (getenv(GUARD)) return;
  const char *core = crow_blas_core();
  const char *better = !getenv("OPENBLAS_CORETYPE") && is_generic(core) ? better_core() : NULL;
  const bool threads = has_needless_threads(argc, argv);
  if (!better && !threads) return;
  if (better) (void)setenv("OPENBLAS_CORETYPE", better, 1);
  if (threads) (void)setenv("OPENBLAS_NUM_THREADS", "1", 1);
  (void)setenv(GUARD, better ? core : "", 1);
  /* By its own name, under which ps, pkill and accounting know it. */
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  (void)execv(path, argv);
  /* Without /proc the program goes on as it is: slower, not wrong. */
}

const char *crow_blas_restarted(void) {
  static char line[256];
  const char *from = getenv(GUARD);
  if (!from || !*from) return NULL;
  (void)snprintf(line, sizeof line, "OpenBLAS had chosen its %.40s kernels: restarted with OPENBLAS_CORETYPE=%.40s",
                 from, getenv("OPENBLAS_CORETYPE"));
  return line;
}
