/* SPDX-License-Identifier: Apache-2.0 */
/* A file's way to its name: written under a temporary name in the same folder, checked, flushed, renamed. */
#include "io/file_impl.h"
#include "io/target_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What groups, attributes and the descriptions of datasets take at most, roughly. */
#define METADATA_BYTES (1 << 20)
/* The longest path that is written to, with its terminating zero: Linux takes no longer ones. */
#define PATH_BYTES 4096

static crow_status check_path(const char *path, bool streams, bool overwrite) {
  crow_status status = CROW_OK;
  crow_target target = {.descriptor = -1};
  CROW_TRY(crow_target_find(path ? path : "", &target));
  CROW_TRY(crow_target_check(path ? path : "", &target, streams, overwrite));
cleanup:
  crow_target_free(&target);
  return status;
}

crow_status crow_output_check(const crow_comm *comm, const char *path, bool overwrite) {
  return crow_comm_agree(comm, crow_comm_rank(comm) == 0 ? check_path(path, false, overwrite) : CROW_OK);
}

crow_status crow_stream_check(const crow_comm *comm, const char *path, bool overwrite) {
  return crow_comm_agree(comm, crow_comm_rank(comm) == 0 ? check_path(path, true, overwrite) : CROW_OK);
}

/* Rank 0 makes the temporary file, so that it is certain to be new and writable, beside the file that it will replace.
 * Its name fits where that of the file fits. */
static crow_status make_temporary(crow_file *file) {
  crow_status status = CROW_OK;
  crow_target target = {.descriptor = -1};
  CROW_TRY(crow_target_find(file->name, &target));
  CROW_TRY(crow_string_copy(target.path, &file->target));
  crow_temporary_clean(file->target);
  for (int attempt = 0; attempt < 100 && file->descriptor < 0; attempt++) {
    if (!crow_temporary_name(file->target, attempt, file->temporary, PATH_BYTES)) {
      errno = ENAMETOOLONG;
      break;
    }
    file->descriptor = open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->descriptor < 0 && errno != EEXIST) break;
  }
  if (file->descriptor < 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot write %s: a file in its folder: %s", file->name, strerror(errno)));
  }
  crow_temporary_enter(file->temporary);
cleanup:
  crow_target_free(&target);
  return status;
}

crow_status crow_file_create(const crow_comm *comm, const char *path, const char *kind, bool overwrite,
                             crow_file **out) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  *out = NULL;
  crow_hdf5_quiet();
  CROW_TRY(crow_output_check(comm, path, overwrite));
  CROW_TRY_AGREE(comm, crow_file_make(comm, path, kind, &file));
  file->overwrite = overwrite;
  CROW_TRY_AGREE(comm, crow_catalogue_begin(&file->catalogue));
  CROW_TRY_AGREE(comm, crow_allocate(PATH_BYTES, 1, (void **)&file->temporary));
  CROW_TRY_AGREE(comm, crow_comm_rank(comm) == 0 ? make_temporary(file) : CROW_OK);
  CROW_TRY(crow_comm_broadcast(comm, file->temporary, PATH_BYTES, 0));
  /* Before HDF5 holds anything back that it could not write when the file is given up, and again because it begins with
   * an empty file. */
  CROW_TRY_AGREE(comm, crow_file_reserve(file, METADATA_BYTES, "its metadata"));
  CROW_TRY(crow_file_attach(file, file->temporary, true));
  CROW_TRY_AGREE(comm, crow_file_reserve(file, METADATA_BYTES, "its metadata"));
  CROW_TRY(crow_file_set_text(file, "/", "crow_kind", kind));
  if (file->schema) CROW_TRY(crow_file_set_i64(file, "/", "crow_schema_version", file->schema->version));
cleanup:
  if (status == CROW_OK) {
    *out = file;
  } else {
    crow_file_close(&file);
  }
  return status;
}

void crow_file_close(crow_file **file) {
  if (!file || !*file) return;
  crow_file *f = *file;
  crow_guard_divert(f);
  char message[CROW_ERROR_BYTES];
  (void)snprintf(message, sizeof message, "%s", crow_error_message());
  if (f->id >= 0 && crow_file_detach(f) != CROW_OK) (void)crow_error(CROW_FILE_SYSTEM, "%s", message);
  if (f->descriptor >= 0) {
    (void)close(f->descriptor);
    if (f->temporary) (void)unlink(f->temporary);
  }
  crow_temporary_leave(f->temporary);
  crow_catalogue_free(&f->catalogue);
  crow_schema_destroy(&f->schema);
  CROW_FREE(f->name, f->target, f->temporary, f->kind, f);
  *file = NULL;
}

