/* SPDX-License-Identifier: Apache-2.0 */
/* Functions compiled for several instruction sets, of which the loader (glibc's can) takes the best that the processor
 * has. Sums in them must have a fixed order: then all have the same bits, as products and sums are never fused. */
#ifndef CROW_BASE_CLONES_IMPL_H
#define CROW_BASE_CLONES_IMPL_H

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define CROW_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CROW_CLONES
#endif

#endif
