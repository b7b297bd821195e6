/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"

static crow_status pca_make(crow_run *run, const crow_dataset *dataset, crow_provenance *provenance) {
  crow_status status = CROW_OK;
  crow_pca_summary found = {0};
  const crow_pca_options *options = run->options;
  CROW_TRY(crow_pca_run(run->comm, dataset, options, run->common.output, run->common.force, provenance, &found));
  crow_stages_end(&run->stages);
  CROW_TRY(crow_results_components(run, &found));
cleanup:
  crow_pca_summary_free(&found);
  return status;
}

static crow_status run_pca(crow_run *run) { return crow_results_rewrite(run, "project", pca_make); }

static const crow_section sections[] = {{"Projection", crow_pca_settings, 0}, {0}};

const crow_command crow_command_pca = {
    .name = "pca",
    .summary = "project contexts onto their principal components",
    .description =
        "Writes a copy of a dataset whose contexts are the coordinates of the old ones, less their mean, along the K "
        "directions in which they vary most. Everything else is copied. Voronoi weights in many dimensions need far "
        "more samples than in few.\n\n"
        "Of the two directions of each component the one whose largest entry is positive is taken, so the coordinates "
        "are the same on any number of ranks. --fit-cube suits the space --space cube of the weights.\n\n"
        "Datasets that are compared, one without clones and one with them, must share a basis (--basis): clones turn "
        "the components of their own dataset towards themselves, which changes the weights of everything else.",
    .example = "crow pca votes.h5 -o votes-8.h5 --components 8\n"
               "crow pca votes.h5 -o votes-cube.h5 --components 8 --fit-cube\n"
               "crow pca more-votes.h5 -o more-votes-cube.h5 --components 8 --fit-cube --basis votes.h5\n"
               "mpirun -n 4 crow pca embeddings.h5 -o embeddings-32.h5 --components 32",
    .arguments = "DATASET",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_OUTPUT | CROW_TAKES_JSON,
    .options_bytes = sizeof(crow_pca_options),
    .sections = sections,
    .run = run_pca,
};
