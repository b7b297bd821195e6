/* SPDX-License-Identifier: Apache-2.0 */
/* Tabular rewards carried over from the nearest alternative: the paper's projection. */
#include "predict/predict_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Contexts of whole datasets must fit every rank. */
static crow_status score_nearest_check_memory(const crow_comm *comm, const crow_dataset *dataset, double bytes) {
  double limit = 0;
  CROW_NEED(crow_comm_memory_limit(comm, 0, &limit));
  if (bytes <= limit) return CROW_OK;
  return crow_error(CROW_FAILED,
                    "%s: each rank needs %.3g GB for the contexts of %lld alternatives and has %.3g GB; take fewer "
                    "ranks a node, or a linear or mlp model, which needs no contexts",
                    crow_file_name(dataset->file), bytes / 1e9, (long long)dataset->alternatives, limit / 1e9);
}

/* The place of every alternative among the candidates: prompt after prompt, -1 for those that are none. Local. */
static crow_status score_nearest_lay_out(const crow_dataset *dataset, const unsigned char *unknown, bool by_prompt,
                                         crow_candidates *c, int64_t *place) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives;
  const int32_t *prompt = by_prompt ? dataset->prompt : NULL;
  int64_t *next = NULL;
  c->groups = prompt ? dataset->prompts : 1;
  CROW_TRY(CROW_ALLOCATE(&c->begin, c->groups + 1));
  CROW_TRY(CROW_ALLOCATE(&next, c->groups));
  for (crow_gidx y = 0; y < m; y++) {
    if (!unknown || !unknown[y]) c->begin[(prompt ? prompt[y] : 0) + 1]++;
  }
  for (crow_gidx g = 0; g < c->groups; g++) {
    c->begin[g + 1] += c->begin[g];
    next[g] = c->begin[g];
  }
  if (c->begin[c->groups] == 0) {
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: no alternative was compared with a weighted one, so none has a reward",
                        crow_file_name(dataset->file)));
  }
  CROW_TRY(CROW_ALLOCATE(&c->row, c->begin[c->groups]));
  for (crow_gidx y = 0; y < m; y++) {
    place[y] = unknown && unknown[y] ? -1 : next[prompt ? prompt[y] : 0]++;
    if (place[y] >= 0) c->row[place[y]] = y;
  }
cleanup:
  crow_free(next);
  return status;
}

/* All contexts, piece by piece, those of candidates to their places, and to where distances are taken. */
static crow_status read_candidates(const crow_comm *comm, const crow_dataset *dataset, const int64_t *place,
                                   crow_candidates *c) {
  crow_status status = CROW_OK;
  enum { PIECE_BYTES = 1 << 25 };
  const crow_type type = c->type == CROW_SINGLE ? CROW_F32 : CROW_F64;
  const size_t row_bytes = (size_t)c->dimensions * crow_type_bytes(type);
  const crow_gidx m = dataset->alternatives, most = (crow_gidx)(PIECE_BYTES / row_bytes) + 1;
  const crow_gidx rows = most < m ? most : m;
  char *piece = NULL;
  CROW_TRY_AGREE(comm, crow_allocate_raw(rows, row_bytes, (void **)&piece));
  CROW_TRY_AGREE(comm, crow_allocate_raw(c->begin[c->groups], row_bytes, &c->contexts));
  for (crow_gidx begin = 0; begin < m; begin += rows) {
    const crow_gidx count = m - begin < rows ? m - begin : rows;
    CROW_TRY(crow_dataset_read_contexts(dataset, begin, count, type, piece));
    for (crow_gidx i = 0; i < count; i++) {
      if (place[begin + i] < 0) continue;
      memcpy((char *)c->contexts + (size_t)place[begin + i] * row_bytes, piece + (size_t)i * row_bytes, row_bytes);
    }
  }
  for (crow_gidx g = 0; g < c->groups && c->metric.space; g++) {
    double *own = (double *)c->contexts + c->begin[g] * c->dimensions;
    CROW_TRY_AGREE(comm, crow_metric_apply(&c->metric, g, c->begin[g + 1] - c->begin[g], own));
  }
cleanup:
  crow_free(piece);
  return status;
}

crow_status crow_candidates_create(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                                   const unsigned char *unknown, bool by_prompt, const crow_nearest_options *options,
                                   crow_candidates *out) {
  crow_status status = CROW_OK;
  const crow_gidx m = dataset->alternatives, d = dataset->dimensions;
  int64_t *place = NULL;
  *out = (crow_candidates){.options = *options, .dimensions = d};
  CROW_TRY(crow_metric_open(comm, rewards, dataset, by_prompt, &out->metric));
  out->type = dataset->single && !out->metric.space ? CROW_SINGLE : CROW_DOUBLE;
  CROW_TRY(score_nearest_check_memory(comm, dataset, (double)m * (double)d * (out->type == CROW_SINGLE ? 4 : 8)));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&place, m));
  CROW_TRY_AGREE(comm, score_nearest_lay_out(dataset, unknown, by_prompt, out, place));
  CROW_TRY(read_candidates(comm, dataset, place, out));
