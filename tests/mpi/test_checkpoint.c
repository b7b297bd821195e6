/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: what was put in comes back on any number of ranks, and a damaged file never counts. */
#include "harness.h"

#include "io/checkpoint_impl.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define COUNT 1500

static const crow_checkpoint_options plain = {NULL, 600, 0, false};

static crow_checkpoint *open_run(const crow_checkpoint_options *options, int seed) {
  crow_checkpoint *checkpoint = NULL;
  CHECK_OK(crow_checkpoint_create(test_comm, options, test_path("result.h5"), &checkpoint));
  CHECK_OK(crow_checkpoint_match(checkpoint, "seed", "%d", seed));
  return checkpoint;
}

/* The state of save number `round`. */
static double real_at(int round, crow_gidx i) { return 1000 * round + (double)i / 7; }
static int64_t whole_at(int round, crow_gidx i) { return (int64_t)round << 40 | i; }

static crow_status save(crow_checkpoint *checkpoint, int round) {
  crow_status status = CROW_OK;
  const crow_partition p = crow_comm_partition(test_comm, COUNT, CROW_BLOCK);
  const double scalars[2] = {round, .5};
  double *real = NULL;
  int64_t *whole = NULL;
  CROW_TRY_AGREE(test_comm, CROW_ALLOCATE(&real, p.count));
  CROW_TRY_AGREE(test_comm, CROW_ALLOCATE(&whole, p.count));
  for (crow_gidx i = 0; i < p.count; i++) {
    real[i] = real_at(round, p.begin + i);
    whole[i] = whole_at(round, p.begin + i);
  }
  CROW_TRY(crow_checkpoint_begin(checkpoint));
  CROW_TRY(crow_checkpoint_put_scalars(checkpoint, "state", 2, scalars));
  CROW_TRY(crow_checkpoint_put_vector(checkpoint, "state", 0, CROW_F64, &p, real));
  CROW_TRY(crow_checkpoint_put_vector(checkpoint, "state", 1, CROW_I64, &p, whole));
  CROW_TRY(crow_checkpoint_end(checkpoint));
cleanup:
  if (status != CROW_OK) (void)crow_checkpoint_abandon(checkpoint, status);
  crow_free(real);
  crow_free(whole);
  return status;
}

/* Which save a new run goes on from: 0 for none, -1 for wrong values. */
static int found_round(const crow_checkpoint_options *options) {
  const crow_partition p = crow_comm_partition(test_comm, COUNT, CROW_BLOCK);
  crow_checkpoint *checkpoint = open_run(options, 7);
  double scalars[2] = {0, 0}, *real = NULL;
  int64_t *whole = NULL, right = 1;
  bool found = false;
  CHECK_OK(CROW_ALLOCATE(&real, p.count));
  CHECK_OK(CROW_ALLOCATE(&whole, p.count));
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  if (found) {
    CHECK(crow_checkpoint_has(checkpoint, "state") && !crow_checkpoint_has(checkpoint, "other"));
    CHECK_STATUS(crow_checkpoint_get_scalars(checkpoint, "state", 3, scalars), CROW_BAD_INPUT);
    CHECK_OK(crow_checkpoint_get_scalars(checkpoint, "state", 2, scalars));
    CHECK_OK(crow_checkpoint_get_vector(checkpoint, "state", 0, CROW_F64, &p, real));
    CHECK_OK(crow_checkpoint_get_vector(checkpoint, "state", 1, CROW_I64, &p, whole));
    const int round = (int)scalars[0];
    for (crow_gidx i = 0; i < p.count; i++) {
      right &= real[i] == real_at(round, p.begin + i) && whole[i] == whole_at(round, p.begin + i);
    }
    CHECK_OK(crow_comm_min_i64(test_comm, &right, 1));
  }
  crow_free(real);
  crow_free(whole);
  crow_checkpoint_destroy(&checkpoint);
  if (!found) return 0;
  return right && scalars[1] == .5 ? (int)scalars[0] : -1;
}

static void remove_all(void) {
  crow_checkpoint *checkpoint = open_run(&plain, 7);
  bool found = false;
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK_OK(crow_checkpoint_remove(checkpoint));
  crow_checkpoint_destroy(&checkpoint);
  CHECK(access(test_path("result.h5.checkpoint.a.h5"), F_OK) != 0);
  CHECK(access(test_path("result.h5.checkpoint.b.h5"), F_OK) != 0);
}

