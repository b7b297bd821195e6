/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Checkpoints: what a long computation needs to go on after it was stopped. Two files take turns, so that a whole one
 * is left whenever a write is cut off; every vector and the metadata carry digests, and the newest file whose digests
 * hold is the one that counts. A computation that goes on from a checkpoint gives the same bits as one never stopped,
 * on any number of ranks. Part of io, in a header of its own because io.h is long enough.
 */
#ifndef CROW_CHECKPOINT_H
#define CROW_CHECKPOINT_H

#include <crow/io.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct crow_checkpoint_options {
  const char *checkpoint;     /**< files are this with ".a.h5" and ".b.h5"; NULL: the output's name and ".checkpoint";
                                   "none": no checkpoints */
  double checkpoint_interval; /**< seconds between two checkpoints; default 600 */
  double time_limit;          /**< seconds from the start after which to stop with a checkpoint; 0: what Slurm leaves
                                   (SLURM_JOB_END_TIME), less a minute */
  bool restart;               /**< ignore and replace checkpoints that are there */
} crow_checkpoint_options;
extern CROW_API const crow_setting crow_checkpoint_settings[];

/** Part of what a run must have in common with a checkpoint: what vectors and scalars of a state mean, and the
 * arithmetic that gives a result's bits. Each is raised when that changes; a checkpoint of another build with the same
 * two is gone on with, and a warning names the build. */
#define CROW_CHECKPOINT_LAYOUT 4
#define CROW_NUMERICS 5

/** The names of the two files that these options and this output lead to, owned by the caller; NULL if there are to be
 * none. A name that would be too long for a file is cut and told apart by a digest. Local. */
CROW_API crow_status crow_checkpoint_names(const crow_checkpoint_options *options, const char *output, char *names[2]);

/** Prepares checkpoints for the run that makes `output`; looks at no file yet. Collective. */
CROW_API crow_status crow_checkpoint_create(const crow_comm *comm, const crow_checkpoint_options *options,
                                            const char *output, crow_checkpoint **out);
/** Local; leaves files alone; accepts NULL. */
CROW_API void crow_checkpoint_destroy(crow_checkpoint **checkpoint);

/** Local, the same on all ranks: a run may go on only if these agree with the checkpoint's. */
CROW_API crow_status crow_checkpoint_match(crow_checkpoint *checkpoint, const char *name, const char *format, ...)
    CROW_PRINTF(3, 4);
/** Local: all settings of a table and of its struct `options` but those that cannot change results (how work is shared
 * out, threads). */
CROW_API crow_status crow_checkpoint_match_settings(crow_checkpoint *checkpoint, const crow_setting *table,
                                                    const void *options);

/** Finds the newest whole checkpoint; `*found` says whether there is one to go on from. One whose run differs is
 * refused (CROW_USAGE) with what differs, unless all are to be replaced (`restart`); broken ones are passed over with a
 * warning. A file under one of the names that is no checkpoint is refused (CROW_USAGE) and left as it is.
 * Collective. */
CROW_API crow_status crow_checkpoint_find(crow_checkpoint *checkpoint, bool *found);
/** Local: whether the found checkpoint holds this state ("weights", "lbfgs", ...). */
CROW_API bool crow_checkpoint_has(const crow_checkpoint *checkpoint, const char *state);
/** Local, on all ranks alike. Leaves what was found: from here on no state is there to go on from. */
CROW_API void crow_checkpoint_forget(crow_checkpoint *checkpoint);
/** Local: how many numbers it holds of this state. */
CROW_API int64_t crow_checkpoint_scalars(const crow_checkpoint *checkpoint, const char *state);
/** Local: the least number of seconds between two checkpoints, as the options say. */
CROW_API double crow_checkpoint_interval(const crow_checkpoint *checkpoint);
/** Reads the numbers of a state, `scalars` (count), on every rank; another count is CROW_BAD_INPUT. Collective. */
CROW_API crow_status crow_checkpoint_get_scalars(crow_checkpoint *checkpoint, const char *state, int64_t count,
                                                 double *scalars);
/** Reads vector `index` of a state into this rank's `slice`. Collective. */
CROW_API crow_status crow_checkpoint_get_vector(crow_checkpoint *checkpoint, const char *state, int64_t index,
                                                crow_type type, const crow_partition *partition, void *slice);

/** Whether it is time to save (`*save`) and to stop after that (`*stop`): by the interval, the time limit, or a signal
 * to any rank (crow_stop_request()). The same on all ranks; costs one small reduction. Collective. */
CROW_API crow_status crow_checkpoint_due(crow_checkpoint *checkpoint, bool *save, bool *stop);

/** Local, the same on all ranks: whether crow_checkpoint_due() has said to stop, so that what is needed is saved. */
CROW_API bool crow_checkpoint_stopping(const crow_checkpoint *checkpoint);
/** Local, the same on all ranks: whether a whole checkpoint of this run is there. */
CROW_API bool crow_checkpoint_whole(const crow_checkpoint *checkpoint);
/** Seconds that are left before the run must have stopped, by the time limit or Slurm's end of the job; infinite
 * without either. Local: clocks differ. */
CROW_API double crow_checkpoint_seconds_left(const crow_checkpoint *checkpoint);

/** Saving: begin, then each state's scalars and vectors, then end. States saved earlier are not carried over.
 * Collective. */
CROW_API crow_status crow_checkpoint_begin(crow_checkpoint *checkpoint);
/** Saves `scalars` (count), the same on all ranks. Collective. */
CROW_API crow_status crow_checkpoint_put_scalars(crow_checkpoint *checkpoint, const char *state, int64_t count,
                                                 const double *scalars);
/** Saves a distributed vector, this rank's `slice` of `partition` (block CROW_BLOCK). Collective. */
CROW_API crow_status crow_checkpoint_put_vector(crow_checkpoint *checkpoint, const char *state, int64_t index,
                                                crow_type type, const crow_partition *partition, const void *slice);
/** Ends the save: the file is whole, on disk and under its name. Collective. */
CROW_API crow_status crow_checkpoint_end(crow_checkpoint *checkpoint);
/** Leaves a save that failed with `failed`: the temporary file goes, the last whole checkpoint stays. CROW_OK and a
 * warning if it could not be written (CROW_FILE_SYSTEM) and there is such a checkpoint, with which the run can go on;
 * else `failed`. Accepts that no save was begun. Collective. */
CROW_API crow_status crow_checkpoint_abandon(crow_checkpoint *checkpoint, crow_status failed);
/** Removes the files that are this run's: the output they led to is whole. After crow_checkpoint_find().
 * Collective. */
CROW_API crow_status crow_checkpoint_remove(crow_checkpoint *checkpoint);

#ifdef __cplusplus
}
#endif
#endif
