/* SPDX-License-Identifier: Apache-2.0 */
/* Prompts of the alternatives: from their own files, or else from the comparisons. */
#include "base/grow_impl.h"
#include "base/utf8_impl.h"
#include "import/import_impl.h"

#include <string.h>
#include <xxhash.h>

/* A prompt is often a whole text: one that is longer than a name may be gets its beginning and a digest as name. */
static const char *name_of(const char *text, char name[CROW_ID_BYTES + 1]) {
  if (strlen(text) <= CROW_ID_BYTES) return text;
  const XXH128_hash_t hash = XXH3_128bits(text, strlen(text));
  (void)snprintf(name, CROW_ID_BYTES + 1, "%.*s #%016llx%016llx", (int)crow_utf8_cut(text, CROW_ID_BYTES - 40), text,
                 (unsigned long long)hash.high64, (unsigned long long)hash.low64);
  return name;
}

/* The number of the prompt in the current record, or -1 and why it cannot be one. */
static crow_status number_of(const crow_csv *csv, int64_t column, crow_import_alternatives *out, int64_t *prompt,
                             const char **fault) {
  char buffer[CROW_ID_BYTES + 1];
  const char *name = name_of(crow_csv_field(csv, column), buffer);
  bool added = false;
  *prompt = -1;
  *fault = crow_ids_fault(name);
  return *fault ? CROW_OK : crow_ids_add(&out->prompts, name, crow_csv_line(csv), prompt, &added);
}

/* Room for the prompts of alternatives up to `number`; new ones have none, -1. */
static crow_status reserve(crow_import_alternatives *out, int64_t number) {
  const int64_t before = out->prompt_room;
  CROW_NEED(CROW_ARRAY_RESERVE(&out->prompt, before, &out->prompt_room, number + 1));
  for (int64_t k = before; k < out->prompt_room; k++) out->prompt[k] = -1;
  return CROW_OK;
}

crow_status crow_import_add_prompt(const crow_csv *csv, int64_t column, int64_t number, crow_import_alternatives *out,
                                   crow_bad_lines *report) {
  const char *fault = NULL;
  int64_t prompt = -1;
  CROW_NEED(number_of(csv, column, out, &prompt, &fault));
  CROW_NEED(reserve(out, number));
  out->prompt[number] = (int32_t)prompt;
  if (fault) {
    char quoted[CROW_QUOTED_BYTES];
    crow_bad_lines_add(report, crow_csv_name(csv), crow_csv_line(csv), "the prompt %s (value %s), expected UTF-8 text",
                       fault, crow_quote(crow_csv_field(csv, column), quoted));
  }
  return CROW_OK;
}

static void give_up(const crow_csv *csv, int64_t alternative, int64_t other, crow_import_guess *guess,
                    const crow_import_alternatives *out) {
  char name[CROW_QUOTED_BYTES], one[CROW_QUOTED_BYTES], two[CROW_QUOTED_BYTES], number[32];
  (void)snprintf(number, sizeof number, "%lld", (long long)alternative);
  crow_log(CROW_LOG_WARNING,
           "import: %s:%lld: column prompt not used: %s appears under the prompts %s and %s (right for models; for "
           "responses "
           "make ids unique per prompt)",
           crow_csv_name(csv), (long long)crow_csv_line(csv),
           crow_quote(out->by_number ? number : crow_ids_get(&out->ids, alternative), name),
           crow_quote(crow_ids_get(&out->prompts, out->prompt[alternative]), one),
           crow_quote(crow_ids_get(&out->prompts, other), two));
  guess->given_up = true;
}

crow_status crow_import_guess_prompt(const crow_csv *csv, int64_t column, int64_t first, int64_t second,
                                     crow_import_guess *guess, crow_import_alternatives *out) {
  const int64_t side[2] = {first, second};
  const char *fault = NULL;
  int64_t prompt = -1;
  if (guess->given_up) return CROW_OK;
  CROW_NEED(number_of(csv, column, out, &prompt, &fault));
  if (fault) {
    return crow_error(CROW_BAD_INPUT, "%s:%lld: the prompt %s", crow_csv_name(csv), (long long)crow_csv_line(csv),
                      fault);
  }
  CROW_NEED(reserve(out, out->count - 1));
  for (int k = 0; k < 2 && !guess->given_up; k++) {
    if (out->prompt[side[k]] < 0)
      out->prompt[side[k]] = (int32_t)prompt;
    else if (out->prompt[side[k]] != prompt)
      give_up(csv, side[k], prompt, guess, out);
  }
  return CROW_OK;
}

void crow_import_guess_end(const crow_csv *csv, const crow_import_guess *guess, crow_import_alternatives *out) {
  char quoted[CROW_QUOTED_BYTES], number[32];
  if (guess->given_up || !out->prompt) return;
  for (int64_t k = 0; k < out->count; k++) {
    if (out->prompt[k] >= 0) continue;
    (void)snprintf(number, sizeof number, "%lld", (long long)k);
    crow_log(
        CROW_LOG_WARNING,
        "import: %s: the alternative %s is in no comparison, so the column prompt does not group all alternatives; "
        "it is not used (a column prompt of the items or contexts would be)",
        crow_csv_name(csv), crow_quote(out->by_number ? number : crow_ids_get(&out->ids, k), quoted));
    return;
  }
  out->has_prompt = true;
}
