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
crow_status crow_judged_read(const crow_comm *comm, const crow_dataset *dataset, const char *by, crow_judged *out);
void crow_judged_free(crow_judged *judged);

/* ---- topic_errors.c; Collective -------------------------------------------------------------------------------- */

/* The dataset's topics, if their standard errors are wanted and they are few enough; else none. */
crow_status crow_topic_errors_labels(const crow_dataset *dataset, const crow_uncertainty_options *how,
                                     const crow_partition *partition, crow_labels *topics);
/* The mean of each topic: `mean` (topics) of a vector whose slices' elements are `stride` apart. */
crow_status crow_topic_errors_average(const crow_comm *comm, const crow_partition *partition, const crow_labels *topics,
                                      const double *values, int64_t stride, double *mean);
/* Names, means and standard errors from the covariances (topics, topics), which are copied. */
crow_status crow_topic_errors_fill(const crow_comm *comm, const crow_partition *partition, const double *reward,
                                   const crow_labels *topics, const double *covariance, crow_topic_errors *out);

/* The weighted alternative of the greatest of the rewards (this rank's slice), the first of equal ones. Collective. */
crow_status crow_uncertainty_leader(const crow_comm *comm, const crow_weights *weights, const double *reward,
                                    crow_gidx *leader);

#endif