cleanup:
  crow_free(place);
  if (status != CROW_OK) crow_candidates_free(out);
  return status;
}

void crow_candidates_free(crow_candidates *c) {
  crow_nearest_destroy(&c->search);
  crow_nearest_result_free(&c->found);
  crow_metric_free(&c->metric);
  CROW_FREE(c->contexts, c->points, c->row, c->begin);
  *c = (crow_candidates){0};
}

/* Prepares the search in a group, unless it was the last one. */
static crow_status turn_to(crow_candidates *c, crow_gidx group) {
  const size_t row_bytes = (size_t)c->dimensions * (c->type == CROW_SINGLE ? sizeof(float) : sizeof(double));
  const int64_t begin = c->begin[group], count = c->begin[group + 1] - begin;
  crow_nearest_options options = c->options;
  if (c->search && c->searched == group) return CROW_OK;
  crow_nearest_destroy(&c->search);
  c->searched = group;
  /* Measuring engines would cost more than the search in a small prompt; all find the same. */
  if (options.engine == CROW_NEAREST_AUTO && c->groups > 1 && count < CROW_BLOCK) options.engine = CROW_NEAREST_FUSED;
  return crow_nearest_create(&options, (const char *)c->contexts + (size_t)begin * row_bytes, c->type, count,
                             c->dimensions, NULL, 0, &c->search);
}

/* `count` contexts of a group where distances are taken: themselves, or directions in the work space. */
static crow_status place_points(crow_candidates *c, crow_gidx group, const double *points, int64_t count,
                                const double **placed) {
  *placed = points;
  if (!c->metric.space) return CROW_OK;
  crow_free(c->points);
  c->points = NULL;
  CROW_NEED(CROW_ALLOCATE_RAW(&c->points, count * c->dimensions));
  memcpy(c->points, points, (size_t)(count * c->dimensions) * sizeof *points);
  CROW_NEED(crow_metric_apply(&c->metric, group, count, c->points));
  *placed = c->points;
  return CROW_OK;
}

/* `n` points in one group: point i is number at[i] of those asked for, or i if `at` is NULL. */
static crow_status find_in(crow_candidates *c, crow_gidx group, const double *points, int64_t n, const int64_t *at,
                           crow_gidx *row, double *distance) {
  const bool none = c->begin[group] == c->begin[group + 1];
  for (int64_t i = 0; none && i < n; i++) row[at ? at[i] : i] = -1;
  if (none) return CROW_OK;
  CROW_NEED(turn_to(c, group));
  const int64_t block = crow_nearest_block(c->search);
  for (int64_t begin = 0; begin < n; begin += block) {
    const int64_t count = n - begin < block ? n - begin : block;
    const double *placed = NULL;
    CROW_NEED(place_points(c, group, points + begin * c->dimensions, count, &placed));
    CROW_NEED(crow_nearest_search(c->search, placed, count, &c->found));
    for (int64_t i = 0; i < count; i++) {
      const int64_t first = c->found.tie_begin[i], to = at ? at[begin + i] : begin + i;
      row[to] = c->row[c->begin[group] + c->found.index[first]];
      distance[to] = sqrt(c->found.distance[i]);
      c->tied += c->found.tie_begin[i + 1] - first > 1;
    }
  }
  return CROW_OK;
}

typedef struct asked {
  int32_t prompt;
  int64_t point;
} asked;

static int by_prompt_and_point(const void *a, const void *b) {
  const asked *x = a, *y = b;
  if (x->prompt != y->prompt) return x->prompt < y->prompt ? -1 : 1;
  return x->point < y->point ? -1 : x->point > y->point;
}

crow_status crow_candidates_find(crow_candidates *c, const int32_t *prompt, const double *points, int64_t n,
                                 crow_gidx *row, double *distance) {
  crow_status status = CROW_OK;
  const int64_t d = c->dimensions;
  asked *list = NULL;
  int64_t *at = NULL;
  double *own = NULL;
  if (!prompt) return n ? find_in(c, 0, points, n, NULL, row, distance) : CROW_OK;
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(n, &list, &at));
  CROW_TRY(CROW_ALLOCATE_RAW(&own, n * d));
  for (int64_t i = 0; i < n; i++) list[i] = (asked){prompt[i], i};
  if (n) qsort(list, (size_t)n, sizeof *list, by_prompt_and_point);
  for (int64_t begin = 0, end = 0; begin < n; begin = end) {
    for (end = begin; end < n && list[end].prompt == list[begin].prompt; end++) {
      at[end - begin] = list[end].point;
      memcpy(own + (end - begin) * d, points + list[end].point * d, (size_t)d * sizeof *own);
    }
    CROW_TRY(find_in(c, list[begin].prompt, own, end - begin, at, row, distance));
  }
cleanup:
  CROW_FREE(list, at, own);
  return status;
}

/* All rewards of the file, whole on every rank, at the rows that were found. */
static crow_status take_rewards(const crow_comm *comm, const crow_file *rewards, crow_gidx m, crow_scores *out) {
  crow_status status = CROW_OK;
  double *all = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&all, m));
  CROW_TRY(crow_file_read(rewards, "/rewards/value", 0, m, CROW_F64, all));
  for (crow_gidx i = 0; i < out->partition.count; i++) out->value[i] = all[out->nearest[i]];
