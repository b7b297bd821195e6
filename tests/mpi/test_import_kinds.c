/* SPDX-License-Identifier: Apache-2.0 */
/* Every way to say who won, in small files whose comparisons are written out by hand. */
#include "write_file.h"

#include <stdlib.h>

static crow_import_summary summary;

typedef struct expected_pair {
  const char *first, *second;
  double outcome;
} expected_pair;

/* Imports `text` as FOLDER/NAME with these options; the status. */
static crow_status import_kind(const char *name, const char *text, const crow_import_options *more) {
  crow_import_options options = *more;
  options.comparisons = write_text(name, text);
  options.output = test_path("kinds.h5");
  options.overwrite = true;
  return crow_import_run(test_comm, &options, NULL, &summary);
}

static crow_import_options with_defaults(void) {
  crow_import_options options;
  crow_settings_default(crow_import_settings, &options);
  return options;
}

/* The dataset holds these comparisons, in this order. */
static void check_pairs(const expected_pair *pairs, int64_t count) {
  crow_dataset data = {0};
  crow_strings ids = {0};
  int64_t *first = NULL, *second = NULL;
  double *outcome = NULL;
  CHECK(summary.comparisons == count);
  CHECK_OK(crow_dataset_open(test_comm, test_path("kinds.h5"), false, &data));
  CHECK(data.comparisons == count && data.alternatives == summary.alternatives);
  if (data.comparisons != count) {
    crow_dataset_close(&data);
    return;
  }
  CHECK_OK(CROW_ALLOCATE(&first, count));
  CHECK_OK(CROW_ALLOCATE(&second, count));
  CHECK_OK(CROW_ALLOCATE(&outcome, count));
  CHECK_OK(crow_dataset_read_ids(&data, 0, data.alternatives, &ids));
  CHECK_OK(crow_file_read(data.file, "/comparisons/first", 0, count, CROW_I64, first));
  CHECK_OK(crow_file_read(data.file, "/comparisons/second", 0, count, CROW_I64, second));
  CHECK_OK(crow_file_read(data.file, "/comparisons/outcome", 0, count, CROW_F64, outcome));
  for (int64_t k = 0; k < count; k++) {
    CHECK(strcmp(crow_strings_get(&ids, first[k]), pairs[k].first) == 0);
    CHECK(strcmp(crow_strings_get(&ids, second[k]), pairs[k].second) == 0);
    CHECK_NEAR(outcome[k], pairs[k].outcome, 1e-15);
  }
  crow_free(first);
  crow_free(second);
  crow_free(outcome);
  crow_strings_free(&ids);
  crow_dataset_close(&data);
}

#define PAIRS(...)                                                                                                     \
  do {                                                                                                                 \
    static const expected_pair wanted[] = {__VA_ARGS__};                                                               \
    check_pairs(wanted, (int64_t)(sizeof wanted / sizeof *wanted));                                                    \
  } while (0)

static void winners_are_sides_ids_and_ties(void) {
  const crow_import_options options = with_defaults();
  CHECK_OK(import_kind("q.csv",
                       "model_a,model_b,winner\na,x,model_a\nx,y,model_b\ny,a,y\na,y,tie\nx,a,tie (bothbad)\n"
                       "y,x,both_bad\n",
                       &options));
  CHECK(summary.alternatives == 3 && summary.ties == 3 && summary.both_bad == 2 && summary.dropped == 0);
  CHECK(summary.topics == 0 && summary.prompts == 0 && summary.dimensions == 0 && summary.texts == 0);
  CHECK(strstr(summary.how, "first is model_a, second is model_b, winner says who won") != NULL);
  PAIRS({"a", "x", 1}, {"x", "y", 0}, {"y", "a", 1}, {"a", "y", .5}, {"x", "a", .5}, {"y", "x", .5});
}

static void ties_and_both_bad_are_dropped_apart(void) {
  static const char text[] = "left,right,winner\na,b,left\na,b,tie\na,b,both_bad\nb,a,right\n";
  crow_import_options options = with_defaults();
  options.both_bad = 1;
  CHECK_OK(import_kind("q.csv", text, &options));
  CHECK(summary.ties == 2 && summary.both_bad == 1 && summary.dropped == 1);
  PAIRS({"a", "b", 1}, {"a", "b", .5}, {"b", "a", 0});
  options.ties = 1;
  CHECK_OK(import_kind("q.csv", text, &options));
  CHECK(summary.ties == 2 && summary.both_bad == 1 && summary.dropped == 2);
  PAIRS({"a", "b", 1}, {"b", "a", 0});
}

