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

#include "nearest/kernels_pairs.h"

const crow_kernels crow_kernels_portable = CROW_KERNELS("portable");
