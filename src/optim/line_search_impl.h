/* SPDX-License-Identifier: Apache-2.0 */
/* A strong Wolfe line search that is told values and slopes and answers with the next step: it calls nothing, so it is
 * the same on all ranks and can be tested by itself. */
#ifndef CROW_LINE_SEARCH_IMPL_H
#define CROW_LINE_SEARCH_IMPL_H

#include <crow/base.h>

/* Sufficient decrease and curvature (Nocedal and Wright, Eq. 3.7). */
#define CROW_LINE_DECREASE 1e-4
#define CROW_LINE_CURVATURE 0.9
#define CROW_LINE_MAX_TRIALS 40

typedef enum crow_line_verdict { CROW_LINE_ACCEPT, CROW_LINE_GO_ON, CROW_LINE_FAILED } crow_line_verdict;

typedef struct crow_line_point {
  double step, value, slope;
} crow_line_point;

typedef struct crow_line_search {
  crow_line_point start; /* step 0; the slope is negative */
  double noise;          /* values that differ by no more are taken for equal, and the slopes decide */
  double step;           /* to try next */
  crow_line_point low;   /* decrease sufficient and slope negative: an acceptable step lies above it */
  crow_line_point high;  /* an acceptable step lies below it; step is infinite while there is none */
  double widths[2];      /* of the bracket, at the last two trials */
  int trials;
} crow_line_search;

void crow_line_search_begin(crow_line_search *search, double value, double slope, double noise, double step);
/* Takes what was found at search->step; unless it is accepted or all is lost, search->step becomes the next to try. */
crow_line_verdict crow_line_search_judge(crow_line_search *search, double value, double slope);

#endif