static void save_rounds(int rounds) {
  crow_checkpoint *checkpoint = open_run(&plain, 7);
  bool found = true;
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK(!found);
  for (int round = 1; round <= rounds; round++) CHECK_OK(save(checkpoint, round));
  crow_checkpoint_destroy(&checkpoint);
}

static void the_newest_comes_back(void) {
  for (int rounds = 1; rounds <= 3; rounds++) {
    save_rounds(rounds);
    CHECK(found_round(&plain) == rounds);
    remove_all();
  }
  CHECK(found_round(&plain) == 0);
}

static void another_run_is_refused_and_restart_or_none_look_at_nothing(void) {
  const crow_checkpoint_options anew = {NULL, 600, 0, true}, none = {"none", 600, 0, false};
  bool found = true;
  save_rounds(1);
  crow_checkpoint *other = open_run(&plain, 8);
  CHECK_STATUS(crow_checkpoint_find(other, &found), CROW_USAGE);
  CHECK_MESSAGE("it has seed=7, this run has seed=8");
  CHECK(!found);
  crow_checkpoint_destroy(&other);
  CHECK(found_round(&anew) == 0 && found_round(&none) == 0 && found_round(&plain) == 1);
  remove_all();
}

static void saving_and_stopping_are_due_on_all_ranks(void) {
  const crow_checkpoint_options often = {NULL, 0, 0, false}, none = {"none", 600, 0, false};
  bool due = false, stop = true;
  crow_checkpoint *checkpoint = open_run(&often, 7);
  CHECK_OK(crow_checkpoint_due(checkpoint, &due, &stop));
  CHECK(due && !stop);
  crow_checkpoint_destroy(&checkpoint);
  checkpoint = open_run(&plain, 7);
  CHECK_OK(crow_checkpoint_due(checkpoint, &due, &stop));
  CHECK(!due && !stop);
  /* A signal to one rank stops all. */
  if (crow_comm_rank(test_comm) == crow_comm_size(test_comm) - 1) crow_stop_request(15);
  CHECK_OK(crow_checkpoint_due(checkpoint, &due, &stop));
  CHECK(due && stop);
  crow_checkpoint_destroy(&checkpoint);
  checkpoint = open_run(&none, 7);
  CHECK_STATUS(crow_checkpoint_due(checkpoint, &due, &stop), CROW_FAILED);
  CHECK_MESSAGE("checkpoints are off");
  crow_checkpoint_destroy(&checkpoint);
  crow_stop_clear();
}

/* Rank 0 changes one byte; returns what it was. */
static int exchange_byte(const char *path, long at, int byte) {
  int old = 0;
  if (crow_comm_rank(test_comm) == 0) {
    FILE *file = fopen(path, "r+b");
    CHECK(file && fseek(file, at, SEEK_SET) == 0);
    old = fgetc(file);
    CHECK(fseek(file, at, SEEK_SET) == 0 && fputc(byte < 0 ? old ^ -byte : byte, file) != EOF);
    CHECK(fclose(file) == 0);
  }
  CHECK_OK(crow_comm_barrier(test_comm));
  return old;
}

/* Where these bytes are in the file, the same on all ranks; -1 if nowhere. */
static int64_t place_of(const char *path, const void *bytes, size_t count) {
  int64_t place = -1;
  if (crow_comm_rank(test_comm) == 0) {
    FILE *file = fopen(path, "rb");
    char *data = malloc(1 << 23);
    const size_t size = file && data ? fread(data, 1, 1 << 23, file) : 0;
    const char *found = size ? memmem(data, size, bytes, count) : NULL;
    if (found) place = found - data;
    free(data);
    if (file) (void)fclose(file);
  }
  CHECK_OK(crow_comm_broadcast(test_comm, &place, (int64_t)sizeof place, 0));
  return place;
}

