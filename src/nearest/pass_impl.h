/* SPDX-License-Identifier: Apache-2.0 */
/* The approximate first pass that the gemm and fused engines share.
 *
 * With s and y moved by a centre and scaled by a power of two, the nearest alternative maximises
 *   score(s, y) = s.y - |y|^2 / 2 = (|s|^2 - |s - y|^2) / 2.
 * The pass takes scores in float (or double), and crow_frame_bound() proves how far they, and half the canonical
 * distance, can be from the exact ones. Every context whose score plus bound reaches the greatest score minus bound is
 * a candidate; candidates are decided by crow_nearest_decide(). So the result is the exact one whatever the pass
 * rounds, and the pass only has to be accurate enough to leave few candidates. */
#ifndef CROW_PASS_IMPL_H
#define CROW_PASS_IMPL_H

#include "nearest/nearest_impl.h"

typedef struct crow_pass crow_pass;
typedef struct crow_pass_work crow_pass_work;

/* The coordinates of the pass, x -> (x - centre) * scale, and its error bound. */
typedef struct crow_frame {
  double *centre; /* (d) */
  double scale;   /* a power of two that makes a typical context's largest coordinate about 1 */
  double limit;   /* norms from here on may overflow: such points and contexts are decided canonically */
  double relative, canonical, underflow, root_d; /* see crow_frame_bound() */
} crow_frame;

crow_status crow_frame_create(const crow_nearest *nearest, crow_precision precision, crow_frame *out);
void crow_frame_free(crow_frame *frame);
/* How far any computed score of a point with norm `point` and a context of norm up to `radius` can be from the exact
 * one that its canonical distance rounds; INFINITY beyond the limit. */
double crow_frame_bound(const crow_frame *frame, double point, double radius);

/* Converts one row of doubles or floats into the pass's type and returns its norm, rounded up. A row beyond the limit
 * gives INFINITY and is written as zeros, so that no score is ever NaN. */
double crow_frame_convert(const crow_pass *pass, const void *row, crow_precision type, void *out);

/* How an engine takes scores. */
typedef struct crow_pass_scorer {
  /* Sets pass->chunk, panel, strip and score_count. */
  void (*shape)(crow_pass *pass);
  /* Writes the converted `rows` (count, d) of a panel in the scorer's layout. NULL: rows are used as they are. */
  void (*arrange)(const crow_pass *pass, const void *rows, int64_t count, void *layout);
  /* Takes all scores of work->n points and offers them. */
  crow_status (*score)(const crow_pass *pass, crow_pass_work *work);
} crow_pass_scorer;

extern const crow_pass_scorer crow_gemm_scorer, crow_fused_scorer;

struct crow_pass {
  const crow_nearest *nearest;
  const crow_pass_scorer *scorer;
  crow_precision precision;
  const crow_pass_kernels *kernels;
  size_t real_bytes;
  int64_t d, count;      /* dimensions, distinct contexts */
  int64_t chunk;         /* points taken at once */
  int64_t panel, panels; /* contexts converted at once, and how many such panels there are */
  int64_t strip;         /* contexts that share a bound; divides panel */
  int64_t score_count;   /* numbers in work->scores */
  crow_frame frame;
  void *minus_half; /* (panels * panel) -|y|^2 / 2, -INFINITY behind the last */
  double *radius;   /* (panels * panel / strip) largest norm */
  void *prepared;   /* all panels in the scorer's layout; NULL when they are made anew for every chunk of points */
};

/* More candidates than this make a point crowded: it is scored a second time and decided as its candidates appear. */
#define CROW_CANDIDATES 32

typedef struct crow_candidate {
  double upper; /* score plus bound */
  int64_t index;
} crow_candidate;

/* What can be nearest to a crowded point so far, and the least canonical distance. */
typedef struct crow_tie_list {
  double least;
  int64_t *index;
  double *distance;
  int64_t count, capacity;
} crow_tie_list;

struct crow_pass_work {
  const double *points;      /* (.., d) borrowed: the chunk as given */
  int64_t n;                 /* points being scored */
  int64_t *id;               /* (chunk) which points of the chunk they are */
  void *converted;           /* (chunk, d) */
  double *norm;              /* (chunk) */
  double *lower;             /* (chunk) greatest score minus bound so far */
  int32_t *kept;             /* (chunk) candidates; CROWDED when there are too many */
  crow_candidate *candidate; /* (chunk, CROW_CANDIDATES) */
  bool deciding;             /* the second scoring */
  crow_tie_list *ties;       /* (chunk) in the second scoring */
  void *scores;              /* the scorer's */
  void *layout, *rows;       /* a panel in the scorer's layout, and converted, when not prepared */
  int32_t *hit;              /* (panel, at least CROW_HITS_LEAST) positions found in one row of scores */
  /* Pairs to be decided canonically. */
  int64_t pairs, pair_capacity;
  const double **pair_point;
  const void **pair_context;
  int64_t *pair_index;
  double *pair_distance;
};

#define CROW_CROWDED (-1)
#define CROW_HITS_LEAST 1024

/* The panel in the scorer's layout: prepared, or made now in work->layout. */
const void *crow_pass_panel(const crow_pass *pass, crow_pass_work *work, int64_t panel);
static inline int64_t crow_pass_panel_count(const crow_pass *pass, int64_t panel) {
  const int64_t left = pass->count - panel * pass->panel;
  return left < pass->panel ? left : pass->panel;
}

/* Converts the points work->id[0 .. n). */
crow_status crow_candidates_take_points(const crow_pass *pass, crow_pass_work *work);
/* Offers the scores (in the pass's type) of point i and `count` contexts from `first` on, all in one strip. Strips come
 * in ascending order for each point. */
crow_status crow_candidates_offer(const crow_pass *pass, crow_pass_work *work, int64_t i, int64_t first, int64_t count,
                                  const void *scores);
/* Decides all points of the chunk after their scoring, scoring crowded ones again, and appends the winners. */
crow_status crow_candidates_decide(const crow_pass *pass, crow_pass_work *work, crow_nearest_winners *winners);

crow_status crow_pass_create(crow_nearest *nearest, const crow_pass_scorer *scorer);
void crow_pass_destroy(void *state);
crow_status crow_pass_work_create(const crow_nearest *nearest, void **work);
void crow_pass_work_destroy(void *work);
crow_status crow_pass_search(const crow_nearest *nearest, void *work, const double *points, int64_t n,
                             crow_nearest_winners *winners);

#endif
