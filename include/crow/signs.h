/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Draws of block signs: many points of S from one draw.
 *
 * Of a symmetric S a point is centre + B z, with z symmetric in each of its coordinates: uniform on [-1, 1]^d (cube,
 * box), uniform on a sphere or in a ball, or normal. The coordinates of z are dealt into `blocks` blocks, a power of 2.
 * Flipping the signs of whole blocks leaves z's distribution as it is, so each of
 *   z^(k) = (H_k1 z_1, H_k2 z_2, ..), k = 0 .. blocks - 1, and -z^(k),
 * with the rows H_k of the Hadamard matrix H_kb = (-1)^(bits that k and b share), is a point of S like any other; and
 * all their products with a vector follow from those with the blocks of z. Points of different rows are uncorrelated
 * where blocks matter alike, but not independent: the independent unit is the draw.
 *
 * Points are numbered: point p is row p % (2 blocks) of draw p / (2 blocks), rows from `blocks` on being the negatives.
 * It depends on the space, `blocks`, the energies and the seed alone, bit for bit. Everything here is Local. */
#ifndef CROW_SIGNS_H
#define CROW_SIGNS_H

#include <crow/space.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The most blocks there can be. */
enum { CROW_SIGNS_BLOCKS_MOST = 256 };

typedef struct crow_signs crow_signs;

/** Whether S is symmetric: cube, box, sphere, ball, gaussian. */
CROW_API bool crow_signs_possible(const crow_space *space);
/** Whether coordinates are dealt by energy (cube, box); of the others z is rotated, which makes all alike. */
CROW_API bool crow_signs_dealt(const crow_space *space);

/** Deals the coordinates into `blocks` blocks, a power of 2 from 1 to CROW_SIGNS_BLOCKS_MOST (else CROW_USAGE).
 * `energy` (d): how much each coordinate's square matters to distances among the alternatives, all >= 0; blocks get
 * about equal sums. Not looked at where crow_signs_dealt() is false. `space` is borrowed. */
CROW_API crow_status crow_signs_create(const crow_space *space, int64_t blocks, const double *energy, crow_signs **out);
/** Sets the handle to NULL; accepts NULL. */
CROW_API void crow_signs_destroy(crow_signs **signs);

/** How many blocks. */
CROW_API int64_t crow_signs_blocks(const crow_signs *signs);
/** Coordinates of a block, zeros behind the last included. */
CROW_API int64_t crow_signs_block_length(const crow_signs *signs);
/** Points of a draw: 2 blocks. */
CROW_API int64_t crow_signs_points(const crow_signs *signs);

/** How many numbers of work space, `room`, the following need. */
CROW_API int64_t crow_signs_room(const crow_signs *signs);
/** z of draw `draw`: (blocks, block length). `room` is crow_signs_room() numbers of work space, here and below. */
CROW_API void crow_signs_draw(const crow_signs *signs, int64_t draw, double *room, double *z);
/** The point (d) of row `row` of the draw z, summed in a fixed order; `room` as above. */
CROW_API void crow_signs_point(const crow_signs *signs, const double *z, int64_t row, double *room, double *point);
/** Points `begin` .. `begin + count`: `points` (count, d). */
CROW_API crow_status crow_signs_sample(const crow_signs *signs, int64_t begin, int64_t count, double *points);

/** The centre (d), borrowed. */
CROW_API const double *crow_signs_centre(const crow_signs *signs);
/** B'v of `rows` (count, d), which are overwritten: `out` (count, blocks, block length), so that
 * (point - centre) . v = z^(k) . B'v; `room` as above. Rounded in double; bits may depend on the BLAS. */
CROW_API void crow_signs_adjoint(const crow_signs *signs, int64_t count, double *rows, double *room, double *out);
/** A bound of |Bz| / |z|. */
CROW_API double crow_signs_norm(const crow_signs *signs);
/** A bound of the roundings in a row that a coordinate of a point, or of B'v, takes part in. */
CROW_API double crow_signs_roundings(const crow_signs *signs);

#ifdef __cplusplus
}
#endif
#endif
