/* SPDX-License-Identifier: Apache-2.0 */
/* What the process has one of: the log, progress, the request to stop; and texts, settings' words, versions. */
#include "harness.h"
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct heard {
  int lines;
  crow_log_level level;
  char last[256];
} heard;

static void hear(crow_log_level level, const char *line, void *context) {
  heard *h = context;
  h->lines++;
  h->level = level;
  (void)snprintf(h->last, sizeof h->last, "%s", line);
}

static void lines_go_to_the_receiver_unless_hushed(void) {
  heard h = {0};
  crow_log(CROW_LOG_WARNING, "nobody hears");
  crow_log_set(hear, &h);
  crow_log(CROW_LOG_WARNING, "%d of %s", 3, "four");
  CHECK(h.lines == 1 && h.level == CROW_LOG_WARNING && strcmp(h.last, "3 of four") == 0);
  crow_log_hush(true);
  crow_log(CROW_LOG_INFO, "hushed");
  CHECK(h.lines == 1);
  crow_log_hush(false);
  crow_log(CROW_LOG_INFO, "again");
  CHECK(h.lines == 2 && h.level == CROW_LOG_INFO);
  crow_log_set(NULL, NULL);
  crow_log(CROW_LOG_INFO, "nobody hears");
  CHECK(h.lines == 2);
}

/* With interval 0 every update is a line; with a long one none is. */
static void progress_says_how_much_is_done(void) {
  heard h = {0};
  crow_progress progress;
  crow_log_set(hear, &h);
  crow_progress_interval_set(0);
  crow_progress_begin(&progress, "weights", "samples", 200);
  crow_progress_update(&progress, 50);
  CHECK(h.lines == 1 && h.level == CROW_LOG_PROGRESS);
  CHECK(strncmp(h.last, "weights: 50 of 200 samples (25.0 %), ", 37) == 0);
  crow_progress_update(&progress, 200);
  CHECK(h.lines == 2 && strstr(h.last, "(100.0 %)") && strstr(h.last, ", 0 s left"));
  crow_progress_interval_set(1e9);
  crow_progress_update(&progress, 60);
  CHECK(h.lines == 2);
  crow_progress_interval_set(30);
  crow_log_set(NULL, NULL);
}

/* What write() puts on standard error while a call lasts. */
static void emergency_to(const char *path, const char *command) {
  const int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600), kept = dup(STDERR_FILENO);
  CHECK(file >= 0 && kept >= 0 && dup2(file, STDERR_FILENO) >= 0);
  crow_log_emergency_name(command);
  crow_log_emergency("lost ", "everything", NULL);
  CHECK(dup2(kept, STDERR_FILENO) >= 0);
  (void)close(kept);
  (void)close(file);
  crow_log_emergency_name(NULL);
}

static void emergencies_are_one_line_on_standard_error(void) {
  const char *const commands[] = {NULL, "fit"};
  const char *const expected[] = {"crow: error: lost everything\n", "crow fit: error: lost everything\n"};
  for (int k = 0; k < 2; k++) {
    char line[128] = "";
    const char *path = test_path("emergency");
    emergency_to(path, commands[k]);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    if (!file) continue;
    const size_t bytes = fread(line, 1, sizeof line - 1, file);
    CHECK(bytes == strlen(expected[k]) && strcmp(line, expected[k]) == 0);
    (void)fclose(file);
  }
}

static void a_request_or_the_clock_stops_work(void) {
  crow_stop_clear();
  CHECK(crow_stop_requested() == 0);
  CHECK_OK(crow_stop_check("counting"));
  crow_stop_deadline(crow_time_s() + 3600);
  CHECK_OK(crow_stop_check("counting"));
  crow_stop_deadline(crow_time_s() - 1);
  CHECK_STATUS(crow_stop_check("counting"), CROW_STOPPED);
  CHECK_MESSAGE("time limit in counting");
  crow_stop_request(12);
  CHECK(crow_stop_requested() == 12);
  CHECK_STATUS(crow_stop_check("sorting"), CROW_STOPPED);
  CHECK_MESSAGE("signal 12 in sorting");
  crow_stop_clear();
  CHECK_OK(crow_stop_check("sorting"));
}

static void a_test_may_raise_the_signal_at_a_stage(void) {
  void (*before)(int) = signal(SIGTERM, crow_stop_request);
  crow_stop_at("second");
  CHECK_OK(crow_stop_check("first"));
  CHECK_STATUS(crow_stop_check("second"), CROW_STOPPED);
  CHECK(crow_stop_requested() == SIGTERM);
  crow_stop_clear();
  CHECK_OK(crow_stop_check("second")); /* once */
  (void)signal(SIGTERM, before);
}

