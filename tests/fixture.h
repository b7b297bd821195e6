/* SPDX-License-Identifier: Apache-2.0 */
/* Datasets that tests make for themselves. Collective over the communicator: every rank passes the whole arrays. */
#ifndef CROW_TESTS_FIXTURE_H
#define CROW_TESTS_FIXTURE_H

#include "harness.h"

typedef struct test_dataset {
  int64_t m, d;
  const double *context;                    /* (m, d) */
  const char *const *topic, *const *prompt; /* (m), or NULL */
  /* At most one source of preferences; with none, a population that is indifferent. */
  int64_t q; /* comparisons, if any */
  const int32_t *first, *second;
  const double *outcome;
  const double *matrix;              /* (m, m), or NULL */
  int64_t types;                     /* annotator types, if any */
  const double *prevalence, *reward; /* (types), (types, m) */
} test_dataset;

/* Writes it to `path`, replacing what is there. */
void test_dataset_write(const crow_comm *comm, const char *path, const test_dataset *dataset);

/* A weights file with these values. */
void test_weights_write(const crow_comm *comm, const char *path, int64_t m, const double *value);

/* The weights of a dataset of these contexts, its vectors whole on every rank; free it. */
typedef struct test_weighed {
  double *value, *error; /* (m) */
  int64_t *hits;         /* (m), zeros where nothing was sampled */
  crow_weights weights;
} test_weighed;
test_weighed test_weigh(const crow_comm *comm, int64_t m, int64_t d, const double *context,
                        const crow_weights_options *options);
void test_weighed_free(test_weighed *weighed);

/* The same on the world, stopped at once after every round, over and over, until it is done: how many times that was.
 * The last rank alone is told to stop. */
int test_weigh_stopped(int64_t m, int64_t d, const double *context, const crow_weights_options *options,
                       crow_weights *weights);

/* Puts a slice together on every rank: (partition->global) values, free with crow_free(). */
double *test_gather(const crow_comm *comm, const crow_partition *partition, const double *slice);

/* The communicator of this rank alone; destroy it. */
crow_comm *test_comm_alone(void);

#endif
