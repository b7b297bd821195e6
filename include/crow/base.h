/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * Status codes, errors, logging, memory, settings and counter-based random numbers: what every stage stands on.
 * Everything here is Local: no function of this header communicates.
 */
#ifndef CROW_BASE_H
#define CROW_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CROW_API __attribute__((visibility("default")))
#define CROW_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define CROW_NULL_LAST __attribute__((sentinel))

/** The outcome of a call; the program's exit code is the same number. */
typedef enum crow_status {
  CROW_OK = 0,            /**< done */
  CROW_FAILED = 1,        /**< failed for a reason that is neither input nor files: memory, MPI, a defect */
  CROW_USAGE = 2,         /**< an option or argument is wrong */
  CROW_BAD_INPUT = 3,     /**< the data are wrong: the message names file, path, index, value and what was expected */
  CROW_FILE_SYSTEM = 4,   /**< a file cannot be opened, read, written or renamed */
  CROW_NOT_CONVERGED = 5, /**< only an exit code, never returned by a library call: results are written and marked */
  CROW_STOPPED = 75       /**< stopped on a signal or a time limit with a checkpoint written: run again to go on */
} crow_status;

/** A global index or count: of alternatives, comparisons, samples, pairs. */
typedef int64_t crow_gidx;
/** A local index or count on one rank; at most 2^31 - 1. */
typedef int32_t crow_lidx;

/* ---- errors ------------------------------------------------------------------------------------------------- */

/** The longest error message kept, with its terminating zero. */
#define CROW_ERROR_BYTES 2048

/** Stores the formatted message as this thread's latest error and returns `status`, so that a failing function can
 * end with `return crow_error(...)`. */
CROW_API crow_status crow_error(crow_status status, const char *format, ...) CROW_PRINTF(2, 3);

/** The latest message stored on this thread; "" if there was none. Owned by the library, valid to the next error. */
CROW_API const char *crow_error_message(void);

/** A status in words: "done", "bad input data", ... */
CROW_API const char *crow_status_name(crow_status status);

/** Runs a call that returns crow_status; on failure leaves through the function's one exit. Needs a local
 * `crow_status status` and a label `cleanup`. */
#define CROW_TRY(call)                                                                                                 \
  do {                                                                                                                 \
    status = (call);                                                                                                   \
    if (status != CROW_OK) goto cleanup;                                                                               \
  } while (0)
/** The same in functions that hold nothing to be freed: on failure returns the call's status at once. */
#define CROW_NEED(call)                                                                                                \
  do {                                                                                                                 \
    const crow_status status_of_call = (call);                                                                         \
    if (status_of_call != CROW_OK) return status_of_call;                                                              \
  } while (0)

/* ---- logging ------------------------------------------------------------------------------------------------ */

typedef enum crow_log_level {
  CROW_LOG_PROGRESS, /**< how far a long piece of work is */
  CROW_LOG_INFO,     /**< how it is done: for those who want to know */
  CROW_LOG_NOTICE,   /**< what was decided or taken up again, which a reader of the results must know */
  CROW_LOG_WARNING
} crow_log_level;

/** Receives one line, without newline, borrowed for the call. */
typedef void crow_log_function(crow_log_level level, const char *line, void *context);

/** Sets who receives the library's log lines; NULL (the default) silences them. The library itself never prints.
 * The command line sets it on rank 0 only, so that callers need not ask for their rank. */
CROW_API void crow_log_set(crow_log_function *receive, void *context);

/** Sends one line to the receiver, if there is one. */
CROW_API void crow_log(crow_log_level level, const char *format, ...) CROW_PRINTF(2, 3);

/** While hushed, lines go nowhere: for many small runs of what reports itself each time. */
CROW_API void crow_log_hush(bool hush);

/** The command that crow_log_emergency() speaks of; borrowed for good. None until it is set. */
CROW_API void crow_log_emergency_name(const char *command);

