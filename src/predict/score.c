/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards of new alternatives: which way, and what is written. */
#include "predict/predict_impl.h"
#include <math.h>
#include <string.h>

static const char *const kinds[] = {"tabular", "linear", "mlp"};

/* ---- turns ------------------------------------------------------------------------------------------------------ */

crow_status crow_turns_begin(const crow_comm *comm, const crow_context_source *contexts, crow_turns *turns) {
  crow_status status = CROW_OK;
  const crow_partition *p = crow_context_source_partition(contexts);
  const int64_t d = crow_context_source_dimensions(contexts), blocks = CROW_TURN_BYTES / (8 * CROW_BLOCK * d);
  *turns = (crow_turns){.contexts = contexts, .begin = p->begin, .rows = CROW_BLOCK * (blocks > 1 ? blocks : 1)};
  turns->left = (p->count + turns->rows - 1) / turns->rows;
  CROW_TRY(crow_comm_max_i64(comm, &turns->left, 1));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&turns->values, (p->count < turns->rows ? p->count : turns->rows) * d));
cleanup:
  return status;
}

crow_status crow_turns_next(crow_turns *turns, bool *more) {
  const crow_partition *p = crow_context_source_partition(turns->contexts);
  *more = turns->left-- > 0;
  if (!*more) return CROW_OK;
  turns->begin += turns->count;
  const crow_gidx rest = p->begin + p->count - turns->begin;
  turns->count = rest < turns->rows ? rest : turns->rows;
  return crow_context_source_read(turns->contexts, turns->begin, turns->count, turns->values);
}

void crow_turns_free(crow_turns *turns) {
  crow_free(turns->values);
  *turns = (crow_turns){0};
}

/* ---- whether files belong together ------------------------------------------------------------------------------ */

crow_status crow_score_kind(const crow_file *rewards, int *kind) {
  crow_status status = CROW_OK;
  char *text = NULL;
  CROW_TRY(crow_file_get_text(rewards, "/model", "kind", &text));
  *kind = CROW_MODEL_TABULAR;
  while (*kind < CROW_MODEL_MLP && strcmp(text, kinds[*kind]) != 0) (*kind)++;
cleanup:
  crow_free(text);
  return status;
}

crow_status crow_score_unknown(const crow_comm *comm, const crow_file *rewards, crow_gidx m, unsigned char *flags,
                               crow_gidx *count) {
  crow_status status = CROW_OK;
  double *win_rate = NULL;
  *count = 0;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_RAW(&win_rate, m));
  CROW_TRY(crow_file_read(rewards, "/rewards/win_rate", 0, m, CROW_F64, win_rate));
  for (crow_gidx y = 0; y < m; y++) {
    flags[y] = (unsigned char)(isnan(win_rate[y]) != 0);
    *count += flags[y];
  }
cleanup:
  crow_free(win_rate);
  return status;
}

crow_status crow_score_check_ids(const crow_file *file, const crow_dataset *dataset) {
  int64_t shape[2];
  crow_file_shape(file, strcmp(crow_file_kind(file), "scores") == 0 ? "/scores/value" : "/rewards/value", shape);
  if (shape[0] != dataset->alternatives) {
    return crow_error(CROW_BAD_INPUT, "%s and %s do not belong together: %lld alternatives, and %lld",
                      crow_file_name(file), crow_file_name(dataset->file), (long long)shape[0],
                      (long long)dataset->alternatives);
  }
  return crow_dataset_check_same_ids(dataset, file, "they do not belong together");
}

crow_status crow_score_check_dataset(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  char digest[33], *stated = NULL;
  if (crow_file_has_attribute(rewards, "/provenance", "input_dataset_digest")) {
    CROW_TRY(crow_file_get_text(rewards, "/provenance", "input_dataset_digest", &stated));
    CROW_TRY(crow_file_digest(comm, crow_file_name(dataset->file), digest));
    if (strcmp(digest, stated) != 0) {
      CROW_TRY(crow_error(CROW_BAD_INPUT,
                          "%s: is not the dataset that %s was fitted to, or has changed since: its digest is %s, "
                          "expected %.64s",
                          crow_file_name(dataset->file), crow_file_name(rewards), digest, stated));
    }
  }
  CROW_TRY(crow_score_check_ids(rewards, dataset));
cleanup:
  crow_free(stated);
  return status;
}

