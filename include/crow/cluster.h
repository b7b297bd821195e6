/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Groups of alternatives whose contexts are close, and datasets of meta-alternatives: groups in the place of their
 * members, for data in which each response is compared once (Section 7 of "Clone-Robust AI Alignment").
 */
#ifndef CROW_CLUSTER_H
#define CROW_CLUSTER_H

#include <crow/io.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A partition of the alternatives into groups, whole on every rank. */
typedef struct crow_groups {
  crow_gidx alternatives; /**< m */
  crow_gidx groups;       /**< numbered in the order of their first members */
  int32_t *group;         /**< (m) the group of each alternative */
  int64_t iterations;     /**< of k-means; 0 for single linkage */
  bool converged;         /**< k-means: no alternative changed its group any more; true for single linkage */
  double inertia;         /**< k-means: sum of squared distances to the groups' means; 0 for single linkage */
} crow_groups;

/** Groups never cross the dataset's prompts: single linkage joins alternatives of one prompt only, groups of k-means
 * are cut where prompts meet, so there may be more than K. */
/** Single linkage: the connected components of the graph whose edges join contexts at a distance of at most `radius`
 * (> 0). Distances are first estimated by blocked products; close decisions are taken on the canonical distance of
 * crow/nearest.h. O(m^2 d) work shared by the ranks, O(m) memory each besides their contexts. Collective; the same on
 * all ranks and for any number of them. */
CROW_API crow_status crow_groups_by_radius(const crow_comm *comm, const crow_dataset *dataset, double radius,
                                           crow_groups *out);
/** k-means: centres from k-means++ (Arthur and Vassilvitskii 2007), then Lloyd's iterations until nothing changes, from
 * `starts` different draws, of which the (first) one of least inertia is kept.
 * Fewer than `clusters` groups come out where there are fewer distinct contexts. Sums are taken in integers, so the
 * result is the same for any number of ranks. Collective. */
CROW_API crow_status crow_groups_by_kmeans(const crow_comm *comm, const crow_dataset *dataset, crow_gidx clusters,
                                           int64_t starts, int64_t max_iterations, uint64_t seed, crow_groups *out);
/** Local. Frees and zeroes. */
CROW_API void crow_groups_free(crow_groups *groups);

/** A radius from the distribution of nearest-neighbour distances: with those of (up to 2000 evenly spaced)
 * alternatives in ascending order, the geometric mean of the two at the largest jump, if that is by a factor of 3 or
 * more; else half their median. Distances of zero count as a billionth of the largest. 0 if all contexts are equal.
 * `*jump` (may be NULL) is the jump's factor. Collective. */
CROW_API crow_status crow_radius_suggest(const crow_comm *comm, const crow_dataset *dataset, double *radius,
                                         double *jump);

/** The most pairs whose distances are taken. */
#define CROW_VALLEY_PAIRS INT64_C(100000)
/** Distances whose crow_valley.eta is below this have one hump, and no valley: a normal one has 2 / pi. */
#define CROW_VALLEY_LEAST 0.636
/** The valley between the distances of alternatives on the same subject and those of others. */
typedef struct crow_valley {
  double radius; /**< Otsu's threshold: the split of the distances that maximises the variance between its sides */
  double eta;    /**< that variance as a share of the whole: .64 for one normal hump, 1 for two points */
  int64_t pairs; /**< whose distances were taken: all, or CROW_VALLEY_PAIRS random ones if there are more */
} crow_valley;
/** Finds it; `*distance` (may be NULL) gets the pairs' distances, ascending, on every rank: free with crow_free(). The
 * same for any number of ranks. Collective. */
CROW_API crow_status crow_valley_of(const crow_comm *comm, const crow_dataset *dataset, crow_valley *out,
                                    double **distance);
/** Bins of a histogram of distances. */
enum { CROW_DISTANCE_BINS = 60 };
/** Counts ascending distances, `distance` (pairs), in bins of equal width from 0 to the farthest, which is returned:
 * `count` (CROW_DISTANCE_BINS). Local. */
CROW_API double crow_distances_count(const double *distance, int64_t pairs, int64_t *count);

typedef struct crow_cluster_options {
  int64_t clusters;       /**< K of k-means; 0: single linkage under `radius` */
  double radius;          /**< of single linkage; 0: crow_radius_suggest() */
  int64_t starts;         /**< of k-means; the one of least inertia counts; default 10 */
  int64_t max_iterations; /**< of k-means; default 300 */
  int64_t seed;           /**< of k-means++; default 1 */
  double memory_per_rank; /**< bytes a rank may use; default 0: what the machine, the cgroup or Slurm allows */
} crow_cluster_options;
extern CROW_API const crow_setting crow_cluster_settings[];
/** Local. */
CROW_API crow_status crow_cluster_options_validate(const crow_cluster_options *options);

typedef struct crow_cluster_summary {
  crow_gidx alternatives, groups, largest, singles; /**< largest: members of the largest group */
  crow_gidx comparisons, dropped;                   /**< of the dataset; of these, inside a group */
  double radius;                                    /**< that was used; 0 for k-means */
  int64_t iterations;
  bool converged;
  double inertia;
} crow_cluster_summary;

/** Writes the dataset of meta-alternatives: contexts are the groups' means, topics their most frequent (the first in
 * alphabetical order of equally frequent ones), ids those of the first members with the number of the others
 * ("art-017 +4"). Comparisons are pooled, those inside a group dropped; a population's rewards are averaged, which is
 * exact where a group's members are liked equally; a full matrix is averaged over the members of both groups.
 * /cluster/map says which group every original alternative is in; their ids and topics are kept in /cluster/id and
 * /cluster/topic. `provenance` may be NULL. Collective. */
CROW_API crow_status crow_cluster_run(const crow_comm *comm, const crow_dataset *dataset,
                                      const crow_cluster_options *options, const char *output, bool overwrite,
                                      const crow_provenance *provenance, crow_cluster_summary *summary);

/** Bytes that a rank needs at most to find groups: 8 d for each alternative of its slice, 20 for each of all, and of
 * k-means 8 (2 d + 1) for each of `clusters` (0: by radius). Local. */
CROW_API double crow_cluster_rank_bytes(crow_gidx alternatives, crow_gidx dimensions, double clusters, int ranks);

#ifdef __cplusplus
}
#endif
#endif
