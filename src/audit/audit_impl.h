/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_AUDIT_IMPL_H
#define CROW_AUDIT_IMPL_H

#include <crow/audit.h>

/* Distances, or numbers of clones, that one audit takes at most. */
enum { CROW_AUDIT_NUMBERS = 32 };

/* Rewards by both methods, whole on every rank. */
typedef struct crow_fits {
  crow_gidx m;
  double *standard, *weighted;       /* (m) rewards */
  double *weight;                    /* (m) Voronoi weights */
  crow_weights uniform;              /* of the standard fit, this rank's slice */
  crow_weights voronoi;              /* of the weighted one */
  double standard_tie, weighted_tie; /* rewards that are closer the fit cannot tell apart: 2 v / lambda */
  bool standard_converged, weighted_converged;
} crow_fits;

/* Rewards with how close two of them tie. */
typedef struct crow_measured {
  const double *value;
  double tie;
} crow_measured;
crow_measured crow_fits_of(const crow_fits *fits, bool weighted);
/* The file of weights of the first or second dataset (k), NULL where they are not read. Local. */
const char *crow_audit_weights_file(const crow_audit_options *options, int k);
/* Takes the weights of the first or second dataset (k) as the options say, or, if there are `shared` ones (m, whole on
 * every rank), those, and fits twice. Collective. */
crow_status crow_fits_make(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options, int k,
                           const double *shared, crow_fits *out);
void crow_fits_free(crow_fits *fits);

/* S is chosen once, for the first dataset, and holds for all that an audit weighs: `chosen` are the options with that
 * choice in place of auto, whose texts `choice` owns. A weighted centre is a way to find one, not a vector: each
 * dataset finds its own, as the method does. Says what was chosen. Collective. */
crow_status crow_audit_choose_space(const crow_comm *comm, const crow_dataset *dataset,
                                    const crow_audit_options *options, crow_space_choice *choice,
                                    crow_audit_options *chosen);

/* A dataset's topics, whole on every rank. */
typedef struct crow_topic_map {
  int64_t count;     /* 0: no topics, or too many */
  crow_strings name; /* (count), ascending */
  int32_t *code;     /* (m) */
} crow_topic_map;
/* Collective. */
crow_status crow_topic_map_read(const crow_comm *comm, const crow_dataset *dataset, crow_topic_map *out);
void crow_topic_map_free(crow_topic_map *map);
/* Mean reward (NaN for a topic without alternatives) and number of alternatives of each topic, where alternative i
 * stands for the original[i] of the map (NULL: itself). Local. */
void crow_topic_means(const crow_topic_map *map, crow_gidx m, const crow_gidx *original, const double *reward,
                      double *mean, crow_gidx *size);

/* The first of the greatest values that are not NaN; -1 if there is none. Local. */
int64_t crow_greatest(int64_t n, const double *values);
/* The winners of `n` values before and after, each the first of the greatest, -1 if there is none; where the same one
 * ties with the greatest both times, it is both. Local. */
void crow_winners(int64_t n, crow_measured before, crow_measured after, int64_t winner[2]);
/* Copies a name, cut to its room. Local. */
void crow_name_copy(const char *from, char to[CROW_AUDIT_NAME]);
/* An alternative's id, the same on all ranks. Collective. */
crow_status crow_id_read(const crow_dataset *dataset, crow_gidx alternative, char id[CROW_AUDIT_NAME]);

/* Places that each alternative has in comparisons, whole on every rank; for complete preferences 1 each. Collective. */
crow_status crow_places_count(const crow_comm *comm, const crow_dataset *dataset, int64_t *places);

/* Alternatives that are cloned, each K times: clone k of target t is alternative m + k targets + t. */
typedef struct crow_clones {
  crow_gidx targets;
  crow_gidx *target; /* (targets) ascending */
  int64_t clones;    /* K */
  double eps;
  uint64_t seed;
} crow_clones;

/* A dataset's alternatives prompt by prompt (all of them if it has one prompt or none), with room for what is asked of
 * them. Local. */
typedef struct crow_within {
  crow_gidx m, prompts;
  const int32_t *prompt;  /* (m) borrowed from the dataset; NULL for one */
  crow_gidx *begin;       /* (prompts + 1) of each prompt's in the following */
  crow_gidx *alternative; /* (m) */
  double *room[2];        /* as long as the longest prompt */
  double *best;           /* (m) room for the greatest reward of each alternative and its clones */
  crow_gidx *winner[2];   /* (prompts) before and after, by crow_within_changed() */
} crow_within;
crow_status crow_within_create(const crow_dataset *dataset, crow_within *out);
void crow_within_free(crow_within *within);
crow_gidx crow_within_prompt(const crow_within *within, crow_gidx alternative);
/* In how many prompts the alternative of greatest reward is another after than before, by crow_winners(), and the first
 * of them (else 0). `after` (all) may go on with clones, which stand for their originals; `clones` is NULL if it does
 * not. */
crow_gidx crow_within_changed(crow_within *within, crow_measured before, const crow_clones *clones, crow_gidx all,
                              crow_measured after, crow_gidx *first);
/* Kendall's tau-b of both, mean over the prompts where it is defined; NaN if it is in none. */
crow_status crow_within_tau(crow_within *within, const double *before, const double *after, double *tau);

/* Fills part (a) of the result. Collective. */
crow_status crow_audit_find_groups(const crow_comm *comm, const crow_dataset *dataset,
                                   const crow_audit_options *options, const crow_fits *fits,
                                   const crow_topic_map *topics, const int64_t *places, crow_audit_result *out);

/* What drawing observed comparisons anew does to both fits of the dataset. Collective. */
crow_status crow_audit_redraw(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options,
                              const crow_fits *fits, const crow_topic_map *topics, crow_within *within,
                              crow_audit_result *out);
/* Hands over to `visit` the fits by one method, `weights` and the whole `reward`, of `options->redraws` bootstrap
 * replicates of the dataset's comparisons. Collective. */
crow_status crow_audit_replicates(const crow_comm *comm, const crow_dataset *dataset, const crow_audit_options *options,
                                  int64_t seed, const crow_weights *weights, const double *reward,
                                  crow_replicate_visitor *visit, void *context);
/* Median and greatest of `largest` (redraws), which it sorts, and means of what was summed. Local. */
void crow_noise_finish(crow_audit_noise *noise, double *largest, int64_t redraws);

/* The alternative that `i` is or is a clone of. Local. */
crow_gidx crow_clones_original(const crow_clones *clones, crow_gidx m, crow_gidx i);
/* Writes a copy of the dataset with the clones, without names. Collective. */
crow_status crow_clones_write(const crow_comm *comm, const crow_dataset *dataset, const crow_clones *clones,
                              const char *path);

/* Parses "1,10" or "0.1,0.01" into at most `most` positive numbers; CROW_USAGE if it is anything else. Local. */
crow_status crow_numbers_parse(const char *name, const char *text, int64_t most, double *values, int64_t *count);

#endif
