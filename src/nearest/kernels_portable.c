/* SPDX-License-Identifier: Apache-2.0 */
/* For any processor, in vectors of 16 bytes that compilers map to what there is. */
#include "nearest/kernels_impl.h"

#define VECTOR_BYTES 16
#define ROWS 6
#define VECTORS 2

#define REAL float
#define NAME(x) x##_single
#define SPLAT(x) ((VECTOR){(x), (x), (x), (x)})
#define FUSE(a, b, c) ((a) * (b) + (c))
#define GREATER(a, b) NAME(greater)((a), (b))
#define GREATEST_LANE(a) NAME(greatest_lane)(a)
#include "nearest/kernels_pass.h"

#define REAL double
#define NAME(x) x##_double
#define SPLAT(x) ((VECTOR){(x), (x)})
#define FUSE(a, b, c) ((a) * (b) + (c))
#define GREATER(a, b) NAME(greater)((a), (b))
#define GREATEST_LANE(a) NAME(greatest_lane)(a)
#include "nearest/kernels_pass.h"

/* Comparisons of vectors give integers of all ones or zeros. */
typedef int64_t packet_mask __attribute__((vector_size(VECTOR_BYTES)));
#define TREE_SPLAT(x) ((packet_vector){(x), (x)})
#define TREE_GREATER(a, b) SELECT((a) > (b), (a), (b))
#define MASK packet_mask
#define LESS(a, b) ((a) < (b))
#define NOT_ABOVE(a, b) ((a) <= (b))
#define SELECT(m, a, b) ((packet_vector)(((packet_mask)(a) & (m)) | ((packet_mask)(b) & ~(m))))
#define ANY_NOT_ABOVE(a, b) (((a)[0] <= (b)[0]) | ((a)[1] <= (b)[1]))
#define MASK_BITS(m) ((unsigned)(((m)[0] & 1) | ((m)[1] & 2)))
#define TIED(tied, near, far) (((tied) | (near)) & ~(far))
#include "nearest/kernels_tree.h"

typedef int32_t sign_mask __attribute__((vector_size(VECTOR_BYTES)));
#define SIGN_SPLAT(x) ((sign_vector){(x), (x), (x), (x)})
#define SIGN_FUSE(a, b, c) ((a) * (b) + (c))
#define SIGN_MASK sign_mask
#define SIGN_REACHES(a, b) ((a) >= (b))
#define SIGN_ANY(a, b) (((a)[0] | (a)[1] | (a)[2] | (a)[3] | (b)[0] | (b)[1] | (b)[2] | (b)[3]) != 0)
#include "nearest/kernels_signs.h"

#include "nearest/kernels_project.h"

#include "nearest/kernels_pairs.h"

const crow_kernels crow_kernels_portable = CROW_KERNELS("portable");
