/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/kernels_impl.h"

static int highest_level = 2;

const crow_kernels *crow_kernels_get(void) {
#if CROW_KERNELS_X86
  if (highest_level >= 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) {
    return &crow_kernels_avx512;
  }
  if (highest_level >= 1 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &crow_kernels_avx2;
#endif
  return &crow_kernels_portable;
}

const crow_kernels *crow_kernels_limit(int level) {
  highest_level = level;
  return crow_kernels_get();
}
