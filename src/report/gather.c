/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_impl.h"
#include <string.h>

static crow_status describe(const crow_comm *comm, crow_page_entry *e) {
  crow_status status = CROW_OK, local = CROW_OK;
  char *text = NULL;
  json_error_t problem;
  CROW_TRY(crow_file_describe(comm, e->source->path, &text));
  if (crow_comm_rank(comm) == 0) {
    e->description = json_loads(text, 0, &problem);
    if (!e->description) local = crow_error(CROW_FAILED, "the description of %s is no JSON", e->source->path);
  }
  CROW_TRY_AGREE(comm, local);
cleanup:
  crow_free(text);
  return status;
}

static crow_status gather_chosen(const crow_comm *comm, const crow_partition *p, const double *weight,
                                 const double *rate, crow_page_entry *e) {
  const crow_ends *ends = &e->ends;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_EACH(ends->count, &e->weight, &e->win_rate));
  CROW_NEED(crow_ranking_pick(comm, p, weight, ends->count, ends->place, e->weight));
  /* Not whether there is a `rate`: a rank without alternatives has none. */
  if (e->source->kind == CROW_IS_REWARDS) {
    CROW_NEED(crow_ranking_pick(comm, p, rate, ends->count, ends->place, e->win_rate));
  }
  return CROW_OK;
}

static crow_status summarise_weights(const crow_comm *comm, const crow_partition *p, const double *weight,
                                     crow_page_entry *e) {
  double squares = 0, sum = 0;
  CROW_NEED(crow_comm_dot(comm, p, 1, &weight, &weight, &squares));
  CROW_NEED(crow_comm_sum(comm, p, weight, &sum));
  e->effective = sum * sum / squares;
  for (crow_gidx i = 0; i < p->count; i++) e->zeros += weight[i] == 0;
  return crow_comm_sum_i64(comm, &e->zeros, 1);
}

/* 95 % intervals by the bootstrap, or else 1.96 standard errors, which have been read; `slice` is room. */
static crow_status gather_intervals(const crow_comm *comm, const crow_partition *p, double *slice, crow_page_entry *e) {
  static const char *const path[2] = {"/rewards/lower", "/rewards/upper"};
  double **const out[2] = {&e->lower, &e->upper};
  const crow_file *file = e->source->file;
  const bool bootstrap = crow_file_has(file, path[0]) && crow_file_has(file, path[1]);
  const crow_ends *ends = &e->ends;
  for (int k = 0; k < 2 && (bootstrap || e->error); k++) {
    CROW_NEED_AGREE(comm, CROW_ALLOCATE(out[k], ends->count));
    if (bootstrap) {
      CROW_NEED(crow_file_read(file, path[k], p->begin, p->count, CROW_F64, slice));
      CROW_NEED(crow_ranking_pick(comm, p, slice, ends->count, ends->place, *out[k]));
      continue;
    }
    for (int64_t i = 0; i < ends->count; i++) {
      (*out[k])[i] = ends->place[i].value + (k ? 1 : -1) * CROW_INTERVAL_ERRORS * e->error[i];
    }
  }
  return CROW_OK;
}

/* Whether the best one leads; `error` has been read if the file has it. */
static crow_status gather_front(const crow_comm *comm, const crow_partition *p, const crow_places *places,
                                const double *error, crow_page_entry *e) {
  crow_status status = CROW_OK;
  const crow_file *file = e->source->file;
  const bool leads = e->error && crow_file_has(file, "/rewards/lead_error");
  double *lead_error = NULL;
  if (leads) {
    CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&lead_error, p->count));
    CROW_TRY(crow_file_read(file, "/rewards/lead_error", p->begin, p->count, CROW_F64, lead_error));
  }
  CROW_TRY(crow_front_find(comm, file, p, places, e->error ? 1 + leads : 0, error, lead_error, &e->front));
cleanup:
  crow_free(lead_error);
  return status;
}

