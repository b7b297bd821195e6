/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of datasets with several prompts: each prompt is a small problem of its own. */
#ifndef CROW_WEIGHTS_PROMPTS_IMPL_H
#define CROW_WEIGHTS_PROMPTS_IMPL_H

#include "weights/few_impl.h"

/* The owner of a prompt that all ranks work on together. */
#define CROW_PROMPT_SHARED (-1)

/* How work on a prompt ended: its weighted mean may not have come to rest, which may be seen beside the samples' error.
 */
enum { CROW_PROMPT_DONE = 1, CROW_PROMPT_RESTLESS = 2, CROW_PROMPT_SEEN = 4 };

/* What is known of an alternative. */
typedef struct crow_prompt_result {
  double value, standard_error; /* within its prompt */
  int64_t hits;
  int64_t done; /* CROW_PROMPT_DONE and so on of its prompt; 0: not worked on yet */
} crow_prompt_result;

typedef struct crow_prompts {
  const crow_comm *comm;
  crow_comm *self; /* this rank alone */
  const crow_dataset *dataset;
  const crow_weights_options *options;
  crow_space *space;         /* where it is the same for all prompts; else NULL */
  crow_few few;              /* draws for prompts of few alternatives */
  double *rows;              /* (CROW_FEW_MOST, d) of one of them */
  crow_gidx largest;         /* alternatives that the largest prompt has */
  crow_partition partition;  /* of the alternatives, in blocks of CROW_BLOCK */
  crow_gidx *size;           /* (K) alternatives of each prompt */
  int *owner;                /* (K) the rank that works on it, or CROW_PROMPT_SHARED */
  crow_prompt_result *slice; /* (partition.count) */
  /* what this rank owns, in the order of the alternatives */
  crow_gidx owned;
  crow_prompt_result *result; /* (owned) */
  int64_t *batch;             /* (owned, CROW_HIT_BATCHES) hits by batch; NULL: not kept */
  int64_t *slice_batch;       /* (partition.count, CROW_HIT_BATCHES) those of the slice; NULL: not kept */
  void *contexts;             /* (owned, d), floats if the dataset's are */
  int32_t *prompt;            /* (mine) the prompts owned, in order */
  crow_gidx mine, next;       /* how many; the first not worked on yet */
  crow_gidx *begin, *place;   /* prompt j has the owned alternatives place[begin[j]] .. place[begin[j + 1] - 1] */
  double growth;              /* times the samples that options say */
  int64_t samples, inexact;   /* the most samples of a prompt; prompts that missed --relative-error */
} crow_prompts;

/* Who works on what: prompts in contiguous runs of about equal work, those larger than a rank's share on all. Local. */
crow_status crow_prompts_plan(crow_prompts *p);
void crow_prompts_free(crow_prompts *p);

/* Rows `slice` (of `bytes` each, for this rank's slice of alternatives) to the ranks that own their prompts, or, with
 * `prompt` >= 0, those of this prompt to all: `*rows` is what arrives, in the order of the alternatives. Collective. */
crow_status crow_prompts_to_owners(const crow_prompts *p, int32_t prompt, const void *slice, size_t bytes, void **rows);
/* The results of the owners into `slice`, and their hits by batch. Collective. */
crow_status crow_prompts_to_slices(crow_prompts *p);

/* A prompt as a dataset of its own: alternative i is row `place[i]` of `contexts`; `place` NULL: row i. */
typedef struct crow_prompt_view {
  const void *contexts;
  const crow_gidx *place;
  crow_gidx d;
  bool single;
} crow_prompt_view;
/* Makes rows of it: crow_contexts_function. */
void crow_prompt_view_make(void *view, crow_gidx begin, crow_gidx count, crow_type type, void *values);

#endif
