/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Tables of a file for other programs: CSV, JSON, NumPy's .npy. Rank 0 reads them in slices and writes as it goes, so
 * that nothing is ever held whole.
 */
#ifndef CROW_EXPORT_H
#define CROW_EXPORT_H

#include <crow/summary.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum crow_export_table {
  CROW_EXPORT_ALTERNATIVES, /**< of any file: one row an alternative */
  CROW_EXPORT_COMPARISONS,  /**< of a dataset; first and second are rows of the alternatives, counted from 0 */
  CROW_EXPORT_ORIGINAL,     /**< the original alternatives of groups */
  CROW_EXPORT_TRACE,        /**< a fit's iterations, or the training curve of Adam */
  CROW_EXPORT_MODEL,        /**< the parameters of a linear or mlp model; NPZ or SAFETENSORS */
  CROW_EXPORT_BY            /**< rewards by the values of a column, a column a value: reward_English, ... */
} crow_export_table;
#define CROW_EXPORT_TABLES "alternatives|comparisons|original|trace|model|by"

/** CSV as in RFC 4180, with an empty field for what is no number; JSON: an array with an object for each row, and null;
 * NPY: version 1.0, one column of numbers, float64 or int64. NPZ and SAFETENSORS hold models: float64 arrays
 * layers.0.weight (outputs, inputs), layers.0.bias (outputs), layers.1.weight, ... as in a PyTorch state_dict, of an
 * ensemble member.0.layers.0.weight, ...; activation, hidden widths, inputs and their names are in metadata.json or
 * __metadata__. AUTO: as the output's name ends. */
typedef enum crow_export_format {
  CROW_EXPORT_AUTO,
  CROW_EXPORT_CSV,
  CROW_EXPORT_JSON,
  CROW_EXPORT_NPY,
  CROW_EXPORT_NPZ,
  CROW_EXPORT_SAFETENSORS
} crow_export_format;
#define CROW_EXPORT_FORMATS "auto|csv|json|npy|npz|safetensors"

typedef struct crow_export_options {
  int format;          /**< crow_export_format; default auto */
  int table;           /**< crow_export_table; default alternatives */
  const char *column;  /**< only this one, e.g. "reward"; NULL: all. NPY needs it */
  const char *weights; /**< of comparisons also the column loss_weight, what a row counts in the objective with the
                            weights of this file, or "uniform"; NULL: without */
  crow_objective_options objective; /**< that objective; its lambda has no effect */
  crow_elo_options elo;             /**< of rewards also columns elo, elo_standard_error, elo_lower and elo_upper */
} crow_export_options;
extern CROW_API const crow_setting crow_export_settings[];

/** CROW_USAGE if the output's name does not say the format and the options neither, or NPY has no column. Local. */
CROW_API crow_status crow_export_options_validate(const crow_export_options *options, const char *output);
/** Writes a table of the crow file `input` to `output`, which replaces another file only if `overwrite`. `*rows` is
 * their number, of a model that of its arrays. A table or column that the file does not have, or a column of text as
 * NPY, is CROW_USAGE. What is held at a time must fit into `memory_per_rank` bytes (0: what the machine, the cgroup or
 * Slurm allows), else CROW_FAILED. Numbers have as many digits as give the same number back. Collective; all arguments
 * agree. */
CROW_API crow_status crow_export_run(const crow_comm *comm, const char *input, const crow_export_options *options,
                                     double memory_per_rank, const char *output, bool overwrite, int64_t *rows);

#ifdef __cplusplus
}
#endif
#endif
