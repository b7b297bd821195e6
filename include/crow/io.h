/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Files: HDF5 datasets and results, checked against the schemas of hdf5-schemas/. The only stage that calls HDF5.
 * What is Collective is so over the communicator that the file was opened with; paths, kinds and options agree on all
 * ranks, slices differ.
 */
#ifndef CROW_IO_H
#define CROW_IO_H

#include <crow/comm.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Element types in memory. Files may hold any type that the schema allows; HDF5 converts. */
typedef enum crow_type { CROW_F32, CROW_F64, CROW_I32, CROW_I64 } crow_type;
/** Bytes of an element; Local. */
CROW_API size_t crow_type_bytes(crow_type type);

/** Texts of equal width, zero-padded, `data[count * width]`: text i begins at data + i * width and is zero-terminated
 * (width counts the terminator). */
typedef struct crow_strings {
  int64_t count;
  int64_t width;
  char *data;
} crow_strings;
/** Local. */
CROW_API const char *crow_strings_get(const crow_strings *strings, int64_t index);
/** Local. Frees and zeroes. */
CROW_API void crow_strings_free(crow_strings *strings);

/** The distinct texts of a distributed vector, such as topics. */
typedef struct crow_labels {
  crow_strings name; /**< the distinct texts, ascending; the same on all ranks */
  int32_t *code;     /**< for each of this rank's rows the position of its text in `name` */
  bool too_many;     /**< more than CROW_LABELS_MOST: nothing else is filled */
} crow_labels;
#define CROW_LABELS_MOST 10000
/** Local: the position of a text, or -1. */
CROW_API int64_t crow_labels_find(const crow_labels *labels, const char *name);
/** Local. Frees and zeroes. */
CROW_API void crow_labels_free(crow_labels *labels);

/* ---- files -------------------------------------------------------------------------------------------------- */

/** An open crow file. */
typedef struct crow_file crow_file;

/** Opens for reading and checks what the schema demands of attributes, paths, types and shapes. `kind` ("dataset",
 * "weights", "rewards", ...) is what is expected; NULL takes any kind; "" takes any HDF5 file, whose numbers need only
 * be finite (a pool of contexts, say). A wrong kind, an unknown schema version or a field that does not fit is
 * CROW_BAD_INPUT; a file that cannot be opened is CROW_FILE_SYSTEM. Links out of the file are refused. `comm` is
 * borrowed until the file is closed. Collective. */
CROW_API crow_status crow_file_open(const crow_comm *comm, const char *path, const char *kind, crow_file **out);

/** Whether this is an HDF5 file, by its first bytes; false if there is none. Local. */
CROW_API bool crow_file_is_hdf5(const char *path);
/** Whether `path` can be written: CROW_FILE_SYSTEM if its folder is missing or not writable, if it is a folder itself,
 * or if it exists and `overwrite` is false. For a look before any work; crow_file_create() looks again. Collective. */
CROW_API crow_status crow_output_check(const crow_comm *comm, const char *path, bool overwrite);
/** The same for a text or picture, which may go to a device or a pipe, too. Collective. */
CROW_API crow_status crow_stream_check(const crow_comm *comm, const char *path, bool overwrite);
/** The temporary name under which this process writes `path`: hidden, in the same folder, with the host, the namespace
 * of processes and the process in it. `attempt` tells names apart. False if it does not fit. Local. */
CROW_API bool crow_temporary_name(const char *path, int attempt, char *out, size_t bytes);
/** Removes temporary files of `path` whose process was killed: its number is none of a process, on the same host and in
 * the same namespace. What other hosts left stays. Local; for one rank. */
CROW_API void crow_temporary_clean(const char *path);
/** Begins a new file of this kind under a temporary name in the same folder, after crow_temporary_clean(). An existing
 * `path` is refused (CROW_FILE_SYSTEM) unless `overwrite`. It appears under its own name when crow_file_finish()
 * succeeds. Collective. */
CROW_API crow_status crow_file_create(const crow_comm *comm, const char *path, const char *kind, bool overwrite,
                                      crow_file **out);
/** Checks the written file against its schema, flushes it to disk, renames it to its name and closes it. The handle is
 * freed and NULL afterwards, whatever happens. Collective. */