cleanup:
  crow_free(all);
  return status;
}

static crow_status refuse_unanswered(const crow_context_source *contexts, const crow_dataset *dataset,
                                     const crow_scores *out) {
  for (crow_gidx i = 0; i < out->partition.count; i++) {
    if (out->nearest[i] >= 0) continue;
    return crow_error(
        CROW_BAD_INPUT,
        "%s: row %lld answers a prompt of which no alternative of %s was compared with a weighted one, so "
        "none has a reward",
        crow_context_source_name(contexts), (long long)(out->partition.begin + i), crow_file_name(dataset->file));
  }
  return CROW_OK;
}

static crow_status check_dimensions(crow_context_source *contexts, const crow_dataset *dataset) {
  const int64_t d = crow_context_source_dimensions(contexts);
  CROW_NEED(crow_context_source_match(contexts, dataset->file, "/alternatives/dimension"));
  if (d == dataset->dimensions) return CROW_OK;
  return crow_error(CROW_BAD_INPUT, "%s: has contexts of %lld dimension%s, expected %lld as %s",
                    crow_context_source_name(contexts), (long long)d, crow_plural(d), (long long)dataset->dimensions,
                    crow_file_name(dataset->file));
}

/* A new context of zeros has no direction, and without a centre no place on the sphere. */
static crow_status check_directions(const crow_context_source *contexts, const crow_candidates *c,
                                    const crow_turns *turns) {
  if (!crow_metric_needs_direction(&c->metric)) return CROW_OK;
  for (int64_t i = 0; i < turns->count; i++) {
    int64_t k = 0;
    while (k < c->dimensions && turns->values[i * c->dimensions + k] == 0) k++;
    if (k < c->dimensions) continue;
    return crow_error(CROW_BAD_INPUT,
                      "%s: row %lld is zero: it has no direction, expected one, since the weights were found on a "
                      "sphere without a centre",
                      crow_context_source_name(contexts), (long long)(turns->begin + i));
  }
  return CROW_OK;
}

/* Turn by turn, within prompts if `prompt` is not NULL. */
static crow_status find_all(const crow_comm *comm, const crow_context_source *contexts, const int32_t *prompt,
                            crow_candidates *candidates, crow_scores *out) {
  crow_status status = CROW_OK;
  crow_turns turns = {0};
  uint64_t digest = 0;
  bool more = false;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(out->partition.count, &out->nearest, &out->distance));
  CROW_TRY(crow_turns_begin(comm, contexts, &turns));
  for (;;) {
    CROW_TRY(crow_turns_next(&turns, &more));
    if (!more) break;
    digest += crow_context_rows_digest(turns.begin, turns.count, candidates->dimensions, turns.values);
    const crow_gidx at = turns.begin - out->partition.begin;
    CROW_TRY_AGREE(comm, check_directions(contexts, candidates, &turns));
    CROW_TRY_AGREE(comm, crow_candidates_find(candidates, prompt ? prompt + at : NULL, turns.values, turns.count,
                                              out->nearest + at, out->distance + at));
  }
  CROW_TRY(crow_contexts_digest_end(comm, digest, out->digest));
  out->tied = candidates->tied;
  CROW_TRY(crow_comm_sum_i64(comm, &out->tied, 1));
cleanup:
  crow_turns_free(&turns);
  return status;
}

crow_status crow_score_nearest(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                               crow_context_source *contexts, const crow_nearest_options *options, crow_scores *out) {
  crow_status status = CROW_OK;
  crow_candidates candidates = {0};
  unsigned char *unknown = NULL;
  int32_t *prompt = NULL;
  CROW_TRY(check_dimensions(contexts, dataset));
  CROW_TRY(crow_score_check_dataset(comm, rewards, dataset));
  CROW_TRY(crow_context_source_prompts(contexts, dataset, &prompt));
  if (!prompt && dataset->prompts > 1) {
    crow_log(CROW_LOG_WARNING,
             "score: %s tells no prompts: the nearest alternative may be one of another prompt, whose rewards are not "
             "comparable (a column prompt says which)",
             crow_context_source_name(contexts));
  }
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&unknown, dataset->alternatives));
  CROW_TRY(crow_score_unknown(comm, rewards, dataset->alternatives, unknown, &out->unknown));
  CROW_TRY(crow_candidates_create(comm, rewards, dataset, unknown, prompt != NULL, options, &candidates));
  out->on_sphere = candidates.metric.space != NULL;
  out->metric = candidates.metric.name;
  CROW_TRY(find_all(comm, contexts, prompt, &candidates, out));
  CROW_TRY_AGREE(comm, refuse_unanswered(contexts, dataset, out));
  CROW_TRY(take_rewards(comm, rewards, dataset->alternatives, out));
cleanup:
  crow_candidates_free(&candidates);
  CROW_FREE(unknown, prompt);
  return status;
}
