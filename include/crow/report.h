/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Results, pictures and provenance on one page of HTML that holds everything itself.
 */
#ifndef CROW_REPORT_H
#define CROW_REPORT_H

#include <crow/plot.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How many files fit on one page. */
#define CROW_PAGE_MOST CROW_PLOT_MOST

typedef struct crow_page_options {
  const char *labels;   /**< what the files are called, separated by commas; NULL: their names */
  const char *title;    /**< heads the page; default "Rewards from preferences" */
  crow_elo_options elo; /**< of the leaderboard and the forest plot, crow_elo_settings */
} crow_page_options;
extern CROW_API const crow_setting crow_page_settings[];

/** Writes a page about `paths` (count, at most CROW_PAGE_MOST): rewards, weights and dataset files, or JSON summaries
 * of commands, whose names end with .json. `output` replaces another file only if `overwrite`. `*pictures` is how many
 * the page has. Needs gnuplot: CROW_FAILED without. All ranks read, rank 0 writes. Collective; all arguments agree. */
CROW_API crow_status crow_page_write(const crow_comm *comm, int count, char *const *paths,
                                     const crow_page_options *options, const char *output, bool overwrite,
                                     int *pictures);

#ifdef __cplusplus
}
#endif
#endif
