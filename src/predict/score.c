/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards of new alternatives: which way, and what is written. */
#include "predict/predict_impl.h"
#include <string.h>

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
  CROW_FREE(scores->value, scores->spread, scores->nearest, scores->distance);
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
  const crow_partition *p = &scores->partition;
  CROW_NEED(crow_file_set_text(file, "/", "metric", scores->on_sphere ? "sphere" : "euclidean"));
  CROW_NEED(crow_file_set_i64(file, "/", "unknown", scores->unknown));
  CROW_NEED(crow_file_set_i64(file, "/", "tied", scores->tied));
  CROW_NEED(crow_file_write_vector(file, "/scores/nearest", CROW_I64, p, scores->nearest));
  CROW_NEED(crow_file_write_vector(file, "/scores/distance", CROW_F64, p, scores->distance));
  if (dataset->has_id) CROW_NEED(write_nearest_ids(comm, file, scores, dataset));
  return CROW_OK;
}

crow_status crow_scores_write(const crow_comm *comm, const char *path, bool overwrite, const crow_scores *scores,
                              const crow_dataset *dataset, const crow_context_source *contexts,
                              const crow_provenance *provenance) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  CROW_TRY(crow_file_create(comm, path, "scores", overwrite, &file));
  CROW_TRY(crow_file_set_text(file, "/", "alternatives_digest", scores->digest));
  CROW_TRY(crow_file_set_text(file, "/", "model", crow_score_kind_name(scores->kind)));
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