static void numbers_are_mapped_or_scaled(void) {
  crow_import_options options = with_defaults();
  options.winner_map = "0=first,1=second,2=tie,-1=both_bad";
  CHECK_OK(import_kind("q.csv", "left,right,winner\na,b,0\na,b,1\na,b,2\na,b,-1\n", &options));
  CHECK(summary.ties == 2 && summary.both_bad == 1);
  PAIRS({"a", "b", 1}, {"a", "b", 0}, {"a", "b", .5}, {"a", "b", .5});
  CHECK_STATUS(import_kind("q.csv", "left,right,winner\na,b,3\n", &options), CROW_BAD_INPUT);
  CHECK_MESSAGE("q.csv:2");
  options = with_defaults();
  options.winner_scale = "-3:3";
  CHECK_OK(import_kind("q.csv", "left,right,winner\na,b,-3\na,b,-1\na,b,0\na,b,3\n", &options));
  CHECK(summary.ties == 1);
  PAIRS({"a", "b", 1}, {"a", "b", 2. / 3}, {"a", "b", .5}, {"a", "b", 0});
  CHECK_STATUS(import_kind("q.csv", "left,right,winner\na,b,3.5\n", &options), CROW_BAD_INPUT);
  options.winner_scale = "1:5";
  CHECK_OK(import_kind("q.csv", "left,right,winner\na,b,1\na,b,2\na,b,5\n", &options));
  PAIRS({"a", "b", 1}, {"a", "b", .75}, {"a", "b", 0});
}

static void rules_that_say_nothing_are_refused(void) {
  static const struct {
    const char *columns, *map, *scale, *keep, *message;
  } cases[] = {{.columns = "first", .message = "--columns first: expected ROLE=COLUMN"},
               {.columns = "third=x", .message = "--columns third"},
               {.columns = "first=x,First=y", .message = "first is given twice"},
               {.map = "1", .message = "--winner-map 1"},
               {.map = "1=first,1=second", .message = "\"1\" is given twice"},
               {.scale = "3", .message = "--winner-scale 3"},
               {.scale = "3:3", .message = "two different numbers"},
               {.scale = "1:2", .map = "1=first", .message = "both say what"},
               {.keep = "a,,b", .message = "a name is empty"}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_import_options options = with_defaults();
    options.columns = cases[k].columns;
    options.winner_map = cases[k].map;
    options.winner_scale = cases[k].scale;
    options.keep = cases[k].keep;
    CHECK_STATUS(import_kind("q.csv", "left,right,winner\na,b,left\n", &options), CROW_USAGE);
    CHECK_MESSAGE(cases[k].message);
  }
}

static void columns_have_roles(void) {
  crow_import_options options = with_defaults();
  options.columns = "first=winner,second=left,winner=right,count=n";
  CHECK_OK(import_kind("q.csv", "n,left,right,winner\n3,b,a,a\n1,c,tie,a\n", &options));
  PAIRS({"a", "b", 1}, {"a", "c", .5});
  options = with_defaults();
  CHECK_OK(import_kind("q.csv",
                       "model_a,model_b,winner_model_a,winner_model_b,winner_tie\na,b,1,0,0\na,b,0,1,0\na,b,0,0,1\n",
                       &options));
  PAIRS({"a", "b", 1}, {"a", "b", 0}, {"a", "b", .5});
  CHECK_STATUS(import_kind("q.csv", "model_a,model_b,winner_model_a,winner_model_b,winner_tie\na,b,1,1,0\n", &options),
               CROW_BAD_INPUT);
  CHECK_OK(import_kind("q.csv", "winner,loser\na,b\nc,a\n", &options));
  PAIRS({"a", "b", 1}, {"c", "a", 1});
  CHECK_OK(import_kind("q.csv", "left;right;outcome\na;b;0.25\nb;c;1\n", &options));
  PAIRS({"a", "b", .25}, {"b", "c", 1});
  CHECK_STATUS(import_kind("q.csv", "left,right,winner\na,b,1\n", &options), CROW_BAD_INPUT);
}

