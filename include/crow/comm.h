/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Everything that crosses ranks: partitions, reductions whose bits do not depend on the number of ranks, and agreement
 * on errors. The only stage that calls MPI.
 *
 * Collective functions are called by all ranks of the communicator in the same order. They agree on errors: all ranks
 * return the same status, and the lowest failing rank's message is on every rank.
 */
#ifndef CROW_COMM_H
#define CROW_COMM_H

#include <crow/base.h>
#include <mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A group of ranks. The library works on a duplicate of the caller's communicator, never on MPI_COMM_WORLD itself. */
typedef struct crow_comm crow_comm;

/** Initialises MPI if it is not initialised. Collective over all processes of the job. */
CROW_API crow_status crow_comm_init(int *argc, char ***argv);
/** Ends MPI if crow_comm_init() began it. Collective over all processes of the job. */
CROW_API void crow_comm_finalize(void);
/** Ends all ranks of the job at once with this exit code: for a failure that other ranks cannot learn of. Local; does
 * not return. */
CROW_API void crow_comm_abort(int exit_code);

/** Duplicates `parent`. Collective over it. Free with crow_comm_destroy(). */
CROW_API crow_status crow_comm_create(MPI_Comm parent, crow_comm **out);
/** Duplicates MPI_COMM_WORLD. Collective. For programs that have no communicator of their own. */
CROW_API crow_status crow_comm_create_world(crow_comm **out);
/** Splits by colour, ranked by `key`, as MPI_Comm_split does; a negative colour gives NULL. Collective. */
CROW_API crow_status crow_comm_split(const crow_comm *comm, int color, int key, crow_comm **out);
/** Splits into the ranks that share a node's memory. Collective. */
CROW_API crow_status crow_comm_split_node(const crow_comm *comm, crow_comm **out);
/** Collective; sets the handle to NULL; accepts NULL. */
CROW_API void crow_comm_destroy(crow_comm **comm);

/** Local. */
CROW_API int crow_comm_rank(const crow_comm *comm);
/** Local. */
CROW_API int crow_comm_size(const crow_comm *comm);
/** "Open MPI v4.1.4, ..." ; Local. */
CROW_API const char *crow_comm_version(void);
/** This process's host name; Local. */
CROW_API const char *crow_comm_host(void);

/** All ranks say how their local work went and all get the status and the message of the lowest rank that
 * failed, if one did. Collective: the last line of every collective function's local part. */
CROW_API crow_status crow_comm_agree(const crow_comm *comm, crow_status local);
/** As CROW_TRY, after agreement: for local calls inside a collective function. Needs `comm` in scope by that name. */
#define CROW_TRY_AGREE(comm, call) CROW_TRY(crow_comm_agree((comm), (call)))
/** As CROW_NEED, after agreement. */
#define CROW_NEED_AGREE(comm, call) CROW_NEED(crow_comm_agree((comm), (call)))

/** Waits for all ranks. Collective. */
CROW_API crow_status crow_comm_barrier(const crow_comm *comm);
/** Seconds that this process has spent in MPI calls so far, waiting for other ranks included; Local. */
CROW_API double crow_comm_seconds(void);

/** `*bytes` that a rank may plan with: `given` if it is positive, else four fifths of what the fullest node has left
 * for each of its ranks (crow_memory_limit_bytes()). The same on all ranks. Collective. */
CROW_API crow_status crow_comm_memory_limit(const crow_comm *comm, double given, double *bytes);
/** What a process holds before it has any data: program, MPI, HDF5 and OpenBLAS, with their buffers. */
#define CROW_PROCESS_BYTES (INT64_C(48) << 20)
/** Refuses work for which a rank needs more `bytes` than crow_comm_memory_limit() of `given` allows: CROW_FAILED with
 * both numbers and the ways out. `work` says what needs them ("the clusters of 100 alternatives"), `ways` how to need
 * less ("use more ranks"). `bytes` agree on all ranks. Collective. */
CROW_API crow_status crow_comm_check_memory(const crow_comm *comm, double given, double bytes, const char *ways,
                                            const char *work, ...) CROW_PRINTF(5, 6);

/* ---- work between messages ---------------------------------------------------------------------------------- */

/** The local work that a run's time is made of: each kind is counted in its own things. */
typedef enum crow_work {
  CROW_WORK_SAMPLE, /**< samples drawn, searched and counted */
  CROW_WORK_PAIR,   /**< observed pairs in an evaluation */
  CROW_WORK_WHOLE,  /**< alternatives that every rank passes over in an evaluation of observed pairs */
  CROW_WORK_SLICE,  /**< alternatives of a rank's own slice in an evaluation */
  CROW_WORK_VECTOR, /**< elements of a rank's own slice in the optimiser's sums and products, once for each of them */
  CROW_WORK_KINDS
} crow_work;
/** What was done of each kind: how many things, in how many seconds of time or, if less, of the processor's time. */
typedef struct crow_work_done {
  double count[CROW_WORK_KINDS], seconds[CROW_WORK_KINDS];
} crow_work_done;
/** "sample", "pair", ...; Local. */
CROW_API const char *crow_work_name(crow_work kind);
/** Begins such work; not nested. Local. */
CROW_API void crow_work_begin(void);
/** Ends it. In a build for SimGrid (CROW_SMPI), where the clock stands still while a rank computes, this moves the
 * clock on by `count` times the seconds given to crow_work_charge(). Local. */
