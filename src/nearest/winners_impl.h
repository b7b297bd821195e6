/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_WINNERS_IMPL_H
#define CROW_WINNERS_IMPL_H

#include "nearest/nearest_impl.h"

/* Makes room for the distances and tie counts of `points` points; the result is empty until filled. */
crow_status crow_nearest_result_reserve(crow_nearest_result *result, int64_t points);
/* Puts the winners of all chunks together: tie_begin[i + 1] holds their number for point i on entry. */
crow_status crow_nearest_result_fill(crow_nearest_result *result, const crow_nearest_distinct *distinct, int64_t points,
                                     int64_t chunk, const crow_nearest_winners *winners, int64_t chunks);

#endif