/* Tabs if the header has one and no comma, semicolons if it has neither, else commas. */
static void separators_are_told_by_the_header(void) {
  const crow_import_options options = with_defaults();
  CHECK_OK(import_kind("q.csv", "left,right,winner,a;b\na,b,left,x;y\nb;c,a,tie,\n", &options));
  PAIRS({"a", "b", 1}, {"b;c", "a", .5});
  CHECK_OK(import_kind("q.csv", "left\tright\twinner\ta;b\na\tb,c\tleft\tx\n", &options));
  PAIRS({"a", "b,c", 1});
  CHECK_OK(import_kind("q.csv", "left;right;winner\na;b,c;right\n", &options));
  PAIRS({"a", "b,c", 0});
  CHECK_OK(import_kind("q.tsv", "left\tright\twinner\ta,b\na\tb;c\tright\tx\n", &options));
  PAIRS({"a", "b;c", 0});
}

/* Every two responses of a prompt, in the order of the file. */
static void scores_and_ranks_make_pairs(void) {
  crow_import_options options = with_defaults();
  static const char scores[] = "prompt,response,score\np,a,5\nq,d,1\np,b,3\np,c,4.5\nq,e,1\n";
  CHECK_OK(import_kind("s.csv", scores, &options));
  CHECK(summary.ties == 1 && summary.alternatives == 5 && summary.prompts == 2);
  PAIRS({"a", "b", 1}, {"a", "c", 1}, {"b", "c", 0}, {"d", "e", .5});
  options.score_tie = 1;
  CHECK_OK(import_kind("s.csv", scores, &options));
  CHECK(summary.ties == 2);
  PAIRS({"a", "b", 1}, {"a", "c", .5}, {"b", "c", 0}, {"d", "e", .5});
  options.score_tie = 1.5; /* below it, not at it */
  CHECK_OK(import_kind("s.csv", scores, &options));
  PAIRS({"a", "b", 1}, {"a", "c", .5}, {"b", "c", 0}, {"d", "e", .5});
  options = with_defaults();
  CHECK_OK(import_kind("s.csv", "prompt,response,rank\np,a,2\np,b,1\np,c,2\n", &options));
  PAIRS({"a", "b", 0}, {"a", "c", .5}, {"b", "c", 1});
  CHECK_STATUS(import_kind("s.csv", "prompt,response,score\np,a,1\np,a,2\n", &options), CROW_BAD_INPUT);
  CHECK_MESSAGE("s.csv:3: the same response twice in one prompt, as on line 2");
}

static void lines_of_json_are_rows(void) {
  crow_import_options options = with_defaults();
  CHECK_OK(
      import_kind("q.jsonl",
                  "{\"model_a\": \"a\", \"model_b\": \"b\", \"winner\": \"model_b\", \"turn\": 1}\n"
                  "{\"winner\": \"tie\", \"model_b\": \"\\u20ac\", \"model_a\": \"a\", \"more\": {\"deep\": [1]}}\n"
                  " {\t\"model_a\" : \"b\"\t, \"model_b\" :\t \"a\",\"winner\":\"model_a\" } \t\r\n",
                  &options));
  PAIRS({"a", "b", 0}, {"a", "\xe2\x82\xac", .5}, {"b", "a", 1});
  CHECK_STATUS(import_kind("q.jsonl",
                           "{\"model_a\": \"a\", \"model_b\": \"b\", \"winner\": \"model_b\"}\n{\"model_a\"\n",
                           &options),
               CROW_BAD_INPUT);
  CHECK_MESSAGE("q.jsonl:2");
}

/* What was kept: texts of each comparison, by column. */
static void columns_are_kept(void) {
  crow_import_options options = with_defaults();
  crow_file *file = NULL;
  int64_t shape[2];
  options.keep = "judge,lang";
  CHECK_OK(
      import_kind("q.csv", "left,right,winner,lang,judge\na,b,left,de,j1\nb,c,right,en,j2\nc,a,tie,de,j1\n", &options));
  CHECK(summary.kept == 2);
  PAIRS({"a", "b", 1}, {"b", "c", 0}, {"c", "a", .5});
  CHECK_OK(crow_file_open(test_comm, test_path("kinds.h5"), "dataset", &file));
  crow_file_shape(file, "/comparisons/label", shape);
  CHECK(shape[0] == 3 && shape[1] == 2);
  int64_t label[6] = {0};
  crow_strings value = {0}, name = {0};
  CHECK_OK(crow_file_read(file, "/comparisons/label", 0, 3, CROW_I64, label));
  crow_file_shape(file, "/comparisons/label_value", shape);
  CHECK(shape[0] == 4);
  CHECK_OK(crow_file_read_strings(file, "/comparisons/label_value", 0, 4, &value));
  CHECK_OK(crow_file_read_strings(file, "/comparisons/label_name", 0, 2, &name));
  CHECK(strcmp(crow_strings_get(&name, 0), "judge") == 0 && strcmp(crow_strings_get(&name, 1), "lang") == 0);
  static const char *const wanted[] = {"j1", "de", "j2", "en", "j1", "de"};
  for (int k = 0; k < 6; k++) CHECK(strcmp(crow_strings_get(&value, label[k]), wanted[k]) == 0);
  crow_strings_free(&value);
  crow_strings_free(&name);
  crow_file_close(&file);
  options.keep = "absent";
  CHECK_STATUS(import_kind("q.csv", "left,right,winner\na,b,left\n", &options), CROW_BAD_INPUT);
  CHECK_MESSAGE("absent");
}

