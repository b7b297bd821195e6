/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * What tables and sentences state of results: the best and the worst alternatives with their ranks, topics, and several
 * results side by side. Vectors stay in their slices over the ranks; what is found is the same on all of them, bit for
 * bit, however many they are.
 */
#ifndef CROW_SUMMARY_H
#define CROW_SUMMARY_H

#include <crow/rewards.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- ranking ------------------------------------------------------------------------------------------------- */

/** Names of alternatives and topics in summaries are cut to CROW_NAME_BYTES - 1 bytes. */
#define CROW_NAME_BYTES 256

/** An alternative (its row) and the value that it is ranked by. */
typedef struct crow_ranked {
  double value;
  crow_gidx index;
} crow_ranked;

/** The `most` greatest values (least ones if not `greatest`) of the vector whose slices are `values`, best first; NaN
 * comes after all numbers. Equal values come in the order of their rows (the reverse if not `greatest`), so that the
 * two ends belong to one order. `*ranked` (`*count`) is freed with crow_free(). Collective. */
CROW_API crow_status crow_ranking_ends(const crow_comm *comm, const crow_partition *partition, const double *values,
                                       crow_gidx most, bool greatest, crow_ranked **ranked, int64_t *count);
/** For each of `values` (count), the same on all ranks, the number of elements of the vector that are greater, as all
 * numbers are than NaN: `greater` (count). `slice` is this rank's part of the vector. Collective. */
CROW_API crow_status crow_ranking_count_greater(const crow_comm *comm, const crow_partition *partition,
                                                const double *slice, int64_t count, const double *values,
                                                int64_t *greater);
/** The elements of a distributed vector at `places` (count): `picked` (count), on all ranks. `slice` is this rank's
 * part of the vector. Collective. */
CROW_API crow_status crow_ranking_pick(const crow_comm *comm, const crow_partition *partition, const double *slice,
                                       int64_t count, const crow_ranked *places, double *picked);
/** Ids of a file's rows `begin` .. `begin + count` (each rank its own): stored ones, or "0", "1", ... where there are
 * none. Free with crow_strings_free(). Collective. */
CROW_API crow_status crow_ranking_read_ids(const crow_comm *comm, const crow_file *file, crow_gidx begin,
                                           crow_gidx count, crow_strings *ids);
/** Names of the alternatives at `places` (count) by `path` ("/alternatives/id" or "/alternatives/topic"): `names`
 * (count), "" where the file has none. Collective. */
CROW_API crow_status crow_ranking_names(const crow_comm *comm, const crow_file *file, const char *path, int64_t count,
                                        const crow_ranked *places, char (*names)[CROW_NAME_BYTES]);

/** Where each alternative stands, the same on all ranks. */
typedef struct crow_places {
  crow_gidx count, ranked; /**< alternatives; those of them that have weight, and so a place */
  crow_gidx *order; /**< (count) the ranked ones from the greatest value to the least, then the others likewise */
  int64_t *place;   /**< (count) by row, from 1 within its prompt; those that tie share the first one's; 0: none */
  double *value;    /**< (count) by row */
} crow_places;
/** Places by the vector whose slices are `values`. Those without weight (`weights`: this rank's slice) have none. In
 * each prompt (`prompt`: of all alternatives, NULL for one prompt) values that are within `tolerance` of the greatest
 * of their group tie with it; there are no chains. Memory: 24 bytes for each alternative on every rank. Free it also
 * after an error. Collective. */
CROW_API crow_status crow_places_create(const crow_comm *comm, const crow_partition *partition, const double *values,
                                        const double *weights, const int32_t *prompt, double tolerance,
                                        crow_places *out);
/** The same of a rewards file, whose rewards are given (this rank's slice of `values`): tabular ones tie if they are
 * within twice the bound of their error. Collective. */
CROW_API crow_status crow_places_read(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                                      const double *values, crow_places *out);
/** Local. Frees and zeroes. */
CROW_API void crow_places_free(crow_places *places);
/** What a rewards file or a fit says against ranks across its alternatives: comparisons in several connected
 * components, 0 if they are no more than the prompts or it is not known. Local. */
CROW_API int64_t crow_places_components(const crow_file *file);

/** How far apart the rewards of a file may be and yet tie; 0 where it does not say. Local. */
CROW_API double crow_places_tie(const crow_file *file);

/* ---- the Elo scale ------------------------------------------------------------------------------------------- */

