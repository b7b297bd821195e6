/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of checkpoints by themselves: digests by their definition, names at their limits, what a run says of
 * itself, when a save is due, and what a save that fails leaves. */
#include "harness.h"

#include "io/checkpoint_impl.h"

#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

static const crow_checkpoint_options plain = {NULL, 600, 0, false};

static crow_checkpoint *create(const crow_checkpoint_options *options) {
  crow_checkpoint *checkpoint = NULL;
  CHECK_OK(crow_checkpoint_create(test_comm, options, test_path("parts.h5"), &checkpoint));
  return checkpoint;
}

/* ---- digests ------------------------------------------------------------------------------------------------- */

/* The sum of XXH3 of blocks, each seeded with one more than its place. */
static void vectors_are_digested_in_blocks(void) {
  static const int64_t counts[] = {0, 1, 511, 512, 513, 1024, 1300};
  static const size_t bytes[] = {4, 8};
  static double values[1300];
  for (int i = 0; i < 1300; i++) values[i] = 1. / (i + 1);
  for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
    for (int wide = 0; wide < 2; wide++) {
      for (uint64_t first = 0; first < 3; first += 2) { /* a slice that begins at the third block */
        char digest[17], expected[17];
        uint64_t sum = 0;
        const size_t whole = (size_t)counts[c] * bytes[wide], block = 512 * bytes[wide];
        for (size_t at = 0; at < whole; at += block) {
          sum += XXH3_64bits_withSeed((const char *)values + at, whole - at < block ? whole - at : block,
                                      first + at / block + 1);
        }
        crow_partition p = crow_comm_partition(test_comm, counts[c], CROW_BLOCK);
        p.begin = (crow_gidx)first * 512;
        (void)snprintf(expected, sizeof expected, "%016llx", (unsigned long long)sum);
        CHECK_OK(crow_vector_digest(test_comm, &p, bytes[wide], values, digest));
        CHECK(strcmp(digest, expected) == 0);
      }
    }
  }
}

static void metadata_is_digested_in_its_order(void) {
  char digest[33], expected[33];
  const XXH64_hash_t before = XXH3_64bits_withSeed("run", 3, 5);
  const XXH128_hash_t hash = XXH3_128bits_withSeed("contents", 8, before);
  (void)snprintf(expected, sizeof expected, "%016llx%016llx", (unsigned long long)hash.high64,
                 (unsigned long long)hash.low64);
  crow_metadata_digest(5, "run", "contents", digest);
  CHECK(strcmp(digest, expected) == 0);
}

/* ---- names --------------------------------------------------------------------------------------------------- */

/* A file's name has 255 bytes at most: 239 and ".checkpoint.a.h5"; longer ones are cut to 200, with a digest. */
static void names_are_cut_where_they_must_be(void) {
  char output[300], expected[400], digest[33], *names[2] = {NULL, NULL};
  for (int length = 239; length <= 240; length++) {
    (void)snprintf(output, sizeof output, "some.folder/%0*d", length, 7);
    CHECK_OK(crow_checkpoint_names(&plain, output, names));
    for (int k = 0; k < 2; k++) {
      crow_metadata_digest(0, "", output + 12, digest);
      if (length == 239)
        (void)snprintf(expected, sizeof expected, "%s.checkpoint.%c.h5", output, "ab"[k]);
      else
        (void)snprintf(expected, sizeof expected, "%.212s-%.16s.checkpoint.%c.h5", output, digest, "ab"[k]);
      CHECK(strcmp(names[k], expected) == 0);
      crow_free(names[k]);
    }
  }
}

static void names_say_whose_they_are(void) {
  static const struct {
    const char *given;
    bool own, enabled;
  } cases[] = {{NULL, true, true}, {"", true, true}, {"mine", false, true}, {"none", false, false}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const crow_checkpoint_options options = {cases[k].given, 600, 0, false};
    crow_checkpoint *checkpoint = create(&options);
    CHECK(checkpoint->own_name == cases[k].own && checkpoint->enabled == cases[k].enabled);
    CHECK((checkpoint->path[0] != NULL) == cases[k].enabled && (checkpoint->path[1] != NULL) == cases[k].enabled);
    CHECK((checkpoint->alone != NULL) == (crow_comm_rank(test_comm) == 0));
    CHECK(!checkpoint->whole && !checkpoint->stopping && checkpoint->sequence == 0 && checkpoint->next == 0);
    CHECK(crow_checkpoint_interval(checkpoint) == 600);
    CHECK_OK(crow_checkpoint_remove(checkpoint));
    crow_checkpoint_destroy(&checkpoint);
    CHECK(checkpoint == NULL);
    crow_checkpoint_destroy(&checkpoint);
  }
}

/* ---- what a run says of itself ------------------------------------------------------------------------------- */

