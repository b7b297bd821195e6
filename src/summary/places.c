/* SPDX-License-Identifier: Apache-2.0 */
/* Where alternatives stand: within their prompts, ties together, those without weight apart. */
#include "io/file_impl.h"
#include <crow/summary.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What decides the order of an alternative. */
typedef struct placed {
  double value;
  int32_t prompt;
  bool without; /* weight */
  crow_gidx index;
} placed;

static int places_by_value(const placed *x, const placed *y) {
  const bool x_nan = isnan(x->value), y_nan = isnan(y->value);
  if (x->without != y->without) return x->without ? 1 : -1;
  if (x_nan != y_nan) return x_nan ? 1 : -1;
  if (x->value != y->value && !x_nan) return x->value > y->value ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

static int compare_placed(const void *a, const void *b) { return places_by_value(a, b); }

static int compare_in_prompts(const void *a, const void *b) {
  const placed *x = a, *y = b;
  if (x->prompt != y->prompt) return x->prompt < y->prompt ? -1 : 1;
  return places_by_value(x, y);
}

/* `sorted` is by prompts, and by value within them. */
static void give_places(const placed *sorted, crow_gidx count, double tolerance, int64_t *place) {
  crow_gidx begin = 0, group = 0;
  for (crow_gidx k = 0; k < count; k++) {
    if (k == 0 || sorted[k].prompt != sorted[k - 1].prompt) begin = group = k;
    if (!(sorted[group].value - sorted[k].value <= tolerance)) group = k;
    place[sorted[k].index] = sorted[k].without ? 0 : group - begin + 1;
  }
}

static crow_status places_allocate(crow_gidx count, crow_places *out, placed **room, double **weight) {
  out->count = count;
  return CROW_ALLOCATE_EACH(count, &out->order, &out->place, &out->value, room, weight);
}

crow_status crow_places_create(const crow_comm *comm, const crow_partition *partition, const double *values,
                               const double *weights, const int32_t *prompt, double tolerance, crow_places *out) {
  crow_status status = CROW_OK;
  const crow_gidx count = partition->global;
  placed *room = NULL;
  double *weight = NULL;
  *out = (crow_places){0};
  CROW_TRY_AGREE(comm, places_allocate(count, out, &room, &weight));
  CROW_TRY(crow_comm_gather_slices(comm, partition, values, out->value, sizeof *out->value));
  CROW_TRY(crow_comm_gather_slices(comm, partition, weights, weight, sizeof *weight));
  for (crow_gidx x = 0; x < count; x++) {
    room[x] = (placed){out->value[x], prompt ? prompt[x] : 0, !(weight[x] > 0), x};
    out->ranked += weight[x] > 0;
  }
  qsort(room, (size_t)count, sizeof *room, compare_placed);
  for (crow_gidx k = 0; k < count; k++) out->order[k] = room[k].index;
  if (prompt) qsort(room, (size_t)count, sizeof *room, compare_in_prompts);
  give_places(room, count, tolerance, out->place);
cleanup:
  CROW_FREE(room, weight);
  return status;
}

/* 2 v / lambda */
double crow_places_tie(const crow_file *file) {
  double violation = 0, lambda = 0;
  if (!crow_file_has_attribute(file, "/", "violation")) return 0;
  if (crow_file_get_f64(file, "/", "violation", &violation) != CROW_OK) return 0;
  if (crow_file_get_f64(file, "/", "lambda", &lambda) != CROW_OK || !(lambda > 0)) return 0;
  return 2 * violation / lambda;
}

crow_status crow_places_read(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                             const double *values, crow_places *out) {
  crow_status status = CROW_OK;
  crow_dataset names = {.file = (crow_file *)file, .alternatives = partition->global};
  crow_partition own;
  double *weight = NULL;
  *out = (crow_places){0};
  CROW_TRY(crow_file_read_vector(file, "/rewards/weight", &own, &weight));
  names.has_prompt = crow_file_has(file, "/alternatives/prompt");
  if (names.has_prompt) CROW_TRY(crow_dataset_number_prompts(comm, &names));
  CROW_TRY(crow_places_create(comm, partition, values, weight, names.prompt, crow_places_tie(file), out));
cleanup:
  CROW_FREE(weight, names.prompt);
  return status;
}

void crow_places_free(crow_places *places) {
  CROW_FREE(places->order, places->place, places->value);
  *places = (crow_places){0};
}

int64_t crow_places_components(const crow_file *file) {
  int64_t components = 0;
  if (!crow_file_has_attribute(file, "/", "components")) return 0;
  return crow_file_get_i64(file, "/", "components", &components) == CROW_OK ? components : 0;
}
