/* SPDX-License-Identifier: Apache-2.0 */
/* The unit sphere: contexts are normalised and then taken as directions from a centre. Without a centre, contexts that
 * share a mean crowd into a part of the sphere, and those nearest to its rim get most of it. They are normalised before
 * they are centred, or one far outlier would draw the centre to itself. */
#include "space/space_impl.h"
#include <math.h>
#include <string.h>

/* Two unit vectors closer than this differ by their rounding. */
#define LEAST_DIFFERENCE 0x1p-40
/* A mean of unit vectors is at most this long. */
#define CENTER_LENGTH_MOST 1.000001

static double length_of(const double *vector, crow_gidx d) {
  double square = 0;
  for (crow_gidx k = 0; k < d; k++) square += vector[k] * vector[k];
  return sqrt(square);
}

/* Reads the centre from a file: (d), or one row of an array (1, d). Every rank reads it. */
static crow_status read_center(const crow_comm *comm, const crow_space_text *text, crow_space *space) {
  crow_status status = CROW_OK;
  crow_array *array = NULL;
  const crow_gidx d = space->dimensions;
  CROW_TRY(crow_array_open(comm, text->file, text->path, &array));
  const crow_gidx rows = crow_array_rows(array), columns = crow_array_columns(array);
  if (!(rows == d && columns == 1) && !(rows == 1 && columns == d)) {
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "%s: %s: shape is (%lld, %lld), expected %lld numbers, one for each dimension of the contexts",
                        text->file, text->path, (long long)rows, (long long)columns, (long long)d));
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&space->center, d));
  CROW_TRY_AGREE(comm, crow_array_read(array, 0, rows, space->center));
  const double length = length_of(space->center, d);
  if (length > CENTER_LENGTH_MOST) {
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "%s: %s: its length is %g, expected at most 1, as a mean of contexts of unit length has",
                        text->file, text->path, length));
  }
cleanup:
  crow_array_close(&array);
  return status;
}

crow_status crow_space_create_sphere(const crow_comm *comm, const crow_space_options *options, crow_space *space) {
  crow_space_text text;
  char about[160] = "";
  CROW_NEED(crow_space_center_parse(options->center, &space->center_kind, &text));
  if (space->center_kind == CROW_CENTER_WEIGHTED) {
    (void)snprintf(about, sizeof about, " about the weighted mean");
    CROW_NEED_AGREE(comm, CROW_ALLOCATE(&space->center, space->dimensions));
  }
  if (space->center_kind == CROW_CENTER_FILE) {
    (void)snprintf(about, sizeof about, " about %.60s of %.80s", text.path, text.file);
    CROW_NEED(read_center(comm, &text, space));
  }
  (void)snprintf(space->description, sizeof space->description, "unit sphere%s in %lld dimension%s%s", about,
                 (long long)space->dimensions, crow_plural(space->dimensions),
                 space->center ? "" : ", contexts normalised");
  return CROW_OK;
}

bool crow_space_wants_center(const crow_space *space) {
  return space->kind == CROW_SPACE_SPHERE && space->center_kind == CROW_CENTER_WEIGHTED;
}

crow_status crow_space_set_center(crow_space *space, const double *center) {
  if (!space->center) CROW_NEED(CROW_ALLOCATE(&space->center, space->dimensions));
  memcpy(space->center, center, (size_t)space->dimensions * sizeof *center);
  return CROW_OK;
}

const double *crow_space_center(const crow_space *space) { return space->center; }

bool crow_space_transforms(const crow_space *space) { return space->kind == CROW_SPACE_SPHERE; }

bool crow_space_normalise(double *row, crow_gidx d) {
  double largest = 0, square = 0;
  for (crow_gidx k = 0; k < d; k++) largest = fmax(largest, fabs(row[k]));
  if (largest == 0) return false;
  for (crow_gidx k = 0; k < d; k++) square += (row[k] / largest) * (row[k] / largest);
  const double length = sqrt(square);
  for (crow_gidx k = 0; k < d; k++) row[k] = row[k] / largest / length;
  return true;
}

/* From a unit vector, or zeros, to its direction from the centre. At the centre itself there is none: with the weighted
 * mean that happens only where all weight was on this one (few samples), which then stays in the middle. */
static crow_status turn_row(const crow_space *space, crow_gidx index, double *row) {
  const crow_gidx d = space->dimensions;
  for (crow_gidx k = 0; k < d; k++) row[k] -= space->center[k];
  const double length = length_of(row, d);
  if (length < LEAST_DIFFERENCE) {
    if (space->center_kind == CROW_CENTER_FILE) {
      return crow_error(CROW_BAD_INPUT,
                        "/alternatives/context[%lld] is the centre that --space-center gives: it has no direction from "
                        "there",
                        (long long)index);
    }
    memset(row, 0, (size_t)d * sizeof *row);
    return CROW_OK;
  }
  for (crow_gidx k = 0; k < d; k++) row[k] /= length;
  return CROW_OK;
}

crow_status crow_space_transform(const crow_space *space, crow_gidx begin, crow_gidx count, double *contexts) {
  if (space->kind != CROW_SPACE_SPHERE) return CROW_OK;
  for (crow_gidx i = 0; i < count; i++) {
    double *row = contexts + i * space->dimensions;
    if (!crow_space_normalise(row, space->dimensions) && !space->center) {
      return crow_error(CROW_BAD_INPUT,
                        "/alternatives/context[%lld] is zero: it has no direction, so --space sphere without a centre "
                        "cannot place it",
                        (long long)(begin + i));
    }
    if (space->center) CROW_NEED(turn_row(space, begin + i, row));
  }
  return CROW_OK;
}
