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
  CROW_TRY(CROW_ALLOCATE_RAW(&out->best, m));
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
  CROW_FREE(w->begin, w->alternative, w->best);
  for (int k = 0; k < 2; k++) {
    CROW_FREE(w->room[k], w->winner[k]);
  }
  memset(w, 0, sizeof *w);
}

crow_gidx crow_within_prompt(const crow_within *w, crow_gidx alternative) {
  return w->prompt ? w->prompt[alternative] : 0;
}

/* The greatest reward of each alternative and its clones. */
static void within_find_best(const crow_within *w, const crow_clones *clones, crow_gidx all, const double *reward) {
  memcpy(w->best, reward, (size_t)w->m * sizeof *w->best);
  for (crow_gidx i = w->m; i < all; i++) {
    double *best = &w->best[crow_clones_original(clones, w->m, i)];
    *best = fmax(*best, reward[i]);
  }
}

crow_gidx crow_within_changed(crow_within *w, crow_measured before, const crow_clones *clones, crow_gidx all,
                              crow_measured after, crow_gidx *first) {
  crow_gidx changed = 0;
  *first = 0;
  within_find_best(w, clones, all, after.value);
  for (crow_gidx k = w->prompts - 1; k >= 0; k--) {
    const crow_gidx begin = w->begin[k], n = w->begin[k + 1] - begin;
    int64_t winner[2];
    for (crow_gidx i = 0; i < n; i++) {
      w->room[0][i] = before.value[w->alternative[begin + i]];
      w->room[1][i] = w->best[w->alternative[begin + i]];
    }
    crow_winners(n, (crow_measured){w->room[0], before.tie}, (crow_measured){w->room[1], after.tie}, winner);
    for (int j = 0; j < 2; j++) w->winner[j][k] = winner[j] < 0 ? -1 : w->alternative[begin + winner[j]];
    if (winner[0] == winner[1]) continue;
    changed++;
    *first = k;
  }
  return changed;
}

crow_status crow_within_tau(crow_within *w, const double *before, const double *after, double *tau) {
  crow_gidx defined = 0;
  double sum = 0;
  for (crow_gidx k = 0; k < w->prompts; k++) {
    const crow_gidx begin = w->begin[k], n = w->begin[k + 1] - begin;
    double own = NAN;
    for (crow_gidx i = 0; i < n; i++) {
      w->room[0][i] = before[w->alternative[begin + i]];
      w->room[1][i] = after[w->alternative[begin + i]];
    }
    if (n > 1) CROW_NEED(crow_kendall_tau(n, w->room[0], w->room[1], &own));
    if (isnan(own)) continue;
    sum += own;
    defined++;
  }
  *tau = defined ? sum / (double)defined : NAN;
  return CROW_OK;
}
