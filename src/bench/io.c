/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark of input and output: a dataset written and read by all ranks, beside plain files of the same size. */
#include "bench/bench_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* What a rank writes or reads at a time. */
#define PIECE_BYTES (INT64_C(16) << 20)

typedef struct io_series {
  double write_s[CROW_BENCH_REPETITIONS_MOST], read_s[CROW_BENCH_REPETITIONS_MOST];
  double plain_write_s[CROW_BENCH_REPETITIONS_MOST], plain_read_s[CROW_BENCH_REPETITIONS_MOST];
} io_series;

typedef struct io_run {
  const crow_comm *comm;
  crow_bench_lattice *lattice;
  crow_partition mine; /* rows of this rank */
  crow_gidx rows;      /* of a piece */
  int64_t turns;       /* pieces of the rank that has most */
  float *piece, *expected;
  char file[4096], plain[4096]; /* one for all; one for each rank */
  int64_t wrong;                /* numbers that came back as others */
  crow_bench_io_hook *written;  /* called with `context` when a dataset is written, if not NULL */
  void *context;
} io_run;

static crow_gidx piece_rows(const io_run *run, int64_t turn, crow_gidx *at) {
  *at = turn * run->rows < run->mine.count ? turn * run->rows : run->mine.count;
  return run->mine.count - *at < run->rows ? run->mine.count - *at : run->rows;
}

/* Pieces are the rank's first rows, since generating is not what is measured, but each row begins with its number. */
static void stamp(const io_run *run, crow_gidx at, crow_gidx n, float *rows) {
  const crow_gidx d = crow_bench_lattice_dataset(run->lattice).dimensions;
  for (crow_gidx i = 0; i < n; i++) rows[i * d] = (float)((run->mine.begin + at + i) % (1 << 24));
}

/* A dataset has preferences: one tie between the first two alternatives. */
static crow_status write_preferences(const crow_comm *comm, crow_file *file) {
  const crow_gidx mine = crow_comm_rank(comm) == 0;
  const int64_t first = 0, second = 1;
  const double outcome = 0.5;
  CROW_NEED(crow_file_define(file, "/comparisons/first", CROW_I64, 1, 0));
  CROW_NEED(crow_file_write_rows(file, "/comparisons/first", 0, mine, CROW_I64, &first));
  CROW_NEED(crow_file_define(file, "/comparisons/second", CROW_I64, 1, 0));
  CROW_NEED(crow_file_write_rows(file, "/comparisons/second", 0, mine, CROW_I64, &second));
  CROW_NEED(crow_file_define(file, "/comparisons/outcome", CROW_F64, 1, 0));
  return crow_file_write_rows(file, "/comparisons/outcome", 0, mine, CROW_F64, &outcome);
}

static crow_status write_dataset(io_run *run) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  const crow_dataset dataset = crow_bench_lattice_dataset(run->lattice);
  crow_gidx at;
  CROW_TRY(crow_file_create(run->comm, run->file, "dataset", true, &file));
  CROW_TRY(crow_file_define(file, "/alternatives/context", CROW_F32, dataset.alternatives, dataset.dimensions));
  for (int64_t turn = 0; turn < run->turns; turn++) {
    const crow_gidx n = piece_rows(run, turn, &at);
    stamp(run, at, n, run->piece);
    CROW_TRY(crow_file_write_rows(file, "/alternatives/context", run->mine.begin + at, n, CROW_F32, run->piece));
  }
  CROW_TRY(write_preferences(run->comm, file));
  CROW_TRY(crow_file_finish(&file));
cleanup:
  crow_file_close(&file);
  return status;
}

/* Every number is compared, outside the time that counts. */
static crow_status bench_io_compare(io_run *run, crow_gidx at, crow_gidx n) {
  const crow_dataset dataset = crow_bench_lattice_dataset(run->lattice);
  const crow_status status = crow_dataset_read_contexts(&dataset, run->mine.begin, n, CROW_F32, run->expected);
  stamp(run, at, n, run->expected);
  for (int64_t i = 0; i < n * dataset.dimensions; i++) run->wrong += !(run->piece[i] == run->expected[i]);
  return status;
}

static crow_status read_dataset(io_run *run, double *seconds) {
  crow_status status = CROW_OK;
  crow_dataset dataset = {0};
  crow_gidx at;
  *seconds = 0;
  CROW_TRY(crow_comm_barrier(run->comm));
  double start = crow_time_s();
  CROW_TRY(crow_dataset_open(run->comm, run->file, true, &dataset));
  for (int64_t turn = 0; turn < run->turns; turn++) {
    const crow_gidx n = piece_rows(run, turn, &at);
    CROW_TRY(crow_file_read(dataset.file, "/alternatives/context", run->mine.begin + at, n, CROW_F32, run->piece));
    *seconds += crow_time_s() - start;
    CROW_TRY(bench_io_compare(run, at, n));
    start = crow_time_s();
  }
cleanup:
  crow_dataset_close(&dataset);
  return status;
}

