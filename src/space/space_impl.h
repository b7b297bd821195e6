/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_SPACE_IMPL_H
#define CROW_SPACE_IMPL_H

#include <crow/space.h>

typedef enum crow_space_kind {
  CROW_SPACE_CUBE,
  CROW_SPACE_BOX,
  CROW_SPACE_SPHERE,
  CROW_SPACE_BALL,
  CROW_SPACE_GAUSSIAN,
  CROW_SPACE_FACTOR2,
  CROW_SPACE_AUTO,
  CROW_SPACE_POOL
} crow_space_kind;

#define CROW_SPACE_WORDS "cube|box|sphere|ball|gaussian|factor2|auto"

/* Where a sphere's directions begin. */
typedef enum crow_space_center_kind { CROW_CENTER_WEIGHTED, CROW_CENTER_NONE, CROW_CENTER_FILE } crow_space_center_kind;

/* Disjoint intervals of every coordinate, ascending: coordinate k has those from first[k] to first[k + 1]. */
typedef struct crow_intervals {
  int64_t *first;
  double *lower, *upper;
  double *length_before; /* total length of the earlier intervals of the same coordinate */
  double *total;         /* (d) total length of a coordinate's intervals */
} crow_intervals;

struct crow_space {
  crow_space_kind kind;
  uint64_t seed;
  crow_gidx dimensions;
  char description[256];
  double *lower, *upper; /* (d) cube, box */
  crow_space_center_kind center_kind;
  double *center;           /* (d) sphere; NULL without one */
  double *mean;             /* (d) ball, gaussian */
  double radius;            /* ball */
  double *factor;           /* (d, d) gaussian: row-major, samples are mean + factor z */
  crow_intervals intervals; /* factor2 */
  crow_array *pool;
  bool shuffled; /* the pool's rows come in a random order */
  double *kept;  /* (kept_count, d) the first samples out of `kept_total`; NULL for none */
  crow_gidx kept_count, kept_total;
};

/* What a text means: the kind and, for a pool, file and path within `text` as offsets and lengths. */
typedef struct crow_space_text {
  crow_space_kind kind;
  char file[1024], path[256];
} crow_space_text;
crow_status crow_space_text_parse(const char *text, crow_space_text *out);
/* The same for a centre; NULL is weighted. */
crow_status crow_space_center_parse(const char *text, crow_space_center_kind *kind, crow_space_text *out);

/* Description and centre of a sphere. Collective. */
crow_status crow_space_create_sphere(const crow_comm *comm, const crow_space_options *options, crow_space *space);
/* Scales a row to unit length; one of zeros stays as it is, which is false. Local. */
bool crow_space_normalise(double *row, crow_gidx d);

/* Row number `number` of `rows` in a random order of the seed's: a permutation of 0 .. rows - 1. */
crow_gidx crow_space_permuted(uint64_t seed, crow_gidx rows, crow_gidx number);

/* Called for every block of rows: `rows` (count, d), the first with global index `begin`. All ranks take as many turns
 * as the one with the most blocks, the others with a count of 0 at the end of their slice; a failure is the same on all
 * ranks. */
typedef crow_status crow_space_block(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows);
/* Calls it for this rank's slice of the contexts. Collective. */
crow_status crow_space_visit(const crow_comm *comm, const crow_dataset *dataset, crow_space_block *block,
                             void *context);
/* Eigenvalues, ascending, of a symmetric matrix (d, d), which becomes the eigenvectors, one a row. Local; bits may
 * depend on the LAPACK in use. */
crow_status crow_space_eigen(crow_gidx d, double *matrix, double *values);

/* Statistics of the contexts, read in slices; Collective, bits independent of the number of ranks. */
crow_status crow_space_find_bounds(const crow_comm *comm, const crow_dataset *dataset, double *lower, double *upper);
crow_status crow_space_find_mean(const crow_comm *comm, const crow_dataset *dataset, double *mean);
crow_status crow_space_find_radius(const crow_comm *comm, const crow_dataset *dataset, const double *mean,
                                   double *radius);
/* The covariance (d, d): the mean of products, divided by the number of contexts. */
crow_status crow_space_find_covariance(const crow_comm *comm, const crow_dataset *dataset, const double *mean,
                                       double *matrix);
/* A square root of the covariance: factor (d, d) row-major with covariance = factor factor'. */
crow_status crow_space_find_factor(const crow_comm *comm, const crow_dataset *dataset, const double *mean,
                                   double *factor);
/* The squared lengths of its columns into `square` (d); returns the most that rounding alone may have made of one. */
double crow_space_factor_squares(const double *factor, crow_gidx d, double *square);
crow_status crow_space_find_intervals(const crow_comm *comm, const crow_dataset *dataset, crow_intervals *out);
void crow_intervals_free(crow_intervals *intervals);

/* The distance from its centre, as a part of its radius, of point `index` of a ball in d dimensions; `room` (d). Local.
 */
double crow_space_ball_radius(const crow_space *space, uint64_t index, crow_gidx d, double *room);

#endif
