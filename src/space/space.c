/* SPDX-License-Identifier: Apache-2.0 */
#include "space/space_impl.h"
#include <math.h>
#include <string.h>

#define AT(field) offsetof(crow_space_options, field)
const crow_setting crow_space_settings[] = {
    {"space", CROW_SETTING_INPUT, AT(space), 0, "cube", 0, 0, CROW_SPACE_WORDS "|pool:FILE:PATH",
     "the space S of all possible alternatives, whose points are shared out among the nearest alternatives"},
    {"margin", CROW_SETTING_DOUBLE, AT(margin), 0, NULL, 0, 1e6, NULL,
     "with --space box: how far the box reaches beyond the contexts, as a share of their range"},
    {"seed", CROW_SETTING_INT, AT(seed), 1, NULL, 0, 9e15, NULL, "seed of the random samples"},
    {NULL, CROW_SETTING_BOOL, 0, 0, NULL, 0, 0, NULL, NULL},
};

crow_status crow_space_text_parse(const char *text, crow_space_text *out) {
  static const char *const words[] = {"cube", "box", "sphere", "ball", "gaussian", "factor2"};
  memset(out, 0, sizeof *out);
  for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
    if (strcmp(text, words[k]) == 0) {
      out->kind = (crow_space_kind)k;
      return CROW_OK;
    }
  }
  if (strncmp(text, "pool:", 5) == 0) {
    /* The path within the file begins after the last colon, since a file's name may hold colons itself. */
    const char *file = text + 5, *colon = strrchr(file, ':');
    if (!colon || colon == file || !colon[1] || (size_t)(colon - file) >= sizeof out->file ||
        strlen(colon + 1) >= sizeof out->path) {
      return crow_error(CROW_USAGE, "--space \"%s\": expected pool:FILE:PATH, an HDF5 file and an array (n, d) in it",
                        text);
    }
    out->kind = CROW_SPACE_POOL;
    (void)snprintf(out->file, sizeof out->file, "%.*s", (int)(colon - file), file);
    (void)snprintf(out->path, sizeof out->path, "%s", colon + 1);
    return CROW_OK;
  }
  char nearest[64];
  crow_nearest_word(text, CROW_SPACE_WORDS "|pool:FILE:PATH", nearest, sizeof nearest);
  return crow_error(CROW_USAGE,
                    "--space \"%s\": expected one of " CROW_SPACE_WORDS "|pool:FILE:PATH; did you mean \"%s\"?", text,
                    nearest);
}

crow_status crow_space_parse(const char *text) {
  crow_space_text parsed;
  return crow_space_text_parse(text, &parsed);
}

/* The cube is the paper's space, for contexts that were scaled to it; embeddings as they come do not fit. */
static crow_status warn_about_outsiders(const crow_comm *comm, const crow_dataset *dataset, const crow_space *space) {
  crow_status status = CROW_OK;
  int64_t outside = 0;
  CROW_TRY(crow_space_count_outside(comm, dataset, space->lower, space->upper, &outside));
  if (outside) {
    crow_log(CROW_LOG_WARNING,
             "%lld of %lld contexts lie outside the unit cube (--space cube): --space box, sphere (for "
             "embeddings) or pool:FILE:PATH may be what you want",
             (long long)outside, (long long)dataset->alternatives);
  }
cleanup:
  return status;
}

static crow_status create_box(const crow_comm *comm, const crow_dataset *dataset, double margin, crow_space *space) {
  crow_status status = CROW_OK;
  const crow_gidx d = space->dimensions;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&space->lower, d));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&space->upper, d));
  if (space->kind == CROW_SPACE_CUBE) {
    for (crow_gidx k = 0; k < d; k++) space->upper[k] = 1;
    (void)snprintf(space->description, sizeof space->description, "unit cube in %lld dimension%s", (long long)d,
                   crow_plural(d));
    CROW_TRY(warn_about_outsiders(comm, dataset, space));
    goto cleanup;
  }
  CROW_TRY(crow_space_find_bounds(comm, dataset, space->lower, space->upper));
  for (crow_gidx k = 0; k < d; k++) {
    const double widen = margin * (space->upper[k] - space->lower[k]);
    space->lower[k] -= widen;
    space->upper[k] += widen;
  }
  (void)snprintf(space->description, sizeof space->description,
                 "bounding box of the contexts in %lld dimension%s, margin %g", (long long)d, crow_plural(d), margin);
cleanup:
  return status;
}

static crow_status create_round(const crow_comm *comm, const crow_dataset *dataset, crow_space *space) {
  crow_status status = CROW_OK;
  const crow_gidx d = space->dimensions;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&space->mean, d));
  CROW_TRY(crow_space_find_mean(comm, dataset, space->mean));
  if (space->kind == CROW_SPACE_BALL) {
    CROW_TRY(crow_space_find_radius(comm, dataset, space->mean, &space->radius));
    (void)snprintf(space->description, sizeof space->description,
                   "ball of radius %g around the contexts' mean in %lld dimension%s", space->radius, (long long)d,
                   crow_plural(d));
  } else {
    CROW_TRY_AGREE(comm, CROW_ALLOCATE(&space->factor, d * d));
    CROW_TRY(crow_space_find_factor(comm, dataset, space->mean, space->factor));
    (void)snprintf(space->description, sizeof space->description,
                   "normal distribution with the contexts' mean and covariance in %lld dimension%s", (long long)d,
                   crow_plural(d));
  }