/* A text of more than 256 bytes is stored whole under an id of its beginning and a digest. */
static void long_texts_are_told_apart(void) {
  const crow_import_options options = with_defaults();
  char text[2048], one[400], other[400];
  crow_dataset data = {0};
  crow_strings ids = {0};
  memset(one, 'y', sizeof one);
  memset(other, 'y', sizeof other);
  one[399] = other[399] = 0;
  other[398] = 'z';
  (void)snprintf(text, sizeof text, "prompt,chosen,rejected\np,%s,%s\n", one, other);
  CHECK_OK(import_kind("q.csv", text, &options));
  CHECK(summary.texts == 2 && summary.alternatives == 2 && summary.prompts == 1);
  CHECK_OK(crow_dataset_open(test_comm, test_path("kinds.h5"), false, &data));
  CHECK_OK(crow_dataset_read_ids(&data, 0, 2, &ids));
  CHECK(strcmp(crow_strings_get(&ids, 0), crow_strings_get(&ids, 1)) != 0);
  for (int k = 0; k < 2; k++) {
    CHECK(strlen(crow_strings_get(&ids, k)) <= 256 && strncmp(crow_strings_get(&ids, k), "yyyyyyyy", 8) == 0);
  }
  crow_strings_free(&ids);
  crow_dataset_close(&data);
}

/* 8 bytes for each number and 60 for each row of a table, with the room that it grows by; nothing for what stays in its
 * file or is not there. */
static void memory_of_contexts_goes_by_their_rows(void) {
  enum { ROWS = 2000 };
  static char text[ROWS * 16 + 16];
  size_t at = (size_t)snprintf(text, sizeof text, "id,x,y,z\n");
  for (int row = 0; row < ROWS; row++) at += (size_t)snprintf(text + at, sizeof text - at, "%04d,1,2.5,3\n", row);
  const double bytes = crow_context_source_rank_bytes(write_text("x.csv", text)), least = ROWS * (3 * 8 + 60.);
  CHECK(bytes >= least && bytes <= 1.3 * least);
  CHECK(crow_context_source_rank_bytes(test_path("absent.csv")) == 0);
  CHECK(crow_context_source_rank_bytes(write_bytes("x.npy", "\x93NUMPY\1\0", 8)) == 0);
  CHECK(crow_context_source_rank_bytes(write_bytes("x.h5", "\211HDF\r\n\032\n", 8)) == 0);
  CHECK_STATUS(crow_context_source_check_memory(test_comm, test_path("x.csv"), 1000), CROW_FAILED);
  CHECK_MESSAGE("the contexts of ");
  CHECK_OK(crow_context_source_check_memory(test_comm, test_path("x.csv"), 1e9));
  CHECK_OK(crow_context_source_check_memory(test_comm, test_path("x.npy"), 1000));
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"winners are sides, ids and ties", winners_are_sides_ids_and_ties},
                                    {"ties and both bad are dropped apart", ties_and_both_bad_are_dropped_apart},
                                    {"numbers are mapped or scaled", numbers_are_mapped_or_scaled},
                                    {"rules that say nothing are refused", rules_that_say_nothing_are_refused},
                                    {"columns have roles", columns_have_roles},
                                    {"separators are told by the header", separators_are_told_by_the_header},
                                    {"scores and ranks make pairs", scores_and_ranks_make_pairs},
                                    {"lines of JSON are rows", lines_of_json_are_rows},
                                    {"columns are kept", columns_are_kept},
                                    {"long texts are told apart", long_texts_are_told_apart},
                                    {"memory of contexts goes by their rows", memory_of_contexts_goes_by_their_rows},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "kinds of comparisons", tests, true);
}