/** Writes "crow COMMAND: error: " and the texts, of which NULL follows the last, as a line on standard error. For
 * handlers of signals that are about to end the process: it calls nothing but write(). */
CROW_API void crow_log_emergency(const char *text, ...) CROW_NULL_LAST;

/** A long loop's progress: share done, rate and time left, at most one line every `interval` seconds. */
typedef struct crow_progress {
  const char *name; /**< what is done, e.g. "weights" */
  const char *unit; /**< what is counted, e.g. "samples" */
  double total;     /**< how many there are */
  double start_s;   /**< when it began */
  double last_s;    /**< when a line was last sent */
} crow_progress;

/** Seconds between two progress lines: 1 suits a terminal, 30 (the default) a log. */
CROW_API void crow_progress_interval_set(double seconds);
/** Begins to count `total` things; both texts are borrowed while it lasts. */
CROW_API void crow_progress_begin(crow_progress *progress, const char *name, const char *unit, double total);
/** Sends a line when the interval has passed since the last one. */
CROW_API void crow_progress_update(crow_progress *progress, double done);

/* ---- stopping ----------------------------------------------------------------------------------------------- */

/** Asks this process's computation to stop at the next opportunity, with a checkpoint where it writes them. Safe in a
 * signal handler. */
CROW_API void crow_stop_request(int signal_number);
/** The signal number of the latest request, 0 if there was none. */
CROW_API int crow_stop_requested(void);
/** Forgets requests, the deadline, and crow_stop_at(). */
CROW_API void crow_stop_clear(void);
/** When computations are to stop, on the clock of crow_time_s(); infinity: never. */
CROW_API void crow_stop_deadline(double time_s);
/** For loops that save no state of their own: CROW_STOPPED if a stop was requested or its time has come, with a message
 * that names `work`. Cheap. What several ranks do together agrees on it. */
CROW_API crow_status crow_stop_check(const char *work);
/** For tests: SIGTERM is raised where this work is checked first; borrowed; NULL: nowhere. */
CROW_API void crow_stop_at(const char *work);

/* ---- time and memory ---------------------------------------------------------------------------------------- */

/** Seconds of a monotonic clock. */
CROW_API double crow_time_s(void);
/** Processor seconds that all threads of this process have used: on a machine with other work less than time itself. */
CROW_API double crow_time_cpu_s(void);

/** Peak resident memory of this process in bytes. */
CROW_API int64_t crow_memory_peak_bytes(void);

/** Memory that this process may still use, in bytes: the least of what the machine has free, its cgroup's limit and
 * Slurm's (SLURM_MEM_PER_CPU, SLURM_MEM_PER_NODE, shared by `ranks_on_node` processes). */
CROW_API int64_t crow_memory_limit_bytes(int ranks_on_node);

/** Allocates `count` elements of `size` bytes, zeroed, aligned to 64 bytes. `*out` is NULL for a count of 0 and on
 * failure. Fails with CROW_FAILED and the number of bytes on overflow or lack of memory. Free with crow_free(). */
CROW_API crow_status crow_allocate(int64_t count, size_t size, void **out);
/** As crow_allocate(), `*out` not zeroed: for large arrays that are written before they are read. */
CROW_API crow_status crow_allocate_raw(int64_t count, size_t size, void **out);
/** Frees `memory` of crow_allocate() and its kin; NULL is fine. */
CROW_API void crow_free(void *memory);
/** Frees each of `memory` (count). Local. */
CROW_API void crow_free_all(void *const *memory, size_t count);
#define CROW_FREE(...)                                                                                                 \
  crow_free_all((void *const[]){__VA_ARGS__}, sizeof((void *const[]){__VA_ARGS__}) / sizeof(void *))
/** Local: what is freed stays with the process for what it allocates next, up to 64 MiB of it, instead of being handed
 * back to the system and cleared by it again. For programs that are mainly crow; call it before anything else. */
