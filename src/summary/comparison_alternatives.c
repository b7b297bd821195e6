/* SPDX-License-Identifier: Apache-2.0 */
/* Alternatives of several results, matched by id. Only the chosen ones' names and rewards travel; the rest stays in its
 * slices. */
#include <crow/summary.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A chosen alternative's id and its row. */
typedef struct named {
  char name[CROW_NAME_BYTES];
  int64_t row;
} named;

/* What one result says of the chosen alternatives, each (rows). */
typedef struct matches {
  double *value, *lower, *upper;
  int64_t *found, *place;
} matches;

static int compare_named(const void *a, const void *b) {
  return strcmp(((const named *)a)->name, ((const named *)b)->name);
}

static crow_status sort_names(int64_t rows, char (*id)[CROW_NAME_BYTES], named **out) {
  CROW_NEED(CROW_ALLOCATE(out, rows));
  for (int64_t k = 0; k < rows; k++) {
    memcpy((*out)[k].name, id[k], CROW_NAME_BYTES);
    (*out)[k].row = k;
  }
  if (rows) qsort(*out, (size_t)rows, sizeof **out, compare_named);
  return CROW_OK;
}

/* Marks which rows' ids are in this rank's slice, with their values. */
static crow_status match_slice(const crow_comparison_result *result, const crow_strings *ids, const named *sorted,
                               int64_t rows, matches *out) {
  crow_status status = CROW_OK;
  named *key = NULL;
  CROW_TRY(CROW_ALLOCATE(&key, 1));
  for (int64_t i = 0; i < ids->count; i++) {
    (void)snprintf(key->name, sizeof key->name, "%s", crow_strings_get(ids, i));
    const named *hit = rows ? bsearch(key, sorted, (size_t)rows, sizeof *sorted, compare_named) : NULL;
    if (!hit) continue;
    out->found[hit->row]++;
    out->value[hit->row] = result->value[i];
    out->lower[hit->row] = result->has_intervals ? result->lower[i] : 0;
    out->upper[hit->row] = result->has_intervals ? result->upper[i] : 0;
    out->place[hit->row] = result->places.place[result->partition.begin + i];
  }
cleanup:
  crow_free(key);
  return status;
}

static crow_status match_all(const crow_comm *comm, const crow_comparison_result *result, const named *sorted,
                             int64_t rows, bool strict, matches *out) {
  crow_status status = CROW_OK;
  crow_strings ids = {0};
  const crow_partition *p = &result->partition;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(rows, &out->value, &out->found, &out->lower, &out->upper, &out->place));
  CROW_TRY(crow_ranking_read_ids(comm, result->file, p->begin, p->count, &ids));
  CROW_TRY_AGREE(comm, match_slice(result, &ids, sorted, rows, out));
  CROW_TRY(crow_comm_sum_i64(comm, out->found, rows));
  /* One rank holds each, the others add zero. */
  CROW_TRY(crow_comm_sum_f64_unordered(comm, out->value, rows));
  CROW_TRY(crow_comm_sum_f64_unordered(comm, out->lower, rows));
  CROW_TRY(crow_comm_sum_f64_unordered(comm, out->upper, rows));
  CROW_TRY(crow_comm_sum_i64(comm, out->place, rows));
  for (int64_t k = 0; strict && k < rows; k++) {
    if (out->found[sorted[k].row] > 1) {
      CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: /alternatives/id: \"%s\" stands there %lld times, expected once",
                          crow_file_name(result->file), sorted[k].name, (long long)out->found[sorted[k].row]));
    }
  }
cleanup:
  crow_strings_free(&ids);
  return status;
}

/* Of ids that several of the chosen have, or that a result has several times, nobody knows which is which. */
static void drop_repeated(const named *sorted, int64_t rows, int64_t *found) {
  for (int64_t k = 0; k < rows; k++) {
    const bool repeated = (k > 0 && strcmp(sorted[k].name, sorted[k - 1].name) == 0) ||
                          (k + 1 < rows && strcmp(sorted[k].name, sorted[k + 1].name) == 0);
    if (repeated || found[sorted[k].row] > 1) found[sorted[k].row] = 0;
  }
}

static crow_status fill_result(const crow_comparison *comparison, int k, const named *sorted, bool strict,
                               crow_comparison_alternatives *out) {
  crow_status status = CROW_OK;
  matches in = {0};
  CROW_TRY(match_all(comparison->comm, &comparison->result[k], sorted, out->rows, strict, &in));
  drop_repeated(sorted, out->rows, in.found);
  for (int64_t row = 0; row < out->rows; row++) {
    crow_comparison_cell *cell = &out->cell[row * comparison->count + k];
    const bool interval = comparison->result[k].has_intervals;
    if (!in.found[row]) continue;
    *cell = (crow_comparison_cell){.there = true,
                                   .rank = in.place[row],
                                   .reward = in.value[row],
                                   .lower = interval ? in.lower[row] : (double)NAN,
                                   .upper = interval ? in.upper[row] : (double)NAN};
  }
cleanup:
  CROW_FREE(in.value, in.found, in.lower, in.upper, in.place);
  return status;
}