CROW_API crow_status crow_file_finish(crow_file **file);
/** The same for two files that belong together: both are whole and on disk before either has its name. Either may be
 * NULL. Collective. */
CROW_API crow_status crow_file_finish_both(crow_file **first, crow_file **second);
/** Writes a result as a file of this name. Collective. */
typedef crow_status crow_result_function(void *context, const char *path, bool overwrite);
/** Writes the result of long work by `write`. If its file cannot be written (CROW_FILE_SYSTEM), it is written beside
 * that under another name, or else to the folder TMPDIR or /tmp, so that the work is not lost; the status stays
 * CROW_FILE_SYSTEM, and the message says where the result is. Collective. */
CROW_API crow_status crow_result_save(const crow_comm *comm, const char *path, bool overwrite,
                                      crow_result_function *write, void *context);
/** Closes; a file being written is removed. Accepts NULL; sets the handle to NULL. Collective. */
CROW_API void crow_file_close(crow_file **file);

/** For programs, before any file: from now on this process defends itself against what HDF5 does on damaged files and
 * when a write fails on one rank, where all others would wait for ever. A crash (SIGSEGV, SIGBUS, SIGFPE, SIGABRT)
 * while a file is looked through for the first time ends the process with CROW_BAD_INPUT and a message that names the
 * file. Where the disk refuses metadata, for which it takes SIGALRM and its timer, the process ends with
 * CROW_FILE_SYSTEM. Descriptors of files that are given up are turned to memory. Off by default: a library does none of
 * that to its host. Local. */
CROW_API void crow_file_guard(bool on);

/** Local: the name it was opened with, owned by the file. */
CROW_API const char *crow_file_name(const crow_file *file);
/** Local: its kind, "dataset", "weights", ... */
CROW_API const char *crow_file_kind(const crow_file *file);
/** Local: whether the file holds this dataset or group. */
CROW_API bool crow_file_has(const crow_file *file, const char *path);
/** Local: the shape of a dataset; `shape[1]` is 1 for a vector; all 0 if it is absent. */
CROW_API void crow_file_shape(const crow_file *file, const char *path, int64_t shape[2]);
/** Local: the rows of a dataset, 0 if it is absent. */
CROW_API int64_t crow_file_rows(const crow_file *file, const char *path);
/** Local: whether the stored elements are 32-bit floats (so that reading them as F32 loses nothing). */
CROW_API bool crow_file_is_single(const crow_file *file, const char *path);

/** Reads rows `begin` .. `begin + count` (each rank its own; count may be 0) as `type`, and checks every value against
 * the schema (finite, minimum, maximum, below): CROW_BAD_INPUT names file, path, index, value and what was expected.
 * `values` (count, columns). Collective. */
CROW_API crow_status crow_file_read(const crow_file *file, const char *path, crow_gidx begin, crow_gidx count,
                                    crow_type type, void *values);
/** Reads a vector in slices over the ranks as doubles: `*partition` says how its rows are distributed (block
 * CROW_BLOCK),
 * `*slice` (count) is freed with crow_free(). Collective. */
CROW_API crow_status crow_file_read_vector(const crow_file *file, const char *path, crow_partition *partition,
                                           double **slice);
/** Reads texts of fixed or variable length; the width is agreed over ranks. Free with crow_strings_free().
 * Collective. */
CROW_API crow_status crow_file_read_strings(const crow_file *file, const char *path, crow_gidx begin, crow_gidx count,
                                            crow_strings *out);

/** The distinct texts of dataset `path`, whose rows are distributed by `partition`. Collective. */
CROW_API crow_status crow_labels_read(const crow_file *file, const char *path, const crow_partition *partition,
                                      crow_labels *out);

/** Makes a dataset of `rows` x `columns` elements (columns 0: a vector) and its groups. Collective; all agree. */
CROW_API crow_status crow_file_define(crow_file *file, const char *path, crow_type type, crow_gidx rows,
                                      crow_gidx columns);
/** Makes a vector of bytes, which are written and read as integers from 0 to 255. Collective; all agree. */
CROW_API crow_status crow_file_define_bytes(crow_file *file, const char *path, crow_gidx count);
/** Writes this rank's rows `begin` .. `begin + count` of a defined dataset, `values` (count, columns); the ranks' rows
 * do not overlap. Collective. */