static void clocks_only_go_forward(void) {
  const double start = crow_time_s(), cpu = crow_time_cpu_s();
  double work = 0;
  while (crow_time_cpu_s() - cpu < 1e-3) work += sqrt(work + 1);
  CHECK(work > 0 && crow_time_s() >= start && crow_time_cpu_s() > cpu);
}

static void texts_are_copied(void) {
  char text[] = "abc", *copy = text;
  CHECK_OK(crow_string_copy(NULL, &copy));
  CHECK(copy == NULL);
  CHECK_OK(crow_string_copy(text, &copy));
  text[0] = 'x';
  CHECK(copy && strcmp(copy, "abc") == 0);
  crow_free(copy);
  CHECK_OK(crow_allocate_raw(0, 8, (void **)&copy));
  CHECK(copy == NULL);
  crow_free(NULL);
}

/* In UTF-8: a letter of two bytes is one column, an ideogram two. */
static void texts_fit_their_columns(void) {
  char out[64];
  if (!setlocale(LC_CTYPE, "C.UTF-8")) return; /* no such locale here */
  const struct {
    const char *text;
    int most;
    const char *out;
    int width;
  } cases[] = {{"plain", 0, "plain", 5},
               {"plain", 5, "plain", 5},
               {"plain", 4, "pla\xe2\x80\xa6", 4},
               {"a\tb\x1b[1m", 0, "a?b?[1m", 7},
               {"\xc3\xa9t\xc3\xa9", 3, "\xc3\xa9t\xc3\xa9", 3},
               {"\xc3\xa9t\xc3\xa9s", 3, "\xc3\xa9t\xe2\x80\xa6", 3},
               {"\xff\xfe", 0, "??", 2},
               {"\xe4\xb8\xad\xe6\x96\x87", 4, "\xe4\xb8\xad\xe6\x96\x87", 4},
               {"\xe4\xb8\xad\xe6\x96\x87", 3, "\xe4\xb8\xad\xe2\x80\xa6", 3},
               {"", 3, "", 0}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    CHECK(crow_text_fit(cases[k].text, cases[k].most, out, sizeof out) == cases[k].width);
    CHECK(strcmp(out, cases[k].out) == 0);
  }
  /* Less room than columns. */
  CHECK(crow_text_fit("0123456789", 0, out, 8) < 8 && strlen(out) < 8);
  (void)setlocale(LC_CTYPE, "C");
}

static void words_and_numbers_of_messages(void) {
  char word[16];
  crow_nearest_word("wieghts", "audit|weights|fit", word, sizeof word);
  CHECK(strcmp(word, "weights") == 0);
  crow_nearest_word("x", "a|b", word, sizeof word); /* the first of equally near ones */
  CHECK(strcmp(word, "a") == 0);
  crow_nearest_word("longest-of-all", "a|longest-of-all-words", word, sizeof word);
  CHECK(strcmp(word, "longest-of-all-") == 0); /* cut to its room */
  CHECK(crow_plural(1)[0] == 0 && strcmp(crow_plural(0), "s") == 0 && strcmp(crow_plural(2), "s") == 0);
  for (int type = CROW_SETTING_BOOL; type <= CROW_SETTING_CHECKPOINT; type++) {
    const bool text = type != CROW_SETTING_BOOL && type != CROW_SETTING_INT && type != CROW_SETTING_DOUBLE &&
                      type != CROW_SETTING_CHOICE;
    CHECK(crow_setting_is_text((crow_setting_type)type) == text);
  }
}

static void versions_are_told(void) {
  int part[3];
  CHECK(sscanf(crow_version(), "%d.%d.%d", &part[0], &part[1], &part[2]) == 3);
  CHECK(strspn(crow_git_hash(), "0123456789abcdef") >= (crow_git_hash()[0] ? 7U : 0U));
  CHECK(crow_blas_core()[0] != 0 && crow_blas_version()[0] != 0);
  CHECK_OK(crow_blas_reserve(1));
}

static const crow_test tests[] = {
    {"lines go to the receiver unless hushed", lines_go_to_the_receiver_unless_hushed},
    {"progress says how much is done", progress_says_how_much_is_done},
    {"emergencies are one line on standard error", emergencies_are_one_line_on_standard_error},
    {"a request or the clock stops work", a_request_or_the_clock_stops_work},
    {"a test may raise the signal at a stage", a_test_may_raise_the_signal_at_a_stage},
    {"clocks only go forward", clocks_only_go_forward},
    {"texts are copied", texts_are_copied},
    {"texts fit their columns", texts_fit_their_columns},
    {"words and numbers of messages", words_and_numbers_of_messages},
    {"versions are told", versions_are_told},
    {NULL, NULL}};

int main(int argc, char **argv) { return crow_test_main(argc, argv, "process", tests, false); }
