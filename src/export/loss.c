/* SPDX-License-Identifier: Apache-2.0 */
/* What each comparison counts in the objective: for whoever trains a reward model of their own with clone-robust
 * weights. A pair's term of Equation 2 is w(x) w(y) s c times the mean over its n judgements of -log sigma, so a row of
 * j judgements has the weight j w(x) w(y) s c / n (with prompts over the prompt's share and with its own s). */
#include "export/export_impl.h"
#include <stdlib.h>
#include <string.h>

struct crow_pair_loss {
  uint64_t key;
  double loss; /* w(x) w(y) s c / n */
};

static uint64_t pair_loss_key(int64_t x, int64_t y) {
  return x < y ? (uint64_t)x << 32 | (uint64_t)y : (uint64_t)y << 32 | (uint64_t)x;
}

static int pair_loss_order(const void *a, const void *b) {
  const crow_pair_loss *x = a, *y = b;
  return (x->key > y->key) - (x->key < y->key);
}

/* All pairs with what a judgement of each counts, on rank 0, by key. */
static crow_status gather_losses(const crow_comm *comm, const crow_objective *objective, const crow_pairs *pairs,
                                 bool count, crow_pair_loss **out, int64_t *total) {
  crow_status status = CROW_OK;
  const crow_partition *p = &pairs->partition;
  const crow_gidx all = crow_comm_rank(comm) == 0 ? p->global : 0;
  crow_pair_loss *mine = NULL;
  *total = all;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&mine, p->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(out, all));
  for (int64_t k = 0; k < p->count; k++) {
    const double mass = crow_objective_pair_mass(objective, k) * crow_objective_pair_scale(objective);
    mine[k] = (crow_pair_loss){pair_loss_key(pairs->first[k], pairs->second[k]),
                               count ? mass : mass / (double)pairs->judgements[k]};
  }
  CROW_TRY(crow_comm_fetch(comm, p->begin, p->count, mine, 0, all, *out, sizeof **out));
  if (all) qsort(*out, (size_t)all, sizeof **out, pair_loss_order);
cleanup:
  crow_free(mine);
  return status;
}

/* Weights from a file, or all equal. */
static crow_status read_loss_weights(const crow_comm *comm, const crow_dataset *dataset, const char *name,
                                     crow_weights *out) {
  crow_weights_options uniform;
  if (strcmp(name, "uniform") == 0) {
    crow_weights_options_default(&uniform);
    uniform.scheme = CROW_SCHEME_UNIFORM;
    CROW_NEED(crow_weights_compute(comm, dataset, &uniform, out));
  } else {
    CROW_NEED(crow_weights_read(comm, name, dataset, out));
  }
  return crow_weights_find_shares(comm, dataset, out);
}

crow_status crow_export_loss(const crow_comm *comm, const char *input, const crow_export_options *options,
                             double memory_per_rank, crow_export *out) {
  crow_status status = CROW_OK;
  crow_dataset dataset = {0};
  crow_weights weights = {0};
  crow_pairs pairs = {0};
  crow_objective *objective = NULL;
  CROW_TRY(crow_dataset_open(comm, input, false, &dataset));
  if (!dataset.has_comparisons) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: has no comparisons whose loss weights could be told", input));
  }
  CROW_TRY(crow_comm_check_memory(
      comm, memory_per_rank,
      (double)CROW_PROCESS_BYTES + 140 * (double)dataset.comparisons + 60 * (double)dataset.alternatives,
      "use a larger machine", "the pairs of %lld comparisons", (long long)dataset.comparisons));
  CROW_TRY(read_loss_weights(comm, &dataset, options->weights, &weights));
  CROW_TRY(crow_pairs_read(comm, &dataset, &pairs));
  if (!options->objective.across_prompts) CROW_TRY(crow_pairs_check_prompts(comm, &dataset, &pairs));
  CROW_TRY(crow_objective_create_pairs(comm, &options->objective, &weights, &pairs, &objective));
  CROW_TRY(gather_losses(comm, objective, &pairs, options->objective.pair_weight, &out->loss, &out->losses));
cleanup:
  crow_objective_destroy(&objective);
  crow_pairs_free(&pairs);
  crow_weights_free(&weights);
  crow_dataset_close(&dataset);
  return status;
}

crow_status crow_export_read_loss(crow_export *t, int64_t begin, int64_t count, double *loss) {
  crow_status status = CROW_OK;
  int64_t *first = NULL, *second = NULL, *times = NULL;
  const bool counts = crow_file_has(t->file, "/comparisons/count");
  CROW_TRY_AGREE(t->comm, CROW_ALLOCATE_RAW_EACH(count, &first, &second, &times));
  CROW_TRY(crow_file_read(t->file, "/comparisons/first", begin, count, CROW_I64, first));
  CROW_TRY(crow_file_read(t->file, "/comparisons/second", begin, count, CROW_I64, second));
  if (counts) CROW_TRY(crow_file_read(t->file, "/comparisons/count", begin, count, CROW_I64, times));
  for (int64_t i = 0; i < count; i++) {
    const crow_pair_loss key = {pair_loss_key(first[i], second[i]), 0};
    const crow_pair_loss *found = bsearch(&key, t->loss, (size_t)t->losses, sizeof key, pair_loss_order);
    loss[i] = found ? found->loss * (counts ? (double)times[i] : 1) : 0;
  }
cleanup:
  CROW_FREE(first, second, times);
  return status;
}