/* The last result's own alternatives are known by their rows. */
static crow_status fill_last(const crow_comparison *comparison, const crow_ranked *chosen,
                             crow_comparison_alternatives *out) {
  crow_status status = CROW_OK;
  const crow_comm *comm = comparison->comm;
  const crow_comparison_result *last = &comparison->result[comparison->count - 1];
  double *lower = NULL, *upper = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(out->rows, &lower, &upper));
  for (int64_t row = 0; row < out->rows; row++) lower[row] = upper[row] = (double)NAN;
  if (last->has_intervals) {
    CROW_TRY(crow_ranking_pick(comm, &last->partition, last->lower, out->rows, chosen, lower));
    CROW_TRY(crow_ranking_pick(comm, &last->partition, last->upper, out->rows, chosen, upper));
  }
  for (int64_t row = 0; row < out->rows; row++) {
    out->cell[(row + 1) * comparison->count - 1] = (crow_comparison_cell){.there = true,
                                                                          .rank = last->places.place[chosen[row].index],
                                                                          .reward = chosen[row].value,
                                                                          .lower = lower[row],
                                                                          .upper = upper[row]};
  }
cleanup:
  CROW_FREE(lower, upper);
  return status;
}

static crow_status choose_ends(const crow_comm *comm, const crow_comparison_result *last, int64_t best, int64_t worst,
                               crow_ranked **chosen, crow_comparison_alternatives *out) {
  const crow_places *places = &last->places;
  out->rows = best + worst;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(chosen, out->rows));
  for (int64_t k = 0; k < out->rows; k++) {
    const crow_gidx row = places->order[k < best ? k : places->ranked - out->rows + k];
    (*chosen)[k] = (crow_ranked){places->value[row], row};
  }
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_EACH(out->rows, &out->id, &out->topic));
  CROW_NEED(crow_ranking_names(comm, last->file, "/alternatives/id", out->rows, *chosen, out->id));
  CROW_NEED(crow_ranking_names(comm, last->file, "/alternatives/topic", out->rows, *chosen, out->topic));
  out->has_topic = crow_file_has(last->file, "/alternatives/topic");
  return CROW_OK;
}

/* Without ids, alternatives are matched by their rows: that says nothing where these are other alternatives. */
static crow_status warn_of_rows(const crow_file *first, const crow_file *file) {
  crow_status status = CROW_OK;
  char *one = NULL, *other = NULL;
  const char *name = "alternatives_digest";
  if (crow_file_has(first, "/alternatives/id") && crow_file_has(file, "/alternatives/id")) return CROW_OK;
  if (!crow_file_has_attribute(first, "/", name) || !crow_file_has_attribute(file, "/", name)) return CROW_OK;
  CROW_TRY(crow_file_get_text(first, "/", name, &one));
  CROW_TRY(crow_file_get_text(file, "/", name, &other));
  if (strcmp(one, other) != 0) {
    crow_log(CROW_LOG_WARNING,
             "%s and %s are of alternatives with other contexts, or in another order, and not both have ids: rows with "
             "the same number need not be the same alternative",
             crow_file_name(first), crow_file_name(file));
  }
cleanup:
  CROW_FREE(one, other);
  return status;
}

/* The groups of near-duplicates that the last result tells of. */
static crow_status pick_near(const crow_comm *comm, const crow_comparison_result *last, const crow_ranked *chosen,
                             crow_comparison_alternatives *out) {
  crow_status status = CROW_OK;
  const crow_partition *p = &last->partition;
  double *slice = NULL, *picked = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->near, out->rows));
  if (!crow_file_has(last->file, "/rewards/near_duplicates")) return CROW_OK;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&slice, p->count));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&picked, out->rows));
  CROW_TRY(crow_file_read(last->file, "/rewards/near_duplicates", p->begin, p->count, CROW_F64, slice));
  CROW_TRY(crow_ranking_pick(comm, p, slice, out->rows, chosen, picked));
  for (int64_t k = 0; k < out->rows; k++) out->near[k] = (int64_t)picked[k];
cleanup:
  CROW_FREE(slice, picked);
  return status;
}

/* `strict`: every result has each id once. */
static crow_status create_alternatives(const crow_comparison *comparison, int64_t best, int64_t worst, bool strict,
                                       crow_comparison_alternatives *out) {
  crow_status status = CROW_OK;
  const crow_comm *comm = comparison->comm;
  const int last = comparison->count - 1;
  named *sorted = NULL;
  crow_ranked *chosen = NULL;
  *out = (crow_comparison_alternatives){0};
  for (int k = 1; k < comparison->count; k++) {
    CROW_TRY_AGREE(comm, warn_of_rows(comparison->result[0].file, comparison->result[k].file));
  }
  CROW_TRY(choose_ends(comm, &comparison->result[last], best, worst, &chosen, out));
  CROW_TRY_AGREE(comm, sort_names(out->rows, out->id, &sorted));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->cell, out->rows * comparison->count));
  for (int k = 0; k < last + strict; k++) CROW_TRY(fill_result(comparison, k, sorted, strict, out));
  if (!strict) CROW_TRY(fill_last(comparison, chosen, out));
  CROW_TRY(pick_near(comm, &comparison->result[last], chosen, out));
cleanup:
  CROW_FREE(sorted, chosen);
  return status;
}

crow_status crow_comparison_alternatives_create_ends(const crow_comparison *comparison, int64_t best, int64_t worst,
                                                     crow_comparison_alternatives *out) {
  return create_alternatives(comparison, best, worst, false, out);
}

crow_status crow_comparison_alternatives_create(const crow_comparison *comparison, int64_t top,
                                                crow_comparison_alternatives *out) {
  const int64_t all = comparison->result[comparison->count - 1].partition.global;
  return create_alternatives(comparison, top == 0 || top > all ? all : top, 0, true, out);
}

void crow_comparison_alternatives_free(crow_comparison_alternatives *alternatives) {
  CROW_FREE(alternatives->id, alternatives->topic, alternatives->cell, alternatives->near);
  *alternatives = (crow_comparison_alternatives){0};
}
