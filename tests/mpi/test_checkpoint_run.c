/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints of other runs, of other versions and of other builds; and when it is time to stop. */
#include "harness.h"

#include "io/checkpoint_impl.h"

#include <hdf5.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const crow_checkpoint_options plain = {NULL, 600, 0, false};

/* `seeds` names agree: seed0, seed1, ... */
static crow_checkpoint *begin_run(const crow_checkpoint_options *options, int seeds) {
  crow_checkpoint *checkpoint = NULL;
  char name[16];
  CHECK_OK(crow_checkpoint_create(test_comm, options, test_path("run.h5"), &checkpoint));
  for (int k = 0; k < seeds; k++) {
    (void)snprintf(name, sizeof name, "seed%d", k);
    CHECK_OK(crow_checkpoint_match(checkpoint, name, "%d", k));
  }
  return checkpoint;
}

static void save_once(crow_checkpoint *checkpoint) {
  const double scalars[3] = {1, .5, -2};
  bool found = true;
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK(!found);
  CHECK_OK(crow_checkpoint_begin(checkpoint));
  CHECK_OK(crow_checkpoint_put_scalars(checkpoint, "state", 3, scalars));
  CHECK_OK(crow_checkpoint_end(checkpoint));
}

static void remove_run(crow_checkpoint *checkpoint) {
  CHECK_OK(crow_checkpoint_remove(checkpoint));
  crow_checkpoint_destroy(&checkpoint);
  CHECK_OK(crow_comm_barrier(test_comm));
  CHECK(access(test_path("run.h5.checkpoint.a.h5"), F_OK) != 0);
}

/* What one run has to say and the other has not is a difference, whichever has more. */
static void one_setting_more_or_less_is_another_run(void) {
  for (int more = 0; more <= 1; more++) {
    crow_checkpoint *saved = begin_run(&plain, 2 + more), *other = begin_run(&plain, 3 - more);
    bool found = true;
    save_once(saved);
    CHECK_STATUS(crow_checkpoint_find(other, &found), CROW_USAGE);
    CHECK(!found);
    CHECK_MESSAGE(more ? "it has seed2=2, this run has ;" : "it has , this run has seed2=2;");
    crow_checkpoint_destroy(&other);
    remove_run(saved);
  }
}

/* Texts of settings, whatever their length: they differ in their last byte, or by a line end in the place of a space;
 * characters of several bytes are not cut. */
static void texts_are_told_apart_to_their_last_byte(void) {
  static const crow_setting table[] = {{.name = "where", .type = CROW_SETTING_TEXT}, {0}};
  static char text[4][5001];
  for (int k = 0; k < 2; k++) {
    for (int i = 0; i < 2500; i++) memcpy(text[k] + 2 * i, i < 2499 ? "\u00e9" : k ? "xy" : "xz", 2);
  }
  (void)snprintf(text[2], sizeof text[2], "a b");
  (void)snprintf(text[3], sizeof text[3], "a\nb");
  for (int pair = 0; pair < 4; pair += 2) {
    crow_checkpoint *run[3];
    bool found = true;
    for (int k = 0; k < 3; k++) {
      const char *value = text[pair + k / 2]; /* the first, the same and the other */
      run[k] = begin_run(&plain, 1);
      CHECK_OK(crow_checkpoint_match_settings(run[k], table, &value));
    }
    save_once(run[0]);
    CHECK_OK(crow_checkpoint_find(run[1], &found));
    CHECK(found);
    CHECK_STATUS(crow_checkpoint_find(run[2], &found), CROW_USAGE);
    CHECK(!found);
    crow_checkpoint_destroy(&run[1]);
    crow_checkpoint_destroy(&run[2]);
    remove_run(run[0]);
  }
}

/* Replaces the first `old` in what a run has in common with its checkpoints. */
static void pretend(crow_checkpoint *checkpoint, const char *old, const char *new) {
  char *at = strstr(checkpoint->run.text, old);
  CHECK(at != NULL && strlen(old) == strlen(new));
  if (at) memcpy(at, new, strlen(new));
}

static void another_layout_and_other_numerics_are_refused(void) {
  const char *const name[] = {"layout", "numerics"};
  const int version[] = {CROW_CHECKPOINT_LAYOUT, CROW_NUMERICS};
  for (int k = 0; k < 2; k++) {
    crow_checkpoint *saved = begin_run(&plain, 1), *other = begin_run(&plain, 1);
    char ours[64], theirs[64], told[200];
    bool found = true;
    (void)snprintf(ours, sizeof ours, "%s=%d", name[k], version[k]);
    (void)snprintf(theirs, sizeof theirs, "%s=%d", name[k], version[k] - 1);
    (void)snprintf(told, sizeof told, "it has %s, this run has %s", theirs, ours);
    pretend(saved, ours, theirs);
    save_once(saved);
    CHECK_STATUS(crow_checkpoint_find(other, &found), CROW_USAGE);
    CHECK_MESSAGE(told);
    crow_checkpoint_destroy(&other);
    remove_run(saved);
  }
}