CROW_API void crow_work_end(crow_work kind, double count);
/** Since the process began; Local. */
CROW_API crow_work_done crow_work_get(void);
/** Forgets what was done since crow_work_get() gave this: work of another kind than a rate is wanted of. Local. */
CROW_API void crow_work_forget(const crow_work_done *since);
/** `seconds` that one thing of each kind takes, for simulations; no use where time is real. Local. */
CROW_API void crow_work_charge(const double seconds[CROW_WORK_KINDS]);

/* ---- partitions --------------------------------------------------------------------------------------------- */

/** `global` things, in blocks, over `size` ranks in contiguous slices of whole blocks (the last may be short). */
typedef struct crow_partition {
  crow_gidx global; /**< how many things there are */
  crow_gidx block;  /**< the length of a block, >= 1 */
  int size;         /**< the number of ranks */
  int rank;         /**< the rank whose slice `begin` and `count` describe */
  crow_gidx begin;  /**< first of this rank's slice */
  crow_gidx count;  /**< length of this rank's slice, possibly 0 */
} crow_partition;

/** Local. `block` >= 1; CROW_BLOCK for vectors that are summed. */
CROW_API crow_partition crow_partition_make(crow_gidx global, crow_gidx block, int size, int rank);
/** The length of the longest slice over so many ranks, its last block counted as whole. Local. */
CROW_API crow_gidx crow_partition_largest(crow_gidx global, crow_gidx block, int ranks);
/** The partition over this communicator's ranks; Local. */
CROW_API crow_partition crow_comm_partition(const crow_comm *comm, crow_gidx global, crow_gidx block);
/** First index of `rank`'s slice; `rank` may be `size`, giving `global`; Local. */
CROW_API crow_gidx crow_partition_begin(const crow_partition *partition, int rank);
/** The rank whose slice holds `index`; Local. */
CROW_API int crow_partition_owner(const crow_partition *partition, crow_gidx index);

/* ---- reductions (all Collective, all in place, all give every rank the same bits) --------------------------- */

/** Sums integers over the ranks: `values` (count). Exact, so order-free. Counts beyond 2^31 are cut into pieces.
 * Collective. */
CROW_API crow_status crow_comm_sum_i64(const crow_comm *comm, int64_t *values, int64_t count);
/** The least of each of `values` (count) over the ranks. Collective. */
CROW_API crow_status crow_comm_min_f64(const crow_comm *comm, double *values, int64_t count);
/** The greatest of each of `values` (count) over the ranks. Collective. */
CROW_API crow_status crow_comm_max_f64(const crow_comm *comm, double *values, int64_t count);
/** The least of each of `values` (count) over the ranks. Collective. */
CROW_API crow_status crow_comm_min_i64(const crow_comm *comm, int64_t *values, int64_t count);
/** The greatest of each of `values` (count) over the ranks. Collective. */
CROW_API crow_status crow_comm_max_i64(const crow_comm *comm, int64_t *values, int64_t count);
/** A plain MPI sum of doubles `values` (count), whose last bits depend on the number of ranks: for timings and
 * benchmarks only. Collective. */
CROW_API crow_status crow_comm_sum_f64_unordered(const crow_comm *comm, double *values, int64_t count);
/** Adds up exact `sums` (count) over the ranks; afterwards each rank holds the normalised totals. Collective. */
CROW_API crow_status crow_comm_sum_exact(const crow_comm *comm, crow_exact_sum *sums, int64_t count);
/** `result[k] = sum_i a[k][i] b[k][i]` over the whole distributed vectors, for k < `count`, in one reduction. a[k] and
 * b[k] hold this rank's slice of `partition` (block CROW_BLOCK). Blocks are summed in a fixed order, their sums
 * exactly. Collective. */
CROW_API crow_status crow_comm_dot(const crow_comm *comm, const crow_partition *partition, int64_t count,
                                   const double *const *a, const double *const *b, double *result);
/** `*result` is the sum of a distributed vector, of which `slice` is this rank's part, taken in the same way.
 * Collective. */
CROW_API crow_status crow_comm_sum(const crow_comm *comm, const crow_partition *partition, const double *slice,
                                   double *result);

/* ---- moving data (all Collective) --------------------------------------------------------------------------- */

/** Copies `bytes` of `data` from `root` to all. Collective. */
CROW_API crow_status crow_comm_broadcast(const crow_comm *comm, void *data, int64_t bytes, int root);
/** Puts the slices of `partition` together on every rank: `slice` (count) is this rank's part of `whole` (global), both
 * of elements of `element_bytes`. Collective. */