CROW_API void crow_memory_keep_freed(void);
/** A copy of a string, to be freed with crow_free(). NULL stays NULL. */
CROW_API crow_status crow_string_copy(const char *text, char **out);

/** `status = CROW_ALLOCATE(&array, count)`: crow_allocate() with the element size of the array. */
#define CROW_ALLOCATE(pointer, count) crow_allocate((count), sizeof **(pointer), (void **)(pointer))
#define CROW_ALLOCATE_RAW(pointer, count) crow_allocate_raw((count), sizeof **(pointer), (void **)(pointer))

/** An array that is wanted: where its address goes, and the bytes of an element. */
typedef struct crow_wanted {
  void **out;
  size_t bytes;
} crow_wanted;
/** Allocates several arrays of `count` elements, `arrays` up to one without `out`. Local. */
CROW_API crow_status crow_allocate_each(int64_t count, bool zeroed, const crow_wanted *arrays);
/** `status = CROW_ALLOCATE_EACH(count, &a, &b, &c)`: CROW_ALLOCATE() of two to eight arrays of equal length. */
#define CROW_ALLOCATE_EACH(count, ...)                                                                                 \
  crow_allocate_each((count), true, (const crow_wanted[]){CROW_WANTED_EACH(__VA_ARGS__), {NULL, 0}})
#define CROW_ALLOCATE_RAW_EACH(count, ...)                                                                             \
  crow_allocate_each((count), false, (const crow_wanted[]){CROW_WANTED_EACH(__VA_ARGS__), {NULL, 0}})
#define CROW_WANTED(a)                                                                                                 \
  { (void **)(a), sizeof **(a) }
#define CROW_WANTED_2(a, b) CROW_WANTED(a), CROW_WANTED(b)
#define CROW_WANTED_3(a, ...) CROW_WANTED(a), CROW_WANTED_2(__VA_ARGS__)
#define CROW_WANTED_4(a, ...) CROW_WANTED(a), CROW_WANTED_3(__VA_ARGS__)
#define CROW_WANTED_5(a, ...) CROW_WANTED(a), CROW_WANTED_4(__VA_ARGS__)
#define CROW_WANTED_6(a, ...) CROW_WANTED(a), CROW_WANTED_5(__VA_ARGS__)
#define CROW_WANTED_7(a, ...) CROW_WANTED(a), CROW_WANTED_6(__VA_ARGS__)
#define CROW_WANTED_8(a, ...) CROW_WANTED(a), CROW_WANTED_7(__VA_ARGS__)
#define CROW_WANTED_PICK(a, b, c, d, e, f, g, h, picked, ...) picked
#define CROW_WANTED_EACH(...)                                                                                          \
  CROW_WANTED_PICK(__VA_ARGS__, CROW_WANTED_8, CROW_WANTED_7, CROW_WANTED_6, CROW_WANTED_5, CROW_WANTED_4,             \
                   CROW_WANTED_3, CROW_WANTED_2, 1, 0)                                                                 \
  (__VA_ARGS__)

/** For tests: from now on the `countdown`-th allocation of this process fails; negative: none does. */
CROW_API void crow_memory_fail_after(int64_t countdown);

/* ---- settings ----------------------------------------------------------------------------------------------- */

typedef enum crow_setting_type {
  CROW_SETTING_BOOL,   /**< the field is a bool */
  CROW_SETTING_INT,    /**< int64_t */
  CROW_SETTING_DOUBLE, /**< double */
  CROW_SETTING_TEXT,   /**< const char *, borrowed; NULL means not given */
  CROW_SETTING_CHOICE, /**< int: the position in `choices` */
  /* Texts that name files. `choices` lists the forms that they take, such as "voronoi|uniform|FILE" or
   * "cube|pool:FILE:PATH": FILE stands for the file's name, and what is a word of the list names none. */
  CROW_SETTING_INPUT,     /**< a file that is read */
  CROW_SETTING_OUTPUT,    /**< an HDF5 file that is written; one that is there is replaced with leave only */
  CROW_SETTING_STREAM,    /**< a text or picture that is written, also to a device or a pipe */
  CROW_SETTING_FOLDER,    /**< a folder for files with names of their own */
  CROW_SETTING_CHECKPOINT /**< what the names of checkpoints begin with */
} crow_setting_type;
/** Whether the field is a text: CROW_SETTING_TEXT or one of those that name files. */
CROW_API bool crow_setting_is_text(crow_setting_type type);

