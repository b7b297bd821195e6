/* SPDX-License-Identifier: Apache-2.0 */
/* Points of S where distances are taken in a flat (an affine subspace) that holds all contexts: a sphere and a normal
 * distribution look there like ones of its own dimensions, so that no more numbers are drawn than it has. */
#ifndef CROW_SPACE_FLAT_IMPL_H
#define CROW_SPACE_FLAT_IMPL_H

#include <crow/space.h>

typedef struct crow_flat {
  crow_gidx k;       /* coordinates; 0: there is none */
  crow_gidx normals; /* drawn for a point */
  double *shift;     /* (k) where the middle of S falls */
  double *factor;    /* (normals, k) what a normal number adds to a point; NULL of a sphere */
} crow_flat;

/* Whether there is one for this space: a sphere or a normal distribution. */
bool crow_flat_fits(const crow_space *space);
/* That of origin + span(basis), `origin` (d), `basis` (d, stride) with k orthonormal columns. Freed with
 * crow_flat_free(). Local. */
crow_status crow_flat_create(const crow_space *space, crow_gidx k, const double *origin, const double *basis,
                             crow_gidx stride, crow_flat *out);
void crow_flat_free(crow_flat *flat);
/* Points `begin` .. `begin + count` in the flat's coordinates (count, k): point i depends on (seed, i) alone. Local. */
crow_status crow_flat_sample(const crow_space *space, const crow_flat *flat, crow_gidx begin, crow_gidx count,
                             double *points);

#endif
