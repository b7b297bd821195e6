/* SPDX-License-Identifier: Apache-2.0 */
/* crow as a library: alternatives and comparisons in memory -> weights -> rewards, on any number of ranks.
 * Espresso is nearly the same drink as coffee, and two of the five judges entered it as well. */
#include <crow/crow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALTERNATIVES = 4, DIMENSIONS = 2, COMPARISONS = 5 };
static const char *const names[ALTERNATIVES] = {"tea", "coffee", "espresso", "cocoa"};
static const double context[ALTERNATIVES][DIMENSIONS] = {{.3, .2}, {.8, .1}, {.82, .1}, {.1, .9}};
static const int32_t first[COMPARISONS] = {0, 1, 0, 2, 2}, second[COMPARISONS] = {1, 3, 3, 0, 3};
static const double outcome[COMPARISONS] = {1, 1, .5, 0, 1}; /* the share that `first` won */

/* Hands out contexts whenever crow reads them, here from memory: rows begin .. begin + count. */
static void read_contexts(void *unused, crow_gidx begin, crow_gidx count, crow_type type, void *values) {
  (void)unused;
  for (crow_gidx i = 0; i < count; i++) {
    for (int k = 0; k < DIMENSIONS; k++) {
      if (type == CROW_F32) ((float *)values)[i * DIMENSIONS + k] = (float)context[begin + i][k];
      if (type == CROW_F64) ((double *)values)[i * DIMENSIONS + k] = context[begin + i][k];
    }
  }
}

static void print_rewards(const crow_rewards *rewards) {
  for (crow_gidx i = 0; i < rewards->partition.count; i++) {
    printf("%-10s weight %.4f  reward %+.4f\n", names[rewards->partition.begin + i], rewards->weight[i],
           rewards->value[i]);
  }
}

int main(int argc, char **argv) {
  crow_status status = CROW_OK;
  crow_comm *comm = NULL;
  crow_weights weights = {0};
  crow_pairs pairs = {0};
  crow_rewards rewards = {0};
  crow_weights_options how_to_weigh;
  crow_train_options how_to_fit;
  CROW_TRY(crow_comm_init(&argc, &argv));
  CROW_TRY(crow_comm_create_world(&comm));
  const crow_dataset dataset = crow_dataset_generated(ALTERNATIVES, DIMENSIONS, false, read_contexts, NULL);
  /* Comparisons may be spread over the ranks in any way; here the first rank has them all. */
  const int64_t mine = crow_comm_rank(comm) == 0 ? COMPARISONS : 0;
  crow_weights_options_default(&how_to_weigh);
  crow_train_options_default(&how_to_fit);
  CROW_TRY(crow_weights_compute(comm, &dataset, &how_to_weigh, &weights));
  CROW_TRY(crow_pairs_create(comm, ALTERNATIVES, mine, first, second, outcome, NULL, &pairs));
  CROW_TRY(crow_rewards_fit_pairs(comm, &weights, &pairs, &how_to_fit, &rewards));
  print_rewards(&rewards); /* of this rank's slice of the alternatives */
  if (crow_comm_rank(comm) == 0) printf("largest violation of the optimality condition %.1e\n", rewards.optimality);
cleanup:
  if (status != CROW_OK) (void)fprintf(stderr, "drinks: %s\n", crow_error_message());
  crow_rewards_free(&rewards);
  crow_pairs_free(&pairs);
  crow_weights_free(&weights);
  crow_comm_destroy(&comm);
  crow_comm_finalize();
  return (int)status;
}