cleanup:
  return status;
}

static crow_status create_pool(const crow_comm *comm, const crow_space_text *text, crow_space *space) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_array_open(comm, text->file, text->path, &space->pool));
  if (crow_array_columns(space->pool) != space->dimensions || crow_array_rows(space->pool) < 1) {
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "%s: %s: shape is (%lld, %lld), expected at least one row of %lld columns, as the "
                        "contexts have",
                        text->file, text->path, (long long)crow_array_rows(space->pool),
                        (long long)crow_array_columns(space->pool), (long long)space->dimensions));
  }
  (void)snprintf(space->description, sizeof space->description, "pool of %lld row%s of %.150s",
                 (long long)crow_array_rows(space->pool), crow_plural(crow_array_rows(space->pool)), text->file);
cleanup:
  return status;
}

crow_status crow_space_create(const crow_comm *comm, const crow_space_options *options, const crow_dataset *dataset,
                              crow_space **out) {
  crow_status status = CROW_OK;
  crow_space *space = NULL;
  crow_space_text text;
  *out = NULL;
  CROW_TRY(crow_space_text_parse(options->space, &text));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&space, 1));
  space->kind = text.kind;
  space->seed = (uint64_t)options->seed;
  space->dimensions = dataset->dimensions;
  /* Contexts on the sphere are scaled to unit length, whatever they were. */
  if (space->kind != CROW_SPACE_SPHERE) {
    CROW_TRY(crow_space_check_distances(comm, dataset, space->kind == CROW_SPACE_CUBE ? 1 : 0));
  }
  switch (space->kind) {
  case CROW_SPACE_CUBE:
  case CROW_SPACE_BOX:
    CROW_TRY(create_box(comm, dataset, options->margin, space));
    break;
  case CROW_SPACE_SPHERE:
    (void)snprintf(space->description, sizeof space->description,
                   "unit sphere in %lld dimension%s, contexts normalised", (long long)space->dimensions,
                   crow_plural(space->dimensions));
    break;
  case CROW_SPACE_BALL:
  case CROW_SPACE_GAUSSIAN:
    CROW_TRY(create_round(comm, dataset, space));
    break;
  case CROW_SPACE_FACTOR2:
    CROW_TRY(crow_space_find_intervals(comm, dataset, &space->intervals));
    (void)snprintf(space->description, sizeof space->description,
                   "coordinates within a factor of 2 of an observed one, %lld dimension%s",
                   (long long)space->dimensions, crow_plural(space->dimensions));
    break;
  case CROW_SPACE_POOL:
    CROW_TRY(create_pool(comm, &text, space));
    break;
  }
cleanup:
  if (status != CROW_OK) crow_space_destroy(&space);
  *out = space;
  return status;
}

void crow_space_destroy(crow_space **space) {
  if (!*space) return;
  crow_free((*space)->lower);
  crow_free((*space)->upper);
  crow_free((*space)->mean);
  crow_free((*space)->factor);
  crow_intervals_free(&(*space)->intervals);
  crow_array_close(&(*space)->pool);
  crow_free((*space)->kept);
  crow_free(*space);
  *space = NULL;
}

bool crow_space_fits_contexts(const crow_space_options *options) {
  crow_space_text text;
  if (crow_space_text_parse(options->space, &text) != CROW_OK) return false;
  return text.kind != CROW_SPACE_CUBE && text.kind != CROW_SPACE_SPHERE && text.kind != CROW_SPACE_POOL;
}

crow_gidx crow_space_size(const crow_space *space) {
  return space->kind == CROW_SPACE_POOL ? crow_array_rows(space->pool) : 0;
}

const char *crow_space_describe(const crow_space *space) { return space->description; }

void crow_space_shuffle(crow_space *space) { space->shuffled = true; }

bool crow_space_bounds(const crow_space *space, const double **lower, const double **upper) {
  *lower = space->lower;
  *upper = space->upper;
  return space->lower != NULL;
}

bool crow_space_transforms(const crow_space *space) { return space->kind == CROW_SPACE_SPHERE; }

crow_status crow_space_transform(const crow_space *space, crow_gidx begin, crow_gidx count, double *contexts) {
  if (space->kind != CROW_SPACE_SPHERE) return CROW_OK;
  const crow_gidx d = space->dimensions;
  for (crow_gidx i = 0; i < count; i++) {
    double *context = contexts + i * d;
    double largest = 0, square = 0;
    for (crow_gidx k = 0; k < d; k++) largest = fmax(largest, fabs(context[k]));
    if (largest == 0) {
      return crow_error(CROW_BAD_INPUT,
                        "/alternatives/context[%lld] is zero: it has no direction, so --space sphere cannot "
                        "place it",
                        (long long)(begin + i));
    }
    for (crow_gidx k = 0; k < d; k++) square += (context[k] / largest) * (context[k] / largest);
    const double length = sqrt(square);
    for (crow_gidx k = 0; k < d; k++) context[k] = context[k] / largest / length;
  }
  return CROW_OK;
}
