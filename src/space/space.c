/* SPDX-License-Identifier: Apache-2.0 */
#include "space/space_impl.h"
#include <math.h>
#include <string.h>

#define AT(field) offsetof(crow_space_options, field)
const crow_setting crow_space_settings[] = {
    CROW_SETTING("space", INPUT, crow_space_options, space, .text = "auto",
                 .choices = "auto|cube|box|sphere|ball|gaussian|factor2|pool:FILE:PATH",
                 .help = "the space S of all possible alternatives, whose points are shared out among the nearest "
                         "alternatives. auto: in one or two dimensions the unit cube if it holds all contexts, else "
                         "their bounding box; the sphere for contexts of unit length or of 16 dimensions and more; "
                         "else the cube if it holds them, else the box. ball and gaussian follow clones: they are "
                         "not clone-robust"),
    CROW_SETTING("space-center", INPUT, crow_space_options, center, .choices = "weighted|none|FILE:PATH",
                 .help = "with --space sphere: normalised contexts become directions from this point: their weighted "
                         "mean, which clones do not move (taken if nothing is given), nothing, or an array (d) of an "
                         "HDF5 file"),
    {"margin", CROW_SETTING_DOUBLE, AT(margin), 0, NULL, 0, 1e6, NULL,
     "with --space box: how far the box reaches beyond the contexts, as a share of their range"},
    {"seed", CROW_SETTING_INT, AT(seed), 1, NULL, 0, 9e15, NULL, "seed of the random samples"},
    {NULL, CROW_SETTING_BOOL, 0, 0, NULL, 0, 0, NULL, NULL},
};

/* FILE:PATH, where the path begins after the last colon, since a file's name may hold colons itself. */
static bool split_file_and_path(const char *text, crow_space_text *out) {
  const char *colon = strrchr(text, ':');
  if (!colon || colon == text || !colon[1] || (size_t)(colon - text) >= sizeof out->file ||
      strlen(colon + 1) >= sizeof out->path) {
    return false;
  }
  (void)snprintf(out->file, sizeof out->file, "%.*s", (int)(colon - text), text);
  (void)snprintf(out->path, sizeof out->path, "%s", colon + 1);
  return true;
}

crow_status crow_space_text_parse(const char *text, crow_space_text *out) {
  static const char *const words[] = {"cube", "box", "sphere", "ball", "gaussian", "factor2", "auto"};
  memset(out, 0, sizeof *out);
  for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
    if (strcmp(text, words[k]) == 0) {
      out->kind = (crow_space_kind)k;
      return CROW_OK;
    }
  }
  if (strncmp(text, "pool:", 5) == 0) {
    out->kind = CROW_SPACE_POOL;
    if (split_file_and_path(text + 5, out)) return CROW_OK;
    return crow_error(CROW_USAGE, "--space \"%s\": expected pool:FILE:PATH, an HDF5 file and an array (n, d) in it",
                      text);
  }
  char nearest[64];
  crow_nearest_word(text, CROW_SPACE_WORDS "|pool:FILE:PATH", nearest, sizeof nearest);
  return crow_error(CROW_USAGE,
                    "--space \"%s\": expected one of " CROW_SPACE_WORDS "|pool:FILE:PATH; did you mean \"%s\"?", text,
                    nearest);
}

crow_status crow_space_center_parse(const char *text, crow_space_center_kind *kind, crow_space_text *out) {
  memset(out, 0, sizeof *out);
  *kind = CROW_CENTER_FILE;
  if (!text || strcmp(text, "weighted") == 0)
    *kind = CROW_CENTER_WEIGHTED;
  else if (strcmp(text, "none") == 0)
    *kind = CROW_CENTER_NONE;
  else if (!split_file_and_path(text, out))
    return crow_error(
        CROW_USAGE, "--space-center \"%s\": expected weighted, none or FILE:PATH, an HDF5 file and an array (d) in it",
        text);
  return CROW_OK;
}

crow_status crow_space_parse(const crow_space_options *options) {
  crow_space_text parsed;
  crow_space_center_kind center;
  CROW_NEED(crow_space_text_parse(options->space, &parsed));
  if (options->center && parsed.kind != CROW_SPACE_SPHERE && parsed.kind != CROW_SPACE_AUTO) {
    return crow_error(CROW_USAGE, "--space-center: only the sphere has a centre, but --space is %s", options->space);
  }
  return crow_space_center_parse(options->center, &center, &parsed);
}

static crow_status create_box(const crow_comm *comm, const crow_dataset *dataset, double margin, crow_space *space) {
  const crow_gidx d = space->dimensions;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_EACH(d, &space->lower, &space->upper));
  if (space->kind == CROW_SPACE_CUBE) {
    for (crow_gidx k = 0; k < d; k++) space->upper[k] = 1;
    (void)snprintf(space->description, sizeof space->description, "unit cube in %lld dimension%s", (long long)d,
                   crow_plural(d));
    return CROW_OK;
  }
  CROW_NEED(crow_space_find_bounds(comm, dataset, space->lower, space->upper));
  for (crow_gidx k = 0; k < d; k++) {
    const double widen = margin * (space->upper[k] - space->lower[k]);
    space->lower[k] -= widen;
    space->upper[k] += widen;
  }
  (void)snprintf(space->description, sizeof space->description,
                 "bounding box of the contexts in %lld dimension%s, margin %g", (long long)d, crow_plural(d), margin);
  return CROW_OK;
}