/* HDF5 itself, and so every program that reads the file, sees a changed byte of an array. */
static void hdf5_sees_a_changed_byte(void) {
  const double real[2] = {real_at(1, 600), real_at(1, 601)};
  char path[1024];
  crow_file *file = NULL;
  int64_t sequence = 0;
  save_rounds(1);
  (void)snprintf(path, sizeof path, "%s", test_path("result.h5.checkpoint.a.h5"));
  CHECK_OK(crow_checkpoint_open(test_comm, path, &file, &sequence));
  CHECK(file && sequence == 1);
  crow_file_close(&file);
  const int64_t place = place_of(path, real, sizeof real);
  CHECK(place >= 0);
  (void)exchange_byte(path, (long)place + 6, -1);
  CHECK_STATUS(crow_checkpoint_open(test_comm, path, &file, &sequence), CROW_BAD_INPUT);
  CHECK_MESSAGE("/state/state/vector0");
  CHECK_MESSAGE("Fletcher32");
  CHECK(file == NULL && found_round(&plain) == 0);
  remove_all();
}

/* A vector of more values than are looked at at once, of one rank's own too, and one of floats. */
static void long_vectors_come_back(void) {
  const crow_gidx count = 1024 * CROW_BLOCK + 77;
  const crow_partition p = crow_comm_partition(test_comm, count, CROW_BLOCK);
  crow_checkpoint *checkpoint = open_run(&plain, 7);
  int32_t *values = NULL;
  bool found = true;
  CHECK_OK(CROW_ALLOCATE(&values, p.count));
  for (crow_gidx i = 0; i < p.count; i++) values[i] = (int32_t)((p.begin + i) * 2654435761u >> 1);
  const crow_partition q = crow_comm_partition(test_comm, 3, CROW_BLOCK);
  float single[3];
  for (crow_gidx i = 0; i < q.count; i++) single[i] = (float)(q.begin + i) / 4;
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK_OK(crow_checkpoint_begin(checkpoint));
  CHECK_OK(crow_checkpoint_put_vector(checkpoint, "long", 0, CROW_I32, &p, values));
  CHECK_OK(crow_checkpoint_put_vector(checkpoint, "long", 1, CROW_F32, &q, single));
  CHECK_OK(crow_checkpoint_end(checkpoint));
  crow_checkpoint_destroy(&checkpoint);
  checkpoint = open_run(&plain, 7);
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK(found);
  memset(values, 0, (size_t)p.count * sizeof *values);
  memset(single, 0, sizeof single);
  if (found) CHECK_OK(crow_checkpoint_get_vector(checkpoint, "long", 1, CROW_F32, &q, single));
  for (crow_gidx i = 0; i < q.count; i++) CHECK(single[i] == (float)(q.begin + i) / 4);
  if (found) CHECK_OK(crow_checkpoint_get_vector(checkpoint, "long", 0, CROW_I32, &p, values));
  int64_t wrong = 0;
  for (crow_gidx i = 0; i < p.count; i++) wrong += values[i] != (int32_t)((p.begin + i) * 2654435761u >> 1);
  CHECK(wrong == 0);
  crow_checkpoint_destroy(&checkpoint);
  crow_free(values);
  remove_all();
}

/* More scalars than a block, so that several ranks have a part of them to give. */
static void many_scalars_come_back(void) {
  enum { MANY = 3 * CROW_BLOCK + 5 };
  static double scalars[MANY], back[MANY];
  crow_checkpoint *checkpoint = open_run(&plain, 7);
  bool found = true;
  for (int k = 0; k < MANY; k++) scalars[k] = 1. / (k + 1);
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK_OK(crow_checkpoint_begin(checkpoint));
  CHECK_OK(crow_checkpoint_put_scalars(checkpoint, "many", MANY, scalars));
  CHECK_OK(crow_checkpoint_end(checkpoint));
  crow_checkpoint_destroy(&checkpoint);
  checkpoint = open_run(&plain, 7);
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK(found && crow_checkpoint_scalars(checkpoint, "many") == MANY);
  if (found) CHECK_OK(crow_checkpoint_get_scalars(checkpoint, "many", MANY, back));
  CHECK(memcmp(back, scalars, sizeof scalars) == 0);
  crow_checkpoint_destroy(&checkpoint);
  remove_all();
}

