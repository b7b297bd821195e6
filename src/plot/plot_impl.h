/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures of results. A picture is a gnuplot script that rank 0 collects while all ranks read, so that no rank ever
 * holds a large file; gnuplot then runs as a child process of rank 0. */
#ifndef CROW_PLOT_IMPL_H
#define CROW_PLOT_IMPL_H

#include <crow/plot.h>
#include <jansson.h>

enum { CROW_PLOT_LABEL_BYTES = 256 };

/* ---- sources: sources.c ------------------------------------------------------------------------------------ */

typedef enum crow_source_kind { CROW_IS_REWARDS, CROW_IS_WEIGHTS, CROW_IS_DATASET, CROW_IS_JSON } crow_source_kind;

/* One of the files that a picture is made from. */
typedef struct crow_plot_source {
  const char *path;
  char label[CROW_PLOT_LABEL_BYTES];
  crow_source_kind kind;
  crow_file *file; /* NULL for JSON */
  json_t *json;    /* rank 0's; elsewhere NULL */
  int report;      /* the crow_plot_kind that suits the JSON */
} crow_plot_source;

/* Opens HDF5 files, and JSON files by their suffix. Labels are the comma-separated `labels`, or the files' names
 * without folder and suffix if it is NULL. Collective. */
crow_status crow_plot_sources_open(const crow_comm *comm, int count, char *const *paths, const char *labels,
                                   crow_plot_source *source);
void crow_plot_sources_close(int count, crow_plot_source *source);

/* ---- pictures: script.c ------------------------------------------------------------------------------------ */

typedef struct crow_plot {
  const crow_comm *comm;
  bool root;
  int count;
  crow_plot_source *source;               /* borrowed */
  const char *title;                      /* borrowed; NULL: none */
  char made_title[CROW_PLOT_LABEL_BYTES]; /* what `title` is then, if the kind makes one */
  crow_elo_options elo;
  double width, height;            /* in pixels; the kind sets the height */
  double left, right, bottom, top; /* the present frame's edges, from the picture's lower left corner */
  int page;                        /* > 0: SVG to stand inline in a page, as this picture of it */
  char alt[CROW_PLOT_ALT_BYTES];   /* the picture in one sentence, for those who cannot see it */
  char *text;                      /* rank 0's script, owned */
  size_t length;
  FILE *script; /* writes `text` on rank 0; elsewhere NULL */
} crow_plot;

/* Begins a picture; Local. */
crow_status crow_plot_create(const crow_comm *comm, int count, crow_plot_source *source, const char *title,
                             double width, crow_plot *plot);
void crow_plot_free(crow_plot *plot);
/* Adds to the script; nothing happens but on rank 0. Local. */
void crow_plot_add(crow_plot *plot, const char *format, ...) CROW_PRINTF(2, 3);
/* A number as gnuplot reads it: NaN where it is not finite. Local. */
void crow_plot_add_real(crow_plot *plot, double value);
/* A text in quotes, made safe, cut to `most` columns (0: any); returns its width in columns. Local. */
int crow_plot_quote(const char *text, int most, char *quoted, size_t bytes);
/* Margins in pixels, the legend's lines and the title taken into account at the top. Sets the height to that of the
 * `inside` plus margins. Local. */
void crow_plot_frame(crow_plot *plot, double left, double right, double bottom, double inside, int legend_lines);
/* The same for the upper or lower of two pictures above each other, each `inside` pixels high. */
void crow_plot_frame_stacked(crow_plot *plot, double left, double right, double inside, int legend_lines, bool upper);
/* The same for one of several pictures above each other: `row` of `rows`, the uppermost first. */
void crow_plot_frame_row(crow_plot *plot, double left, double right, double inside, int legend_lines, int row,
                         int rows);
/* Writes a row of a leaderboard at height `y` of the y axis: place ("" for 0) and name, cut to CROW_PLOT_ROW_COLUMNS
 * or what a narrow picture has room for.
 * Returns the name's width in columns; crow_plot_row_pixels() is what the widest one takes. Local. */
enum { CROW_PLOT_ROW_COLUMNS = 28 };
int crow_plot_add_row_name(crow_plot *plot, double y, int64_t place, const char *name);
double crow_plot_row_pixels(int widest);
/* Names of the axes of the present frame, placed by pixels since terminals space them differently. Local. */
void crow_plot_axes(crow_plot *plot, const char *x, const char *y);
/* Tics of the x axis of the present frame at 1, 2 or 5 times a power of ten, so far apart that their numbers do not
 * touch in a narrow picture either. Local. */
void crow_plot_sparse_tics(crow_plot *plot, double least, double greatest);
/* Colour ("#0072B2") and point type of series `index`: the palette of Okabe and Ito. Local. */
const char *crow_plot_color(int index);
int crow_plot_point(int index);
/* Axis of positive numbers over several powers of ten: its range and tics. Local. */
void crow_plot_log_axis(crow_plot *plot, const char *axis, double least, double greatest);

/* Fills the picture of this kind (not AUTO). Collective. */
crow_status crow_plot_fill(crow_plot *plot, crow_plot_kind kind);
/* What kind suits these sources. Local. */
crow_plot_kind crow_plot_kind_of(int count, const crow_plot_source *source);

/* ---- kinds: topics.c, ... --------------------------------------------------------------------------------- */

crow_status crow_plot_topics(crow_plot *plot);
crow_status crow_plot_win_rate(crow_plot *plot);
crow_status crow_plot_weights(crow_plot *plot);
crow_status crow_plot_convergence(crow_plot *plot);
/* Whether a source has the training curve that crow_plot_training() draws. Local. */
bool crow_plot_has_training(const crow_plot_source *source);
crow_status crow_plot_training(crow_plot *plot);
crow_status crow_plot_voronoi(crow_plot *plot);
crow_status crow_plot_calibration(crow_plot *plot);
crow_status crow_plot_audit(crow_plot *plot);
crow_status crow_plot_scaling(crow_plot *plot);
crow_status crow_plot_distances(crow_plot *plot);
crow_status crow_plot_forest(crow_plot *plot);
crow_status crow_plot_win_rates(crow_plot *plot);

/* ---- reading without holding: visit.c --------------------------------------------------------------------- */

/* Above this many, points are drawn by cells of a grid. */
enum { CROW_PLOT_POINTS = 3000 };
typedef void crow_plot_visitor(void *context, int64_t count, const double *const *column);
/* Calls `visit` for every stretch of this rank's part of `columns` vectors of equal length. Collective. */
crow_status crow_plot_visit(const crow_comm *comm, const crow_file *file, int columns, const char *const *path,
                            crow_plot_visitor *visit, void *context);
/* Reads a whole vector on rank 0; elsewhere `*values` is NULL. Collective. */
crow_status crow_plot_read(const crow_comm *comm, const crow_file *file, const char *path, int64_t *count,
                           double **values);

/* ---- gnuplot: gnuplot.c, svg.c ----------------------------------------------------------------------- */

typedef enum crow_picture_format { CROW_PICTURE_SVG, CROW_PICTURE_PNG, CROW_PICTURE_PDF } crow_picture_format;
/* Draws the picture: its bytes on rank 0 (`*picture`, freed with crow_free(); elsewhere NULL). Collective. */
crow_status crow_plot_draw(const crow_plot *plot, crow_picture_format format, char **picture, size_t *bytes);
/* gnuplot's SVG with title and description for those who cannot see it. For a page with several of them (`page` > 0)
 * also without XML declaration and fixed size, and with names that differ between pictures. Local. */
crow_status crow_svg_dress(const char *svg, const char *alt, int page, char **dressed, size_t *bytes);

#endif