/* What the file says of its alternatives and of the weights. */
static crow_status gather_words(const crow_plot_source *source, crow_page_entry *e) {
  crow_status status = CROW_OK;
  char *digest = NULL;
  if (crow_file_has_attribute(source->file, "/", "alternatives_digest")) {
    CROW_TRY(crow_file_get_text(source->file, "/", "alternatives_digest", &digest));
    (void)snprintf(e->digest, sizeof e->digest, "%.16s", digest);
  }
  if (!crow_file_has(source->file, "/effect/words")) goto cleanup;
  const int64_t rows = crow_file_rows(source->file, "/effect/words");
  CROW_TRY(crow_file_read_strings(source->file, "/effect/words", 0, rows < 16 ? rows : 16, &e->words));
cleanup:
  crow_free(digest);
  return status;
}

bool crow_page_entries_differ(const crow_page_entry *a, const crow_page_entry *b) {
  if (*a->digest && *b->digest) return strcmp(a->digest, b->digest) != 0;
  return a->alternatives != b->alternatives;
}

crow_status crow_page_gather(const crow_comm *comm, const crow_plot_source *source, const crow_elo_options *scale,
                             crow_page_entry *e) {
  crow_status status = CROW_OK;
  double *value = NULL, *weight = NULL, *rate = NULL;
  crow_places places = {0};
  crow_partition p;
  const bool rewards = source->kind == CROW_IS_REWARDS;
  *e = (crow_page_entry){.source = source};
  if (source->kind == CROW_IS_JSON) return CROW_OK;
  CROW_TRY(describe(comm, e));
  e->alternatives = crow_file_rows(source->file, "/alternatives/context");
  if (source->kind == CROW_IS_DATASET) goto cleanup;
  CROW_TRY(crow_file_read_vector(source->file, rewards ? "/rewards/weight" : "/weights/value", &p, &weight));
  e->alternatives = p.global;
  if (rewards) {
    CROW_TRY(crow_file_read_vector(source->file, "/rewards/value", &p, &value));
    CROW_TRY(crow_file_read_vector(source->file, "/rewards/win_rate", &p, &rate));
  }
  CROW_TRY(summarise_weights(comm, &p, weight, e));
  CROW_TRY(crow_topics_create(comm, source->file, &p, true, rewards ? value : weight, weight, &e->topics));
  if (rewards) CROW_TRY(crow_topics_read_errors(comm, source->file, &e->topics));
  if (rewards) {
    e->components = crow_places_components(source->file);
    CROW_TRY(crow_places_read(comm, source->file, &p, value, &places));
    CROW_TRY(crow_ends_create_placed(comm, source->file, &places, CROW_PAGE_ENDS, &e->ends));
  } else {
    CROW_TRY(crow_ends_create(comm, source->file, &p, weight, CROW_PAGE_ENDS, &e->ends));
  }
  CROW_TRY(gather_chosen(comm, &p, weight, rate, e));
  CROW_TRY(gather_words(source, e));
  if (rewards) CROW_TRY(crow_elo_find(comm, scale, source->file, &p, value, weight, &e->elo));
  if (rewards && crow_file_has(source->file, "/rewards/standard_error")) {
    CROW_TRY(crow_file_read(source->file, "/rewards/standard_error", p.begin, p.count, CROW_F64, value));
    CROW_TRY_AGREE(comm, CROW_ALLOCATE(&e->error, e->ends.count));
    CROW_TRY(crow_ranking_pick(comm, &p, value, e->ends.count, e->ends.place, e->error));
  }
  if (rewards) CROW_TRY(gather_front(comm, &p, &places, value, e));
  if (rewards) CROW_TRY(gather_intervals(comm, &p, value, e));
  if (rewards) CROW_TRY(crow_page_gather_by(comm, &p, weight, scale, e));
cleanup:
  crow_places_free(&places);
  CROW_FREE(value, weight, rate);
  return status;
}

void crow_page_entry_free(crow_page_entry *e) {
  json_decref(e->description);
  crow_topics_free(&e->topics);
  crow_ends_free(&e->ends);
  CROW_FREE(e->weight, e->win_rate, e->error, e->lower, e->upper);
  crow_rewards_by_free(&e->by);
  CROW_FREE(e->by_value, e->by_half);
  crow_strings_free(&e->words);
  *e = (crow_page_entry){0};
}
