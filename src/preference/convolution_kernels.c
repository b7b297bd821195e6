/* SPDX-License-Identifier: Apache-2.0 */
#include "preference/convolution_impl.h"
#include <string.h>

typedef double lanes4 __attribute__((vector_size(32)));
typedef double lanes8 __attribute__((vector_size(64)));
typedef int64_t integers4 __attribute__((vector_size(32)));
typedef int64_t integers8 __attribute__((vector_size(64)));

#define CROW_KERNELS "preference/convolution_kernels_impl.h"
#include "preference/each_isa_impl.h"

const crow_grid_kernels *crow_grid_kernels_get(crow_isa isa) {
  static const crow_grid_kernels kernels[CROW_ISA_COUNT] = {
    [CROW_ISA_PORTABLE] = {locate_portable, spread_portable, interpolate_portable, spread_columns_portable,
                           interpolate_columns_portable, multiply_portable},
#if defined(__x86_64__)
    [CROW_ISA_AVX2] = {locate_avx2, spread_avx2, interpolate_avx2, spread_columns_avx2, interpolate_columns_avx2,
                       multiply_avx2},
    [CROW_ISA_AVX512] = {locate_avx512, spread_avx512, interpolate_avx512, spread_columns_avx512,
                         interpolate_columns_avx512, multiply_avx512},
#endif
  };
  return crow_isa_available(isa) ? &kernels[isa] : NULL;
}
