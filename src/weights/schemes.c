/* SPDX-License-Identifier: Apache-2.0 */
/* Which scheme makes the weights of one prompt; a new scheme is entered here. */
#include "weights/weights_impl.h"
#include <string.h>

/* Exactly where that is possible and nothing else was asked for, else by sampling. */
static crow_status scheme_voronoi(const crow_comm *comm, const crow_dataset *dataset,
                                  const crow_weights_options *options, const char *reason, crow_space *space,
                                  crow_checkpoint *checkpoint, crow_weights *out) {
  crow_status status = CROW_OK;
  bool exact = false;
  crow_space *own = NULL;
  if (!space) {
    CROW_TRY(crow_space_create(comm, &options->space, dataset, &own));
    if (options->relative_error > 0 || options->open_ended) crow_space_shuffle(own);
    space = own;
    crow_weights_log_space(crow_space_describe(space), reason);
  }
  CROW_TRY(crow_weights_exact(comm, dataset, options, space, &exact, out));
  if (!exact) CROW_TRY(crow_weights_voronoi(comm, dataset, options, space, checkpoint, out));
cleanup:
  crow_space_destroy(&own);
  return status;
}

crow_status crow_weights_by_scheme(const crow_comm *comm, const crow_dataset *dataset,
                                   const crow_weights_options *options, const char *reason, crow_space *space,
                                   crow_checkpoint *checkpoint, crow_weights *out) {
  switch ((crow_scheme)options->scheme) {
  case CROW_SCHEME_VORONOI:
    CROW_NEED(scheme_voronoi(comm, dataset, options, reason, space, checkpoint, out));
    break;
  case CROW_SCHEME_UNIFORM:
    CROW_NEED(crow_weights_uniform(comm, dataset->alternatives, out));
    break;
  case CROW_SCHEME_KERNEL:
  case CROW_SCHEME_RADIUS:
    CROW_NEED(crow_weights_density(comm, dataset, options, checkpoint, out));
    break;
  case CROW_SCHEME_CLUSTER:
    CROW_NEED(crow_weights_cluster(comm, dataset, options, out));
    break;
  }
  return CROW_OK;
}

crow_status crow_weights_of_prompt(const crow_comm *comm, const crow_dataset *dataset,
                                   const crow_weights_options *options, crow_space *space, crow_weights *out) {
  memset(out, 0, sizeof *out);
  const crow_status status = crow_weights_by_scheme(comm, dataset, options, "", space, NULL, out);
  if (status != CROW_OK) crow_weights_free(out);
  return status;
}
