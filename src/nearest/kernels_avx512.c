/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/kernels_impl.h"

#if CROW_KERNELS_X86
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma"))),                   \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma,prefer-vector-width=512")
#endif

#define VECTOR_BYTES 64
#define ROWS 6
#define VECTORS 4

#define REAL float
#define NAME(x) x##_single
#define SPLAT(x) ((VECTOR)_mm512_set1_ps(x))
#define FUSE(a, b, c) ((VECTOR)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define GREATER(a, b) ((VECTOR)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define GREATEST_LANE(a) _mm512_reduce_max_ps((__m512)(a))
#include "nearest/kernels_pass.h"

#define REAL double
#define NAME(x) x##_double
#define SPLAT(x) ((VECTOR)_mm512_set1_pd(x))
#define FUSE(a, b, c) ((VECTOR)_mm512_fmadd_pd((__m512d)(a), (__m512d)(b), (__m512d)(c)))
#define GREATER(a, b) ((VECTOR)_mm512_max_pd((__m512d)(a), (__m512d)(b)))
#define GREATEST_LANE(a) _mm512_reduce_max_pd((__m512d)(a))
#include "nearest/kernels_pass.h"

#include "nearest/kernels_pairs.h"

const crow_kernels crow_kernels_avx512 = CROW_KERNELS("AVX-512");

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
typedef int crow_kernels_avx512_unused;
#endif
