/* SPDX-License-Identifier: Apache-2.0 */
/* What a rewards file tells of its model, and whether it belongs to a dataset. */
#include "predict/predict_impl.h"
#include <math.h>
#include <string.h>
#include <unistd.h>

static const char *const kinds[] = {"tabular", "linear", "mlp"};

const char *crow_score_kind_name(int kind) { return kinds[kind]; }

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
  const int64_t rows =
      crow_file_rows(file, strcmp(crow_file_kind(file), "scores") == 0 ? "/scores/value" : "/rewards/value");
  if (rows != dataset->alternatives) {
    return crow_error(CROW_BAD_INPUT, "%s and %s do not belong together: %lld alternatives, and %lld",
                      crow_file_name(file), crow_file_name(dataset->file), (long long)rows,
                      (long long)dataset->alternatives);
  }
  CROW_NEED(crow_dataset_check_same_ids(dataset, file, "they do not belong together"));
  CROW_NEED(crow_dataset_check_digest(dataset, file, "they do not belong together"));
  if (strcmp(crow_file_kind(file), "rewards") != 0) return CROW_OK; /* scores need not tell prompts */
  return crow_dataset_check_prompts(dataset, file, "rewards of different prompts are not comparable");
}

/* The name of the dataset that the rewards file says it was fitted to; it is there. Collective. */
static crow_status find_dataset(const crow_comm *comm, const crow_file *rewards, char **path) {
  if (!crow_file_has_attribute(rewards, "/provenance", "input_dataset")) {
    return crow_error(CROW_USAGE, "%s: does not name its dataset: give it with --dataset", crow_file_name(rewards));
  }
  CROW_NEED(crow_file_get_text(rewards, "/provenance", "input_dataset", path));
  const bool gone = crow_comm_rank(comm) == 0 && access(*path, F_OK) != 0;
  return crow_comm_agree(comm, gone ? crow_error(CROW_FILE_SYSTEM,
                                                 "%s was fitted to %s, which is not here: give it with --dataset",
                                                 crow_file_name(rewards), *path)
                                    : CROW_OK);
}

crow_status crow_score_open_dataset(const crow_comm *comm, const crow_file *rewards, const char *path, char **opened,
                                    crow_dataset *dataset) {
  int kind = CROW_MODEL_TABULAR;
  *opened = NULL;
  CROW_NEED(crow_score_kind(rewards, &kind));
  if (kind != CROW_MODEL_TABULAR) return CROW_OK;
  if (path) {
    CROW_NEED_AGREE(comm, crow_string_copy(path, opened));
  } else {
    CROW_NEED(find_dataset(comm, rewards, opened));
  }
  return crow_dataset_open(comm, *opened, true, dataset);
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