/* The same bytes by plain system calls; `seconds` is this rank's. */
static crow_status plain(const io_run *run, bool writes, double *seconds) {
  crow_status status = CROW_OK;
  const crow_gidx d = crow_bench_lattice_dataset(run->lattice).dimensions;
  const double start = crow_time_s();
  crow_gidx at;
  const int file = open(run->plain, writes ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0600);
  if (file < 0) return crow_error(CROW_FILE_SYSTEM, "%s: cannot be opened: %s", run->plain, strerror(errno));
  for (int64_t turn = 0; turn < run->turns && status == CROW_OK; turn++) {
    char *from = (char *)run->piece;
    int64_t left = piece_rows(run, turn, &at) * d * (int64_t)sizeof(float);
    while (left > 0 && status == CROW_OK) {
      const ssize_t done = writes ? write(file, from, (size_t)left) : read(file, from, (size_t)left);
      if (done <= 0) {
        status = crow_error(CROW_FILE_SYSTEM, "%s: cannot be %s: %s", run->plain, writes ? "written" : "read",
                            done < 0 ? strerror(errno) : "it ends early");
      }
      from += done;
      left -= done;
    }
  }
  if (status == CROW_OK && writes && fsync(file) != 0) {
    status = crow_error(CROW_FILE_SYSTEM, "%s: cannot be flushed: %s", run->plain, strerror(errno));
  }
  (void)close(file);
  *seconds = crow_time_s() - start;
  return status;
}

/* Neither way of writing begins with an older file, whose place on the disk and in memory it could take over. */
static void clear_away(const io_run *run) {
  if (crow_comm_rank(run->comm) == 0) (void)unlink(run->file);
  (void)unlink(run->plain);
}

