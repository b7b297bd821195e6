/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_IO_SUMMARY_IMPL_H
#define CROW_IO_SUMMARY_IMPL_H

#include "io/file_impl.h"

#define CROW_SUMMARY_FIRST 6

/* What a dataset's values are like. */
typedef struct crow_summary {
  double minimum, maximum, mean; /* of the finite values */
  int64_t minimum_integer, maximum_integer;
  int64_t finite, nan, infinite;
  int64_t first_count; /* the first values, row by row */
  double first_number[CROW_SUMMARY_FIRST];
  int64_t first_integer[CROW_SUMMARY_FIRST];
  crow_strings texts; /* the first ones, of a dataset of texts */
} crow_summary;

/* Reads a dataset, shared over the ranks, and holds every value against the schema: the summary is made in any case,
 * CROW_BAD_INPUT tells of the first fault. Collective; the same on all ranks and for any number of them. */
crow_status crow_summary_make(const crow_file *file, const char *path, crow_summary *out);
void crow_summary_free(crow_summary *summary);

#endif
