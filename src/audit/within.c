/* SPDX-License-Identifier: Apache-2.0 */
/* What changed within prompts: rewards of different prompts are not compared with each other. */
#include "audit/audit_impl.h"
#include <math.h>
#include <string.h>

crow_status crow_within_create(const crow_dataset *dataset, crow_within *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives;
  crow_gidx *next = NULL, longest = 0;
  *out = (crow_within){.m = m, .prompts = 1, .prompt = dataset->prompts > 1 ? dataset->prompt : NULL};
  if (out->prompt) out->prompts = dataset->prompts;
  CROW_TRY(CROW_ALLOCATE(&out->begin, out->prompts + 1));
  CROW_TRY(CROW_ALLOCATE(&out->alternative, m));
  CROW_TRY(CROW_ALLOCATE(&next, out->prompts));
  for (crow_gidx i = 0; i < m; i++) out->begin[crow_within_prompt(out, i) + 1]++;
  for (crow_gidx k = 0; k < out->prompts; k++) {
    longest = out->begin[k + 1] > longest ? out->begin[k + 1] : longest;
    out->begin[k + 1] += out->begin[k];
    next[k] = out->begin[k];
  }
  for (crow_gidx i = 0; i < m; i++) out->alternative[next[crow_within_prompt(out, i)]++] = i;
  for (int k = 0; k < 2; k++) {
    CROW_TRY(CROW_ALLOCATE(&out->room[k], longest));
    CROW_TRY(CROW_ALLOCATE(&out->winner[k], out->prompts));
  }
cleanup:
  crow_free(next);
  if (status != CROW_OK) crow_within_free(out);
  return status;
}

void crow_within_free(crow_within *w) {
  crow_free(w->begin);
  crow_free(w->alternative);
  for (int k = 0; k < 2; k++) {
    crow_free(w->room[k]);
    crow_free(w->winner[k]);
  }
  memset(w, 0, sizeof *w);
}

crow_gidx crow_within_prompt(const crow_within *w, crow_gidx alternative) {
  return w->prompt ? w->prompt[alternative] : 0;
}

/* The original of the first of the greatest rewards of each prompt; -1 where none is a number. */
static void within_find_winners(const crow_within *w, const crow_clones *clones, crow_gidx all, const double *reward,
                                crow_gidx *winner) {
  for (crow_gidx k = 0; k < w->prompts; k++) winner[k] = -1;
  for (crow_gidx i = 0; i < all; i++) {
    const crow_gidx k = crow_within_prompt(w, i < w->m ? i : crow_clones_original(clones, w->m, i));
    if (!isnan(reward[i]) && (winner[k] < 0 || reward[i] > reward[winner[k]])) winner[k] = i;
  }
  for (crow_gidx k = 0; k < w->prompts; k++) {
    if (winner[k] >= w->m) winner[k] = crow_clones_original(clones, w->m, winner[k]);
  }
}

crow_gidx crow_within_changed(crow_within *w, const double *before, const crow_clones *clones, crow_gidx all,
                              const double *after, crow_gidx *first) {
  crow_gidx changed = 0;
  *first = 0;
  within_find_winners(w, NULL, w->m, before, w->winner[0]);
  within_find_winners(w, clones, all, after, w->winner[1]);
  for (crow_gidx k = w->prompts - 1; k >= 0; k--) {
    if (w->winner[0][k] == w->winner[1][k]) continue;
    changed++;
    *first = k;
  }
  return changed;
}

crow_status crow_within_tau(crow_within *w, const double *before, const double *after, double *tau) {
  crow_status status = CROW_OK;
  crow_gidx defined = 0;
  double sum = 0;
  for (crow_gidx k = 0; k < w->prompts; k++) {
    const crow_gidx begin = w->begin[k], n = w->begin[k + 1] - begin;
    double own = NAN;
    for (crow_gidx i = 0; i < n; i++) {
      w->room[0][i] = before[w->alternative[begin + i]];
      w->room[1][i] = after[w->alternative[begin + i]];
    }
    if (n > 1) CROW_TRY(crow_kendall_tau(n, w->room[0], w->room[1], &own));
    if (isnan(own)) continue;
    sum += own;
    defined++;
  }
  *tau = defined ? sum / (double)defined : NAN;
cleanup:
  return status;
}
