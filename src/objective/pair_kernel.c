/* SPDX-License-Identifier: Apache-2.0 */
#include "objective/objective_impl.h"
#include "objective/sigmoid_impl.h"
#include <string.h>

/* A cell, or a number of each of four; may lie anywhere that a double may, and alias other types. */
typedef double crow_quad __attribute__((vector_size(32), aligned(8), may_alias));
/* Columns of a wide cell. */
typedef double crow_columns __attribute__((vector_size(64)));
typedef int64_t crow_column_sums __attribute__((vector_size(64)));
#ifdef __clang__
#define CROW_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int64_t crow_lanes __attribute__((vector_size(32)));
#define CROW_SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (crow_lanes){__VA_ARGS__})
#endif

/* Blocks are worked on in parts, whose cells the first-level cache still holds when their sums are added to. */
enum { PART = 128 };
/* Wide cells are asked for so many pairs ahead. */
enum { AHEAD = 16 };

static inline crow_pair_block part_of_block(const crow_pair_block *block, int64_t begin) {
  const int64_t left = block->count - begin;
  return (crow_pair_block){left < PART ? left : PART, block->first + begin, block->second + begin, block->share + begin,
                           block->judgements ? block->judgements + begin : NULL};
}

#define CROW_KERNELS "objective/pair_kernel_impl.h"
#include "preference/each_isa_impl.h"

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

crow_slope_kernel *crow_slope_kernel_get(crow_isa isa) {
  static crow_slope_kernel *const kernels[CROW_ISA_COUNT] = {
    [CROW_ISA_PORTABLE] = slopes_portable,
#if defined(__x86_64__)
    [CROW_ISA_AVX2] = slopes_avx2,
    [CROW_ISA_AVX512] = slopes_avx512,
#endif
  };
  return crow_isa_available(isa) ? kernels[isa] : NULL;
}

crow_wide_kernel *crow_wide_kernel_get(crow_isa isa) {
  static crow_wide_kernel *const kernels[CROW_ISA_COUNT] = {
    [CROW_ISA_PORTABLE] = wide_portable,
#if defined(__x86_64__)
    [CROW_ISA_AVX2] = wide_avx2,
    [CROW_ISA_AVX512] = wide_avx512,
#endif
  };
  return crow_isa_available(isa) ? kernels[isa] : NULL;
}
