/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"

static const crow_section sections[] = {
    {"Picture", crow_plot_settings, 0},
    {"Scale (with --kind forest)", crow_elo_settings, offsetof(crow_plot_options, elo)},
    {0}};

static crow_status check_plot(const crow_run *run) {
  return run->common.output ? crow_plot_check_output(run->common.output) : CROW_OK;
}

static crow_status run_plot(crow_run *run) {
  const char *output = run->common.output;
  char alt[CROW_PLOT_ALT_BYTES];
  CROW_NEED(crow_plot_run(run->comm, run->argument_count, run->argument, run->options, output, run->common.force, alt));
  crow_print(run, "%s: %s", output, alt);
  return CROW_OK;
}

const crow_command crow_command_plot = {
    .name = "plot",
    .summary = "draw a picture of results",
    .description = "Draws rewards, weights, datasets of two dimensions, or the JSON summaries of other commands, as "
                   "SVG, PNG or PDF. Several results come side by side in one picture. Colours are those of Okabe and "
                   "Ito, and shapes differ too, so that nobody needs colour vision and print may be grey. Large "
                   "results are drawn by what is in each part of the picture, so that a picture stays small.\n\n"
                   "--kind forest takes rewards files and shows what a leaderboard does: places, names, rewards and "
                   "their 95 % intervals (bootstrap, else 1.96 standard errors), the best 30, or the best 20 and the "
                   "worst 10 of more. --kind win-rates takes a dataset and its rewards and shows who won against whom "
                   "and what the fit says of it, for the best 40.\n\n"
                   "--kind voronoi takes a dataset and, if you like, a weights or rewards file of it; without one the "
                   "cells' exact areas are shown. --kind scaling takes {\"scaling\": [{\"ranks\": 4, \"seconds\": "
                   "2.5}, ...]}, for weak scaling with the \"work\" that each run did. --kind distances takes "
                   "datasets, or weights made with --scheme radius, and marks the radius in the histogram of the "
                   "distances of pairs: the valley between two humps, if there are two. Needs gnuplot.",
    .example = "crow plot uniform.h5 voronoi.h5 -o topics.svg --labels 'standard MLE,weighted MLE'\n"
               "crow plot rewards.h5 --kind convergence -o convergence.png\n"
               "crow plot rewards.h5 --kind forest --elo -o leaderboard.pdf\n"
               "crow plot votes.h5 rewards.h5 --kind win-rates -o duels.svg\n"
               "crow plot votes.h5 weights.h5 --kind voronoi -o cells.svg",
    .arguments = "FILE...",
    .least_arguments = 1,
    .most_arguments = CROW_PLOT_MOST,
    .takes = CROW_TAKES_OUTPUT | CROW_PLAIN | CROW_STREAMS,
    .options_bytes = sizeof(crow_plot_options),
    .sections = sections,
    .check = check_plot,
    .run = run_plot,
};
