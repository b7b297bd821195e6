/* SPDX-License-Identifier: Apache-2.0 */
#include "objective/objective_impl.h"
#include "objective/sigmoid_impl.h"

#define KERNEL(name) name##_portable
#define TARGET
#include "objective/pair_kernel_impl.h"
#undef KERNEL
#undef TARGET

#if defined(__x86_64__)
#define KERNEL(name) name##_avx2
#define TARGET __attribute__((target("avx2")))
#include "objective/pair_kernel_impl.h"
#undef KERNEL
#undef TARGET

#define KERNEL(name) name##_avx512
#define TARGET __attribute__((target(CROW_TARGET_AVX512)))
#include "objective/pair_kernel_impl.h"
#undef KERNEL
#undef TARGET
#endif

crow_pair_kernel *crow_pair_kernel_get(crow_isa isa) {
  static crow_pair_kernel *const kernels[CROW_ISA_COUNT] = {
    [CROW_ISA_PORTABLE] = pairs_portable,
#if defined(__x86_64__)
    [CROW_ISA_AVX2] = pairs_avx2,
    [CROW_ISA_AVX512] = pairs_avx512,
#endif
  };
  return crow_isa_available(isa) ? kernels[isa] : NULL;
}
