/* SPDX-License-Identifier: Apache-2.0 */
/* The best and worst of a distributed vector, without gathering it. */
#ifndef CROW_CLI_RANKING_IMPL_H
#define CROW_CLI_RANKING_IMPL_H

#include <crow/io.h>

/* An alternative and what it is ranked by. */
typedef struct crow_ranked {
  double value;
  crow_gidx index;
} crow_ranked;

/* The `most` greatest values (least ones if not `greatest`) of the vector whose slices are `values`, best first, the
 * same on all ranks; equal values in the order of their indices (the reverse if not `greatest`), so that the two ends
 * belong to one order. `*ranked` (`*count` of them) is freed with crow_free(). Collective. */
crow_status crow_ranking_ends(const crow_comm *comm, const crow_partition *partition, const double *values,
                              crow_gidx most, bool greatest, crow_ranked **ranked, int64_t *count);

/* For each of `count` values the number of elements of the vector that are greater. Collective. */
crow_status crow_ranking_count_greater(const crow_comm *comm, const crow_partition *partition, const double *slice,
                                       int64_t count, const double *values, int64_t *greater);

/* The elements of a distributed vector at `count` places, on all ranks. Collective. */
crow_status crow_ranking_pick(const crow_comm *comm, const crow_partition *partition, const double *slice,
                              int64_t count, const crow_ranked *places, double *picked);

/* Ids of a file's rows: stored ones, or "0", "1", ... where there are none. Collective. */
crow_status crow_ranking_read_ids(const crow_comm *comm, const crow_file *file, crow_gidx begin, crow_gidx count,
                                  crow_strings *ids);
/* Names of the alternatives at `count` places, of `path` ("/alternatives/id" or "/alternatives/topic"), each cut to
 * CROW_NAME_BYTES - 1 bytes: `names[count]`, "" where the file has none. Collective. */
enum { CROW_NAME_BYTES = 256 };
crow_status crow_ranking_names(const crow_comm *comm, const crow_file *file, const char *path, int64_t count,
                               const crow_ranked *places, char (*names)[CROW_NAME_BYTES]);

/* The alternatives of a table: the best and the worst, or all if they are few. */
typedef struct crow_ends {
  int64_t count, best;            /* how many in all; how many from the top */
  crow_ranked *place;             /* (count) from the greatest to the least value; owned, as are the rest */
  int64_t *rank;                  /* (count) one more than the number of greater values: equal ones share a rank */
  char (*id)[CROW_NAME_BYTES];    /* (count) */
  char (*topic)[CROW_NAME_BYTES]; /* (count) */
} crow_ends;
/* `each` from either end of the vector whose slices are `values`, or all if there are at most twice as many, with the
 * file's names. Free it also after an error. Collective. */
crow_status crow_ends_create(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                             const double *values, int64_t each, crow_ends *out);
void crow_ends_free(crow_ends *ends);

#endif
