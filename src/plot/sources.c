/* SPDX-License-Identifier: Apache-2.0 */
#include "plot/plot_impl.h"
#include <string.h>

/* The file's name without folder and suffix. */
static void source_name(const char *path, char *name, size_t bytes) {
  const char *slash = strrchr(path, '/');
  const char *base = slash ? slash + 1 : path;
  const char *dot = strrchr(base, '.');
  const size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);
  (void)snprintf(name, bytes, "%.*s", (int)length, base);
}

static bool is_json(const char *path) {
  const size_t length = strlen(path);
  return length > 5 && strcmp(path + length - 5, ".json") == 0;
}

static crow_status load_json(const char *path, json_t **out) {
  json_error_t problem;
  FILE *file = fopen(path, "r");
  if (!file) return crow_error(CROW_FILE_SYSTEM, "%s: cannot be opened", path);
  *out = json_loadf(file, JSON_REJECT_DUPLICATES, &problem);
  (void)fclose(file);
  if (!*out) {
    return crow_error(CROW_BAD_INPUT, "%s, line %d: %s; expected JSON", path, problem.line, problem.text);
  }
  return CROW_OK;
}

/* What a summary can be drawn as. */
static crow_plot_kind report_kind(const json_t *report) {
  if (json_object_get(report, "calibration")) return CROW_PLOT_CALIBRATION;
  if (json_object_get(report, "scaling")) return CROW_PLOT_SCALING;
  /* An audit of two datasets has topics in the place of tests: nothing to draw, a table to show. */
  if (json_object_get(report, "topics") && !json_object_get(report, "tests")) return CROW_PLOT_AUTO;
  return CROW_PLOT_AUDIT;
}

static crow_status open_source(const crow_comm *comm, const char *path, crow_plot_source *source) {
  source->path = path;
  if (is_json(path)) {
    source->kind = CROW_IS_JSON;
    CROW_NEED_AGREE(comm, crow_comm_rank(comm) == 0 ? load_json(path, &source->json) : CROW_OK);
    source->report = source->json ? (int)report_kind(source->json) : CROW_PLOT_AUTO;
    CROW_NEED(crow_comm_broadcast(comm, &source->report, sizeof source->report, 0));
    return CROW_OK;
  }
  CROW_NEED(crow_file_open(comm, path, NULL, &source->file));
  const char *kind = crow_file_kind(source->file);
  if (strcmp(kind, "rewards") == 0) {
    source->kind = CROW_IS_REWARDS;
  } else if (strcmp(kind, "weights") == 0) {
    source->kind = CROW_IS_WEIGHTS;
  } else if (strcmp(kind, "dataset") == 0) {
    source->kind = CROW_IS_DATASET;
  } else {
    return crow_error(CROW_BAD_INPUT, "%s: is a %s file; expected rewards, weights, a dataset or JSON%s", path, kind,
                      strcmp(kind, "scores") == 0 ? "; crow export writes scores as a table" : "");
  }
  return CROW_OK;
}

/* The k-th of the comma-separated words. */
static const char *word_at(const char *words, int k, size_t *length) {
  for (; k > 0 && words; k--) {
    words = strchr(words, ',');
    if (words) words++;
  }
  *length = words ? strcspn(words, ",") : 0;
  return words;
}

static crow_status set_label(const char *labels, int k, crow_plot_source *source) {
  char raw[CROW_PLOT_LABEL_BYTES];
  size_t length = 0;
  if (labels) {
    const char *word = word_at(labels, k, &length);
    if (!word) return crow_error(CROW_USAGE, "--labels names %d files, expected a label for each", k);
    (void)snprintf(raw, sizeof raw, "%.*s", (int)length, word);
  } else {
    source_name(source->path, raw, sizeof raw);
  }
  (void)crow_text_fit(raw, 0, source->label, sizeof source->label);
  return CROW_OK;
}

crow_status crow_plot_sources_open(const crow_comm *comm, int count, char *const *paths, const char *labels,
                                   crow_plot_source *source) {
  size_t length = 0;
  if (labels && word_at(labels, count, &length)) {
    return crow_error(CROW_USAGE, "--labels has more than %d names, expected one for each file", count);
  }
  for (int k = 0; k < count; k++) {
    source[k].path = paths[k];
    CROW_NEED(set_label(labels, k, &source[k]));
    CROW_NEED(open_source(comm, paths[k], &source[k]));
  }
  return CROW_OK;
}

void crow_plot_sources_close(int count, crow_plot_source *source) {
  for (int k = 0; k < count; k++) {
    crow_file_close(&source[k].file);
    json_decref(source[k].json);
    source[k].json = NULL;
  }
}

crow_plot_kind crow_plot_kind_of(int count, const crow_plot_source *source) {
  bool dataset = false;
  for (int k = 0; k < count; k++) dataset = dataset || source[k].kind == CROW_IS_DATASET;
  if (dataset) return CROW_PLOT_VORONOI;
  const crow_plot_source *last = &source[count - 1];
  switch (last->kind) {
  case CROW_IS_REWARDS:
    return crow_file_has(last->file, "/alternatives/topic") ? CROW_PLOT_TOPICS : CROW_PLOT_WIN_RATE;
  case CROW_IS_WEIGHTS:
    return CROW_PLOT_WEIGHTS;
  default:
    return last->report == CROW_PLOT_AUTO ? CROW_PLOT_AUDIT : (crow_plot_kind)last->report;
  }
}
