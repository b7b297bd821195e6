/* SPDX-License-Identifier: Apache-2.0 */
#include "io/ids_impl.h"

#include "base/bad_lines_impl.h"
#include "base/grow_impl.h"
#include "base/utf8_impl.h"

#include <string.h>
#include <xxhash.h>

const char *crow_ids_get(const crow_ids *ids, int64_t number) { return ids->text + ids->begin[number]; }

static uint32_t hash_of(const char *text) { return (uint32_t)XXH3_64bits(text, strlen(text)); }

/* The slot of this text, or the free one where it belongs. */
static int64_t slot_of(const crow_ids *ids, const char *text, uint32_t hash) {
  const int64_t mask = ids->slots - 1;
  int64_t at = (int64_t)hash & mask;
  while (ids->slot[at] >= 0 && (ids->hash[at] != hash || strcmp(crow_ids_get(ids, ids->slot[at]), text) != 0)) {
    at = (at + 1) & mask;
  }
  return at;
}

int64_t crow_ids_find(const crow_ids *ids, const char *text) {
  if (ids->count == 0) return -1;
  return ids->slot[slot_of(ids, text, hash_of(text))];
}

static crow_status grow_slots(crow_ids *ids) {
  crow_status status = CROW_OK;
  int32_t *slot = NULL;
  uint32_t *hash = NULL;
  const int64_t slots = ids->slots ? 4 * ids->slots : 1024;
  CROW_TRY(CROW_ALLOCATE_RAW_EACH(slots, &slot, &hash));
  memset(slot, -1, (size_t)slots * sizeof *slot);
  for (int64_t old = 0; old < ids->slots; old++) {
    if (ids->slot[old] < 0) continue;
    int64_t at = (int64_t)ids->hash[old] & (slots - 1);
    while (slot[at] >= 0) at = (at + 1) & (slots - 1);
    slot[at] = ids->slot[old];
    hash[at] = ids->hash[old];
  }
  CROW_FREE(ids->slot, ids->hash);
  ids->slot = slot;
  ids->hash = hash;
  ids->slots = slots;
  return CROW_OK;
cleanup:
  CROW_FREE(slot, hash);
  return status;
}

crow_status crow_ids_add(crow_ids *ids, const char *text, int64_t line, int64_t *number, bool *added) {
  if (2 * (ids->count + 1) > ids->slots) CROW_NEED(grow_slots(ids));
  const uint32_t hash = hash_of(text);
  const int64_t at = slot_of(ids, text, hash);
  *added = ids->slot[at] < 0;
  *number = *added ? ids->count : ids->slot[at];
  if (!*added) return CROW_OK;
  if (ids->count == INT32_MAX) {
    return crow_error(CROW_BAD_INPUT, "line %lld: more than %d alternatives", (long long)line, INT32_MAX);
  }
  const int64_t bytes = (int64_t)strlen(text) + 1;
  CROW_NEED(CROW_ARRAY_RESERVE(&ids->text, ids->text_bytes, &ids->text_room, ids->text_bytes + bytes));
  int64_t room = ids->room;
  CROW_NEED(CROW_ARRAY_RESERVE(&ids->begin, ids->count, &room, ids->count + 1));
  CROW_NEED(CROW_ARRAY_RESERVE(&ids->line, ids->count, &ids->room, ids->count + 1));
  memcpy(ids->text + ids->text_bytes, text, (size_t)bytes);
  ids->begin[ids->count] = ids->text_bytes;
  ids->line[ids->count] = line;
  ids->text_bytes += bytes;
  ids->slot[at] = (int32_t)ids->count++;
  ids->hash[at] = hash;
  if (bytes - 1 > ids->widest) ids->widest = bytes - 1;
  return CROW_OK;
}

const char *crow_ids_fault(const char *text) { return crow_ids_text_fault(text, CROW_ID_BYTES); }

const char *crow_ids_text_fault(const char *text, int64_t most) {
  const size_t length = strlen(text);
  if (length == 0) return "is empty";
  if ((int64_t)length > most) return most > CROW_ID_BYTES ? "is longer than 65536 bytes" : "is longer than 1024 bytes";
  return crow_utf8_valid(text) ? NULL : "is not UTF-8";
}

/* Joins ids of about the length of `text` as crow_nearest_word() takes them; one that holds `|` cannot be suggested. */
static crow_status join_candidates(const crow_ids *ids, size_t length, char **out) {
  const size_t margin = 3 + length / 2;
  int64_t used = 0;
  CROW_NEED(CROW_ALLOCATE_RAW(out, ids->text_bytes + 1));
  for (int64_t k = 0; k < ids->count; k++) {
    const char *id = crow_ids_get(ids, k);
    const size_t bytes = strlen(id);
    if (bytes > length + margin || bytes + margin < length || memchr(id, '|', bytes)) continue;
    if (used) (*out)[used++] = '|';
    memcpy(*out + used, id, bytes);
    used += (int64_t)bytes;
  }
  (*out)[used] = 0;
  return CROW_OK;
}

void crow_ids_suggest(const crow_ids *ids, const char *text, char suggestion[CROW_SUGGESTION_BYTES]) {
  char nearest[CROW_ID_BYTES + 1] = "", quoted[CROW_QUOTED_BYTES];
  char *words = NULL;
  const size_t length = strlen(text);
  suggestion[0] = 0;
  /* A suggestion is a courtesy: without memory for it the message does without. */
  if (length <= CROW_ID_BYTES && ids->count > 0 && join_candidates(ids, length, &words) == CROW_OK && words[0]) {
    crow_nearest_word(text, words, nearest, sizeof nearest);
    (void)snprintf(suggestion, CROW_SUGGESTION_BYTES, "; did you mean %s?", crow_quote(nearest, quoted));
  }
  crow_free(words);
}

crow_status crow_padded_check(int64_t count, int64_t width, int64_t bytes) {
  if (count * width <= CROW_PADDED_BYTES || count * width <= 64 * bytes) return CROW_OK;
  return crow_error(CROW_BAD_INPUT,
                    "one of %lld names has %lld bytes: at its width all would take %.3g GB, expected names of similar "
                    "length",
                    (long long)count, (long long)width - 1, (double)(count * width) / 1e9);
}

crow_status crow_ids_strings(const crow_ids *ids, int64_t begin, int64_t count, crow_strings *out) {
  out->data = NULL;
  CROW_NEED(crow_padded_check(count, ids->widest + 1, ids->text_bytes));
  CROW_NEED(CROW_ALLOCATE(&out->data, count * (ids->widest + 1)));
  out->count = count;
  out->width = ids->widest + 1;
  for (int64_t k = 0; k < count; k++) {
    const char *text = crow_ids_get(ids, begin + k);
    memcpy(out->data + k * out->width, text, strlen(text));
  }
  return CROW_OK;
}

void crow_ids_free(crow_ids *ids) {
  CROW_FREE(ids->begin, ids->text, ids->line, ids->slot, ids->hash);
  *ids = (crow_ids){0};
}

crow_status crow_ids_index(const char *file, const char *path, const crow_strings *names, crow_ids *out) {
  for (int64_t k = 0; k < names->count; k++) {
    int64_t number = 0;
    bool added = false;
    CROW_NEED(crow_ids_add(out, crow_strings_get(names, k), k, &number, &added));
    if (added) continue;
    return crow_error(CROW_BAD_INPUT, "%s: %s[%lld] is \"%.200s\" as [%lld], expected another name", file, path,
                      (long long)k, crow_strings_get(names, k), (long long)number);
  }
  return CROW_OK;
}
