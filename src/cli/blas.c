/* SPDX-License-Identifier: Apache-2.0 */
/* An OpenBLAS that is older than the processor falls back to kernels for older ones: generic ones, several times
 * slower, or those of AVX2 where there is AVX-512, half as fast. Its choice is made while the program is loaded, so the
 * only cure is to start again with OPENBLAS_CORETYPE set. Before MPI_Init that is harmless: the process keeps its
 * number and its launcher's environment. */
#include "cli/cli_impl.h"
#include "comm/simulated_impl.h"
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define GUARD "CROW_RESTARTED_FROM_BLAS_CORE"

/* Names of kernels without AVX2, as OpenBLAS gives them, and of those with it but without AVX-512. */
static const char *const generic[] = {"Generic",    "Prescott",    "Core2",   "Penryn",  "Dunnington",  "Katmai",
                                      "Coppermine", "Northwood",   "Banias",  "Nehalem", "Atom",        "Athlon",
                                      "Opteron",    "Barcelona",   "Nano",    "Bobcat",  "Sandybridge", "Bulldozer",
                                      "Piledriver", "Steamroller", "Unknown", NULL};
static const char *const avx2[] = {"Haswell", "Zen", "Excavator", NULL};

static bool is_one_of(const char *core, const char *const *names) {
  for (; *names; names++) {
    if (strncasecmp(core, *names, strlen(*names)) == 0) return true;
  }
  return false;
}

/* The kernels for this processor, if those named are for older ones. */
static const char *better_core(const char *core) {
#if defined(__x86_64__)
  const bool is_generic = is_one_of(core, generic);
  __builtin_cpu_init();
  if ((is_generic || is_one_of(core, avx2)) && __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) {
    return "SkylakeX";
  }
  if (is_generic && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#else
  (void)is_one_of(core, generic);
  (void)is_one_of(core, avx2);
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
  if (CROW_SIMULATED || getenv(GUARD)) return; /* the process is the simulator's, or has been restarted */
  const char *core = crow_blas_core();
  const char *better = !getenv("OPENBLAS_CORETYPE") ? better_core(core) : NULL;
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
