/* SPDX-License-Identifier: Apache-2.0 */
/* A synthetic dataset by formula: what any element is, whoever asks. All Local. */
#ifndef CROW_AUDIT_SIMULATE_IMPL_H
#define CROW_AUDIT_SIMULATE_IMPL_H

#include <crow/audit.h>

/* Annotator types and what they think of topics. */
typedef struct crow_population {
  int64_t topics, types, dimensions; /* dimensions: of the centres; 0 if there are none */
  crow_strings topic;                /* (topics) */
  double *prevalence;                /* (types), sums to 1 */
  double *reward;                    /* (types, topics) */
  double *centre;                    /* (topics, dimensions) */
} crow_population;

/* "table2", "table4" or a JSON file, which rank 0 reads. Collective. */
crow_status crow_population_create(const crow_comm *comm, const char *name, crow_population *out);
/* From JSON text; `name` is for messages. */
crow_status crow_population_parse(const char *name, const char *text, crow_population *out);
void crow_population_free(crow_population *population);

typedef struct crow_simulation {
  const crow_simulate_options *options;
  crow_population population;
  crow_gidx alternatives;             /* m */
  crow_gidx originals;                /* those before the clones */
  crow_gidx clone_begin, clone_count; /* the originals that are cloned in turn */
  char *clone_name;                   /* NULL if there are no clones */
  double *centre;                     /* (topics, d) */
  int64_t topic_width, id_width;      /* bytes of the longest topic and id, with their terminating zero */
  int64_t prompt_width;               /* and of the longest prompt */
} crow_simulation;

/* Collective: reads the population. */
crow_status crow_simulation_create(const crow_comm *comm, const crow_simulate_options *options, crow_simulation *out);
void crow_simulation_free(crow_simulation *simulation);

/* Context of an alternative: d values. `work` has room for d more. */
void crow_simulation_context(const crow_simulation *simulation, crow_gidx alternative, double *work, double *context);
/* Rewards that the annotator types give an alternative: (types). */
void crow_simulation_rewards(const crow_simulation *simulation, crow_gidx alternative, double *rewards);
const char *crow_simulation_topic(const crow_simulation *simulation, crow_gidx alternative);
void crow_simulation_id(const crow_simulation *simulation, crow_gidx alternative, char *id);
/* "prompt-1", "prompt-2", ... */
void crow_simulation_prompt(const crow_simulation *simulation, crow_gidx alternative, char *prompt);
/* Comparison k: two different alternatives of a prompt and whether the first won. `rewards` is work space of 2 types.
 */
void crow_simulation_comparison(const crow_simulation *simulation, crow_gidx k, double *rewards, int32_t *first,
                                int32_t *second, double *outcome);
/* p(x>y) for alternatives with these rewards (types each). */
double crow_simulation_preference(const crow_simulation *simulation, const double *x, const double *y);

#endif