/** Rewards as the leaderboards of arenas have them: 400 / ln 10 times the reward, shifted. */
typedef struct crow_elo_options {
  bool on;            /**< default false */
  const char *anchor; /**< "NAME=1000": the alternative NAME has this rating; NULL: the mean rating of those with weight
                           is 1000. Given, it switches the scale on */
} crow_elo_options;
extern CROW_API const crow_setting crow_elo_settings[];
#define CROW_ELO_FACTOR (400 / 2.302585092994046)
/** A result's scale. */
typedef struct crow_elo {
  bool on;
  double shift;
} crow_elo;
/** CROW_USAGE if the anchor is not NAME=NUMBER. Local. */
CROW_API crow_status crow_elo_options_validate(const crow_elo_options *options);
/** Finds the shift for the rewards `values` and `weights` (this rank's slices) of the alternatives of `file`, whose ids
 * have the anchor among them, else CROW_BAD_INPUT. Collective. */
CROW_API crow_status crow_elo_find(const crow_comm *comm, const crow_elo_options *options, const crow_file *file,
                                   const crow_partition *partition, const double *values, const double *weights,
                                   crow_elo *out);
/** A reward's rating; the reward itself where the scale is off. Local. */
CROW_API double crow_elo_rating(const crow_elo *elo, double reward);

/* ---- leads --------------------------------------------------------------------------------------------------- */

/** By how much the best topic or alternative leads. Without a rival `second` is -1. */
typedef struct crow_lead {
  int64_t first, second; /**< the best, and that of the others that is the fewest standard errors behind, or without
                              standard errors the next best */
  double lead;           /**< difference of their means or rewards */
  double error;          /**< its standard error; NaN where it is not known */
  bool shared;           /**< the two tie, and neither leads */
  bool clear; /**< no winner is claimed but by at least CROW_LEAD_CLEAR standard errors, or if there are none */
} crow_lead;
#define CROW_LEAD_CLEAR 2

/* ---- best and worst ------------------------------------------------------------------------------------------ */

/** The alternatives of a table: the best and the worst, or all if they are few. */
typedef struct crow_ends {
  int64_t count, best;            /**< how many in all; how many from the top */
  int64_t unweighted;             /**< how many of them, at the end, have no weight and so no rank */
  int64_t ranked, total;          /**< alternatives that have a rank, and all of them, whether in the table or not */
  crow_ranked *place;             /**< (count) from the greatest to the least value; owned, as are the rest */
  int64_t *rank;                  /**< (count) one more than the number of greater values: equal ones share a rank;
                                       with places these; 0: without */
  char (*id)[CROW_NAME_BYTES];    /**< (count) */
  char (*topic)[CROW_NAME_BYTES]; /**< (count) "" without topics */
} crow_ends;
/** `each` from either end of the vector whose slices are `values`, or all if there are at most twice as many, with the
 * names of `file`. Free it also after an error. Collective. */
CROW_API crow_status crow_ends_create(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                                      const double *values, int64_t each, crow_ends *out);
/** The same of those that have a place, followed by up to `each` that have none. Collective. */
CROW_API crow_status crow_ends_create_placed(const crow_comm *comm, const crow_file *file, const crow_places *places,
                                             int64_t each, crow_ends *out);
/** Local. Frees and zeroes. */
CROW_API void crow_ends_free(crow_ends *ends);
/** The lead of the best over all others that have a place, listed or not: one far behind that was hardly compared may
 * be the least certain. `error` and `lead_error` (places.count, by row) are the standard errors of the values and of
 * the best one's less theirs, or NULL; where the latter is not known, as in files of before, variances add up, which is
 * nearly so where both were compared with many others. `first` and `second` are positions in places.order. Local; at
 * least one has a place. */
CROW_API crow_lead crow_places_lead(const crow_places *places, const double *error, const double *lead_error);
/** The same with its rival's name. */
typedef struct crow_front {
  crow_lead lead;
  char rival[CROW_NAME_BYTES]; /**< empty without one */
} crow_front;
/** Of this rank's slices of `error` and `lead_error`, of which the first `known` (0 to 2) are, and names of `file`.
 * Collective. */
CROW_API crow_status crow_front_find(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                                     const crow_places *places, int known, const double *error,
                                     const double *lead_error, crow_front *out);