static crow_status create_round(const crow_comm *comm, const crow_dataset *dataset, crow_space *space) {
  const crow_gidx d = space->dimensions;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&space->mean, d));
  CROW_NEED(crow_space_find_mean(comm, dataset, space->mean));
  if (space->kind == CROW_SPACE_BALL) {
    CROW_NEED(crow_space_find_radius(comm, dataset, space->mean, &space->radius));
    (void)snprintf(space->description, sizeof space->description,
                   "ball of radius %g around the contexts' mean in %lld dimension%s, not clone-robust", space->radius,
                   (long long)d, crow_plural(d));
  } else {
    CROW_NEED_AGREE(comm, CROW_ALLOCATE(&space->factor, d * d));
    CROW_NEED(crow_space_find_factor(comm, dataset, space->mean, space->factor));
    (void)snprintf(space->description, sizeof space->description,
                   "normal distribution with the contexts' mean and covariance in %lld dimension%s, not clone-robust",
                   (long long)d, crow_plural(d));
  }
  return CROW_OK;
}

static crow_status create_pool(const crow_comm *comm, const crow_space_text *text, crow_space *space) {
  CROW_NEED(crow_array_open(comm, text->file, text->path, &space->pool));
  if (crow_array_columns(space->pool) != space->dimensions || crow_array_rows(space->pool) < 1) {
    return crow_error(CROW_BAD_INPUT,
                      "%s: %s: shape is (%lld, %lld), expected at least one row of %lld columns, as the "
                      "contexts have",
                      text->file, text->path, (long long)crow_array_rows(space->pool),
                      (long long)crow_array_columns(space->pool), (long long)space->dimensions);
  }
  (void)snprintf(space->description, sizeof space->description, "pool of %lld row%s of %.150s",
                 (long long)crow_array_rows(space->pool), crow_plural(crow_array_rows(space->pool)), text->file);
  return CROW_OK;
}

static crow_status create_chosen(const crow_comm *comm, const crow_space_options *options, const crow_dataset *dataset,
                                 crow_space **out) {
  crow_space_choice choice;
  CROW_NEED(crow_space_choose(comm, options, dataset, &choice));
  const crow_space_options chosen = crow_space_chosen(options, &choice);
  return crow_space_create(comm, &chosen, dataset, out);
}

crow_status crow_space_create(const crow_comm *comm, const crow_space_options *options, const crow_dataset *dataset,
                              crow_space **out) {
  crow_status status = CROW_OK;
  crow_space *space = NULL;
  crow_space_text text;
  *out = NULL;
  CROW_TRY(crow_space_parse(options));
  CROW_TRY(crow_space_text_parse(options->space, &text));
  if (text.kind == CROW_SPACE_AUTO) return create_chosen(comm, options, dataset, out);
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&space, 1));
  space->kind = text.kind;
  space->seed = (uint64_t)options->seed;
  space->dimensions = dataset->dimensions;
  /* Contexts on the sphere are scaled to unit length, whatever they were. */
  if (space->kind != CROW_SPACE_SPHERE) CROW_TRY(crow_space_check_distances(comm, dataset));
  switch (space->kind) {
  case CROW_SPACE_CUBE:
  case CROW_SPACE_BOX:
    CROW_TRY(create_box(comm, dataset, options->margin, space));
    break;
  case CROW_SPACE_SPHERE:
    CROW_TRY(crow_space_create_sphere(comm, options, space));
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
  case CROW_SPACE_AUTO: /* another by now */
    break;
  }
cleanup:
  if (status != CROW_OK) crow_space_destroy(&space);
  *out = space;
  return status;
}

void crow_space_destroy(crow_space **space) {
  if (!*space) return;
  CROW_FREE((*space)->lower, (*space)->upper, (*space)->center, (*space)->mean, (*space)->factor);
  crow_intervals_free(&(*space)->intervals);
  crow_array_close(&(*space)->pool);
  CROW_FREE((*space)->kept, *space);
  *space = NULL;
}

bool crow_space_fits_contexts(const crow_space_options *options) {
  crow_space_text text;
  crow_space_center_kind center;
  if (crow_space_text_parse(options->space, &text) != CROW_OK) return false;
  const crow_space_kind kind = text.kind;
  if (kind == CROW_SPACE_CUBE || kind == CROW_SPACE_POOL) return false;
  if (kind != CROW_SPACE_SPHERE) return true;
  return crow_space_center_parse(options->center, &center, &text) == CROW_OK && center == CROW_CENTER_WEIGHTED;
}

bool crow_space_is_clone_robust(const char *space) {
  return strcmp(space, "ball") != 0 && strcmp(space, "gaussian") != 0;
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
