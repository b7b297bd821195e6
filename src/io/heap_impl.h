/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_IO_HEAP_IMPL_H
#define CROW_IO_HEAP_IMPL_H

#include <crow/base.h>

/* The bytes of a file that is small enough to be looked through; none of a larger one, which passes every check. */
typedef struct crow_heaps {
  unsigned char *bytes;
  int64_t count;
} crow_heaps;

/* All Local. */
/* CROW_BAD_INPUT if a heap of texts is damaged in a way that HDF5 does not survive. Free them in any case. */
crow_status crow_heaps_load(const char *file, crow_heaps *heaps);
void crow_heaps_free(crow_heaps *heaps);
/* The first of `rows` references to texts, stored from byte `offset` on, that leads to nothing or to less than it says;
 * -1 if there is none. */
int64_t crow_heaps_first_fault(const crow_heaps *heaps, int64_t offset, int64_t rows);

#endif
