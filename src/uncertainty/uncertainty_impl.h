/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_UNCERTAINTY_IMPL_H
#define CROW_UNCERTAINTY_IMPL_H

#include <crow/uncertainty.h>

/* A dataset's comparisons, by pairs and one by one. */
typedef struct crow_judged {
  crow_pairs pairs;
  crow_judgements judgements;
} crow_judged;

/* CROW_USAGE if the dataset has none. Collective. */
crow_status crow_judged_read(const crow_comm *comm, const crow_dataset *dataset, crow_judged *out);
void crow_judged_free(crow_judged *judged);

#endif