static void a_run_says_what_matters(void) {
  static const crow_setting table[] = {{.name = "grid", .type = CROW_SETTING_TEXT},
                                       {.name = "groups", .type = CROW_SETTING_TEXT},
                                       {.name = "memory-per-rank", .type = CROW_SETTING_TEXT},
                                       {.name = "precision", .type = CROW_SETTING_TEXT},
                                       {.name = "threads", .type = CROW_SETTING_TEXT},
                                       {.name = "gridlike", .type = CROW_SETTING_TEXT},
                                       {.name = NULL}};
  const char *value = "text";
  char expected[200];
  crow_checkpoint *checkpoint = create(&plain);
  CHECK_OK(crow_checkpoint_match_settings(checkpoint, table, &value));
  value = NULL;
  CHECK_OK(crow_checkpoint_match_settings(checkpoint, table + 5, &value));
  CHECK_OK(crow_checkpoint_match(checkpoint, "seed", "%d-%s", 7, "x"));
  (void)snprintf(expected, sizeof expected, "layout=%d\nnumerics=%d\ngridlike=text\ngridlike=\nseed=7-x\n",
                 CROW_CHECKPOINT_LAYOUT, CROW_NUMERICS);
  CHECK(strcmp(checkpoint->run.text, expected) == 0 && checkpoint->run.length == strlen(expected));
  CHECK(checkpoint->run.room > checkpoint->run.length);
  crow_checkpoint_destroy(&checkpoint);
}

/* Up to 1024 bytes as they are; more, or several lines, by 200 bytes and a digest. */
static void long_texts_are_cut(void) {
  static char text[1100], expected[1200];
  for (int which = 0; which < 5; which++) {
    char digest[33];
    crow_checkpoint *checkpoint = create(&plain);
    const size_t before = checkpoint->run.length;
    memset(text, 'x', sizeof text);
    text[which == 1 ? 1025 : 1024] = 0;
    if (which == 2) (void)snprintf(text, sizeof text, "one\ntwo");
    if (which >= 3) { /* a character of two bytes across the cut, and one just before it */
      memcpy(text + (which == 3 ? 199 : 198), "\u00e9", 2);
      text[500] = '\n';
    }
    crow_metadata_digest(0, "", text, digest);
    CHECK_OK(crow_checkpoint_match(checkpoint, "t", "%s", text));
    if (which == 0) (void)snprintf(expected, sizeof expected, "t=%s\n", text);
    if (which == 1) (void)snprintf(expected, sizeof expected, "t=%.200s... (digest %s)\n", text, digest);
    if (which == 2) (void)snprintf(expected, sizeof expected, "t=one two... (digest %s)\n", digest);
    if (which == 3) (void)snprintf(expected, sizeof expected, "t=%.199s... (digest %s)\n", text, digest);
    if (which == 4) (void)snprintf(expected, sizeof expected, "t=%.200s... (digest %s)\n", text, digest);
    CHECK(strcmp(checkpoint->run.text + before, expected) == 0);
    crow_checkpoint_destroy(&checkpoint);
  }
}

/* ---- when ---------------------------------------------------------------------------------------------------- */

static void saves_are_due_after_their_interval(void) {
  bool save = true, stop = true;
  crow_checkpoint *checkpoint = create(&plain);
  CHECK_OK(crow_checkpoint_due(checkpoint, &save, &stop));
  CHECK(!save && !stop);
  checkpoint->last_s -= 599;
  CHECK_OK(crow_checkpoint_due(checkpoint, &save, &stop));
  CHECK(!save && !stop);
  checkpoint->last_s -= 1;
  CHECK_OK(crow_checkpoint_due(checkpoint, &save, &stop));
  CHECK(save && !stop && !crow_checkpoint_stopping(checkpoint));
  /* A limit ends the run, with a save. */
  checkpoint->last_s = crow_time_s();
  checkpoint->options.time_limit = 1000;
  checkpoint->save_s = 100;
  CHECK_NEAR(crow_checkpoint_seconds_left(checkpoint), 800, 5);
  checkpoint->start_s -= 700;
  CHECK_OK(crow_checkpoint_due(checkpoint, &save, &stop));
  CHECK(!save && !stop);
  checkpoint->start_s -= 101;
  CHECK_OK(crow_checkpoint_due(checkpoint, &save, &stop));
  CHECK(save && stop && crow_checkpoint_stopping(checkpoint));
  checkpoint->start_s += 500;
  CHECK_OK(crow_checkpoint_due(checkpoint, &save, &stop));
  CHECK(!save && !stop && crow_checkpoint_stopping(checkpoint)); /* it was told once */
  crow_checkpoint_destroy(&checkpoint);
}

static void without_checkpoints_the_limit_is_an_error(void) {
  const crow_checkpoint_options none = {"none", 600, 1000, false};
  bool save = true, stop = true, found = true;
  crow_checkpoint *checkpoint = create(&none);
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK(!found);
  checkpoint->last_s -= 700;
  CHECK_OK(crow_checkpoint_due(checkpoint, &save, &stop));
  CHECK(!save && !stop);
  checkpoint->start_s -= 1001;
  CHECK_STATUS(crow_checkpoint_due(checkpoint, &save, &stop), CROW_FAILED);
  CHECK_MESSAGE("checkpoints are off");
  CHECK(!stop && !crow_checkpoint_stopping(checkpoint));
  crow_checkpoint_destroy(&checkpoint);
}