CROW_API crow_status crow_file_write_rows(crow_file *file, const char *path, crow_gidx begin, crow_gidx count,
                                          crow_type type, const void *values);
/** Writes this rank's columns `begin` .. `begin + count` of a defined dataset: `values` (rows, count); at most 1 GiB a
 * call. The ranks' columns do not overlap. Collective. */
CROW_API crow_status crow_file_write_columns(crow_file *file, const char *path, crow_gidx begin, crow_gidx count,
                                             crow_type type, const void *values);
/** Makes a dataset of fixed-length UTF-8 texts of at most `width` bytes with their terminator. Collective; all
 * agree. */
CROW_API crow_status crow_file_define_strings(crow_file *file, const char *path, crow_gidx rows, int64_t width);
/** Writes this rank's rows of it from `begin`; `slice` may be narrower than what was defined. Collective. */
CROW_API crow_status crow_file_write_strings_rows(crow_file *file, const char *path, crow_gidx begin,
                                                  const crow_strings *slice);
/** Defines and writes a dataset of fixed-length UTF-8 texts, `rows` in all, this rank's slice from `begin`.
 * Collective. */
CROW_API crow_status crow_file_write_strings(crow_file *file, const char *path, crow_gidx rows, crow_gidx begin,
                                             const crow_strings *slice);
/** Defines and writes a vector that is distributed by `partition`: `slice` (count) is this rank's part. Collective. */
CROW_API crow_status crow_file_write_vector(crow_file *file, const char *path, crow_type type,
                                            const crow_partition *partition, const void *slice);

/** Sets an attribute of `path` ("/" for the file). Collective, the same value on all ranks. */
CROW_API crow_status crow_file_set_f64(crow_file *file, const char *path, const char *name, double value);
/** As crow_file_set_f64(). Collective. */
CROW_API crow_status crow_file_set_i64(crow_file *file, const char *path, const char *name, int64_t value);
/** As crow_file_set_f64(). Collective. */
CROW_API crow_status crow_file_set_text(crow_file *file, const char *path, const char *name, const char *value);
/** Local: whether `path` has this attribute. */
CROW_API bool crow_file_has_attribute(const crow_file *file, const char *path, const char *name);
/** Local: the `*value` of an attribute; if it is missing or of another type CROW_BAD_INPUT. */
CROW_API crow_status crow_file_get_f64(const crow_file *file, const char *path, const char *name, double *value);
/** Local: as crow_file_get_f64(), `*value`. */
CROW_API crow_status crow_file_get_i64(const crow_file *file, const char *path, const char *name, int64_t *value);
/** Local: as crow_file_get_f64(); `*value` is freed with crow_free(). */
CROW_API crow_status crow_file_get_text(const crow_file *file, const char *path, const char *name, char **value);

/** Copies a dataset (texts or numbers, distributed reading and writing) from one file to another under the same path.
 * Collective. */
CROW_API crow_status crow_file_copy(const crow_file *from, crow_file *to, const char *path);

/** Copies every dataset that the schema of `from`'s kind names and that is there, and the description, except what is
 * at or under one of the paths in `except`, separated by "|" (NULL: nothing is left out). Collective. */
CROW_API crow_status crow_file_copy_all(const crow_file *from, crow_file *to, const char *except);

/** The digest of a file's bytes, 32 hexadecimal digits: XXH3-128 of the file if it has at most 64 MiB (as `xxhsum -H2`
 * prints it), else XXH3-128 of the digests of its blocks of 64 MiB, which the ranks share. `digest` has room for 33
 * bytes. Collective. */
CROW_API crow_status crow_file_digest(const crow_comm *comm, const char *path, char *digest);

/* ---- arrays of any HDF5 file -------------------------------------------------------------------------------- */

/** A two-dimensional array in a file that need not be crow's: unlabelled contexts, for example. */
typedef struct crow_array crow_array;
/** Numbers beyond this are refused: squares of their differences would overflow. */
#define CROW_ARRAY_LARGEST 0x1p490
/** Opens array `path` of `file`; what leads out of the file is refused as by crow_file_open(). One-dimensional arrays
 * have one column. Collective. */
