/* SPDX-License-Identifier: Apache-2.0 */
/* Long texts are shortened to names: their beginning and a digest. */
#include "import/import_impl.h"

#include <string.h>
#include <xxhash.h>

/* Bytes of a text's beginning in its name. */
enum { BEGINNING_BYTES = 48 };

const char *crow_import_name_of(const char *text, size_t most, char room[CROW_ID_BYTES + 1]) {
  const size_t length = strlen(text);
  size_t used = 0;
  if (length <= most && !strpbrk(text, "\n\r")) return text;
  const XXH128_hash_t hash = XXH3_128bits(text, length);
  const size_t keep = most > CROW_IMPORT_NAME_BYTES ? most - 40 : BEGINNING_BYTES;
  /* Line ends and runs of spaces become one space. */
  for (const char *at = text; *at && used < keep; at++) {
    const bool space = strchr(" \t\n\r", *at) != NULL;
    if (space && (used == 0 || room[used - 1] == ' ')) continue;
    room[used++] = space ? ' ' : *at;
  }
  while (used > 0 && ((unsigned char)room[used - 1] & 0xc0) == 0x80) used--; /* between two UTF-8 characters */
  if (used > 0 && (unsigned char)room[used - 1] >= 0xc0) used--;
  (void)snprintf(room + used, CROW_ID_BYTES + 1 - used, "%s#%016llx%016llx", used && room[used - 1] != ' ' ? " " : "",
                 (unsigned long long)hash.high64, (unsigned long long)hash.low64);
  return room;
}

crow_status crow_import_names(const crow_ids *texts, crow_strings *out, int64_t *shortened) {
  crow_status status = CROW_OK;
  char room[CROW_ID_BYTES + 1];
  crow_ids names = {0};
  *shortened = 0;
  for (int64_t k = 0; k < texts->count; k++) {
    const char *text = crow_ids_get(texts, k), *name = crow_import_name_of(text, CROW_IMPORT_NAME_BYTES, room);
    int64_t number = 0;
    bool added = false;
    *shortened += name != text;
    CROW_TRY(crow_ids_add(&names, name, k, &number, &added));
    if (added) continue;
    CROW_TRY(crow_error(CROW_BAD_INPUT,
                        "alternatives %lld and %lld have the same name \"%.200s\", expected different "
                        "ones",
                        (long long)number, (long long)k, name));
  }
  CROW_TRY(crow_ids_strings(&names, 0, names.count, out));
cleanup:
  crow_ids_free(&names);
  return status;
}
