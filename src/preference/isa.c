/* SPDX-License-Identifier: Apache-2.0 */
#include "preference/convolution_impl.h"

bool crow_isa_available(crow_isa isa) {
#if defined(__x86_64__)
  if (isa == CROW_ISA_AVX512) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl");
  }
  if (isa == CROW_ISA_AVX2) return __builtin_cpu_supports("avx2");
#endif
  return isa == CROW_ISA_PORTABLE;
}

crow_isa crow_isa_best(void) {
  crow_isa isa = CROW_ISA_AVX512;
  while (!crow_isa_available(isa)) isa--;
  return isa;
}