/* ---- saves --------------------------------------------------------------------------------------------------- */

static int64_t warnings;
static void count_warnings(crow_log_level level, const char *line, void *context) {
  (void)line;
  (void)context;
  warnings += level == CROW_LOG_WARNING;
}

/* Two files in turn, numbers that rise, and the time of the longest. */
static void saves_take_turns(void) {
  const double scalars[2] = {1, 2};
  bool found = true;
  crow_checkpoint *checkpoint = create(&plain);
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK(!found);
  for (int round = 1; round <= 3; round++) {
    CHECK(checkpoint->next == !(round & 1));
    CHECK_OK(crow_checkpoint_begin(checkpoint));
    CHECK(checkpoint->contents.length == 0);
    CHECK_OK(crow_checkpoint_put_scalars(checkpoint, "state", 2, scalars));
    checkpoint->failures = 3;
    if (round == 2) checkpoint->begun_s -= 50;
    CHECK_OK(crow_checkpoint_end(checkpoint));
    CHECK(checkpoint->sequence == round && checkpoint->owned[!(round & 1)] && checkpoint->owned[1] == (round > 1));
    CHECK(checkpoint->whole && checkpoint->failures == 0 && !checkpoint->writing);
    CHECK((checkpoint->save_s >= 50) == (round >= 2) && crow_time_s() - checkpoint->last_s < 30);
  }
  crow_checkpoint_destroy(&checkpoint);
  checkpoint = create(&plain);
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  CHECK(found && checkpoint->sequence == 3 && checkpoint->next == 1 && checkpoint->whole);
  CHECK(crow_checkpoint_has(checkpoint, "state") && crow_checkpoint_scalars(checkpoint, "state") == 2);
  crow_checkpoint_forget(checkpoint);
  CHECK(!crow_checkpoint_has(checkpoint, "state"));
  CHECK_OK(crow_checkpoint_remove(checkpoint));
  CHECK(access(checkpoint->path[0], F_OK) != 0 && access(checkpoint->path[1], F_OK) != 0);
  crow_checkpoint_destroy(&checkpoint);
}

/* A save that fails in the file system is told once, where an older checkpoint is there; all else is an error. */
static void saves_that_fail_are_told_once(void) {
  crow_checkpoint *checkpoint = create(&plain);
  warnings = 0;
  crow_log_set(count_warnings, NULL);
  CHECK(crow_checkpoint_abandon(checkpoint, CROW_FILE_SYSTEM) == CROW_FILE_SYSTEM);
  checkpoint->whole = true;
  checkpoint->last_s -= 100;
  CHECK(crow_checkpoint_abandon(checkpoint, CROW_FAILED) == CROW_FAILED);
  CHECK(checkpoint->failures == 0 && warnings == 0 && crow_time_s() - checkpoint->last_s >= 100);
  for (int round = 1; round <= 3; round++) {
    CHECK_OK(crow_checkpoint_abandon(checkpoint, CROW_FILE_SYSTEM));
    CHECK(checkpoint->failures == round && crow_time_s() - checkpoint->last_s < 30);
    if (crow_comm_rank(test_comm) == 0) CHECK(warnings == 1);
  }
  crow_log_set(NULL, NULL);
  crow_checkpoint_destroy(&checkpoint);
}

/* A file that has appeared since is not this run's. */
static void files_that_appear_are_not_replaced(void) {
  bool found = true;
  crow_checkpoint *checkpoint = create(&plain);
  CHECK_OK(crow_checkpoint_find(checkpoint, &found));
  FILE *file = fopen(checkpoint->path[0], "wb");
  CHECK(file != NULL && fclose(file) == 0);
  CHECK_STATUS(crow_checkpoint_begin(checkpoint), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("a file of that name has appeared");
  CHECK_OK(crow_checkpoint_remove(checkpoint));
  CHECK(access(checkpoint->path[0], F_OK) == 0);
  CHECK(unlink(checkpoint->path[0]) == 0);
  crow_checkpoint_destroy(&checkpoint);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"vectors are digested in blocks", vectors_are_digested_in_blocks},
      {"metadata is digested in its order", metadata_is_digested_in_its_order},
      {"names are cut where they must be", names_are_cut_where_they_must_be},
      {"names say whose they are", names_say_whose_they_are},
      {"a run says what matters", a_run_says_what_matters},
      {"long texts are cut", long_texts_are_cut},
      {"saves are due after their interval", saves_are_due_after_their_interval},
      {"without checkpoints the limit is an error", without_checkpoints_the_limit_is_an_error},
      {"saves take turns", saves_take_turns},
      {"saves that fail are told once", saves_that_fail_are_told_once},
      {"files that appear are not replaced", files_that_appear_are_not_replaced},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "parts of checkpoints", tests, true);
}
