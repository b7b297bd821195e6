/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow while a file of unknown length is read. */
#ifndef CROW_IMPORT_ARRAY_IMPL_H
#define CROW_IMPORT_ARRAY_IMPL_H

#include <crow/base.h>

/* Makes room for `need` elements, of which `used` are kept; `*room` at least doubles, so that appending costs O(1) on
 * average. On failure the array is as it was. */
crow_status crow_array_reserve(void **data, int64_t used, int64_t *room, int64_t need, size_t element_bytes);

#define CROW_ARRAY_RESERVE(pointer, used, room, need)                                                                  \
  crow_array_reserve((void **)(pointer), (used), (room), (need), sizeof **(pointer))

#endif