/** The same of a fit, by reward, with what else it says of these alternatives. */
typedef struct crow_ends_rewards {
  crow_ends ends;
  double *weight, *win_rate;       /**< (ends.count) */
  double *error;                   /**< (ends.count) standard errors; NULL without */
  crow_front front;                /**< of the best; no lead where no alternative has a place */
  double *lower, *upper;           /**< (ends.count) intervals of the rewards; NULL without bootstrap */
  double *rank_lower, *rank_upper; /**< (ends.count) and of the ranks, whole numbers */
} crow_ends_rewards;
/** Of rewards that were fitted to `dataset`, whose names are taken. Free it also after an error. Collective. */
CROW_API crow_status crow_ends_rewards_create(const crow_comm *comm, const crow_dataset *dataset,
                                              const crow_rewards *rewards, int64_t each, crow_ends_rewards *out);
/** The 95 % interval, from `*lower` to `*upper`, of the k-th, by the bootstrap or else the standard errors; false, and
 * nothing else, without either. Local. */
CROW_API bool crow_ends_rewards_interval(const crow_ends_rewards *ends, int64_t k, double *lower, double *upper);
/** Local. Frees and zeroes. */
CROW_API void crow_ends_rewards_free(crow_ends_rewards *ends);

/** The same alternatives' rewards under one value of a column (crow_rewards_by). */
typedef struct crow_ends_by {
  double *value, *lower, *upper; /**< (ends.count) rewards and their 95 % intervals, by the bootstrap or else the
                                    standard errors; NaN where not known; owned */
  crow_elo elo;                  /**< the scale of this value's ratings */
} crow_ends_by;
/** Those of the value `column` of `by`, for the alternatives of `ends`, whose names `file` has. The scale has its
 * anchor, or the mean of those that were compared under this value, by `weights`, this rank's slice (partition->count).
 * Free it also after an error. Collective. */
CROW_API crow_status crow_ends_by_create(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                                         const crow_rewards_by *by, int64_t column, const double *weights,
                                         const crow_elo_options *scale, const crow_ends *ends, crow_ends_by *out);
/** Local. Frees and zeroes. */
CROW_API void crow_ends_by_free(crow_ends_by *by);

/* ---- topics -------------------------------------------------------------------------------------------------- */

/** More topics than this are no table that anybody reads. */
#define CROW_TOPICS_MOST 1000

/** A distributed vector by topic. */
typedef struct crow_topics {
  int64_t count;      /**< how many topics; 0 if the file has none */
  bool too_many;      /**< more than CROW_TOPICS_MOST on some rank or in all: nothing else is filled */
  crow_strings name;  /**< (count), ascending */
  int64_t *size;      /**< (count) alternatives of the topic */
  double *mean;       /**< (count) of the values */
  double *deviation;  /**< (count) sample standard deviation; NaN for a single alternative */
  double *weight;     /**< (count) sum of the weights; NULL if none were given */
  int64_t *by_mean;   /**< (count) topics in the order of descending means */
  double *error;      /**< (count) standard errors of the means; NULL without */
  double *covariance; /**< (count, count) of the means; NULL without */
  double tie;         /**< means that are no farther apart are equal, for all that the fit knows */
} crow_topics;

/** Groups the alternatives of `file` by /alternatives/topic. `values` and, if `weighted`, `weights` are this rank's
 * slices. Sums are exact. Free with crow_topics_free(). Collective. */
CROW_API crow_status crow_topics_create(const crow_comm *comm, const crow_file *file, const crow_partition *partition,
                                        bool weighted, const double *values, const double *weights, crow_topics *out);
/** Takes standard errors and covariances of the same topics' means, unless there are none. Local. */
CROW_API crow_status crow_topics_take_errors(crow_topics *topics, const crow_topic_errors *means);
/** The same from a rewards file, unless it has none. Collective. */
CROW_API crow_status crow_topics_read_errors(const crow_comm *comm, const crow_file *file, crow_topics *topics);
/** Local; `topics` has at least one. */
CROW_API crow_lead crow_topics_lead(const crow_topics *topics);
/** Whether topics sum up their alternatives: there are two topics or more, and four alternatives or more for each of
 * them on the average. Else a table of topics says less than that of alternatives. Local. */
CROW_API bool crow_topics_matter(const crow_topics *topics);
/** The position of a topic's name, or -1. Local. */
CROW_API int64_t crow_topics_find(const crow_topics *topics, const char *name);
/** Local. Frees and zeroes. */
CROW_API void crow_topics_free(crow_topics *topics);