static void remove_all_of(const char *text, const crow_weights_options *options) {
  crow_checkpoint *checkpoint = open_run(&plain, 7);
  bool found = false;
  CHECK_OK(crow_checkpoint_match_settings(checkpoint, crow_weights_settings, options));
  CHECK_OK(crow_checkpoint_match(checkpoint, "text", "%s", text));
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK(found);
  CHECK_OK(crow_checkpoint_remove(checkpoint));
  crow_checkpoint_destroy(&checkpoint);
}

/* Whether a run of these settings and this text goes on from what another saved; CROW_USAGE refuses. */
static crow_status go_on(const crow_weights_options *options, const char *text, bool saves) {
  crow_checkpoint *checkpoint = open_run(&plain, 7);
  bool found = false;
  CHECK_OK(crow_checkpoint_match_settings(checkpoint, crow_weights_settings, options));
  CHECK_OK(crow_checkpoint_match(checkpoint, "text", "%s", text));
  const crow_status status = crow_checkpoint_find(checkpoint, &found);
  CHECK(status != CROW_OK || found == !saves);
  if (saves) CHECK_OK(save(checkpoint, 1));
  crow_checkpoint_destroy(&checkpoint);
  return status;
}

/* What changes nothing in the numbers may be another; long texts are told by all of their bytes. */
static void runs_go_on_with_the_same_settings(void) {
  static char text[1600], other[1600];
  crow_weights_options options, more;
  crow_weights_options_default(&options);
  memset(text, 'x', sizeof text - 1);
  memcpy(other, text, sizeof text);
  other[1500] = 'y';
  for (int lines = 0; lines <= 1; lines++) {
    const char *const said = lines ? "one\ntwo" : text, *const differs = lines ? "one\nthree" : other;
    CHECK_OK(go_on(&options, said, true));
    CHECK_OK(go_on(&options, said, false));
    CHECK_STATUS(go_on(&options, differs, false), CROW_USAGE);
    CHECK_MESSAGE("text=");
    more = options;
    more.nearest.threads = 3;
    more.grid = "1x1";
    CHECK_OK(go_on(&more, said, false));
    more.samples = 77;
    CHECK_STATUS(go_on(&more, said, false), CROW_USAGE);
    CHECK_MESSAGE("samples");
    remove_all_of(said, &options);
  }
}

static void check_passed_over(const void *bytes, size_t count) {
  char newest[1024];
  (void)snprintf(newest, sizeof newest, "%s", test_path("result.h5.checkpoint.b.h5"));
  const int64_t place = place_of(newest, bytes, count);
  CHECK(place >= 0);
  if (place < 0) return;
  for (size_t k = 0; k < count; k += 3) {
    const int old = exchange_byte(newest, (long)place + (long)k, -4);
    CHECK(found_round(&plain) == 1);
    (void)exchange_byte(newest, (long)place + (long)k, old);
  }
  CHECK(found_round(&plain) == 2);
}

static void a_damaged_file_is_passed_over(void) {
  const double real[2] = {real_at(2, COUNT - 2), real_at(2, COUNT - 1)}, scalars[2] = {2, .5};
  const int64_t whole[2] = {whole_at(2, 700), whole_at(2, 701)};
  save_rounds(2);
  check_passed_over(real, sizeof real);
  check_passed_over(whole, sizeof whole);
  check_passed_over(scalars, sizeof scalars);
  check_passed_over("seed=7", 6);
  check_passed_over("/state/state/vector1 ", 21);
  /* Cut off anywhere, too. */
  char newest[1024];
  (void)snprintf(newest, sizeof newest, "%s", test_path("result.h5.checkpoint.b.h5"));
  for (long size = 1 << 14; size > 0; size /= 4) {
    if (crow_comm_rank(test_comm) == 0) CHECK(truncate(newest, size) == 0);
    CHECK_OK(crow_comm_barrier(test_comm));
    CHECK(found_round(&plain) == 1);
  }
  remove_all();
}

/* Allocations of one rank fail, every `step`th of them as the first one. */
static void lack_of_memory(int rank, int64_t step) {
  crow_status status = CROW_FAILED;
  int failures = 0;
  save_rounds(1);
  for (int64_t allowed = 0; status != CROW_OK && allowed < 4000; allowed += step) {
    crow_checkpoint *checkpoint = open_run(&plain, 7);
    bool found = false;
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    if (crow_comm_rank(test_comm) == rank) crow_memory_fail_after(allowed);
    status = save(checkpoint, 2);
    crow_memory_fail_after(-1);
    int64_t worst = (int64_t)status;
    CHECK_OK(crow_comm_max_i64(test_comm, &worst, 1));
    CHECK(worst == (int64_t)status);
    crow_checkpoint_destroy(&checkpoint);
    if (status != CROW_OK) CHECK(++failures > 0 && found_round(&plain) == 1);
  }
  CHECK(failures > 3 && found_round(&plain) == 2);
  remove_all();
}