/* Asks the system to forget what it holds of a file in memory, so that reading reads the disk. */
static void forget(const char *path) {
  const int file = open(path, O_RDONLY);
  if (file < 0) return;
  (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  (void)close(file);
}

static crow_status write_both(io_run *run, bool plain_first, io_series *s, int64_t at) {
  for (int k = 0; k < 2; k++) {
    CROW_NEED(crow_comm_barrier(run->comm));
    if ((k == 0) == plain_first) {
      CROW_NEED_AGREE(run->comm, plain(run, true, &s->plain_write_s[at]));
    } else {
      const double start = crow_time_s();
      CROW_NEED(write_dataset(run));
      s->write_s[at] = crow_time_s() - start;
    }
  }
  return CROW_OK;
}

static crow_status read_both(io_run *run, bool plain_first, io_series *s, int64_t at) {
  for (int k = 0; k < 2; k++) {
    CROW_NEED(crow_comm_barrier(run->comm));
    if ((k == 0) == plain_first) {
      CROW_NEED_AGREE(run->comm, plain(run, false, &s->plain_read_s[at]));
    } else {
      CROW_NEED(read_dataset(run, &s->read_s[at]));
    }
  }
  return CROW_OK;
}

/* One repetition. The plain files go first in every other one: memory that the system has not used lately costs more,
 * on virtual machines several times as much, and the first to write or read gets it. */
static crow_status repeat(io_run *run, bool plain_first, io_series *s, int64_t at) {
  const crow_comm *comm = run->comm;
  const crow_dataset dataset = crow_bench_lattice_dataset(run->lattice);
  CROW_NEED(crow_dataset_read_contexts(
      &dataset, run->mine.begin, run->rows < run->mine.count ? run->rows : run->mine.count, CROW_F32, run->piece));
  clear_away(run);
  CROW_NEED(write_both(run, plain_first, s, at));
  if (run->written) CROW_NEED(run->written(comm, run->file, run->context));
  forget(run->file);
  forget(run->plain);
  CROW_NEED(read_both(run, plain_first, s, at));
  double times[4] = {s->write_s[at], s->plain_write_s[at], s->read_s[at], s->plain_read_s[at]};
  CROW_NEED(crow_comm_max_f64(comm, times, 4));
  s->write_s[at] = times[0];
  s->plain_write_s[at] = times[1];
  s->read_s[at] = times[2];
  s->plain_read_s[at] = times[3];
  return CROW_OK;
}

static void bench_io_report_rates(double bytes, const io_series *s, int64_t count, crow_bench_report *report) {
  static const char *const names[2][3] = {{"write_rate", "plain_write_rate", "ratio_to_plain_write"},
                                          {"read_rate", "plain_read_rate", "ratio_to_plain_read"}};
  double rate[CROW_BENCH_REPETITIONS_MOST], raw[CROW_BENCH_REPETITIONS_MOST], share[CROW_BENCH_REPETITIONS_MOST];
  crow_bench_report_one(report, "bytes", "", bytes);
  for (int reads = 0; reads < 2; reads++) {
    for (int64_t k = 0; k < count; k++) {
      rate[k] = bytes / (reads ? s->read_s[k] : s->write_s[k]) / 1e6;
      raw[k] = bytes / (reads ? s->plain_read_s[k] : s->plain_write_s[k]) / 1e6;
      share[k] = rate[k] / raw[k];
    }
    crow_bench_report_add(report, names[reads][0], "MB/s", rate, count);
    crow_bench_report_add(report, names[reads][1], "MB/s", raw, count);
    crow_bench_report_add(report, names[reads][2], "", share, count);
  }
}

/* Names that no other job has, on this host or another, the same on all ranks but for the rank's own file. */
static crow_status name_files(const crow_bench_options *options, io_run *run) {
  char shared[sizeof run->file], own[sizeof run->plain];
  const int n = snprintf(shared, sizeof shared, "%s/bench.h5", options->folder);
  (void)snprintf(own, sizeof own, "%s/bench.bin", options->folder);
  const bool fits = n < (int)sizeof shared && crow_temporary_name(shared, 0, run->file, sizeof run->file) &&
                    crow_temporary_name(own, 0, run->plain, sizeof run->plain);
  CROW_NEED_AGREE(run->comm, fits ? CROW_OK : crow_error(CROW_USAGE, "--folder: the name is too long"));
  return crow_comm_broadcast(run->comm, run->file, (int64_t)sizeof run->file, 0);
}

static crow_status bench_io_prepare(const crow_comm *comm, const crow_bench_options *options, io_run *run) {
  const crow_gidx d = options->dimensions;
  double memory = 0;
  crow_gidx m = options->alternatives > 0 ? options->alternatives : 100000;
  run->comm = comm;
  if (m < 2) m = 2;
  if (options->fill > 0) {
    CROW_NEED(crow_bench_memory(comm, options->fill, &memory));
    m = (crow_gidx)fmax(2, memory * crow_comm_size(comm) / (4 * (double)d));
  }
  CROW_NEED_AGREE(comm, crow_bench_lattice_create(CROW_BENCH_RANDOM, m, d, options->seed, &run->lattice));
  run->mine = crow_comm_partition(comm, m, 1);
  run->rows = PIECE_BYTES / (4 * d) > 0 ? PIECE_BYTES / (4 * d) : 1;
  run->turns = (run->mine.count + run->rows - 1) / run->rows;
  CROW_NEED(crow_comm_max_i64(comm, &run->turns, 1));
  CROW_NEED_AGREE(comm, CROW_ALLOCATE_EACH(run->rows * d, &run->piece, &run->expected));
  return name_files(options, run);
}

crow_status crow_bench_io(const crow_comm *comm, const crow_bench_options *options, crow_bench_report *report) {
  return crow_bench_io_hooked(comm, options, NULL, NULL, report);
}

crow_status crow_bench_io_hooked(const crow_comm *comm, const crow_bench_options *options, crow_bench_io_hook *written,
                                 void *context, crow_bench_report *report) {
  crow_status status = CROW_OK;
  io_run *run = NULL;
  io_series *s = NULL;
  memset(report, 0, sizeof *report);
  report->benchmark = "io";
  CROW_TRY(crow_bench_options_validate(options));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE_EACH(1, &run, &s));
  CROW_TRY(bench_io_prepare(comm, options, run));
  run->written = written;
  run->context = context;
  for (int64_t k = -options->warm_up; k < options->repetitions; k++) CROW_TRY(repeat(run, k & 1, s, k < 0 ? 0 : k));
  const double bytes = 4 * (double)run->mine.global * (double)options->dimensions;
  (void)snprintf(report->problem, sizeof report->problem,
                 "a dataset of %lld contexts of %lld dimensions in one HDF5 file, beside a plain file for each rank",
                 (long long)run->mine.global, (long long)options->dimensions);
  bench_io_report_rates(bytes, s, options->repetitions, report);
  CROW_TRY(crow_comm_sum_i64(comm, &run->wrong, 1));
  report->valid = run->wrong == 0;
  (void)snprintf(report->verdict, sizeof report->verdict, "%lld numbers came back as others", (long long)run->wrong);
cleanup:
  if (run) {
    if (run->plain[0]) (void)unlink(run->plain);
    if (run->file[0] && crow_comm_rank(comm) == 0) (void)unlink(run->file);
    crow_bench_lattice_destroy(&run->lattice);
    CROW_FREE(run->piece, run->expected);
  }
  CROW_FREE(run, s);
  return status;
}