/** One field of an options struct: the only place where its default and range are written. The command line's
 * options, their help, the checks and the provenance are all made from it. A table ends with a NULL name. */
typedef struct crow_setting {
  const char *name; /**< as on the command line, without the dashes: "max-iterations" */
  crow_setting_type type;
  size_t offset;       /**< of the field in its struct */
  double value;        /**< default of a bool, int, double or choice */
  const char *text;    /**< default of a text */
  double minimum;      /**< smallest valid int or double */
  double maximum;      /**< largest valid int or double; minimum = maximum = 0 means any */
  const char *choices; /**< "tabular|linear|mlp"; for a text, the form of it in help, e.g. "FILE" */
  const char *help;    /**< one sentence: meaning and, where there is one, formula */
} crow_setting;

/** A row of such a table: CROW_SETTING("samples", INT, crow_weights_options, samples, .maximum = 1e13, .help = "...").
 */
#define CROW_SETTING(name_, type_, options, field, ...)                                                                \
  { .name = (name_), .type = CROW_SETTING_##type_, .offset = offsetof(options, field), __VA_ARGS__ }

/** Sets every field of the struct `options` that the table names to its default. */
CROW_API void crow_settings_default(const crow_setting *table, void *options);
/** Checks every field of `options` against its range: CROW_USAGE and a message with the name, the value and the range
 * if one is outside. */
CROW_API crow_status crow_settings_validate(const crow_setting *table, const void *options);
/** Parses `text` into the field of `options` that `setting` describes: CROW_USAGE and, for a misspelt choice, the
 * nearest valid one. */
CROW_API crow_status crow_setting_parse(const crow_setting *setting, const char *text, void *options);
/** Writes the value of the field of `options` as text, as crow_setting_parse() would take it. */
CROW_API void crow_setting_print(const crow_setting *setting, const void *options, char *text, size_t bytes);
/** Of the `|`-separated words the one with the least edit distance to `text`; written into `nearest`. */
CROW_API void crow_nearest_word(const char *text, const char *words, char *nearest, size_t bytes);
/** The "s" of so many things in a message: "" for one. */
CROW_API const char *crow_plural(int64_t count);

/* ---- text ---------------------------------------------------------------------------------------------------- */

/** Makes text safe and short for a terminal or a picture: control characters and what is not UTF-8 become "?", and more
 * than `most` columns (0: any) are cut with an ellipsis. Returns the width in columns. Local. */
CROW_API int crow_text_fit(const char *text, int most, char *out, size_t bytes);

/* ---- random numbers ----------------------------------------------------------------------------------------- */

/** What random numbers are drawn for: every use has a stream of its own, so that no two ever share a number. */
typedef enum crow_stream {
  CROW_STREAM_SAMPLE = 1, /**< Monte Carlo samples of S */
  CROW_STREAM_MODEL,      /**< initial parameters of reward models */
  CROW_STREAM_BATCH,      /**< minibatches */
  CROW_STREAM_BOOTSTRAP,  /**< Poisson counts of comparisons */
  CROW_STREAM_SPLIT,      /**< held-out comparisons and alternatives */
  CROW_STREAM_SIMULATE,   /**< synthetic populations, contexts and comparisons */
  CROW_STREAM_CLUSTER,    /**< k-means++ */
  CROW_STREAM_AUDIT,      /**< stress-test clones */
  CROW_STREAM_BENCH,      /**< generated benchmark problems */
  CROW_STREAM_TEST,       /**< tests */
  CROW_STREAM_PROBE,      /**< signs of probe vectors */
  CROW_STREAM_SORT,       /**< records that stand for all when a sort shares them out */
  CROW_STREAM_SIGNS,      /**< rotations of draws of block signs */
  CROW_STREAM_VALLEY,     /**< pairs of alternatives whose distances are taken */
  CROW_STREAM_HULL        /**< vectors whose projections are a hull's basis */
} crow_stream;

/** Fills `words` with the first `count` 32-bit words of element `index` of `stream` under `seed`: Philox4x32-10
 * (Salmon et al. 2011, Random123), key = seed, counter = (index, stream, word / 4). Any rank can draw any element. */
CROW_API void crow_random_words(uint64_t seed, crow_stream stream, uint64_t index, uint32_t *words, int64_t count);
/** As crow_random_words(), as uniform doubles in (0,1): `values` (count) are (word + 1/2) / 2^32. */
CROW_API void crow_random_uniform(uint64_t seed, crow_stream stream, uint64_t index, double *values, int64_t count);
/** Standard normal doubles `values` (count) by Box-Muller, two words each pair. */
CROW_API void crow_random_normal(uint64_t seed, crow_stream stream, uint64_t index, double *values, int64_t count);

/* ---- exact sums --------------------------------------------------------------------------------------------- */

/** Number of 64-bit limbs of an exact sum. */
#define CROW_EXACT_LIMBS 71

/** A sum of doubles without rounding: 32-bit digits in 64-bit limbs that span the whole range of double (Kulisch
 * 1986). Adding is associative, so sums do not depend on order, and limbs of several ranks add up as integers.
 * Limbs 0..67 hold the digits; 68, 69 and 70 count NaN, +inf and -inf. Zero-initialise it. */
typedef struct crow_exact_sum {
  int64_t limb[CROW_EXACT_LIMBS];
} crow_exact_sum;

/** Adds `value`. At most 2^30 additions between normalisations; crow_exact_normalise() resets that count. */
CROW_API void crow_exact_add(crow_exact_sum *sum, double value);
/** Carries between the limbs, so that two equal sums have equal limbs. */
CROW_API void crow_exact_normalise(crow_exact_sum *sum);
/** The sum, rounded once to the nearest double. */
CROW_API double crow_exact_value(const crow_exact_sum *sum);

/** The length of the blocks in which long vectors are divided and summed. Partitions cut between blocks only, so a
 * block's sum is taken by one rank in one order, whatever the number of ranks. */
#define CROW_BLOCK 512

/** Cuts `values` into blocks of CROW_BLOCK from its first element and adds each block's sum (taken in a fixed order, in
 * double precision) to the exact sum: far faster than adding each value, and independent of how blocks are shared out.
 */
CROW_API void crow_exact_add_blocks(crow_exact_sum *sum, const double *values, int64_t count);
/** The same for the products a[i] b[i]. */
CROW_API void crow_exact_add_dot_blocks(crow_exact_sum *sum, const double *a, const double *b, int64_t count);

/* ---- version ------------------------------------------------------------------------------------------------ */

/** "1.2.3" */
CROW_API const char *crow_version(void);
/** The commit that was built, or "" outside a git checkout. */
CROW_API const char *crow_git_hash(void);
/** The kernel set that OpenBLAS uses, e.g. "SkylakeX". */
CROW_API const char *crow_blas_core(void);
/** OpenBLAS's version, e.g. "0.3.21". */
CROW_API const char *crow_blas_version(void);
/** Lets OpenBLAS take the buffers of so many threads now. It keeps them, and where there is no memory for one it would
 * look for it for ever at its first product: CROW_FAILED here instead. Local. */
CROW_API crow_status crow_blas_reserve(int64_t threads);

#ifdef __cplusplus
}
#endif
#endif
