/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest/kernels_impl.h"

#if CROW_KERNELS_X86
#include <immintrin.h>

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#define VECTOR_BYTES 32
#define ROWS 6
#define VECTORS 2

#define REAL float
#define NAME(x) x##_single
#define SPLAT(x) ((VECTOR)_mm256_set1_ps(x))
#define FUSE(a, b, c) ((VECTOR)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define GREATER(a, b) ((VECTOR)_mm256_max_ps((__m256)(a), (__m256)(b)))
#define GREATEST_LANE(a) NAME(greatest_lane)(a)
#include "nearest/kernels_pass.h"

#define REAL double
#define NAME(x) x##_double
#define SPLAT(x) ((VECTOR)_mm256_set1_pd(x))
#define FUSE(a, b, c) ((VECTOR)_mm256_fmadd_pd((__m256d)(a), (__m256d)(b), (__m256d)(c)))
#define GREATER(a, b) ((VECTOR)_mm256_max_pd((__m256d)(a), (__m256d)(b)))
#define GREATEST_LANE(a) NAME(greatest_lane)(a)
#include "nearest/kernels_pass.h"

#define TREE_SPLAT(x) ((packet_vector)_mm256_set1_pd(x))
#define TREE_GREATER(a, b) ((packet_vector)_mm256_max_pd((__m256d)(a), (__m256d)(b)))
#define MASK __m256d
#define LESS(a, b) _mm256_cmp_pd((__m256d)(a), (__m256d)(b), _CMP_LT_OQ)
#define NOT_ABOVE(a, b) _mm256_cmp_pd((__m256d)(a), (__m256d)(b), _CMP_LE_OQ)
#define SELECT(m, a, b) ((packet_vector)_mm256_blendv_pd((__m256d)(b), (__m256d)(a), (m)))
#define ANY_NOT_ABOVE(a, b) (_mm256_movemask_pd(_mm256_cmp_pd((__m256d)(a), (__m256d)(b), _CMP_LE_OQ)) != 0)
#define MASK_BITS(m) ((unsigned)_mm256_movemask_pd(m))
#define TIED(tied, near, far) _mm256_andnot_pd((far), _mm256_or_pd((tied), (near)))
#include "nearest/kernels_tree.h"

#define SIGN_SPLAT(x) ((sign_vector)_mm256_set1_ps(x))
#define SIGN_FUSE(a, b, c) ((sign_vector)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define SIGN_MASK __m256
#define SIGN_REACHES(a, b) _mm256_cmp_ps((__m256)(a), (__m256)(b), _CMP_GE_OQ)
#define SIGN_ANY(a, b) (_mm256_movemask_ps(_mm256_or_ps((a), (b))) != 0)
#include "nearest/kernels_signs.h"

#include "nearest/kernels_project.h"

#include "nearest/kernels_pairs.h"

const crow_kernels crow_kernels_avx2 = CROW_KERNELS("AVX2");

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#else
typedef int crow_kernels_avx2_unused;
#endif
