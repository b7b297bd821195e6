/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards carried over to other alternatives. All functions are Collective unless they say Local. */
#ifndef CROW_PREDICT_IMPL_H
#define CROW_PREDICT_IMPL_H

#include <crow/predict.h>

/* Contexts that a rank takes in one turn, in bytes. */
#define CROW_TURN_BYTES (1 << 25)
/* New contexts in turns: as many on every rank, each of whole blocks of this rank's slice, none large. */
typedef struct crow_turns {
  const crow_context_source *contexts;
  crow_gidx begin, count; /* the rows of the present turn */
  int64_t rows, left;     /* of a turn; turns that are left on all ranks */
  double *values;         /* (count, d) */
} crow_turns;
crow_status crow_turns_begin(const crow_comm *comm, const crow_context_source *contexts, crow_turns *turns);
/* Reads the next turn's rows; `*more` is false when all ranks are done. */
crow_status crow_turns_next(crow_turns *turns, bool *more);
void crow_turns_free(crow_turns *turns);

/* Where distances to the nearest alternative are taken: where the weights of the rewards were. */
typedef struct crow_metric {
  crow_gidx dimensions;
  crow_space *space; /* a sphere, with its centre if it has one; NULL: contexts as they are */
  double *center;    /* (prompts, dimensions) one of each prompt; NULL: not by prompt */
  const char *name;  /* in words, after "nearest" */
} crow_metric;
/* Whether the rewards' weights were found on a sphere (Local). */
crow_status crow_metric_is_sphere(const crow_file *rewards, bool *sphere);
/* By the attributes and /space/center of the rewards file; `by_prompt`: alternatives are sought within prompts. */
crow_status crow_metric_open(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                             bool by_prompt, crow_metric *out);
/* Whether a context of zeros has no place (Local). */
bool crow_metric_needs_direction(const crow_metric *metric);
/* Takes contexts (count, d) of a prompt (0 if there are none) to where distances are taken, in place (Local). Zeros
 * stay where they need a direction. */
crow_status crow_metric_apply(const crow_metric *metric, crow_gidx group, crow_gidx count, double *rows);
void crow_metric_free(crow_metric *metric);

/* Alternatives of a dataset that others can be nearest to: their contexts whole on every rank, prompt after prompt. */
typedef struct crow_candidates {
  crow_nearest_options options;
  crow_metric metric;
  crow_precision type; /* double on a sphere, as directions are found in double */
  int64_t dimensions;
  crow_gidx groups;     /* prompts; 1 if they do not matter */
  int64_t *begin;       /* (groups + 1) of each group in the following */
  crow_gidx *row;       /* row of the dataset, ascending in each group */
  void *contexts;       /* where distances are taken */
  crow_nearest *search; /* in the contexts of one group */
  crow_gidx searched;   /* that one */
  crow_nearest_result found;
  double *points; /* work space: (a block of the search, dimensions), on a sphere */
  crow_gidx tied; /* points so far that had several nearest */
} crow_candidates;
/* All but those with `unknown` (m) set, which is whole on every rank. CROW_BAD_INPUT if none is left. `by_prompt`:
 * those of each prompt by themselves. Distances are taken where the weights of `rewards` were found. */
crow_status crow_candidates_create(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                                   const unsigned char *unknown, bool by_prompt, const crow_nearest_options *options,
                                   crow_candidates *out);
/* The row of the first of those nearest to each of `n` points, and its distance. `prompt` (n): of each point, NULL if
 * candidates are not by prompt; where a prompt has no candidate the row is -1. Local. */
crow_status crow_candidates_find(crow_candidates *candidates, const int32_t *prompt, const double *points, int64_t n,
                                 crow_gidx *row, double *distance);
void crow_candidates_free(crow_candidates *candidates);

/* Which model a rewards file holds, and what files call it (Local). */
crow_status crow_score_kind(const crow_file *rewards, int *kind);
const char *crow_score_kind_name(int kind);
/* Of tabular rewards those that are unknown: `flags` (m) whole on every rank, and their number. */
crow_status crow_score_unknown(const crow_comm *comm, const crow_file *rewards, crow_gidx m, unsigned char *flags,
                               crow_gidx *count);
/* Refuses files whose alternatives have not the same ids, where both have some. */
crow_status crow_score_check_ids(const crow_file *file, const crow_dataset *dataset);

/* score_model.c, score_nearest.c; `out` has its partition, kind and values. */
crow_status crow_score_model(const crow_comm *comm, const crow_file *rewards, crow_context_source *contexts,
                             crow_scores *out);
crow_status crow_score_nearest(const crow_comm *comm, const crow_file *rewards, const crow_dataset *dataset,
                               crow_context_source *contexts, const crow_nearest_options *options, crow_scores *out);

#endif
