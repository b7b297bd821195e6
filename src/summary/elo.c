/* SPDX-License-Identifier: Apache-2.0 */
#include "io/ids_impl.h"
#include <crow/summary.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double usual = 1000;
enum { SUGGEST_AMONG = 100000 };

const crow_setting crow_elo_settings[] = {
    CROW_SETTING("elo", BOOL, crow_elo_options, on,
                 .help = "rewards and their intervals also on the scale of Elo ratings: 400 / ln 10 times the "
                         "reward, with the mean of the alternatives that have weight at 1000; files keep the rewards"),
    CROW_SETTING(
        "anchor", TEXT, crow_elo_options, anchor, .choices = "NAME=RATING",
        .help = "Elo ratings that give this alternative this rating, e.g. gpt-4=1000; intervals remain those of the "
                "rewards, against their weighted mean and not against the anchor, which has one too"),
    {.name = NULL}};

/* The last "=" parts them: names may have some. */
static bool split_anchor(const char *anchor, size_t *name_bytes, double *rating) {
  const char *sign = strrchr(anchor, '=');
  char *end = NULL;
  if (!sign || sign == anchor) return false;
  *name_bytes = (size_t)(sign - anchor);
  *rating = strtod(sign + 1, &end);
  return end != sign + 1 && *end == 0 && isfinite(*rating);
}

crow_status crow_elo_options_validate(const crow_elo_options *options) {
  size_t bytes;
  double rating;
  if (!options->anchor || split_anchor(options->anchor, &bytes, &rating)) return CROW_OK;
  return crow_error(CROW_USAGE, "anchor \"%s\": expected NAME=RATING, such as gpt-4=1000", options->anchor);
}

/* The id that is most like this name, of the first of very many; every rank gets the words. */
static crow_status suggest_anchor(const crow_comm *comm, const crow_file *file, const crow_partition *p,
                                  const char *name, char suggestion[CROW_SUGGESTION_BYTES]) {
  crow_status status = CROW_OK;
  const bool root = crow_comm_rank(comm) == 0;
  const crow_gidx count = root ? (p->global < SUGGEST_AMONG ? p->global : SUGGEST_AMONG) : 0;
  crow_strings names = {0};
  crow_ids ids = {0};
  memset(suggestion, 0, CROW_SUGGESTION_BYTES);
  CROW_TRY(crow_ranking_read_ids(comm, file, 0, count, &names));
  for (int64_t i = 0; i < names.count; i++) {
    int64_t number;
    bool added;
    if (crow_ids_add(&ids, crow_strings_get(&names, i), 0, &number, &added) != CROW_OK) break;
  }
  if (root) crow_ids_suggest(&ids, name, suggestion);
  CROW_TRY(crow_comm_broadcast(comm, suggestion, CROW_SUGGESTION_BYTES, 0));
cleanup:
  crow_ids_free(&ids);
  crow_strings_free(&names);
  return status;
}

/* The reward of the first alternative of this name. */
static crow_status find_anchor(const crow_comm *comm, const crow_file *file, const crow_partition *p,
                               const double *values, const char *name, size_t bytes, double *reward) {
  crow_status status = CROW_OK;
  crow_strings ids = {0};
  int64_t first = INT64_MIN; /* minus its row */
  CROW_TRY(crow_ranking_read_ids(comm, file, p->begin, p->count, &ids));
  for (int64_t i = ids.count - 1; i >= 0; i--) {
    const char *id = crow_strings_get(&ids, i);
    if (strlen(id) == bytes && memcmp(id, name, bytes) == 0) first = -(p->begin + i);
  }
  CROW_TRY(crow_comm_max_i64(comm, &first, 1));
  if (first == INT64_MIN) {
    char wanted[CROW_NAME_BYTES], suggestion[CROW_SUGGESTION_BYTES];
    (void)snprintf(wanted, sizeof wanted, "%.*s", (int)bytes, name);
    CROW_TRY(suggest_anchor(comm, file, p, wanted, suggestion));
    CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: /alternatives/id: no alternative \"%s\", which the anchor names%s",
                        crow_file_name(file), wanted, suggestion));
  }
  CROW_TRY(crow_ranking_pick(comm, p, values, 1, &(crow_ranked){0, -first}, reward));
cleanup:
  crow_strings_free(&ids);
  return status;
}

/* Over those with weight, each counting once. */
static crow_status find_mean(const crow_comm *comm, const crow_partition *p, const double *values,
                             const double *weights, double *mean) {
  crow_exact_sum sum = {{0}};
  int64_t count = 0;
  for (int64_t i = 0; i < p->count; i++) {
    if (!(weights[i] > 0)) continue;
    crow_exact_add(&sum, values[i]);
    count++;
  }
  CROW_NEED(crow_comm_sum_exact(comm, &sum, 1));
  CROW_NEED(crow_comm_sum_i64(comm, &count, 1));
  *mean = count ? crow_exact_value(&sum) / (double)count : 0;
  return CROW_OK;
}

crow_status crow_elo_find(const crow_comm *comm, const crow_elo_options *options, const crow_file *file,
                          const crow_partition *partition, const double *values, const double *weights, crow_elo *out) {
  double rating = usual, reward = 0;
  size_t bytes = 0;
  *out = (crow_elo){.on = options->on || options->anchor};
  if (!out->on) return CROW_OK;
  CROW_NEED(crow_elo_options_validate(options));
  if (options->anchor) {
    (void)split_anchor(options->anchor, &bytes, &rating);
    CROW_NEED(find_anchor(comm, file, partition, values, options->anchor, bytes, &reward));
  } else {
    CROW_NEED(find_mean(comm, partition, values, weights, &reward));
  }
  out->shift = rating - CROW_ELO_FACTOR * reward;
  return CROW_OK;
}

double crow_elo_rating(const crow_elo *elo, double reward) {
  return elo->on ? CROW_ELO_FACTOR * reward + elo->shift : reward;
}
