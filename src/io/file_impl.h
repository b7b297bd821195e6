/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_IO_FILE_IMPL_H
#define CROW_IO_FILE_IMPL_H

#include "io/hdf5_impl.h"

struct crow_file {
  const crow_comm *comm; /* borrowed */
  char *name;
  char *target;        /* rank 0's, when writing: the file that `name` stands for, with links followed */
  char *temporary;     /* the name it is written under; NULL when reading */
  char *kind;          /* "" for a file of no kind */
  crow_schema *schema; /* NULL for a file of no kind */
  crow_catalogue catalogue;
  hid_t id;
  hid_t transfer; /* property list of transfers */
  int descriptor; /* rank 0's own descriptor of a file being written, else -1 */
  int64_t end;    /* of the datasets defined so far, in bytes from the file's beginning */
  bool overwrite;
};

/* Opens for reading. `complete` demands what the schema calls "at least one of". Collective. */
crow_status crow_file_open_checked(const crow_comm *comm, const char *path, const char *kind, bool complete,
                                   crow_file **out);
/* CROW_BAD_INPUT, naming the file, if there is no such kind. Local. */
crow_status crow_file_check_kind(const char *path, const char *kind);
/* A handle with its names, not yet open. Local. */
crow_status crow_file_make(const crow_comm *comm, const char *path, const char *kind, crow_file **out);
/* Opens or creates the HDF5 file of that name with all ranks. Collective. */
crow_status crow_file_attach(crow_file *file, const char *path, bool create);
/* Flushes what is written and closes HDF5's handles: CROW_FILE_SYSTEM if it could not be written. Collective. */
crow_status crow_file_detach(crow_file *file);

/* The entry of a dataset that can be read, opened: CROW_BAD_INPUT if there is none or it has a problem. Collective. */
crow_status crow_file_dataset(const crow_file *file, const char *path, crow_entry **out);
/* Takes the disk space of what will be written now, so that a full disk is known before hours of work go there. File
 * systems that cannot do this say so later, when they are written to. Local; only rank 0 does something. */
crow_status crow_file_reserve(const crow_file *file, int64_t bytes, const char *path);
/* As crow_file_define() with any stored type. Collective. */
crow_status crow_file_define_type(crow_file *file, const char *path, hid_t type, crow_gidx rows, crow_gidx columns);
/* Defines a vector in pieces that carry HDF5's Fletcher32 checksums, which every HDF5 program checks as it reads. For a
 * file that one rank writes by itself: when a piece cannot be written while ranks share the file, HDF5 leaves them with
 * different metadata, and Open MPI's OMPIO leaves them waiting for each other. Collective. */
crow_status crow_file_define_checksummed(crow_file *file, const char *path, crow_type type, crow_gidx rows);
const char *crow_file_entry_path(const crow_file *file, const crow_entry *entry);

/* Moves this rank's rows between memory and file in pieces that every rank takes part in, none above 1 GiB; `values`
 * has `element_bytes` for each of the row's columns. Collective. */
crow_status crow_file_move(const crow_file *file, const crow_entry *entry, bool writing, hid_t memory_type,
                           size_t element_bytes, crow_gidx begin, crow_gidx count, void *values);

/* A rank's rows in pieces, as many for every rank so that collective calls match. */
typedef struct crow_pieces {
  crow_gidx begin, end; /* what is left of this rank's rows */
  int64_t rows;         /* of a piece */
  int64_t left;         /* pieces that are left, on all ranks */
} crow_pieces;
/* Pieces of at most `bytes` where a row has `row_bytes`. Checks that the rows are there. Collective. */
crow_status crow_pieces_begin(const crow_file *file, const crow_entry *entry, int64_t row_bytes, int64_t bytes,
                              crow_gidx begin, crow_gidx count, crow_pieces *pieces);
/* The next piece, of no rows where this rank has none left; false when all ranks are done. Local. */
bool crow_pieces_next(crow_pieces *pieces, crow_gidx *begin, crow_gidx *count);

/* Numbers the prompts of a dataset that has them: `prompt` and `prompts`. Collective. */
crow_status crow_dataset_number_prompts(const crow_comm *comm, crow_dataset *dataset);

/* What values of a field must be, with the dimension's length filled in. */
typedef struct crow_bounds {
  bool any; /* no bounds at all */
  bool floating, nan;
  double minimum, maximum; /* infinite where there is none */
  const char *below;
  double sum; /* NaN: none */
} crow_bounds;
void crow_bounds_make(const crow_file *file, const crow_entry *entry, crow_bounds *bounds);
/* The first of `count` values that breaks the bounds, or -1. Values are CROW_F64, CROW_F32, CROW_I64 or CROW_I32.
 * Local. */
int64_t crow_bounds_first_fault(const crow_bounds *bounds, crow_type type, const void *values, int64_t count);
/* The lowest faulty element over the ranks becomes everybody's error; `fault` is this rank's, -1 if it has none, with
 * its value. Collective. */
crow_status crow_bounds_agree(const crow_file *file, const crow_entry *entry, const crow_bounds *bounds,
                              crow_status kind, int64_t fault, crow_type type, const void *value);
/* Holds the sum of all values against what it must be, if there is such a rule. Local. */
crow_status crow_bounds_check_sum(const crow_file *file, const crow_entry *entry, const crow_bounds *bounds,
                                  double total);

/* A temporary file that this process has made and not yet renamed or removed; the name is borrowed until it is left.
 * crow_temporary_drop() removes them all, and may be called by a signal handler. */
void crow_temporary_enter(const char *temporary);
void crow_temporary_leave(const char *temporary);
void crow_temporary_drop(void);

/* How many bytes beyond the end of the file are reserved to see whether the disk still takes them. */
#define CROW_TRIAL_DISTANCE (1 << 24)
/* All do nothing unless the program has asked for them: crow_file_guard(). Local.
 * From now on `file` is looked through, whose damage a crash is; NULL: no more. */
void crow_guard_survey(const char *file);
/* Before and after all ranks write a file's metadata inside HDF5: if the disk refuses them meanwhile, the run ends with
 * a message and CROW_FILE_SYSTEM instead of hanging. */
void crow_guard_metadata_begin(const crow_file *file);
void crow_guard_metadata_end(void);
/* What is still written of a file that is given up goes to memory. */
void crow_guard_divert(const crow_file *file);

#endif