static char warned[1024];
static void take_warning(crow_log_level level, const char *line, void *context) {
  (void)context;
  if (level == CROW_LOG_WARNING) (void)snprintf(warned, sizeof warned, "%s", line);
}

static void set_build(const char *path, const char *build) {
  CHECK_OK(crow_comm_barrier(test_comm));
  if (crow_comm_rank(test_comm) == 0) {
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT), type = H5Tcopy(H5T_C_S1),
                space = H5Screate(H5S_SCALAR);
    CHECK(H5Adelete(file, "build") >= 0 && H5Tset_size(type, strlen(build) + 1) >= 0);
    const hid_t attribute = H5Acreate2(file, "build", type, space, H5P_DEFAULT, H5P_DEFAULT);
    CHECK(H5Awrite(attribute, type, build) >= 0);
    CHECK(H5Aclose(attribute) >= 0 && H5Sclose(space) >= 0 && H5Tclose(type) >= 0 && H5Fclose(file) >= 0);
  }
  CHECK_OK(crow_comm_barrier(test_comm));
}

static void another_build_goes_on_and_warns(void) {
  char path[512];
  crow_checkpoint *checkpoint = begin_run(&plain, 1);
  save_once(checkpoint);
  crow_checkpoint_destroy(&checkpoint);
  (void)snprintf(path, sizeof path, "%s", test_path("run.h5.checkpoint.a.h5"));
  for (int other = 0; other <= 1; other++) {
    bool found = false;
    if (other) set_build(path, "0.0.1 abcdef");
    warned[0] = 0;
    crow_log_set(take_warning, NULL);
    checkpoint = begin_run(&plain, 1);
    CHECK_OK(crow_checkpoint_find(checkpoint, &found));
    crow_log_set(NULL, NULL);
    CHECK(found && crow_checkpoint_scalars(checkpoint, "state") == 3);
    if (crow_comm_rank(test_comm) == 0) {
      CHECK((strstr(warned, "was written by another build, 0.0.1 abcdef; this is ") != NULL) == (other != 0));
    }
    if (other)
      remove_run(checkpoint);
    else
      crow_checkpoint_destroy(&checkpoint);
  }
}

/* ---- when ---------------------------------------------------------------------------------------------------- */

static bool stops(const crow_checkpoint_options *options, double *left) {
  bool due = false, stop = false;
  crow_checkpoint *checkpoint = begin_run(options, 1);
  CHECK_OK(crow_checkpoint_due(checkpoint, &due, &stop));
  CHECK(stop == crow_checkpoint_stopping(checkpoint) && due == stop);
  *left = crow_checkpoint_seconds_left(checkpoint);
  crow_checkpoint_destroy(&checkpoint);
  return stop;
}

/* A run ends a minute before Slurm's end of the job, unless it was given a limit of its own. */
static void a_minute_before_slurms_end(void) {
  const crow_checkpoint_options limited = {NULL, 600, 1000, false};
  double left = 0;
  char text[32];
  const struct {
    int end, least, most;
    bool stop;
  } cases[] = {{30, -40, -29, true}, {59, -11, 0, true}, {300, 220, 241, false}};
  CHECK(!stops(&plain, &left) && isinf(left) && left > 0);
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    (void)snprintf(text, sizeof text, "%lld", (long long)time(NULL) + cases[k].end);
    CHECK(setenv("SLURM_JOB_END_TIME", text, 1) == 0);
    CHECK(stops(&plain, &left) == cases[k].stop);
    CHECK(left >= cases[k].least && left <= cases[k].most);
    CHECK(!stops(&limited, &left) && left > 900 && left <= 1000);
  }
  CHECK(unsetenv("SLURM_JOB_END_TIME") == 0);
}

/* Time is left for two saves that take as long as the longest so far. */
static void saves_need_time_too(void) {
  const crow_checkpoint_options limited = {NULL, 600, 1000, false};
  crow_checkpoint *checkpoint = begin_run(&limited, 1);
  save_once(checkpoint);
  checkpoint->save_s = 200;
  CHECK_NEAR(crow_checkpoint_seconds_left(checkpoint), 600 - (crow_time_s() - checkpoint->start_s), 5);
  remove_run(checkpoint);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"one setting more or less is another run", one_setting_more_or_less_is_another_run},
      {"texts are told apart to their last byte", texts_are_told_apart_to_their_last_byte},
      {"another layout and other numerics are refused", another_layout_and_other_numerics_are_refused},
      {"another build goes on and warns", another_build_goes_on_and_warns},
      {"a minute before Slurm's end", a_minute_before_slurms_end},
      {"saves need time, too", saves_need_time_too},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "checkpoints of other runs", tests, true);
}