CROW_API crow_status crow_array_open(const crow_comm *comm, const char *file, const char *path, crow_array **out);
/** Local; sets the handle to NULL; accepts NULL. */
CROW_API void crow_array_close(crow_array **array);
/** Local: n. */
CROW_API crow_gidx crow_array_rows(const crow_array *array);
/** Local: d. */
CROW_API crow_gidx crow_array_columns(const crow_array *array);
/** Local: whether its numbers are floats of at most 32 bits. */
CROW_API bool crow_array_is_single(const crow_array *array);
/** Reads rows `begin` .. `begin + count` as doubles `values` (count, d); NaN, infinities and what is beyond
 * CROW_ARRAY_LARGEST are CROW_BAD_INPUT. Local: each rank reads by itself. */
CROW_API crow_status crow_array_read(const crow_array *array, crow_gidx begin, crow_gidx count, double *values);

/* ---- datasets ----------------------------------------------------------------------------------------------- */

/** Makes rows `begin` .. `begin + count` of generated contexts as `type` (CROW_F32 or CROW_F64). Local: depends on
 * nothing but its arguments. */
typedef void crow_contexts_function(void *context, crow_gidx begin, crow_gidx count, crow_type type, void *values);

/** A dataset opened for reading, or generated in place. */
typedef struct crow_dataset {
  crow_file *file;        /**< owned; NULL for a generated one */
  crow_gidx alternatives; /**< m */
  crow_gidx dimensions;   /**< d; 0 without contexts */
  crow_gidx comparisons;  /**< q, 0 if there are none */
  crow_gidx types;        /**< n annotator types of the population, 0 if there is none */
  bool has_id, has_topic, has_prompt, has_comparisons, has_matrix, has_population, has_count;
  crow_gidx prompts; /**< K, how many different prompts; 0 without /alternatives/prompt */
  int32_t *prompt;   /**< (m) of every alternative, numbered in the order of their first alternatives; whole
                          on every rank, owned; NULL without /alternatives/prompt */
  crow_gidx kept;    /**< columns that were kept of the comparisons' file; 0: none */
  bool selected;     /**< only comparisons that have the value `select_value` in kept column `select_column`
                          count, see crow_dataset_select(); `comparisons` stays that of the file */
  int64_t select_column;
  int32_t select_value;
  bool single;                  /**< contexts are stored as 32-bit floats */
  crow_contexts_function *make; /**< makes the contexts of a generated dataset; NULL for a file */
  void *make_context;           /**< borrowed */
} crow_dataset;

/** Opens a dataset: at least one alternative (contexts may be missing, then names, a matrix or a population tell how
 * many there are), at least one source of preferences unless `weights_only`. Close with crow_dataset_close().
 * Collective. */
CROW_API crow_status crow_dataset_open(const crow_comm *comm, const char *path, bool weights_only, crow_dataset *out);
/** A dataset of contexts that `make` generates whenever they are read, and nothing else: for weights without a file.
 * `single`: they are 32-bit floats. Nothing needs to be closed. Local. */
CROW_API crow_dataset crow_dataset_generated(crow_gidx alternatives, crow_gidx dimensions, bool single,
                                             crow_contexts_function *make, void *context);
/** Closes the file and zeroes. Collective. */
CROW_API void crow_dataset_close(crow_dataset *dataset);
/** CROW_BAD_INPUT, with what to do, if the dataset has no contexts: for whatever measures distances. Local, the same on
 * all ranks. */
CROW_API crow_status crow_dataset_need_contexts(const crow_dataset *dataset);
/** Reads and checks what results copy from the dataset (ids, topics, prompts, groups), so that what is wrong with them
 * is known before any work and not as the results are written, and that no two dimensions or kept columns have the same
 * name. Collective. */
CROW_API crow_status crow_dataset_check_names(const crow_dataset *dataset);
/** Refuses a file with as many alternatives whose ids are not the dataset's (CROW_BAD_INPUT), naming the first row of
 * the lowest rank that differs, and then `meaning`; where one of the two has no ids nothing can be said. Collective. */