/* ---- what weights did ---------------------------------------------------------------------------------------- */

/** Up to this many groups are named, and this many members of each. */
enum { CROW_EFFECT_GROUPS = 5, CROW_EFFECT_MEMBERS = 3 };
/** Hits below which the weight of a typical alternative is called noisy: its standard error is then above a fifth. */
#define CROW_EFFECT_HITS 25

/** Alternatives that are near-duplicates of each other. */
typedef struct crow_effect_group {
  crow_gidx size;  /**< how many, and what they have in equal shares if all count alike */
  double apart;    /**< the largest distance of two of them that is below the radius; 0: exact duplicates */
  double weight;   /**< sum of their weights */
  double shares;   /**< m times that: in equal shares */
  crow_gidx named; /**< how many of them are named: the first ones */
  crow_gidx member[CROW_EFFECT_MEMBERS];
  char id[CROW_EFFECT_MEMBERS][CROW_NAME_BYTES];
} crow_effect_group;

/** How weights treat near-duplicates, and whether they can be trusted; the same on all ranks. */
typedef struct crow_effect {
  crow_gidx alternatives;
  double effective; /**< effective number of alternatives, 1 / sum w^2 */
  crow_gidx zeros;  /**< how many weights are zero */
  int64_t samples;  /**< that the weights were made from; 0 if not sampled */
  bool equal;       /**< all weights are */
  crow_gidx looked; /**< alternatives of which near-duplicates were looked for among all; 0: it was not done */
  double radius;    /**< within which they are near: a quarter of the weighted median distance to the nearest other */
  crow_gidx groups, members; /**< groups of near-duplicates, and alternatives in them */
  double weight;             /**< sum of the weights of these */
  int named;                 /**< of the groups, the closest: */
  crow_effect_group group[CROW_EFFECT_GROUPS];
  crow_ranked largest, smallest; /**< weights */
  char largest_id[CROW_NAME_BYTES], smallest_id[CROW_NAME_BYTES];
  double median_hits;   /**< samples that the (lower) median alternative has got; -1 if weights were not sampled */
  bool concentrated;    /**< below half of the alternatives count, though few of them have near-duplicates */
  bool noisy;           /**< median_hits is below CROW_EFFECT_HITS */
  int64_t more_samples; /**< that would mend this, about; 0 if nothing needs it */
  int32_t *number;      /**< (m) the group of each alternative, from 1 on, the closest first; 0: it has none;
                             NULL without groups. Whole on every rank, owned */
} crow_effect;
/** Local. Frees and zeroes. */
CROW_API void crow_effect_free(crow_effect *effect);
/** Alternatives closer than `radius`, or equal, are joined by single linkage. Distances are taken where the weights'
 * were: on the sphere after normalising and centring, else among the contexts. With more than 5000 alternatives only
 * 2000 of them, evenly spaced, are compared with all others, and with more than 10^7 none is; nor without contexts or
 * with several prompts, of which only `effective`, `zeros` and `equal` are filled. Weighted medians are lower ones.
 * Memory: 20 bytes for each alternative and the contexts of those compared, 128 MiB at most, on every rank. Collective.
 */
CROW_API crow_status crow_effect_create(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                        crow_effect *out);

/** The same in words, a line each; texts that are too long are cut. */
#define CROW_EFFECT_BYTES 1200
typedef struct crow_effect_words {
  int lines, warnings;
  char line[CROW_EFFECT_GROUPS + 2][CROW_EFFECT_BYTES]; /**< the effective number first, then near-duplicates */
  char warning[2][CROW_EFFECT_BYTES];                   /**< with what to do */
} crow_effect_words;
/** `space`: the one that weights were made in, "" without. Local. */
CROW_API void crow_effect_say(const crow_effect *effect, const char *space, crow_effect_words *out);

/** Those lines and, after "warning: ", the warnings as texts for a file: `*out`, freed with crow_strings_free();
 * `space` as above. Local. */
CROW_API crow_status crow_effect_keep(const crow_effect *effect, const char *space, crow_strings *out);

/* ---- several results ----------------------------------------------------------------------------------------- */

/** Half a 95 % interval in standard errors. */
#define CROW_INTERVAL_ERRORS 1.959964
/** How many results are compared at most. */
#define CROW_COMPARISON_MOST 12

