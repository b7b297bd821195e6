/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Pictures of results. All ranks read, rank 0 has gnuplot draw; no rank ever holds a large file.
 */
#ifndef CROW_PLOT_H
#define CROW_PLOT_H

#include <crow/summary.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What is drawn; AUTO: topics for rewards that have them, else their win rates; weights; for a dataset its Voronoi
 * diagram; for the JSON summary of a command what it holds. */
typedef enum crow_plot_kind {
  CROW_PLOT_AUTO,
  CROW_PLOT_TOPICS,
  CROW_PLOT_WIN_RATE,
  CROW_PLOT_WEIGHTS,
  CROW_PLOT_CONVERGENCE,
  CROW_PLOT_CALIBRATION,
  CROW_PLOT_AUDIT,
  CROW_PLOT_VORONOI,
  CROW_PLOT_SCALING,
  CROW_PLOT_DISTANCES,
  CROW_PLOT_FOREST,
  CROW_PLOT_WIN_RATES
} crow_plot_kind;
/** Their names, in this order. */
#define CROW_PLOT_KINDS                                                                                                \
  "auto|topics|win-rate|weights|convergence|calibration|audit|voronoi|scaling|distances|forest|win-rates"

/** How many files fit in one picture. */
#define CROW_PLOT_MOST CROW_COMPARISON_MOST
/** Room for a picture in one sentence. */
#define CROW_PLOT_ALT_BYTES 512

typedef struct crow_plot_options {
  int kind;             /**< crow_plot_kind; default auto */
  const char *labels;   /**< what the files are called, separated by commas; NULL: their names */
  const char *title;    /**< a line above the picture; NULL: none, or one that the kind makes */
  int64_t width;        /**< in pixels, from 360 to 4000, default 720; a PNG has twice as many */
  crow_elo_options elo; /**< the scale of a forest plot, crow_elo_settings */
} crow_plot_options;
extern CROW_API const crow_setting crow_plot_settings[];

/** CROW_USAGE unless the name ends with .svg, .png or .pdf. Local. */
CROW_API crow_status crow_plot_check_output(const char *output);
/** Draws `paths` (count, at most CROW_PLOT_MOST): rewards, weights and dataset files, or JSON files, whose names end
 * with .json, into the file `output`, which replaces another only if `overwrite`. `alt` is the picture in one sentence,
 * for those who cannot see it (the same on all ranks). Needs gnuplot: CROW_FAILED without. Collective; all arguments
 * agree.
 */
CROW_API crow_status crow_plot_run(const crow_comm *comm, int count, char *const *paths,
                                   const crow_plot_options *options, const char *output, bool overwrite,
                                   char alt[CROW_PLOT_ALT_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
