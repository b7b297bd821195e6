/* SPDX-License-Identifier: Apache-2.0 */
#include "base/grow_impl.h"

#include <string.h>

crow_status crow_array_reserve(void **data, int64_t used, int64_t *room, int64_t need, size_t element_bytes) {
  if (need <= *room) return CROW_OK;
  int64_t larger = *room < INT64_MAX / 2 ? 2 * *room : INT64_MAX;
  if (larger < need) larger = need;
  if (larger < 64) larger = 64;
  void *grown = NULL;
  CROW_NEED(crow_allocate_raw(larger, element_bytes, &grown));
  if (used > 0) memcpy(grown, *data, (size_t)used * element_bytes);
  crow_free(*data);
  *data = grown;
  *room = larger;
  return CROW_OK;
}
