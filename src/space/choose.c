/* SPDX-License-Identifier: Apache-2.0 */
/* Which S suits a dataset, where its user did not say. */
#include "space/space_impl.h"
#include <math.h>
#include <string.h>

/* Lengths that count as 1. */
#define UNIT_TOLERANCE 0.01
/* From here on a cube or a box has hubs: alternatives near its middle are nearest to most of it. */
#define SPHERE_DIMENSIONS 16

typedef struct looks {
  int64_t outside;          /* contexts that are not in the unit cube */
  double shortest, longest; /* of all contexts */
} looks;

static crow_status visit_looks(void *context, crow_gidx begin, crow_gidx count, crow_gidx d, const double *rows) {
  looks *l = context;
  (void)begin;
  for (crow_gidx i = 0; i < count; i++) {
    bool outside = false;
    double square = 0;
    for (crow_gidx k = 0; k < d; k++) {
      const double x = rows[i * d + k];
      outside = outside || x < 0 || x > 1;
      square += x * x;
    }
    l->outside += outside;
    l->shortest = fmin(l->shortest, sqrt(square));
    l->longest = fmax(l->longest, sqrt(square));
  }
  return CROW_OK;
}

static crow_status space_choose_look(const crow_comm *comm, const crow_dataset *dataset, looks *out) {
  *out = (looks){0, (double)INFINITY, 0};
  CROW_NEED(crow_space_visit(comm, dataset, visit_looks, out));
  CROW_NEED(crow_comm_sum_i64(comm, &out->outside, 1));
  CROW_NEED(crow_comm_min_f64(comm, &out->shortest, 1));
  return crow_comm_max_f64(comm, &out->longest, 1);
}

/* Its name; why in `reason`. */
static const char *space_choose_decide(const looks *l, crow_gidx d, const char **reason) {
  const bool inside = l->outside == 0;
  const bool unit = fabs(l->shortest - 1) <= UNIT_TOLERANCE && fabs(l->longest - 1) <= UNIT_TOLERANCE;
  if (d <= 2) {
    *reason = inside ? "one or two dimensions, and the cube holds all contexts"
                     : "one or two dimensions, and the unit cube does not hold all contexts";
    return inside ? "cube" : "box";
  }
  if (unit || d >= SPHERE_DIMENSIONS) {
    *reason = unit ? "contexts have unit length" : "contexts have 16 dimensions or more";
    return "sphere";
  }
  *reason =
      inside ? "the cube holds all contexts" : "fewer than 16 dimensions, and the unit cube does not hold all contexts";
  return inside ? "cube" : "box";
}

static void warn_about_outsiders(const crow_dataset *dataset, crow_gidx outside) {
  const crow_gidx m = dataset->alternatives;
  if (outside == 0) return;
  if (outside == m) {
    crow_log(CROW_LOG_WARNING,
             "the unit cube (--space cube) holds none of the %lld contexts, so the weights say little: take --space "
             "auto, sphere (for embeddings), box or pool:FILE:PATH",
             (long long)m);
    return;
  }
  crow_log(CROW_LOG_WARNING,
           "%lld of %lld contexts lie outside the unit cube (--space cube): --space auto, box, sphere (for embeddings) "
           "or pool:FILE:PATH may be what you want",
           (long long)outside, (long long)m);
}

crow_status crow_space_choose(const crow_comm *comm, const crow_space_options *options, const crow_dataset *dataset,
                              crow_space_choice *out) {
  crow_space_text text;
  looks l = {0};
  const char *name = options->space, *reason = "";
  memset(out, 0, sizeof *out);
  CROW_NEED(crow_space_parse(options));
  CROW_NEED(crow_space_text_parse(name, &text));
  if (text.kind == CROW_SPACE_AUTO || text.kind == CROW_SPACE_CUBE) CROW_NEED(space_choose_look(comm, dataset, &l));
  if (text.kind == CROW_SPACE_AUTO) name = space_choose_decide(&l, dataset->dimensions, &reason);
  (void)snprintf(out->space, sizeof out->space, "%s", name);
  (void)snprintf(out->reason, sizeof out->reason, "%s", reason);
  if (strcmp(name, "sphere") == 0) {
    (void)snprintf(out->center, sizeof out->center, "%s", options->center ? options->center : "weighted");
  } else if (options->center) {
    crow_log(CROW_LOG_WARNING, "--space-center has no effect: --space auto takes the %s, since %s", name, reason);
  }
  if (strcmp(name, "cube") == 0) {
    out->outside = l.outside;
    warn_about_outsiders(dataset, l.outside);
  }
  return CROW_OK;
}

crow_space_options crow_space_chosen(const crow_space_options *options, const crow_space_choice *choice) {
  crow_space_options chosen = *options;
  chosen.space = choice->space;
  chosen.center = *choice->center ? choice->center : NULL;
  return chosen;
}