/* ---- scores ----------------------------------------------------------------------------------------------------- */

crow_status crow_score_run(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                           crow_context_source *contexts, const crow_nearest_options *options, crow_scores *out) {
  crow_status status = CROW_OK;
  *out = (crow_scores){.partition = *crow_context_source_partition(contexts), .members = 1};
  CROW_TRY(crow_score_kind(rewards, &out->kind));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&out->value, out->partition.count));
  if (out->kind != CROW_MODEL_TABULAR) {
    CROW_TRY(crow_score_model(comm, rewards, contexts, out));
  } else if (dataset) {
    CROW_TRY(crow_score_nearest(comm, rewards, dataset, contexts, options, out));
  } else {
    CROW_TRY(crow_error(CROW_USAGE, "%s: tabular rewards need the dataset that they were fitted to",
                        crow_file_name(rewards)));
  }
cleanup:
  if (status != CROW_OK) crow_scores_free(out);
  return status;
}

void crow_scores_free(crow_scores *scores) {
  crow_free(scores->value);
  crow_free(scores->spread);
  crow_free(scores->nearest);
  crow_free(scores->distance);
  *scores = (crow_scores){0};
}

/* Names of the nearest alternatives: every rank holds all names for a while. */
static crow_status write_nearest_ids(const crow_comm *comm, crow_file *file, const crow_scores *scores,
                                     const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  const crow_partition *p = &scores->partition;
  crow_strings all = {0}, mine = {.count = p->count};
  CROW_TRY(crow_file_read_strings(dataset->file, "/alternatives/id", 0, dataset->alternatives, &all));
  mine.width = all.width;
  CROW_TRY_AGREE(comm, crow_allocate(mine.count, (size_t)mine.width, (void **)&mine.data));
  for (crow_gidx i = 0; i < p->count; i++) {
    memcpy(mine.data + i * mine.width, crow_strings_get(&all, scores->nearest[i]), (size_t)mine.width);
  }
  CROW_TRY(crow_file_write_strings(file, "/scores/nearest_id", p->global, p->begin, &mine));
cleanup:
  crow_strings_free(&all);
  crow_strings_free(&mine);
  return status;
}

static crow_status write_nearest(const crow_comm *comm, crow_file *file, const crow_scores *scores,
                                 const crow_dataset *dataset) {
  crow_status status = CROW_OK;
  const crow_partition *p = &scores->partition;
  CROW_TRY(crow_file_set_i64(file, "/", "unknown", scores->unknown));
  CROW_TRY(crow_file_set_i64(file, "/", "tied", scores->tied));
  CROW_TRY(crow_file_write_vector(file, "/scores/nearest", CROW_I64, p, scores->nearest));
  CROW_TRY(crow_file_write_vector(file, "/scores/distance", CROW_F64, p, scores->distance));
  if (dataset->has_id) CROW_TRY(write_nearest_ids(comm, file, scores, dataset));
cleanup:
  return status;
}

crow_status crow_scores_write(const crow_comm *comm, const char *path, bool overwrite, const crow_scores *scores,
                              const crow_dataset *dataset, const crow_context_source *contexts,
                              const crow_provenance *provenance) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  CROW_TRY(crow_file_create(comm, path, "scores", overwrite, &file));
  CROW_TRY(crow_file_set_text(file, "/", "model", kinds[scores->kind]));
  CROW_TRY(crow_file_write_vector(file, "/scores/value", CROW_F64, &scores->partition, scores->value));
  if (scores->kind == CROW_MODEL_TABULAR) {
    CROW_TRY(write_nearest(comm, file, scores, dataset));
  } else {
    CROW_TRY(crow_file_set_i64(file, "/", "members", scores->members));
    if (scores->members > 1)
      CROW_TRY(crow_file_write_vector(file, "/scores/spread", CROW_F64, &scores->partition, scores->spread));
  }
  CROW_TRY(crow_context_source_write_names(contexts, file));
  CROW_TRY(crow_provenance_write(provenance, file));
  CROW_TRY(crow_file_finish(&file));
cleanup:
  crow_file_close(&file);
  return status;
}
