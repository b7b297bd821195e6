/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the kernels of file CROW_KERNELS once for each instruction set: they name functions KERNEL(name) and mark
 * them TARGET. Included after "preference/convolution_impl.h", once for each such file. */
#define KERNEL(name) name##_portable
#define TARGET
#include CROW_KERNELS
#undef KERNEL
#undef TARGET

#if defined(__x86_64__)
#define KERNEL(name) name##_avx2
#define TARGET __attribute__((target("avx2")))
#include CROW_KERNELS
#undef KERNEL
#undef TARGET

#define KERNEL(name) name##_avx512
#define TARGET __attribute__((target(CROW_TARGET_AVX512)))
#include CROW_KERNELS
#undef KERNEL
#undef TARGET
#endif
#undef CROW_KERNELS