CROW_API crow_status crow_comm_gather_slices(const crow_comm *comm, const crow_partition *partition, const void *slice,
                                             void *whole, size_t element_bytes);
/** Every rank gets `bytes` of `mine` from each: `whole` (size, bytes), in rank order. Collective. */
CROW_API crow_status crow_comm_gather(const crow_comm *comm, const void *mine, void *whole, int64_t bytes);
/** Sends `send_count[r]` elements of `send` to each rank r (packed in rank order) and allocates and fills `*received`
 * (free with crow_free()), packed by sending rank; `receive_count` (size) says how many came from each. Collective. */
CROW_API crow_status crow_comm_exchange(const crow_comm *comm, const void *send, const int64_t *send_count,
                                        size_t element_bytes, void **received, int64_t *receive_count);
/** Every rank gets elements `begin` .. `begin + count` of a distributed vector, of which this rank's `have` holds
 * `have_count` from `have_begin` on: slices of one partition become slices of another, which need not be over the same
 * ranks. An element that several ranks hold comes from any of them; what none holds leaves `out` as it is. Collective.
 */
CROW_API crow_status crow_comm_fetch(const crow_comm *comm, crow_gidx have_begin, crow_gidx have_count,
                                     const void *have, crow_gidx begin, crow_gidx count, void *out,
                                     size_t element_bytes);
/** `*offset` is the sum of `mine` over the lower ranks (0 on rank 0): where this rank's part begins when parts are laid
 * end to end. Collective. */
CROW_API crow_status crow_comm_offset_i64(const crow_comm *comm, int64_t mine, int64_t *offset);

/* ---- elements beside a slice -------------------------------------------------------------------------------- */

/** Elements `begin` <= i < `end`. */
typedef struct crow_range {
  crow_gidx begin, end;
} crow_range;
/** The elements of a distributed vector that each rank works on, which others own: fetched before the work, summed up
 * at their owners after it. Only neighbours talk: ranks that work on few elements get few messages. */
typedef struct crow_halo crow_halo;
/** `ranges[count]`: what this rank works on of vectors over `partition`, ascending, apart from one another; its own
 * elements may be among them or not. Copied; `comm` is borrowed. Collective. */
CROW_API crow_status crow_halo_create(const crow_comm *comm, const crow_partition *partition, const crow_range *ranges,
                                      int64_t count, crow_halo **out);
/** Local; sets the handle to NULL; accepts NULL. */
CROW_API void crow_halo_destroy(crow_halo **halo);
/** The ranges, `*count` of them, owned by the halo. Local. */
CROW_API const crow_range *crow_halo_ranges(const crow_halo *halo, int64_t *count);
/** How many elements they have. Local. */
CROW_API crow_gidx crow_halo_count(const crow_halo *halo);
/** Fills this rank's ranges of `whole` (indexed by global index; the rest is left alone and need not be backed by
 * memory) from the slices of all ranks, this rank's being `slice`. Collective. */
CROW_API crow_status crow_halo_fetch(const crow_halo *halo, const double *slice, double *whole);
/** `slice` gets for each of this rank's elements the sum over the ranks that work on it of their `whole`; 0 where none
 * does. Exact, so order-free. Collective. */
CROW_API crow_status crow_halo_sum_i64(const crow_halo *halo, const int64_t *whole, int64_t *slice);
/** The same for doubles, with the greatest of `whole` in place of the sum: `slice` gets 0 if all are less.
 * Collective. */
CROW_API crow_status crow_halo_max_f64(const crow_halo *halo, const double *whole, double *slice);

/* ---- stage times -------------------------------------------------------------------------------------------- */

/** How long each stage of a run took on this rank, in the order in which stages were first begun. Zero-initialise. */
#define CROW_STAGES_MAX 24
typedef struct crow_stages {
  int count, current;                /**< how many stages; which one runs (-1: none, as after crow_stages_end()) */
  const char *name[CROW_STAGES_MAX]; /**< borrowed: string constants */
  double seconds[CROW_STAGES_MAX];
  double cpu_seconds[CROW_STAGES_MAX]; /**< of them, how long its threads had a processor; more with several threads */
  double cpu_start_s;
  double start_s, begun_s; /**< when the current stage began; when the first one did */
} crow_stages;
/** Local: ends the current stage, if any, and begins (or goes on with) this one. All ranks begin the same stages. */
CROW_API void crow_stages_begin(crow_stages *stages, const char *name);
/** Local: ends the current stage. */
CROW_API void crow_stages_end(crow_stages *stages);
/** Least, mean and greatest seconds over the ranks for each stage, `least_s`, `mean_s` and `greatest_s`
 * (CROW_STAGES_MAX), and the greatest total since the first stage began, `*total_s`. Collective. */
CROW_API crow_status crow_stages_summary(const crow_comm *comm, const crow_stages *stages, double *least_s,
                                         double *mean_s, double *greatest_s, double *total_s);

#ifdef __cplusplus
}
#endif
#endif
