/* SPDX-License-Identifier: Apache-2.0 */
/* Texts numbered in the order of their first appearance: ids of alternatives, topics. Everything is Local. */
#ifndef CROW_IMPORT_IDS_IMPL_H
#define CROW_IMPORT_IDS_IMPL_H

#include <crow/io.h>

/* The longest id or topic: texts are stored at the width of the longest. */
enum { CROW_ID_BYTES = 1024 };
/* What texts may take at one width if they are much shorter than the longest. */
#define CROW_PADDED_BYTES (INT64_C(1) << 28)

/* Zero-initialise it. */
typedef struct crow_ids {
  int64_t count, room;
  int64_t *begin; /* (count) of each text in `text` */
  char *text;     /* zero-terminated, end to end */
  int64_t text_bytes, text_room;
  int64_t *line;  /* (count) where each was read */
  int32_t *slot;  /* (slots) the number of the text that hashes there, or -1: open addressing, at most half full */
  uint32_t *hash; /* (slots) */
  int64_t slots;  /* a power of two */
  int64_t widest; /* bytes of the longest text, without its terminator */
} crow_ids;

/* The number of this text, -1 if there is none. */
int64_t crow_ids_find(const crow_ids *ids, const char *text);
/* The number of this text, which is added with its line if it is new (`*added`). */
crow_status crow_ids_add(crow_ids *ids, const char *text, int64_t line, int64_t *number, bool *added);
/* Numbers the names at `path` of this file. CROW_BAD_INPUT if two are the same. */
crow_status crow_ids_index(const char *file, const char *path, const crow_strings *names, crow_ids *out);
const char *crow_ids_get(const crow_ids *ids, int64_t number);
/* NULL, or why the text cannot be an id: empty, too long, not UTF-8. */
const char *crow_ids_fault(const char *text);
/* The same of a text that may have `most` bytes, 1024 or 64 KiB. */
const char *crow_ids_text_fault(const char *text, int64_t most);
/* `; did you mean "..."?` with the id most like `text`, or "" if there is none. */
enum { CROW_SUGGESTION_BYTES = 120 };
void crow_ids_suggest(const crow_ids *ids, const char *text, char suggestion[CROW_SUGGESTION_BYTES]);
/* Refuses `count` texts of `bytes` in all if one long one among them makes them take far more at one width. */
crow_status crow_padded_check(int64_t count, int64_t width, int64_t bytes);
/* Texts `begin` .. `begin + count` at the width of the longest of all. */
crow_status crow_ids_strings(const crow_ids *ids, int64_t begin, int64_t count, crow_strings *out);
void crow_ids_free(crow_ids *ids);

#endif
