/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/io.h>

#include <stdarg.h>
#include <string.h>
#include <time.h>

typedef struct entry {
  char *name, *text;
} entry;

struct crow_provenance {
  const crow_comm *comm; /* borrowed */
  entry *entries;
  int64_t count, room;
};

/* Adds an entry, or replaces the one of this name. */
static crow_status provenance_add(crow_provenance *provenance, const char *name, const char *text) {
  crow_status status = CROW_OK;
  char *name_copy = NULL, *text_copy = NULL;
  entry *larger = NULL;
  CROW_TRY(crow_string_copy(name, &name_copy));
  CROW_TRY(crow_string_copy(text, &text_copy));
  for (int64_t i = 0; i < provenance->count; i++) {
    if (strcmp(provenance->entries[i].name, name) != 0) continue;
    crow_free(provenance->entries[i].text);
    provenance->entries[i].text = text_copy;
    text_copy = NULL;
    goto cleanup;
  }
  if (provenance->count == provenance->room) {
    CROW_TRY(CROW_ALLOCATE(&larger, 2 * provenance->room + 32));
    if (provenance->entries) memcpy(larger, provenance->entries, (size_t)provenance->count * sizeof *larger);
    crow_free(provenance->entries);
    provenance->entries = larger;
    provenance->room = 2 * provenance->room + 32;
  }
  provenance->entries[provenance->count++] = (entry){name_copy, text_copy};
  name_copy = text_copy = NULL;
cleanup:
  CROW_FREE(name_copy, text_copy);
  return status;
}

crow_status crow_provenance_add(crow_provenance *provenance, const char *name, const char *format, ...) {
  crow_status status = CROW_OK;
  char *text = NULL;
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int bytes = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (bytes < 0) CROW_TRY(crow_error(CROW_FAILED, "cannot format the provenance's \"%s\"", name));
  CROW_TRY(crow_allocate((int64_t)bytes + 1, 1, (void **)&text));
  (void)vsnprintf(text, (size_t)bytes + 1, format, again);
  CROW_TRY(provenance_add(provenance, name, text));
cleanup:
  va_end(again);
  crow_free(text);
  return status;
}

static crow_status provenance_begin(crow_provenance *provenance, const char *command_line) {
  char date[32] = "";
  const time_t now = time(NULL);
  struct tm utc;
  if (gmtime_r(&now, &utc)) (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
  CROW_NEED(provenance_add(provenance, "program", "crow"));
  CROW_NEED(provenance_add(provenance, "version", crow_version()));
  CROW_NEED(provenance_add(provenance, "git_hash", crow_git_hash()));
  CROW_NEED(provenance_add(provenance, "date", date));
  CROW_NEED(provenance_add(provenance, "host", crow_comm_host()));
  CROW_NEED(crow_provenance_add(provenance, "ranks", "%d", crow_comm_size(provenance->comm)));
  CROW_NEED(provenance_add(provenance, "mpi", crow_comm_version()));
  CROW_NEED(provenance_add(provenance, "hdf5", crow_hdf5_version()));
  CROW_NEED(provenance_add(provenance, "blas", crow_blas_version()));
  CROW_NEED(provenance_add(provenance, "blas_core", crow_blas_core()));
  if (command_line) CROW_NEED(provenance_add(provenance, "command_line", command_line));
  return CROW_OK;
}

crow_status crow_provenance_create(const crow_comm *comm, const char *command_line, crow_provenance **out) {
  crow_status status = CROW_OK;
  *out = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(out, 1));
  (*out)->comm = comm;
  CROW_TRY_AGREE(comm, provenance_begin(*out, command_line));
cleanup:
  if (status != CROW_OK) crow_provenance_destroy(out);
  return status;
}

void crow_provenance_destroy(crow_provenance **provenance) {
  if (!provenance || !*provenance) return;
  for (int64_t i = 0; i < (*provenance)->count; i++) {
    CROW_FREE((*provenance)->entries[i].name, (*provenance)->entries[i].text);
  }
  CROW_FREE((*provenance)->entries, *provenance);
  *provenance = NULL;
}

crow_status crow_provenance_add_settings(crow_provenance *provenance, const crow_setting *table, const void *options) {
  char name[128], value[4096];
  for (const crow_setting *setting = table; setting->name; setting++) {
    (void)snprintf(name, sizeof name, "option_%s", setting->name);
    crow_setting_print(setting, options, value, sizeof value);
    CROW_NEED(provenance_add(provenance, name, value));
  }
  return CROW_OK;
}

crow_status crow_provenance_add_input(crow_provenance *provenance, const crow_comm *comm, const char *name,
                                      const char *path) {
  char digest[33], key[128];
  CROW_NEED(crow_file_digest(comm, path, digest));
  (void)snprintf(key, sizeof key, "input_%s", name);
  CROW_NEED_AGREE(comm, crow_provenance_add(provenance, key, "%s", path));
  (void)snprintf(key, sizeof key, "input_%s_digest", name);
  return crow_comm_agree(comm, crow_provenance_add(provenance, key, "%s", digest));
}

/* All entries as name, zero, text, zero, ... in one block. */
static crow_status provenance_pack(const crow_provenance *provenance, char **block, int64_t *bytes) {
  *bytes = 0;
  for (int64_t i = 0; i < provenance->count; i++) {
    *bytes += (int64_t)(strlen(provenance->entries[i].name) + strlen(provenance->entries[i].text) + 2);
  }
  CROW_NEED(crow_allocate(*bytes, 1, (void **)block));
  char *at = *block;
  for (int64_t i = 0; i < provenance->count; i++) {
    at = stpcpy(at, provenance->entries[i].name) + 1;
    at = stpcpy(at, provenance->entries[i].text) + 1;
  }
  return CROW_OK;
}

/* Rank 0's entries are written: times and hosts differ from rank to rank, attributes must not. */
crow_status crow_provenance_write(const crow_provenance *provenance, crow_file *file) {
  crow_status status = CROW_OK;
  const crow_comm *comm = provenance->comm;
  const bool first = crow_comm_rank(comm) == 0;
  char *block = NULL;
  int64_t bytes = 0;
  CROW_TRY_AGREE(comm, first ? provenance_pack(provenance, &block, &bytes) : CROW_OK);
  CROW_TRY(crow_comm_broadcast(comm, &bytes, (int64_t)sizeof bytes, 0));
  CROW_TRY_AGREE(comm, first ? CROW_OK : crow_allocate(bytes, 1, (void **)&block));
  CROW_TRY(crow_comm_broadcast(comm, block, bytes, 0));
  for (const char *at = block; at && at < block + bytes;) {
    const char *name = at, *text = at + strlen(at) + 1;
    CROW_TRY(crow_file_set_text(file, "/provenance", name, text));
    at = text + strlen(text) + 1;
  }
cleanup:
  crow_free(block);
  return status;
}
