/* SPDX-License-Identifier: Apache-2.0 */
/* The file that a name stands for. Local: for rank 0, as nodes may see files differently. */
#ifndef CROW_IO_TARGET_IMPL_H
#define CROW_IO_TARGET_IMPL_H

#include <crow/base.h>
#include <sys/stat.h>

typedef struct crow_target {
  char *path;     /* the name with symbolic links followed, owned */
  bool there;     /* whether such a file exists */
  bool stream;    /* a device, a pipe, a socket, or what a descriptor of this process is open on: written in place */
  bool folder;    /* a folder, which cannot be written */
  int descriptor; /* the descriptor that the name stands for (/dev/stdout), or -1 */
  /* The file's identity: its own if it is there, else that of the folder it would be in, with its name in there. */
  dev_t device;
  ino_t inode;
  const char *last; /* within `path`; NULL if the file is there */
} crow_target;

/* CROW_FILE_SYSTEM if links lead in a circle. What is not there, or whose folder is not, is no error here. */
crow_status crow_target_find(const char *name, crow_target *out);
void crow_target_free(crow_target *target);
/* Whether two names stand for the same file, or would if it were there. A stream is the same as nothing else. */
bool crow_target_same(const crow_target *one, const crow_target *other);
/* CROW_FILE_SYSTEM if `target`, which `name` stands for, cannot be written: its folder is missing or not writable, it
 * is a folder itself, a stream although it must be none, or there although it must not be replaced. */
crow_status crow_target_check(const char *name, const crow_target *target, bool streams, bool overwrite);
/* Gives the file `temporary` the name `path`, which `name` stands for, on disk. Without leave to overwrite, a file that
 * appeared there meanwhile stays: CROW_FILE_SYSTEM. */
crow_status crow_target_publish(const char *temporary, const char *path, const char *name, bool overwrite);

#endif
