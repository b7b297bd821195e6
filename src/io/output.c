/* SPDX-License-Identifier: Apache-2.0 */
/* A file's way to its name: written under a temporary name in the same folder, checked, flushed, renamed. */
#include "io/file_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What groups, attributes and the descriptions of datasets take at most, roughly. */
#define METADATA_BYTES (1 << 20)
/* The longest path that is written to, with its terminating zero: Linux takes no longer ones. */
#define PATH_BYTES 4096

/* The folder and the last part of a path, in memory that `copy` owns. */
static crow_status split_path(const char *path, char **folder_copy, char **name_copy, const char **folder,
                              const char **name) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_string_copy(path, folder_copy));
  CROW_TRY(crow_string_copy(path, name_copy));
  *folder = dirname(*folder_copy);
  *name = basename(*name_copy);
cleanup:
  return status;
}

static crow_status check_folder(const char *path, const char *folder) {
  struct stat facts;
  if (stat(folder, &facts) != 0) {
    return crow_error(CROW_FILE_SYSTEM, "cannot write %s: folder %s: %s", path, folder, strerror(errno));
  }
  if (!S_ISDIR(facts.st_mode)) return crow_error(CROW_FILE_SYSTEM, "cannot write %s: %s is not a folder", path, folder);
  if (access(folder, W_OK | X_OK) != 0) {
    return crow_error(CROW_FILE_SYSTEM, "cannot write %s: folder %s: %s", path, folder, strerror(errno));
  }
  return CROW_OK;
}

static crow_status check_path(const char *path, bool overwrite) {
  crow_status status = CROW_OK;
  char *folder_copy = NULL, *name_copy = NULL;
  const char *folder = NULL, *name = NULL;
  struct stat facts;
  const size_t length = path ? strlen(path) : 0;
  if (length == 0) return crow_error(CROW_FILE_SYSTEM, "the name of the output file is empty");
  CROW_TRY(split_path(path, &folder_copy, &name_copy, &folder, &name));
  CROW_TRY(check_folder(path, folder));
  if (stat(path, &facts) == 0) {
    if (S_ISDIR(facts.st_mode)) {
      CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot write %s: it is a folder; expected the name of a file", path));
    }
    if (!S_ISREG(facts.st_mode)) {
      CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot write %s: it is a device, pipe or socket", path));
    }
    if (!overwrite) CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s exists already; --force replaces it", path));
  } else if (errno != ENOENT) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot write %s: %s", path, strerror(errno)));
  } else if (path[length - 1] == '/') {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot write %s: expected the name of a file, not of a folder", path));
  }
cleanup:
  crow_free(folder_copy);
  crow_free(name_copy);
  return status;
}

crow_status crow_output_check(const crow_comm *comm, const char *path, bool overwrite) {
  return crow_comm_agree(comm, crow_comm_rank(comm) == 0 ? check_path(path, overwrite) : CROW_OK);
}

/* Rank 0 makes the temporary file, so that it is certain to be new and writable. Its name fits where that of the file
 * fits. */
static crow_status make_temporary(crow_file *file) {
  crow_status status = CROW_OK;
  char *folder_copy = NULL, *name_copy = NULL;
  const char *folder = NULL, *last = NULL;
  CROW_TRY(split_path(file->name, &folder_copy, &name_copy, &folder, &last));
  crow_temporary_clean(file->name);
  for (int attempt = 0; attempt < 100 && file->descriptor < 0; attempt++) {
    if (!crow_temporary_name(file->name, attempt, file->temporary, PATH_BYTES)) {
      errno = ENAMETOOLONG;
      break;
    }
    file->descriptor = open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->descriptor < 0 && errno != EEXIST) break;
  }
  if (file->descriptor < 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot write %s: folder %s: %s", file->name, folder, strerror(errno)));
  }
  crow_temporary_enter(file->temporary);
cleanup:
  crow_free(folder_copy);
  crow_free(name_copy);
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

/* HDF5 cannot be told to forget what it holds back of a file that is given up, and when it cannot write that on one
 * rank, the others wait inside it for ever. So whatever it, or MPI, still writes goes to memory: the descriptors of
 * this process that are the temporary file become those of a file without a name. */
