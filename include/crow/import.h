/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * What people have (CSV and NumPy files, arrays of HDF5 files), as a dataset or as contexts of new alternatives. Paths
 * and options agree on all ranks.
 */
#ifndef CROW_IMPORT_H
#define CROW_IMPORT_H

#include <crow/io.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- contexts of new alternatives ----------------------------------------------------------------------------- */

/** Contexts from any file that holds some, in slices over the ranks. */
typedef struct crow_context_source crow_context_source;

/** Bytes that opening such contexts takes on rank 0 at most, by the size of a CSV file and its first lines (8 for each
 * number, 60 for each row); 0 for others, which stay in their files. Local. */
CROW_API double crow_context_source_rank_bytes(const char *source);

/** Refuses contexts that would not fit into memory (CROW_FAILED, with the numbers and the ways out), before they are
 * opened: rank 0 reads those of a CSV file whole. `memory_per_rank` in bytes; 0: what the machine, the cgroup or Slurm
 * allows. Collective. */
CROW_API crow_status crow_context_source_check_memory(const crow_comm *comm, const char *source,
                                                      double memory_per_rank);

/** Opens contexts: a .npy file of floats (n, d); a CSV file with a column id, perhaps a column prompt, and numbers in
 * all others; a dataset of crow; or FILE:PATH, an array (n, d) of any HDF5 file. Rows of a CSV file are read by rank 0
 * and shared out; ranks read the others by themselves. `comm` is borrowed until the contexts are closed. Collective. */
CROW_API crow_status crow_context_source_open(const crow_comm *comm, const char *source, crow_context_source **out);
/** Those of a dataset that is open, borrowed until the contexts are closed. Collective. */
CROW_API crow_status crow_context_source_of_dataset(const crow_comm *comm, const crow_dataset *dataset,
                                                    crow_context_source **out);
/** Collective; accepts NULL. */
CROW_API void crow_context_source_close(crow_context_source **contexts);
/** Local: what they were opened as; n in slices (block CROW_BLOCK); d; the file's own name, without PATH. */
CROW_API const char *crow_context_source_name(const crow_context_source *contexts);
CROW_API const crow_partition *crow_context_source_partition(const crow_context_source *contexts);
CROW_API int64_t crow_context_source_dimensions(const crow_context_source *contexts);
CROW_API const char *crow_context_source_file(const crow_context_source *contexts);
/** Reads rows `begin` .. `begin + count` of this rank's slice (count may be 0) as doubles `values` (count, d); those
 * that are not finite are CROW_BAD_INPUT. Collective. */
CROW_API crow_status crow_context_source_read(const crow_context_source *contexts, crow_gidx begin, crow_gidx count,
                                              double *values);
/** Matches dimensions by name: those of the contexts (columns of a CSV file, /alternatives/dimension of a dataset) are
 * read in the order of the texts at `path` of `file` from now on. A name that only one of the two has is
 * CROW_BAD_INPUT. Where one of the two has no names, dimensions are taken as they come. Once, before reading.
 * Collective. */
CROW_API crow_status crow_context_source_match(crow_context_source *contexts, const crow_file *file, const char *path);
/** The prompts of this rank's rows as numbers of `dataset`'s prompts: `*prompt` (count), owned by the caller; NULL if
 * either has no prompts. A prompt that the dataset does not have is CROW_BAD_INPUT. Collective. */
CROW_API crow_status crow_context_source_prompts(const crow_context_source *contexts, const crow_dataset *dataset,
                                                 int32_t **prompt);
/** Writes their ids, topics and prompts, where they have any, to /alternatives/id, topic and prompt. Collective. */
CROW_API crow_status crow_context_source_write_names(const crow_context_source *contexts, crow_file *to);

/* ---- importers ---------------------------------------------------------------------------------------------- */

typedef struct crow_import_options {
  const char *comparisons; /**< CSV or TSV file with a header */
  const char *contexts;    /**< .npy, or CSV with an id column */
  const char *items;       /**< CSV with id and optional topic; NULL if there is none */
  const char *output;      /**< the dataset to write */
  int ties;                /**< 0: half a win each; 1: dropped */
  bool overwrite;          /**< replace an existing output */
  double memory_per_rank;  /**< bytes a rank may use; default 0: what the machine, the cgroup or Slurm allows */
} crow_import_options;
extern CROW_API const crow_setting crow_import_settings[];

/** What an import found: `comparisons` are those written, `ties` those read, whether dropped or not; `topics` the
 * distinct ones, `prompts` too (0: without prompts). */
typedef struct crow_import_summary {
  crow_gidx alternatives, dimensions, comparisons, ties, ties_dropped, topics, prompts;
} crow_import_summary;

/** CSV and NumPy files into a dataset. Rank 0 reads, line by line; all agree on errors. `command_line` goes to the
 * provenance (may be NULL). Collective. All bad lines of a file are counted and the first five named with file, line
 * and value.
 *
 * Comparisons: a header names, in any order and case and among other columns, left and right (or model_a, model_b;
 * model_x, model_y; first, second; item_a, item_b; a, b) and winner (or outcome), or chosen and rejected; optionally
 * count. Fields are separated by tabs if the file is called .tsv or its header line has a tab and no comma, else by
 * commas. A result is read as the first of these that fits:
 *  1. the id of one of the two, exactly as written (but never a number in a column called outcome);
 *  2. in any case: left, right, model_a, model_b, model_x, model_y, first, second, item_a, item_b, a, b, tie, draw,
 *     both_bad, bothbad, both bad, tie (bothbad), tie (both bad);
 *  3. the share won by the first, a number from 0 to 1.
 * A file where some results can only be sides or shares, while others are ids that would mean the contrary as a side
 * or share, is refused: its author cannot have meant both. A result of exactly one half is a tie.
 *
 * Contexts: row k of a .npy file belongs to item k; without items, alternatives are named by their row number. CSV
 * contexts are joined with the items by id, in the order of the items, or name the alternatives themselves.
 *
 * A column called prompt, of the items or of CSV contexts, groups the alternatives by prompt. Without one there, a
 * column prompt of the comparisons does, if every alternative is compared under one prompt only; else that column
 * groups judgements, not alternatives, and is left alone with a warning. */
CROW_API crow_status crow_import_run(const crow_comm *comm, const crow_import_options *options,
                                     const char *command_line, crow_import_summary *summary);

#ifdef __cplusplus
}
#endif
#endif