CROW_API crow_status crow_dataset_check_same_ids(const crow_dataset *dataset, const crow_file *file,
                                                 const char *meaning);
/** The digest of the contexts in their order: the same for any number of ranks, and for any float type that holds the
 * same values. Reads them once. Collective. */
CROW_API crow_status crow_dataset_digest(const crow_comm *comm, const crow_dataset *dataset, char digest[17]);
/** Writes it as the attribute alternatives_digest of results being written. Collective. */
CROW_API crow_status crow_dataset_write_digest(const crow_dataset *dataset, crow_file *to);
/** Refuses results whose alternatives_digest is not the dataset's (CROW_BAD_INPUT, with `meaning` at the end); where
 * they have none, a warning says that it is not checked. Collective. */
CROW_API crow_status crow_dataset_check_digest(const crow_dataset *dataset, const crow_file *file, const char *meaning);
/** Warns, with `meaning` at the end, where the prompts of results do not divide the alternatives, as many as the
 * dataset's, as its own do. Collective. */
CROW_API crow_status crow_dataset_check_prompts(const crow_dataset *dataset, const crow_file *file,
                                                const char *meaning);
/** Its parts, for contexts that pass by: the sum over some rows (count, dimensions), the first with the global index
 * `begin`; -0 becomes 0 in them. Local. */
CROW_API uint64_t crow_context_rows_digest(crow_gidx begin, crow_gidx count, crow_gidx dimensions, double *rows);
/** Then the digest of all ranks' sums. Collective. */
CROW_API crow_status crow_contexts_digest_end(const crow_comm *comm, uint64_t sum, char digest[17]);
/** Copies the ids, topics and prompts that the dataset has into results being written. Collective. */
CROW_API crow_status crow_dataset_copy_names(const crow_dataset *dataset, crow_file *to);
/** Contexts of rows `begin` .. `begin + count` (each rank its own; count may be 0), as crow_file_read() gives them:
 * `values` (count, d) of `type`. Collective. */
CROW_API crow_status crow_dataset_read_contexts(const crow_dataset *dataset, crow_gidx begin, crow_gidx count,
                                                crow_type type, void *values);
/** Ids of rows `begin` .. `begin + count`: stored ids, or "0", "1", ... where the dataset has none. Free with
 * crow_strings_free(). Collective. */
CROW_API crow_status crow_dataset_read_ids(const crow_dataset *dataset, crow_gidx begin, crow_gidx count,
                                           crow_strings *out);

/** The kept column of this name; CROW_BAD_INPUT, with those there are, if there is none. Collective. */
CROW_API crow_status crow_dataset_find_kept(const crow_dataset *dataset, const char *name, int64_t *column);
/** The values of kept column `column` in comparisons `begin` .. `begin + count` (each rank its own): `code` (count) are
 * rows of /comparisons/label_value. Collective. */
CROW_API crow_status crow_dataset_read_kept(const crow_dataset *dataset, int64_t column, crow_gidx begin,
                                            crow_gidx count, int32_t *code);
/** From now on only those comparisons count that have this value in this kept column, `*left` of them; CROW_BAD_INPUT
 * if there is no such column, or none. Collective. */
CROW_API crow_status crow_dataset_select(crow_dataset *dataset, const char *column, const char *value, crow_gidx *left);
/** The whole text of an alternative, or its id where no texts are stored; freed with crow_free(). Collective, the same
 * alternative on all ranks. */
CROW_API crow_status crow_dataset_read_text(const crow_dataset *dataset, crow_gidx alternative, char **text);

/** The name of the prompt of an alternative, cut to `bytes` - 1 bytes; the dataset has prompts. Collective, the same
 * alternative on all ranks. */
CROW_API crow_status crow_dataset_prompt_name(const crow_dataset *dataset, crow_gidx alternative, char *name,
                                              size_t bytes);
/** The numbers of prompts by their names: `number` (names->count), -1 for one that the dataset does not have; the
 * dataset has prompts. Every rank its own names. Collective. */
CROW_API crow_status crow_dataset_find_prompts(const crow_comm *comm, const crow_dataset *dataset,
                                               const crow_strings *names, int32_t *number);