/* Every value of every dataset was written by some rank. */
static crow_status check_written(const crow_file *file) {
  for (int64_t i = 0; i < file->catalogue.entry_count; i++) {
    const crow_entry *entry = &file->catalogue.entries[i];
    if (entry->object != CROW_OBJECT_DATASET) continue;
    int64_t written = entry->written;
    CROW_NEED(crow_comm_sum_i64(file->comm, &written, 1));
    if (written != entry->rows * entry->columns) {
      return crow_error(CROW_FAILED, "%s: %lld of the %lld values of %s were written", file->name, (long long)written,
                        (long long)(entry->rows * entry->columns), crow_file_entry_path(file, entry));
    }
  }
  return CROW_OK;
}

/* Writes where nothing will be as much as metadata may take, on rank 0, which writes them. HDF5 cuts it off. */
static bool try_disk(const crow_file *file, int descriptor, char *zeros) {
  struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
  struct stat facts;
  if (crow_comm_size(file->comm) == 1 || crow_comm_rank(file->comm) != 0) return true;
  if (fstat(descriptor, &facts) != 0) return false;
  const off_t end = facts.st_size > file->end ? facts.st_size : (off_t)file->end;
  const off_t at = end + CROW_TRIAL_DISTANCE;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && (rlim_t)at + METADATA_BYTES > limit.rlim_cur) return true;
  const ssize_t written = pwrite(descriptor, zeros, METADATA_BYTES, at);
  if (written >= 0 && written < METADATA_BYTES) errno = ENOSPC;
  return written == METADATA_BYTES;
}

/* What this rank has written is on disk, and metadata can follow it. Some file systems find out only here that they
 * have no room. HDF5 would not say why, and where rank 0 fails to write metadata, the others wait for ever. */
static crow_status output_settle(const crow_file *file) {
  crow_status status = CROW_OK;
  char *zeros = NULL;
  const int descriptor = open(file->temporary, O_WRONLY | O_CLOEXEC);
  CROW_TRY(crow_allocate(METADATA_BYTES, 1, (void **)&zeros));
  if (descriptor < 0 || !try_disk(file, descriptor, zeros) || fsync(descriptor) != 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot write %s: %s", file->name, strerror(errno)));
  }
cleanup:
  crow_free(zeros);
  if (descriptor >= 0) (void)close(descriptor);
  return status;
}

/* Gives back the room beyond the end of the file that was reserved and not needed. Some file systems look for it only
 * when a file gets shorter. That it stays reserved is no failure. */
static void release_reserve(const crow_file *file) {
  struct stat facts;
  if (fstat(file->descriptor, &facts) == 0 && ftruncate(file->descriptor, facts.st_size + 1) == 0) {
    (void)!ftruncate(file->descriptor, facts.st_size);
  }
}

/* Rank 0: all of it to disk. */
static crow_status to_disk(const crow_file *file) {
  release_reserve(file);
  if (fsync(file->descriptor) == 0) return CROW_OK;
  return crow_error(CROW_FILE_SYSTEM, "cannot write %s: %s", file->name, strerror(errno));
}

/* Rank 0: the name, and the folder to disk. */
static crow_status publish(crow_file *file) {
  CROW_NEED(crow_target_publish(file->temporary, file->target, file->name, file->overwrite));
  (void)close(file->descriptor);
  file->descriptor = -1;
  crow_temporary_leave(file->temporary);
  return CROW_OK;
}

/* Whole under its temporary name. */
static crow_status complete(crow_file *f) {
  CROW_NEED(check_written(f));
  /* The writer's own doing, so a fault is a defect and not bad input. */
  if (f->schema && crow_catalogue_check(&f->catalogue, f->schema, f->name, true) != CROW_OK) {
    return crow_error(CROW_FAILED, "the file to be written breaks its schema: %s", crow_error_message());
  }
  CROW_NEED_AGREE(f->comm, output_settle(f));
  CROW_NEED(crow_file_detach(f));
  return crow_comm_agree(f->comm, f->descriptor >= 0 ? to_disk(f) : CROW_OK);
}

crow_status crow_file_finish(crow_file **file) {
  crow_file *none = NULL;
  return crow_file_finish_both(file, &none);
}

crow_status crow_file_finish_both(crow_file **first, crow_file **second) {
  crow_status status = CROW_OK;
  crow_file **const all[] = {first, second};
  for (int k = 0; k < 2; k++) {
    if (*all[k]) CROW_TRY(complete(*all[k]));
  }
  for (int k = 0; k < 2; k++) {
    crow_file *f = *all[k];
    if (!f) continue;
    const bool root = f->descriptor >= 0;
    status = crow_comm_agree(f->comm, root ? publish(f) : CROW_OK);
    if (status == CROW_OK) continue;
    /* One of two is nothing: what was not there before does not stay, of which `publish` had made sure. */
    if (k == 1 && root && *first && !(*first)->overwrite) (void)unlink((*first)->target);
    goto cleanup;
  }
cleanup:
  crow_file_close(first);
  crow_file_close(second);
  return status;
}
