/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * What people have (tables of text, JSON lines, arrays of NumPy, safetensors and HDF5 files), as a dataset or as
 * contexts of new alternatives. Paths and options agree on all ranks.
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

/** Opens contexts: a .npy file of floats (n, d), or FILE:NAME of a .npz or .safetensors file (NAME may be left out
 * where it holds one array); a CSV file of numbers, perhaps with columns id and prompt; a dataset of crow; or
 * FILE:PATH, an array (n, d) of any HDF5 file. Rows of a CSV file are read by rank 0 and shared out; ranks read the
 * others by themselves. `comm` is borrowed until the contexts are closed. Collective. */
CROW_API crow_status crow_context_source_open(const crow_comm *comm, const char *source, crow_context_source **out);
/** Those of a dataset that is open, borrowed until the contexts are closed. Collective. */
CROW_API crow_status crow_context_source_of_dataset(const crow_comm *comm, const crow_dataset *dataset,
                                                    crow_context_source **out);
/** Collective; accepts NULL. */
CROW_API void crow_context_source_close(crow_context_source **contexts);
/** Local: what they were opened as. */
CROW_API const char *crow_context_source_name(const crow_context_source *contexts);
/** Local: n in slices over the ranks (block CROW_BLOCK). */
CROW_API const crow_partition *crow_context_source_partition(const crow_context_source *contexts);
/** Local: d. */
CROW_API int64_t crow_context_source_dimensions(const crow_context_source *contexts);
/** Local: the file's own name, without PATH. */
CROW_API const char *crow_context_source_file(const crow_context_source *contexts);
/** Reads rows `begin` .. `begin + count`, numbered over all ranks, of this rank's slice (count may be 0) as doubles
 * `values` (count, d); those that are not finite are CROW_BAD_INPUT. Collective. */
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
  const char *comparisons;  /**< CSV, TSV or JSON lines, perhaps compressed by gzip; may be a pipe */
  const char *contexts;     /**< .npy, .npz, .safetensors, CSV, or FILE:NAME of an archive or HDF5 file; NULL: none */
  const char *items;        /**< CSV with id and optional topic and prompt; NULL if there is none */
  const char *output;       /**< the dataset to write */
  const char *columns;      /**< ROLE=COLUMN,...: which column is what; NULL: by their usual names */
  const char *winner_map;   /**< VALUE=SIDE,...: what the winner's values mean; NULL: ids and labels */
  const char *winner_scale; /**< A:B: numbers at which the first, the second won wholly; NULL: no scale */
  const char *keep;         /**< COLUMN,...: columns stored with the comparisons; NULL: none */
  double score_tie;         /**< a difference of scores below this is a tie; default 0: equal scores alone */
  int ties;                 /**< 0: half a win each; 1: dropped */
  int both_bad;             /**< "both are bad": 0: a tie; 1: dropped */
  bool overwrite;           /**< replace an existing output */
  double memory_per_rank;   /**< bytes a rank may use; default 0: what the machine, the cgroup or Slurm allows */
} crow_import_options;
extern CROW_API const crow_setting crow_import_settings[];

enum { CROW_IMPORT_HOW_BYTES = 400 };
/** What an import found: `comparisons` are those written; `ties` those read, whether dropped or not, `both_bad` those
 * of them that say so, `dropped` those left out; `topics` the distinct ones, `prompts` too (0: without prompts);
 * `dimensions` 0: without contexts; `texts`: alternatives whose id is the beginning of a longer text; `how`: how the
 * columns of the comparisons were understood, in words. */
typedef struct crow_import_summary {
  crow_gidx alternatives, dimensions, comparisons, ties, both_bad, dropped, topics, prompts, texts, kept;
  char how[CROW_IMPORT_HOW_BYTES];
} crow_import_summary;

/** The files people have into a dataset. Rank 0 reads, line by line; all agree on errors. `command_line` goes to the
 * provenance (may be NULL). Collective. All bad lines of a file are counted and the first five named with file, line
 * and value.
 *
 * Comparisons: tables with a header, or JSON lines. Fields are separated by tabs if the file is called .tsv or its
 * header line has a tab and no comma, by semicolons if that has one and neither of these, else by commas. `columns`
 * says which column is what: first, second, winner, loser, outcome, count, prompt, first_wins, second_wins, tie,
 * response, score, rank. Without it they are found by name, in any order and case and among others:
 *  - left, right (or model_a, model_b; model_x, model_y; first, second; item_a, item_b; a, b) and winner or outcome, or
 *    winner_model_a, winner_model_b and winner_tie, of which one is 1;
 *  - chosen, rejected; winner, loser: the first of these won. A winner beside chosen, rejected must agree;
 *  - prompt, response and score or rank: every two responses of a prompt are compared;
 *  - response_a, response_b and the like where there are no models, and a winner;
 *  - optionally count, prompt.
 * Two of these in one file are refused. A winner is read as the first of these that fits:
 *  1. what `winner_map` or `winner_scale` says, where they are given;
 *  2. the id of one of the two, exactly as written (but never a number in a column called outcome);
 *  3. in any case: left, right, model_a, model_b, model_x, model_y, first, second, item_a, item_b, a, b, tie, draw,
 *     both_bad, bothbad, both bad, tie (bothbad), tie (both bad);
 *  4. of a column called outcome, the share won by the first, a number from 0 to 1. Other numbers are refused: which
 *     side 1 means is not guessed.
 * A file where some results can only be sides, while others are ids that would mean the contrary as a side, is refused:
 * its author cannot have meant both. A result of exactly one half is a tie.
 *
 * Contexts: row k of an array, or of CSV without a column id, belongs to item k; without items, alternatives are named
 * by their row number. CSV contexts with ids are joined with the items by id, in the order of the items, or name the
 * alternatives themselves. Without contexts the alternatives are the items, or without these whatever the comparisons
 * name, in the order of their first appearance, and the dataset has no contexts.
 *
 * Ids may be whole texts of up to 64 KiB. One of several lines or more than 256 bytes is stored whole, and its id is
 * its beginning and a digest.
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
