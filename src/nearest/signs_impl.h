/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest alternatives of all points of draws of block signs.
 *
 * With c the centre, v = y - c and t = point - c = B z^(k), the nearest alternative maximises
 *   score = t.v - |v|^2 / 2 = z^(k).a - |v|^2 / 2,   a = B'v,
 * and z^(k).a is row k of the Walsh-Hadamard transform of the products of the blocks of z and a. Products and transform
 * are taken in single precision; crow_sign_bound() proves how far a score can be from the exact one of the point as it
 * is rounded to double. Every context whose score plus bound reaches the greatest score minus bound so far is noted;
 * what is left of a point's notes at the end contains its nearest. One note is the answer; several are decided by
 * crow_nearest_decide(), from the point itself. */
#ifndef CROW_SIGNS_IMPL_H
#define CROW_SIGNS_IMPL_H

#include "nearest/nearest_impl.h"

/* Notes of a point; beyond that it is crowded and searched whole. */
#define CROW_SIGN_NOTES 8
#define CROW_SIGN_CROWDED (-1)
/* Contexts that are converted together. */
#define CROW_SIGN_ROWS 64

typedef struct crow_sign_note {
  float upper;
  int32_t index;
} crow_sign_note;

struct crow_sign_search {
  crow_nearest *nearest; /* contexts and exact decisions; its engine starts when the first crowded point appears */
  const crow_signs *signs;
  const crow_hull *hull;                 /* NULL where all dimensions are kept */
  int64_t d, blocks, length, size, rows; /* of points; blocks; a block's length; blocks * length; 2 blocks */
  int64_t lanes, panels, stretch; /* contexts of a panel; panels; panels that stay in the second cache together */
  int64_t batch;                  /* draws that pass by a stretch together */
  double *centre;                 /* (dimensions of the search) */
  double reach, far;              /* greatest |v|; |centre| and what else a point's coordinates are rounded at */
  double scale, middle;           /* scores are (z.a - |v|^2 / 2 - middle) * scale */
  float *offset;                  /* (panels * lanes), -INFINITY behind the last */
  double *radius, *spread;        /* (panels) greatest |a| and |offset| */
  double *slope, *intercept;      /* (panels) of the bound, a line in |z| */
  bool keeps;                     /* whether panels are prepared, or made anew for every batch */
  float *prepared;                /* all panels, or NULL */
  bool unfit;                     /* sizes so far apart that single precision may overflow: all are crowded */
  bool started;                   /* the engine of crowded points */
  struct crow_sign_work **work;   /* (threads) */
  int64_t searched, decided_again;
};

typedef struct crow_sign_work {
  double *row, *adjoint, *room; /* contexts being converted */
  float *panel;                 /* a stretch, where panels are not prepared */
  double *z, *norm;             /* (batch, size), (batch) */
  float *single;                /* (batch + 1, size) */
  float *threshold;             /* (batch + 1, rows) greatest score minus bound */
  int32_t *kept;                /* (batch, rows) */
  crow_sign_note *note;         /* (batch, rows, CROW_SIGN_NOTES) */
  float *transform, *upper;     /* the kernel's */
  int32_t *found;
  double *whole, *point; /* (d) a point, and where distances are taken */
} crow_sign_work;

/* How far a score of a draw with |z| = `norm` and a context of `panel` can be from the exact one. */
static inline double crow_sign_bound(const crow_sign_search *search, int64_t panel, double norm) {
  return search->slope[panel] * norm + search->intercept[panel];
}
/* `count` panels from `first` on, prepared or made in work->panel. */
const float *crow_sign_panels(const crow_sign_search *search, crow_sign_work *work, int64_t first, int64_t count);

#endif