static void lack_of_memory_on_one_rank_leaves_the_older_checkpoint(void) {
  const int size = crow_comm_size(test_comm);
  lack_of_memory(0, 11);
  if (size > 1) lack_of_memory(size - 1, 1);
}

/* Rank 0 writes a file of its own under a name of a checkpoint. */
static void write_bystander(const char *path, const char *text) {
  CHECK_OK(crow_comm_barrier(test_comm)); /* others may still look whether it is gone */
  if (crow_comm_rank(test_comm) == 0) {
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
  }
  CHECK_OK(crow_comm_barrier(test_comm));
}

static void check_bystander(const char *path, const char *text) {
  char found[64] = "";
  CHECK_OK(crow_comm_barrier(test_comm));
  FILE *file = fopen(path, "r");
  CHECK(file && fgets(found, sizeof found, file) && strcmp(found, text) == 0);
  if (file) (void)fclose(file);
  CHECK_OK(crow_comm_barrier(test_comm));
  if (crow_comm_rank(test_comm) == 0) CHECK(unlink(path) == 0);
  CHECK_OK(crow_comm_barrier(test_comm));
}

/* What is no checkpoint stays: found before the run, with leave to start anew or without, or come meanwhile. */
static void files_of_others_stay(void) {
  const crow_checkpoint_options anew = {NULL, 600, 0, true};
  const crow_checkpoint_options *const both[] = {&plain, &anew};
  char path[1024];
  bool found = true;
  for (int k = 0; k < 4; k++) {
    (void)snprintf(path, sizeof path, "%s",
                   test_path(k % 2 ? "result.h5.checkpoint.b.h5" : "result.h5.checkpoint.a.h5"));
    write_bystander(path, "precious");
    crow_checkpoint *checkpoint = open_run(both[k / 2], 7);
    CHECK_STATUS(crow_checkpoint_find(checkpoint, &found), CROW_USAGE);
    CHECK_MESSAGE("is no checkpoint of crow");
    crow_checkpoint_destroy(&checkpoint);
    check_bystander(path, "precious");
  }
  crow_checkpoint *checkpoint = open_run(&plain, 7);
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK_OK(save(checkpoint, 1));
  write_bystander(path, "precious");
  CHECK_STATUS(save(checkpoint, 2), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("that this run did not write");
  CHECK_OK(crow_checkpoint_remove(checkpoint));
  crow_checkpoint_destroy(&checkpoint);
  CHECK(access(test_path("result.h5.checkpoint.a.h5"), F_OK) != 0);
  check_bystander(path, "precious");
}

/* What is written after a restart is newer than what was given up, in either place. */
static void a_restart_is_newer(void) {
  const crow_checkpoint_options anew = {NULL, 600, 0, true};
  for (int rounds = 1; rounds <= 2; rounds++) {
    save_rounds(rounds);
    crow_checkpoint *checkpoint = open_run(&anew, 8);
    bool found = true;
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    CHECK(!found);
    CHECK_OK(save(checkpoint, 5));
    crow_checkpoint_destroy(&checkpoint);
    checkpoint = open_run(&plain, 8);
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    CHECK(found);
    CHECK_OK(crow_checkpoint_remove(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
    CHECK(found_round(&plain) == 0);
  }
}

/* A run goes on without a new checkpoint where an older one is whole, and ends where there is none. */
static void a_run_goes_on_with_an_older_checkpoint(void) {
  bool found = true;
  for (int rounds = 0; rounds <= 1; rounds++) {
    if (rounds) save_rounds(rounds);
    crow_checkpoint *checkpoint = open_run(&plain, 7);
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    CHECK_STATUS(crow_checkpoint_abandon(checkpoint, CROW_FAILED), CROW_FAILED);
    CHECK_STATUS(crow_checkpoint_abandon(checkpoint, CROW_FILE_SYSTEM), rounds ? CROW_OK : CROW_FILE_SYSTEM);
    CHECK_OK(save(checkpoint, rounds + 1));
    CHECK_STATUS(crow_checkpoint_abandon(checkpoint, CROW_FILE_SYSTEM), CROW_OK);
    crow_checkpoint_destroy(&checkpoint);
    CHECK(found_round(&plain) == rounds + 1);
    remove_all();
  }
}

static void check_names(const char *given, const char *output, const char *first, const char *second) {
  const crow_checkpoint_options options = {.checkpoint = given};
  char *names[2] = {NULL, NULL};
  CHECK_OK(crow_checkpoint_names(&options, output, names));
  CHECK((first == NULL) == (names[0] == NULL) && (!first || strcmp(names[0], first) == 0));
  CHECK((second == NULL) == (names[1] == NULL) && (!second || strcmp(names[1], second) == 0));
  for (int k = 0; k < 2; k++) crow_free(names[k]);
}

/* Names that a file system takes, and two outputs whose long names differ at the end keep apart. */
static void names_fit(void) {
  char output[400], *names[2] = {NULL, NULL}, *others[2] = {NULL, NULL};
  check_names(NULL, "folder/r.h5", "folder/r.h5.checkpoint.a.h5", "folder/r.h5.checkpoint.b.h5");
  check_names("stem", "r.h5", "stem.a.h5", "stem.b.h5");
  check_names("none", "r.h5", NULL, NULL);
  for (int length = 230; length <= 255; length++) {
    (void)snprintf(output, sizeof output, "folder/%0*d", length, 1);
    CHECK_OK(crow_checkpoint_names(&plain, output, names));
    output[strlen(output) - 1] = '2';
    CHECK_OK(crow_checkpoint_names(&plain, output, others));
    for (int k = 0; k < 2; k++) {
      CHECK(strlen(names[k]) <= strlen("folder/") + 255 && strncmp(names[k], "folder/0", 8) == 0);
      CHECK(strcmp(names[k], others[k]) != 0);
      crow_free(others[k]);
    }
    CHECK(strcmp(names[0], names[1]) != 0);
    for (int k = 0; k < 2; k++) crow_free(names[k]);
  }
}

/* The first rank writes; its file system is full from some byte on. */
static void a_write_that_fails_leaves_the_older_checkpoint(void) {
  const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
  save_rounds(1);
  (void)signal(SIGXFSZ, SIG_IGN);
  for (rlim_t bytes = 0; bytes < 40000; bytes += 9000) {
    const struct rlimit limit = {bytes, RLIM_INFINITY};
    crow_checkpoint *checkpoint = open_run(&plain, 7);
    bool found = false;
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    if (crow_comm_rank(test_comm) == 0) CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK_STATUS(save(checkpoint, 2), CROW_FILE_SYSTEM);
    CHECK_MESSAGE("File too large");
    if (crow_comm_rank(test_comm) == 0) CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
    crow_checkpoint_destroy(&checkpoint);
    CHECK(found_round(&plain) == 1);
  }
  remove_all();
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"the newest checkpoint comes back", the_newest_comes_back},
      {"another run is refused; restart and none look at nothing",
       another_run_is_refused_and_restart_or_none_look_at_nothing},
      {"saving and stopping are due on all ranks", saving_and_stopping_are_due_on_all_ranks},
      {"a damaged file is passed over", a_damaged_file_is_passed_over},
      {"runs go on with the same settings", runs_go_on_with_the_same_settings},
      {"long vectors come back", long_vectors_come_back},
      {"many scalars come back", many_scalars_come_back},
      {"HDF5 sees a changed byte", hdf5_sees_a_changed_byte},
      {"files of others stay", files_of_others_stay},
      {"a restart is newer than what was there", a_restart_is_newer},
      {"a run goes on with an older checkpoint", a_run_goes_on_with_an_older_checkpoint},
      {"names fit", names_fit},
      {"a write that fails leaves the older checkpoint", a_write_that_fails_leaves_the_older_checkpoint},
      {"lack of memory on one rank leaves the older checkpoint",
       lack_of_memory_on_one_rank_leaves_the_older_checkpoint},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "checkpoint", tests, true);
}