/* ---- provenance --------------------------------------------------------------------------------------------- */

/** The checkpoints of one run: crow/checkpoint.h. */
typedef struct crow_checkpoint crow_checkpoint;

/** How a result came about: written to /provenance of every output as attributes. */
typedef struct crow_provenance crow_provenance;
/** Begins with program, version, git hash, host, ranks, date, MPI, HDF5 and BLAS versions. `command_line` may be NULL.
 * Collective. */
CROW_API crow_status crow_provenance_create(const crow_comm *comm, const char *command_line, crow_provenance **out);
/** Local; sets the handle to NULL; accepts NULL. */
CROW_API void crow_provenance_destroy(crow_provenance **provenance);
/** Local: one more entry. */
CROW_API crow_status crow_provenance_add(crow_provenance *provenance, const char *name, const char *format, ...)
    CROW_PRINTF(3, 4);
/** Local: every setting of a table with its value in `options`, as "option_NAME". */
CROW_API crow_status crow_provenance_add_settings(crow_provenance *provenance, const crow_setting *table,
                                                  const void *options);
/** An input file: "input_NAME" and "input_NAME_digest". Collective. */
CROW_API crow_status crow_provenance_add_input(crow_provenance *provenance, const crow_comm *comm, const char *name,
                                               const char *path);
/** Writes all entries to `file`. Collective. */
CROW_API crow_status crow_provenance_write(const crow_provenance *provenance, crow_file *file);

/* ---- the register of paths ------------------------------------------------------------------------------------ */

/** The files that a run reads and writes, each entered once and before any work, so that no output replaces an input or
 * another output. Files are the same if they are one file, whatever they are called: links are followed, also of what
 * is not there yet. Nodes may see files differently: the first rank's view counts. */
typedef struct crow_paths crow_paths;

typedef enum crow_path_use {
  CROW_PATH_READ,      /**< is read; need not be there yet */
  CROW_PATH_WRITE,     /**< an HDF5 file that is written: a device or pipe is refused */
  CROW_PATH_STREAM,    /**< a text or picture that is written: devices and pipes are written in place */
  CROW_PATH_CHECKPOINT /**< a checkpoint, replaced and removed if it is this run's */
} crow_path_use;

/** An empty register, but for the files that standard output and standard error go to. Collective. `comm` is borrowed.
 */
CROW_API crow_status crow_paths_create(const crow_comm *comm, crow_paths **out);
/** Local; accepts NULL. */
CROW_API void crow_paths_destroy(crow_paths **paths);
/** Enters a file. `name` is what the user calls it ("dataset", "--json"); both texts are copied. CROW_USAGE if it is
 * the file of an earlier entry and one of the two is written, or if a text would replace an HDF5 file; CROW_FILE_SYSTEM
 * if it is to be written and cannot be: its folder is missing, say, or it is there and `overwrite` is false.
 * Collective. */
CROW_API crow_status crow_paths_enter(crow_paths *paths, crow_path_use use, const char *name, const char *path,
                                      bool overwrite);
/** Notes every file that is read, and its digest, as "input_NAME" and "input_NAME_digest", in `provenance` and, if it
 * is not NULL, among what a checkpoint must match. Collective. */
CROW_API crow_status crow_paths_note(const crow_paths *paths, crow_provenance *provenance, crow_checkpoint *checkpoint);

/* ---- schemas and inspection --------------------------------------------------------------------------------- */

/** The kinds of file, NULL-terminated; Local. */
CROW_API const char *const *crow_schema_kinds(void);
/** The schema of a kind as JSON text, NULL for what is none; Local. */
CROW_API const char *crow_schema_text(const char *kind);
/** The version of HDF5 in use; Local. */
CROW_API const char *crow_hdf5_version(void);

/** Describes any crow file as JSON text (kind, whether it meets its schema and if not why, attributes, datasets with
 * type, shape, least, greatest, mean, provenance) and checks every value of it. `*json` is freed with crow_free(). The
 * status tells only whether it could be described: a file that breaks its schema has "valid": false. Collective. */
CROW_API crow_status crow_file_describe(const crow_comm *comm, const char *path, char **json);

#ifdef __cplusplus
}
#endif
#endif
