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

#define TREE_SPLAT(x) ((packet_vector)_mm512_set1_pd(x))
#define TREE_GREATER(a, b) ((packet_vector)_mm512_max_pd((__m512d)(a), (__m512d)(b)))
#define MASK __mmask8
#define LESS(a, b) _mm512_cmp_pd_mask((__m512d)(a), (__m512d)(b), _CMP_LT_OQ)
#define NOT_ABOVE(a, b) _mm512_cmp_pd_mask((__m512d)(a), (__m512d)(b), _CMP_LE_OQ)
#define SELECT(m, a, b) ((packet_vector)_mm512_mask_blend_pd((m), (__m512d)(b), (__m512d)(a)))
#define ANY_NOT_ABOVE(a, b) (_mm512_cmp_pd_mask((__m512d)(a), (__m512d)(b), _CMP_LE_OQ) != 0)
#define MASK_BITS(m) ((unsigned)(m))
#define TIED(tied, near, far) ((MASK)(((tied) | (near)) & ~(far)))
#include "nearest/kernels_tree.h"

#define SIGN_SPLAT(x) ((sign_vector)_mm512_set1_ps(x))
#define SIGN_FUSE(a, b, c) ((sign_vector)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define SIGN_MASK __mmask16
#define SIGN_REACHES(a, b) _mm512_cmp_ps_mask((__m512)(a), (__m512)(b), _CMP_GE_OQ)
#define SIGN_ANY(a, b) (!_mm512_kortestz((a), (b)))
#include "nearest/kernels_signs.h"

#include "nearest/kernels_project.h"

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