/** A topic of several results. */
typedef struct crow_topics_row {
  const char *name;                 /**< borrowed from the topics */
  int64_t at[CROW_COMPARISON_MOST]; /**< its position in each result's topics; -1 where there is none */
} crow_topics_row;
/** The topics of `count` results, each once: those of the last result in the order of their means, then those that only
 * earlier ones have, in theirs. `*row` (`*rows`) is freed with crow_free(). Local. */
CROW_API crow_status crow_topics_join(int count, const crow_topics *topics, int64_t *rows, crow_topics_row **row);

/** One of the rewards files that are compared. */
typedef struct crow_comparison_result {
  char name[CROW_NAME_BYTES]; /**< the file's, without folder and ".h5" */
  crow_file *file;            /**< owned */
  crow_partition partition;   /**< of its alternatives */
  double *value;              /**< (partition.count) this rank's slice of the rewards; owned */
  double *weight;             /**< (partition.count) owned */
  double *lower, *upper; /**< (partition.count) 95 % intervals, from the bootstrap or else the standard errors; owned */
  bool has_intervals;    /**< else the two are NULL */
  crow_places places;    /**< owned */
  int64_t components;    /**< of the comparisons, if they are more than the prompts; else 0 */
  double lambda, optimality;
  bool converged;
} crow_comparison_result;

/** Rewards files side by side. Zero-initialise it. */
typedef struct crow_comparison {
  const crow_comm *comm; /**< borrowed */
  int count;             /**< of results */
  crow_comparison_result result[CROW_COMPARISON_MOST];
} crow_comparison;
/** Opens one more rewards file and reads its rewards. The first one's communicator is that of the comparison, borrowed
 * until it is closed. Collective. */
CROW_API crow_status crow_comparison_add(const crow_comm *comm, const char *path, crow_comparison *comparison);
/** Collective. Accepts one that is zeroed, and zeroes. */
CROW_API void crow_comparison_close(crow_comparison *comparison);

/** The topics of all results. */
typedef struct crow_comparison_topics {
  crow_topics topics[CROW_COMPARISON_MOST]; /**< of each result's rewards */
  int64_t rows;
  crow_topics_row *row; /**< (rows) see crow_topics_join() */
} crow_comparison_topics;
/** A result without topics, or with too many of them, is CROW_BAD_INPUT. Free it also after an error. Collective. */
CROW_API crow_status crow_comparison_topics_create(const crow_comparison *comparison, crow_comparison_topics *out);
/** Local. Frees and zeroes. */
CROW_API void crow_comparison_topics_free(crow_comparison_topics *topics);

/** An alternative in one result. */
typedef struct crow_comparison_cell {
  bool there;   /**< whether the result has the alternative */
  int64_t rank; /**< its place there; 0 if the result lacks it, or it has no weight there */
  double reward;
  double lower, upper; /**< interval; NaN without */
} crow_comparison_cell;

/** The best alternatives of the last result, matched in the others by id. */
typedef struct crow_comparison_alternatives {
  int64_t rows;
  bool has_topic;                 /**< whether the last result has topics */
  char (*id)[CROW_NAME_BYTES];    /**< (rows) from the greatest to the least reward */
  char (*topic)[CROW_NAME_BYTES]; /**< (rows) */
  crow_comparison_cell *cell;     /**< (rows, results) */
  int64_t *near; /**< (rows) the group of near-duplicates that the last result says it is in; 0: none */
} crow_comparison_alternatives;
/** The `top` best (0: all). An id that a result has more than once is CROW_BAD_INPUT. Only the chosen ones' names and
 * rewards travel between ranks. Free it also after an error. Collective. */
CROW_API crow_status crow_comparison_alternatives_create(const crow_comparison *comparison, int64_t top,
                                                         crow_comparison_alternatives *out);
/** The `best` first ones of the last result's places, and after them the `worst` last ones that have a place. Both
 * together are no more than what it has. Ids that are there more than once are not matched in the other results.
 * Otherwise as crow_comparison_alternatives_create(). Collective. */
CROW_API crow_status crow_comparison_alternatives_create_ends(const crow_comparison *comparison, int64_t best,
                                                              int64_t worst, crow_comparison_alternatives *out);
/** Local. Frees and zeroes. */
CROW_API void crow_comparison_alternatives_free(crow_comparison_alternatives *alternatives);

#ifdef __cplusplus
}
#endif
#endif
