/* SPDX-License-Identifier: Apache-2.0 */
/* The register of the paths that a run reads and writes. */
#include "io/target_impl.h"
#include <crow/checkpoint.h>

#include <string.h>
#include <unistd.h>

typedef struct paths_entry {
  char *name, *path;
  crow_path_use use;
  bool standard;      /* where this process prints to */
  crow_target target; /* on the first rank */
} paths_entry;

struct crow_paths {
  const crow_comm *comm; /* borrowed */
  paths_entry *entry;
  int64_t count, room;
};

static crow_status paths_make_room(crow_paths *paths) {
  paths_entry *larger = NULL;
  if (paths->count < paths->room) return CROW_OK;
  CROW_NEED(CROW_ALLOCATE(&larger, 2 * paths->room + 8));
  if (paths->entry) memcpy(larger, paths->entry, (size_t)paths->count * sizeof *larger);
  crow_free(paths->entry);
  paths->entry = larger;
  paths->room = 2 * paths->room + 8;
  return CROW_OK;
}

static void paths_entry_free(paths_entry *entry) {
  CROW_FREE(entry->name, entry->path);
  crow_target_free(&entry->target);
}

static crow_status paths_compare(const paths_entry *earlier, const paths_entry *entry) {
  const bool read = earlier->use == CROW_PATH_READ || entry->use == CROW_PATH_READ;
  if (earlier->use == CROW_PATH_READ && entry->use == CROW_PATH_READ) return CROW_OK;
  if (earlier->standard && entry->standard) return CROW_OK;
  if (!crow_target_same(&earlier->target, &entry->target)) return CROW_OK;
  if (read)
    return crow_error(CROW_USAGE, "%s: is both input and output (%s and %s)", entry->path, earlier->name, entry->name);
  return crow_error(CROW_USAGE, "%s and %s name the same file %s", earlier->name, entry->name, entry->path);
}

static crow_status paths_check(const crow_paths *paths, const paths_entry *entry, bool overwrite) {
  crow_status status = CROW_OK;
  for (int64_t k = 0; k < paths->count; k++) CROW_TRY(paths_compare(&paths->entry[k], entry));
  if (entry->use == CROW_PATH_READ || entry->standard) goto cleanup;
  CROW_TRY(crow_target_check(entry->path, &entry->target, entry->use == CROW_PATH_STREAM, overwrite));
  if (entry->use == CROW_PATH_STREAM && entry->target.there && !entry->target.stream &&
      crow_file_is_hdf5(entry->target.path)) {
    status = crow_error(CROW_USAGE,
                        "%s: is an HDF5 file, which the text or picture of %s would replace: give another "
                        "name, or remove it",
                        entry->path, entry->name);
  }
cleanup:
  return status;
}

static crow_status paths_fill(const char *name, const char *path, paths_entry *entry) {
  CROW_NEED(crow_string_copy(name, &entry->name));
  return crow_string_copy(path, &entry->path);
}

crow_status crow_paths_enter(crow_paths *paths, crow_path_use use, const char *name, const char *path, bool overwrite) {
  crow_status status = CROW_OK;
  const crow_comm *comm = paths->comm;
  const bool root = crow_comm_rank(comm) == 0;
  paths_entry entry = {.use = use};
  CROW_TRY_AGREE(comm, paths_make_room(paths));
  CROW_TRY_AGREE(comm, paths_fill(name, path, &entry));
  CROW_TRY_AGREE(comm, root ? crow_target_find(path, &entry.target) : CROW_OK);
  CROW_TRY_AGREE(comm, root ? paths_check(paths, &entry, overwrite) : CROW_OK);
  paths->entry[paths->count++] = entry;
  entry = (paths_entry){0};
cleanup:
  paths_entry_free(&entry);
  return status;
}

/* A file that this process prints to must not be replaced under it. Local. */
static crow_status paths_enter_standard(crow_paths *paths, int descriptor, const char *name) {
  crow_status status = CROW_OK;
  paths_entry entry = {.use = CROW_PATH_WRITE, .standard = true};
  struct stat facts;
  if (fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode)) return CROW_OK;
  CROW_TRY(paths_make_room(paths));
  CROW_TRY(paths_fill(name, name, &entry));
  entry.target = (crow_target){.there = true, .descriptor = -1, .device = facts.st_dev, .inode = facts.st_ino};
  paths->entry[paths->count++] = entry;
  entry = (paths_entry){0};
cleanup:
  paths_entry_free(&entry);
  return status;
}

crow_status crow_paths_create(const crow_comm *comm, crow_paths **out) {
  crow_status status = CROW_OK;
  const bool root = crow_comm_rank(comm) == 0;
  *out = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(out, 1));
  (*out)->comm = comm;
  CROW_TRY_AGREE(comm, root ? paths_enter_standard(*out, STDOUT_FILENO, "standard output") : CROW_OK);
  CROW_TRY_AGREE(comm, root ? paths_enter_standard(*out, STDERR_FILENO, "standard error") : CROW_OK);
cleanup:
  if (status != CROW_OK) crow_paths_destroy(out);
  return status;
}

void crow_paths_destroy(crow_paths **paths) {
  if (!paths || !*paths) return;
  for (int64_t k = 0; k < (*paths)->count; k++) paths_entry_free(&(*paths)->entry[k]);
  CROW_FREE((*paths)->entry, *paths);
  *paths = NULL;
}

static crow_status paths_note_one(const crow_comm *comm, const paths_entry *entry, crow_provenance *provenance,
                                  crow_checkpoint *checkpoint) {
  char digest[33], key[128];
  CROW_NEED(crow_file_digest(comm, entry->path, digest));
  (void)snprintf(key, sizeof key, "input_%s", entry->name);
  CROW_NEED_AGREE(comm, crow_provenance_add(provenance, key, "%s", entry->path));
  (void)snprintf(key, sizeof key, "input_%s_digest", entry->name);
  CROW_NEED_AGREE(comm, crow_provenance_add(provenance, key, "%s", digest));
  if (checkpoint) CROW_NEED_AGREE(comm, crow_checkpoint_match(checkpoint, key, "%s", digest));
  return CROW_OK;
}

crow_status crow_paths_note(const crow_paths *paths, crow_provenance *provenance, crow_checkpoint *checkpoint) {
  int64_t count = paths->count;
  /* The first rank may have more entries: where it prints to. Files that are read come in the same order everywhere. */
  for (int64_t k = 0; k < count; k++) {
    const paths_entry *entry = &paths->entry[k];
    if (entry->use == CROW_PATH_READ) CROW_NEED(paths_note_one(paths->comm, entry, provenance, checkpoint));
  }
  return CROW_OK;
}