static void divert(const crow_file *file) {
  struct stat wanted, facts;
  const int memory = stat(file->temporary, &wanted) == 0 ? memfd_create("crow", MFD_CLOEXEC) : -1;
  DIR *all = memory >= 0 ? opendir("/proc/self/fd") : NULL;
  for (const struct dirent *entry = all ? readdir(all) : NULL; entry; entry = readdir(all)) {
    const int descriptor = atoi(entry->d_name); /* 0 for . and .. */
    if (descriptor <= 0 || descriptor == file->descriptor || fstat(descriptor, &facts) != 0) continue;
    if (facts.st_dev == wanted.st_dev && facts.st_ino == wanted.st_ino) (void)dup3(memory, descriptor, O_CLOEXEC);
  }
  if (all) (void)closedir(all);
  if (memory >= 0) (void)close(memory);
}

void crow_file_close(crow_file **file) {
  if (!file || !*file) return;
  crow_file *f = *file;
  if (f->temporary && f->id >= 0) divert(f);
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
  crow_free(f->name);
  crow_free(f->temporary);
  crow_free(f->kind);
  crow_free(f);
  *file = NULL;
}

/* Every value of every dataset was written by some rank. */
static crow_status check_written(const crow_file *file) {
  crow_status status = CROW_OK;
  for (int64_t i = 0; i < file->catalogue.entry_count; i++) {
    const crow_entry *entry = &file->catalogue.entries[i];
    if (entry->object != CROW_OBJECT_DATASET) continue;
    int64_t written = entry->written;
    CROW_TRY(crow_comm_sum_i64(file->comm, &written, 1));
    if (written != entry->rows * entry->columns) {
      CROW_TRY(crow_error(CROW_FAILED, "%s: %lld of the %lld values of %s were written", file->name, (long long)written,
                          (long long)(entry->rows * entry->columns), crow_file_entry_path(file, entry)));
    }
  }
cleanup:
  return status;
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
static crow_status settle(const crow_file *file) {
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
  crow_status status = CROW_OK;
  char *folder_copy = NULL, *name_copy = NULL;
  const char *folder = NULL, *name = NULL;
  CROW_TRY(split_path(file->name, &folder_copy, &name_copy, &folder, &name));
  /* Without leave to overwrite, a file that appeared under the name meanwhile stays. Some file systems cannot promise
   * that in one step: then it is looked for once more. */
  const unsigned flags = file->overwrite ? 0 : RENAME_NOREPLACE;
  int renamed = renameat2(AT_FDCWD, file->temporary, AT_FDCWD, file->name, flags);
  if (renamed != 0 && (errno == EINVAL || errno == ENOSYS)) {
    CROW_TRY(check_path(file->name, file->overwrite));
    renamed = rename(file->temporary, file->name);
  }
  if (renamed != 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "cannot rename %s to %s: %s", file->temporary, file->name, strerror(errno)));
  }
  (void)close(file->descriptor);
  file->descriptor = -1;
  crow_temporary_leave(file->temporary);
  const int folder_descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_descriptor >= 0) {
    (void)fsync(folder_descriptor);
    (void)close(folder_descriptor);
  }
cleanup:
  crow_free(folder_copy);
  crow_free(name_copy);
  return status;
}

/* Whole under its temporary name. */
static crow_status complete(crow_file *f) {
  crow_status status = CROW_OK;
  CROW_TRY(check_written(f));
  /* The writer's own doing, so a fault is a defect and not bad input. */
  if (f->schema && crow_catalogue_check(&f->catalogue, f->schema, f->name, true) != CROW_OK) {
    CROW_TRY(crow_error(CROW_FAILED, "the file to be written breaks its schema: %s", crow_error_message()));
  }
  CROW_TRY_AGREE(f->comm, settle(f));
  CROW_TRY(crow_file_detach(f));
  CROW_TRY_AGREE(f->comm, f->descriptor >= 0 ? to_disk(f) : CROW_OK);
cleanup:
  return status;
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
    if (f) CROW_TRY_AGREE(f->comm, f->descriptor >= 0 ? publish(f) : CROW_OK);
  }
cleanup:
  crow_file_close(first);
  crow_file_close(second);
  return status;
}
