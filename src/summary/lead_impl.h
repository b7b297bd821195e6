/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_SUMMARY_LEAD_IMPL_H
#define CROW_SUMMARY_LEAD_IMPL_H

#include <crow/summary.h>
#include <math.h>

/* Before any rival is looked at. */
static inline crow_lead crow_lead_begin(int64_t first) {
  return (crow_lead){.first = first, .second = -1, .error = (double)NAN, .clear = true};
}

/* How many standard errors the best is ahead; infinite where there are none. */
static inline double crow_lead_errors(const crow_lead *lead) {
  return lead->shared ? 0 : lead->error > 0 ? lead->lead / lead->error : (double)INFINITY;
}

/* Takes `rival`, `lead` behind with the standard error `error` (NaN: not known), in the place of the one so far if it
 * is fewer standard errors behind. */
static inline void crow_lead_consider(crow_lead *best, int64_t rival, double lead, double error, bool shared) {
  const crow_lead found = {best->first, rival, lead, error, shared, !shared && !(lead < CROW_LEAD_CLEAR * error)};
  if (best->second < 0 || crow_lead_errors(&found) < crow_lead_errors(best)) *best = found;
}

#endif
