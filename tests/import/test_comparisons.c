/* SPDX-License-Identifier: Apache-2.0 */
#include "import/import_impl.h"
#include "write_file.h"

#include <stdlib.h>

static crow_import_alternatives alternatives;
static crow_import_comparisons comparisons;

/* Alternatives with these ids, one a line. */
static void name_alternatives(const char *ids) {
  crow_csv *csv = NULL;
  crow_bad_lines report = {0};
  char text[512];
  (void)snprintf(text, sizeof text, "id\n%s", ids);
  crow_import_alternatives_free(&alternatives);
  alternatives.source = "items.csv";
  CHECK_OK(crow_csv_open(write_text("items.csv", text), &csv));
  CHECK_OK(crow_import_read_items(csv, &alternatives, &report));
  crow_csv_close(&csv);
}

/* Reads this text with these options. */
static crow_status read_with(const char *name, const char *text, const crow_import_options *options) {
  const char *path = write_text(name, text);
  const crow_import_file file = {path, path};
  crow_import_rules rules;
  crow_import_comparisons_free(&comparisons);
  crow_status status = crow_import_rules_make(options, &rules);
  if (status == CROW_OK) status = crow_import_read_comparisons(&file, &alternatives, &rules, &comparisons);
  crow_import_rules_free(&rules);
  return status;
}

static crow_status read_text(const char *name, const char *text, bool drop_ties) {
  return read_with(name, text, &(crow_import_options){.ties = drop_ties});
}

/* Comparison k is this one. */
static void expect(int64_t k, int first, int second, double outcome) {
  const crow_import_block *block = comparisons.head;
  CHECK(block && k < block->count);
  if (!block || k >= block->count) return;
  CHECK(block->first[k] == first);
  CHECK(block->second[k] == second);
  CHECK(block->outcome[k] == outcome);
}

static void release(void) {
  crow_import_comparisons_free(&comparisons);
  crow_import_alternatives_free(&alternatives);
}

static void every_set_of_column_names_is_understood(void) {
  static const char *const headers[] = {"left,right,winner",
                                        "Model_A,Model_B,Winner",
                                        "model_x,model_y,winner",
                                        "first,second,outcome",
                                        "item_a,item_b,winner",
                                        "A,B,WINNER",
                                        "left,right,outcome",
                                        "first,second,winner",
                                        "left\tright\twinner",
                                        "\xef\xbb\xbfleft,right,winner",
                                        "\"left\",\"right\",\"winner\""};
  name_alternatives("apple\nberry\ncherry\n");
  for (size_t k = 0; k < sizeof headers / sizeof headers[0]; k++) {
    char text[256];
    const char *row = strchr(headers[k], '\t') ? "cherry\tapple\tleft\n" : "cherry,apple,left\n";
    (void)snprintf(text, sizeof text, "%s\n%s", headers[k], row);
    CHECK_OK(read_text("columns.csv", text, false));
    CHECK(comparisons.count == 1 && !comparisons.has_count);
    expect(0, 2, 0, 1);
  }
  CHECK_OK(read_text("chosen.csv", "prompt,rejected,chosen\nwhy?,apple,berry\n", false));
  expect(0, 1, 0, 1);
  release();
}

static void every_winner_label_is_understood_in_any_case(void) {
  static const struct {
    const char *label;
    double outcome;
  } cases[] = {{"left", 1},
               {"right", 0},
               {"LEFT", 1},
               {"Right", 0},
               {"model_a", 1},
               {"model_b", 0},
               {"model_x", 1},
               {"model_y", 0},
               {"first", 1},
               {"second", 0},
               {"item_a", 1},
               {"item_b", 0},
               {"a", 1},
               {"b", 0},
               {"A", 1},
               {"B", 0},
               {"tie", 0.5},
               {"Tie", 0.5},
               {"draw", 0.5},
               {"both_bad", 0.5},
               {"bothbad", 0.5},
               {"both bad", 0.5},
               {"tie (bothbad)", 0.5},
               {"tie (both bad)", 0.5},
               {"berry", 1},
               {"apple", 0},
               {"\" berry \"", -1},
               {"Berry", -1},
               {"", -1},
               {"lft", -1},
               {"2", -1},
               {"-0.5", -1},
               {"1.5", -1},
               {"nan", -1},
               {"inf", -1},
               {"0x1", -1},
               {"0.5x", -1},
               {"cherry", -1},
               {"both", -1}};
  name_alternatives("apple\nberry\ncherry\n");
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char text[256];
    (void)snprintf(text, sizeof text, "left,right,winner\nberry,apple,%s\n", cases[k].label);
    const bool good = cases[k].outcome >= 0;
    CHECK_STATUS(read_text("labels.csv", text, false), good ? CROW_OK : CROW_BAD_INPUT);
    if (good) expect(0, 1, 0, cases[k].outcome);
    if (!good) CHECK_MESSAGE("labels.csv:2: unknown winner (value \"");
    CHECK(comparisons.ties == (cases[k].outcome == 0.5));
  }
  release();
}

static void the_winners_own_id_comes_before_labels(void) {
  name_alternatives("right\na\nb\ntie\n1\n");
  CHECK_STATUS(read_text("own.csv",
                         "left,right,winner\n"
                         "right,b,right\n" /* the id of the left one, though the label says the right one */
                         "b,a,a\n"
                         "tie,b,tie\n"
                         "a,tie,b\n"
                         "b,tie,1\n",
                         false),
               CROW_BAD_INPUT);
  /* Lines 2 to 4 mean ids; lines 5 and 6 can only be labels: half the file would be read wrong. */
  CHECK_MESSAGE("own.csv:2: ambiguous winner (value \"right\")");
  CHECK_MESSAGE("as line 5 does (value \"b\")");
  CHECK_OK(read_text("own.csv",
                     "left,right,winner\n"
                     "right,b,right\n"
                     "b,a,a\n"
                     "tie,b,tie\n"
                     "b,tie,tie\n"
                     "a,b,tie\n",
                     false));
  expect(0, 0, 2, 1);
  expect(1, 2, 1, 0);
  expect(2, 3, 2, 1);
  expect(3, 2, 3, 0);
  expect(4, 1, 2, 0.5);
  CHECK(comparisons.ties == 1);
  release();
}

static void numbers_in_an_outcome_column_are_shares_never_ids(void) {
  name_alternatives("0\n1\n2\n");
  CHECK_OK(read_text("shares.csv", "first,second,outcome\n0,1,1\n2,1,1\n1,0,0\n2,0,0.5\n", false));
  expect(0, 0, 1, 1);
  expect(1, 2, 1, 1);
  expect(2, 1, 0, 0);
  expect(3, 2, 0, 0.5);
  CHECK_OK(read_text("ids.csv", "first,second,winner\n0,1,1\n2,1,1\n2,0,0\n2,1,2\n", false));
  expect(0, 0, 1, 0);
  expect(1, 2, 1, 0);
  expect(2, 2, 0, 0);
  expect(3, 2, 1, 1);
  CHECK_OK(read_text("more.csv", "first,second,outcome\n0,1,.25\n0,1,7.5e-1\n0,1,1.0\n", false));
  expect(0, 0, 1, .25);
  expect(1, 0, 1, .75);
  expect(2, 0, 1, 1);
  /* Line 2 is id 1, the second; line 3 can only be a side, and which is not guessed. */
  CHECK_STATUS(read_text("mixed.csv", "first,second,winner\n0,1,1\n0,2,1\n", false), CROW_BAD_INPUT);
  CHECK_MESSAGE("mixed.csv:3: the winner is a number (value \"1\"), whose side is not guessed: type --winner-map "
                "1=first,0=second (or 0=first,1=second), or --columns outcome=winner if it is the share");
  CHECK_STATUS(read_text("range.csv", "first,second,outcome\n0,2,2\n", false), CROW_BAD_INPUT);
  CHECK_MESSAGE("range.csv:2: unknown outcome (value \"2\")");
  release();
}

static void headers_that_are_not_understood_are_refused_with_what_is(void) {
  static const struct {
    const char *header, *message;
  } cases[] = {
      {"foo,bar,\"ba\nz\"", "the columns are \"foo\", \"bar\", \"ba\\nz\", expected left, right, winner; or model_a"},
      {"left|right|winner", "the columns are \"left|right|winner\", expected"},
      {"left,model_b,winner", "expected left, right, winner"},
      {"left,right", "the columns are \"left\", \"right\", expected one called winner (or outcome)"},
      {"left,right,winner,outcome", "a column winner and a column outcome"},
      {"left,right,model_a,model_b,winner", "left, right and model_a, model_b both name a pair"},
      {"left,right,winner,Winner", "two columns are called \"winner\""},
      {"left,Left,right,winner", "two columns are called \"left\""},
  };
  name_alternatives("a\nb\n");
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    char text[256];
    (void)snprintf(text, sizeof text, "%s\n", cases[k].header);
    CHECK_STATUS(read_text("header.csv", text, false), CROW_BAD_INPUT);
    CHECK_MESSAGE("header.csv:");
    CHECK_MESSAGE(cases[k].message);
  }
  CHECK_STATUS(read_text("none.csv", "left,right,winner\n", false), CROW_BAD_INPUT);
  CHECK_MESSAGE("none.csv: holds no comparisons");
  release();
}

static void each_bad_line_is_named_with_file_line_and_value(void) {
  name_alternatives("food-001\nfood-002\nart|1\n");
  CHECK_STATUS(read_text("bad.csv",
                         "left,right,winner,note\n"
                         "food-001,food-002,left,\"spans\ntwo lines\"\n"
                         "food-01,food-002,left,\n"
                         "food-001,food-001,left,\n"
                         "food-001,food-002,lft,\n"
                         "food-001,food-002,left\n"
                         "food-001,food-002,left,,\n",
                         false),
               CROW_BAD_INPUT);
  CHECK_MESSAGE(
      "bad.csv:4: unknown alternative (value \"food-01\"), expected an id of items.csv; did you mean \"food-001\"?\n");
  CHECK_MESSAGE("bad.csv:5: an alternative compared with itself (value \"food-001\"), expected two different ones\n");
  CHECK_MESSAGE(
      "bad.csv:6: unknown winner (value \"lft\"), expected the id of one of the two, left or right (or model_a");
  CHECK_MESSAGE("bad.csv:7: 3 fields (value \"food-001\", ...), expected 4 as in the header\n");
  CHECK_MESSAGE("bad.csv:8: 5 fields (value \"food-001\", ...), expected 4 as in the header");
  CHECK(!strstr(crow_error_message(), "more bad line"));
  CHECK(crow_error_message()[strlen(crow_error_message()) - 1] != '\n');
  release();
}

static void all_bad_lines_are_counted_and_five_are_shown(void) {
  char text[4096] = "left,right,winner\n", last[64];
  name_alternatives("a\nb\n");
  for (int k = 0; k < 5; k++) strcat(text, "a,b,no\na,b,a\n");
  CHECK_STATUS(read_text("five.csv", text, false), CROW_BAD_INPUT);
  CHECK_MESSAGE("five.csv:10: unknown winner");
  CHECK(!strstr(crow_error_message(), "more bad"));
  strcat(text, "a,b,no\n");
  CHECK_STATUS(read_text("six.csv", text, false), CROW_BAD_INPUT);
  CHECK_MESSAGE("six.csv:10: unknown winner");
  CHECK_MESSAGE("\n... and 1 more bad line");
  CHECK(!strstr(crow_error_message(), "six.csv:12"));
  for (int k = 0; k < 11; k++) strcat(text, "a,b,no\n");
  CHECK_STATUS(read_text("many.csv", text, false), CROW_BAD_INPUT);
  (void)snprintf(last, sizeof last, "\n... and 12 more bad lines");
  CHECK_MESSAGE(last);
  /* The first ones are shown and the count is kept, even when values and names are long. */
  char wide[900] = "";
  memset(wide, 'w', 800);
  strcpy(text, "left,right,winner\n");
  for (int k = 0; k < 6; k++) (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%.300s,b,a\n", wide);
  char name[201] = "";
  memset(name, 'n', 200);
  CHECK_STATUS(read_text(name, text, false), CROW_BAD_INPUT);
  CHECK_MESSAGE("nnn:6: unknown alternative (value \"wwww");
  CHECK_MESSAGE("www...\"), expected an id of items.csv");
  CHECK_MESSAGE("\n... and 1 more bad line");
  release();
}

static void values_are_shown_on_one_line_and_cut_between_characters(void) {
  char text[CROW_QUOTED_BYTES];
  CHECK(strcmp(crow_quote("a\tb\r\n\x1b[1m", text), "\"a\\tb\\r\\n\\x1b[1m\"") == 0);
  CHECK(strcmp(crow_quote("", text), "\"\"") == 0);
  for (int shift = 0; shift < 4; shift++) {
    char value[256] = "";
    for (int k = 0; k < shift; k++) strcat(value, "x");
    for (int k = 0; k < 40; k++) strcat(value, "\xe2\x82\xac");
    (void)crow_quote(value, text);
    const size_t length = strlen(text);
    CHECK(length < 76 && strcmp(text + length - 4, "...\"") == 0);
    CHECK((length - 5 - (size_t)shift) % 3 == 0);
  }
  char junk[300];
  memset(junk, '\x80', sizeof junk - 1);
  junk[sizeof junk - 1] = 0;
  CHECK(strlen(crow_quote(junk, text)) < CROW_QUOTED_BYTES);
  memset(junk, '\1', sizeof junk - 1);
  CHECK(strlen(crow_quote(junk, text)) < CROW_QUOTED_BYTES);
}

static void ties_count_half_or_are_dropped(void) {
  const char *text = "left,right,winner\na,b,tie\na,b,left\na,b,draw\nb,a,both_bad\nb,a,right\n";
  name_alternatives("apple\na\nb\n");
  CHECK_OK(read_text("ties.csv", text, false));
  CHECK(comparisons.count == 5 && comparisons.ties == 3 && comparisons.dropped == 0);
  expect(0, 1, 2, 0.5);
  CHECK_OK(read_text("ties.csv", text, true));
  CHECK(comparisons.count == 2 && comparisons.ties == 3 && comparisons.dropped == 3);
  expect(0, 1, 2, 1);
  expect(1, 2, 1, 0);
  CHECK_STATUS(read_text("only.csv", "left,right,winner\na,b,tie\n", true), CROW_BAD_INPUT);
  CHECK_MESSAGE("only.csv: all 1 comparisons are ties");
  release();
}

static void counts_are_whole_numbers_of_judgements(void) {
  name_alternatives("a\nb\n");
  CHECK_OK(read_text("count.csv", "left,right,count,outcome\na,b,3,1\na,b,1e3,0.25\na,b,4294967295,0\n", false));
  CHECK(comparisons.has_count && comparisons.count == 3);
  CHECK(comparisons.head->judgements[0] == 3 && comparisons.head->judgements[1] == 1000);
  CHECK(comparisons.head->judgements[2] == 4294967295);
  static const char *const bad[] = {"0", "-1", "1.5", "", "nan", "4294967296", "1e300", "many"};
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    char text[128], message[128];
    (void)snprintf(text, sizeof text, "left,right,winner,count\na,b,left,1\na,b,left,%s\n", bad[k]);
    CHECK_STATUS(read_text("count.csv", text, false), CROW_BAD_INPUT);
    (void)snprintf(message, sizeof message, "count.csv:3: bad count (value \"%s\"), expected a whole number", bad[k]);
    CHECK_MESSAGE(message);
  }
  release();
}

static void rows_by_number_are_checked(void) {
  crow_import_alternatives_free(&alternatives);
  alternatives.by_number = true;
  alternatives.count = 12;
  alternatives.source = "contexts.npy";
  CHECK_OK(read_text("rows.csv", "first,second,winner\n0,11,11\n3,4,3\n", false));
  expect(0, 0, 11, 0);
  expect(1, 3, 4, 1);
  static const char *const bad[] = {"12", "-1", "1.0", "food-001", "", "9999999999999999999999"};
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    char text[128], message[256];
    (void)snprintf(text, sizeof text, "first,second,winner\n%s,1,left\n", bad[k]);
    CHECK_STATUS(read_text("rows.csv", text, false), CROW_BAD_INPUT);
    (void)snprintf(message, sizeof message,
                   "rows.csv:2: unknown alternative (value \"%s\"), expected a row of contexts.npy from 0 to 11",
                   bad[k]);
    CHECK_MESSAGE(message);
  }
  release();
}

static void more_comparisons_than_a_block_keep_their_order(void) {
  enum { LINES = 2 * CROW_IMPORT_BLOCK + 17 };
  char *text = malloc((size_t)LINES * 6 + 32);
  size_t at = (size_t)sprintf(text, "a,b,winner\n");
  for (int k = 0; k < LINES; k++) at += (size_t)sprintf(text + at, "%d,%d,%c\n", k % 5, (k + 1) % 5, k % 3 ? 'a' : 'b');
  name_alternatives("0\n1\n2\n3\n4\n");
  CHECK_OK(read_text("long.csv", text, false));
  CHECK(comparisons.count == LINES);
  int64_t k = 0;
  bool right = true;
  for (const crow_import_block *block = comparisons.head; block; block = block->next) {
    for (int64_t i = 0; i < block->count; i++, k++) {
      right = right && block->first[i] == k % 5 && block->second[i] == (k + 1) % 5 && block->outcome[i] == (k % 3 != 0);
    }
  }
  CHECK(right && k == LINES);
  free(text);
  release();
}

/* Alternatives that no file lists: those that the comparisons name. */
static void open_alternatives(void) {
  crow_import_alternatives_free(&alternatives);
  alternatives.open = true;
}

/* A file with these columns is read with these options, and its first record is this. */
static const struct {
  const char *text;
  crow_import_options options;
  double outcome;
  const char *first, *second;
} PUBLISHED[] = {
    {"id,model_a,model_b,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie\n"
     "1,m1,m2,\"[\"\"q\"\"]\",x,y,0,1,0\n",
     {0},
     0,
     "m1",
     "m2"},
    {"{\"question_id\": \"q\", \"model_a\": \"m1\", \"model_b\": \"m2\", \"winner\": \"tie (bothbad)\", \"judge\": "
     "3}\n",
     {0},
     .5,
     "m1",
     "m2"},
    {"{\"chosen\": \"\\n\\nHuman: a\", \"rejected\": \"\\n\\nHuman: b\"}\n", {0}, 1, "\n\nHuman: a", "\n\nHuman: b"},
    {"winner,loser\nu,v\n", {0}, 1, "u", "v"},
    {"post_id,history,human_ref_A,human_ref_B,labels,score_A,score_B\n1,h,yes,no,1,9,2\n",
     {.columns = "winner=labels", .winner_map = "1=first,0=second"},
     1,
     "yes",
     "no"},
    {"{\"prompt\": \"p\", \"response_1\": \"r\", \"response_2\": \"s\", \"preference_strength\": -1}\n",
     {.columns = "winner=preference_strength", .winner_scale = "-3:3"},
     2. / 3,
     "r",
     "s"},
    {"{\"domain\": \"d\", \"context\": [{\"role\": \"user\"}], \"response1\": \"r\", \"response2\": \"s\", "
     "\"overall_preference\": 3, \"individual_preference\": []}\n",
     {.columns = "winner=overall_preference", .winner_scale = "-3:3"},
     0,
     "r",
     "s"},
    {"{\"prompt\": \"p\", \"response_0\": \"r\", \"response_1\": \"s\", \"better_response_id\": 1}\n",
     {.columns = "winner=better_response_id", .winner_map = "0=first,1=second"},
     0,
     "r",
     "s"},
    {"prompt,chosen,chosen_model,rejected,rejected_model,subset,id\np,c,gpt,r,llama,chat,1\n",
     {.columns = "winner=chosen_model,loser=rejected_model"},
     1,
     "gpt",
     "llama"},
    {"id,prompt,model_x,model_y,worker,winner,left,right\n1,8,A,B,58,left,B,A\n",
     {.columns = "first=left,second=right"},
     1,
     "B",
     "A"},
    {"a;b;outcome\nu;v;0.25\n", {0}, .25, "u", "v"},
    {"x,y,who,n\nu,v,Y,3\n",
     {.columns = "first=x,second=y,winner=who,count=n", .winner_map = "X=first,Y=second"},
     0,
     "u",
     "v"},
};

static void columns_as_published_are_understood(void) {
  for (size_t k = 0; k < sizeof PUBLISHED / sizeof *PUBLISHED; k++) {
    open_alternatives();
    CHECK_OK(read_with("published", PUBLISHED[k].text, &PUBLISHED[k].options));
    CHECK(comparisons.count == 1 && alternatives.count == 2);
    expect(0, 0, 1, PUBLISHED[k].outcome);
    CHECK(strcmp(crow_ids_get(&alternatives.ids, 0), PUBLISHED[k].first) == 0);
    CHECK(strcmp(crow_ids_get(&alternatives.ids, 1), PUBLISHED[k].second) == 0);
  }
  CHECK(comparisons.has_count && comparisons.head->judgements[0] == 3);
  release();
}

/* A file that is refused, with which options and words. */
typedef struct refusal {
  const char *text;
  crow_import_options options;
  const char *message;
  crow_status status;
} refusal;

static void expect_refusals(const refusal *cases, size_t count) {
  for (size_t k = 0; k < count; k++) {
    open_alternatives();
    CHECK_STATUS(read_with("refused.csv", cases[k].text, &cases[k].options), cases[k].status);
    CHECK_MESSAGE(cases[k].message);
  }
  release();
}

static void what_is_not_guessed_is_refused_with_what_to_type(void) {
  static const refusal cases[] = {
      {"prompt,response_0,response_1,better_response_id\np,r,s,1\n",
       {0},
       "type --columns first=response_0,second=response_1,winner=better_response_id --winner-map 0=first,1=second",
       CROW_BAD_INPUT},
      {"prompt,response_1,response_2,preference_strength\np,r,s,1\n",
       {0},
       "winner=preference_strength --winner-scale -3:3 (HelpSteer2: negative if the first is better)",
       CROW_BAD_INPUT},
      {"human_ref_A,human_ref_B,labels\nr,s,1\n",
       {0},
       "winner=labels --winner-map 1=first,0=second (SHP: 1 if A",
       CROW_BAD_INPUT},
      {"id,prompt,model_x,model_y,worker,winner,left,right\n1,8,A,B,58,left,B,A\n",
       {0},
       "type --columns first=left,second=right or --columns first=model_x,second=model_y",
       CROW_BAD_INPUT},
      {"left,right,winner\na,b,1\n",
       {0},
       ":2: the winner is a number (value \"1\"), whose side is not guessed",
       CROW_BAD_INPUT},
      {"chosen,rejected,winner\na,b,rejected\n",
       {0},
       ":2: the winner (value \"rejected\") contradicts the columns chosen, rejected",
       CROW_BAD_INPUT},
      {"model_a,model_b,winner_model_a,winner_model_b\na,b,1,1\n", {0}, "(value \"1 twice\")", CROW_BAD_INPUT},
      {"model_a,model_b,winner_model_a,winner_model_b\na,b,0,0\n", {0}, "(value \"no 1\")", CROW_BAD_INPUT},
      {"response,score\na,1\n", {0}, "type --columns prompt=COLUMN", CROW_BAD_INPUT},
      {"prompt,response,score\np,a,1\nq,b,1\n", {0}, "no prompt has two responses", CROW_BAD_INPUT},
      {"prompt,response,score\np,a,x\n", {0}, ":2: bad score (value \"x\")", CROW_BAD_INPUT},
      {"prompt,response,score\np,a,1\np,a,2\n",
       {0},
       ":3: the same response twice in one prompt, as on line 2",
       CROW_BAD_INPUT},
  };
  expect_refusals(cases, sizeof cases / sizeof *cases);
}

static void options_that_do_not_suit_the_file_are_refused(void) {
  static const refusal cases[] = {
      {"left,right,winner\na,b,2\n",
       {.winner_map = "0=first,1=second"},
       ":2: unknown winner (value \"2\"), expected one of --winner-map: 0, 1",
       CROW_BAD_INPUT},
      {"left,right,winner\na,b,4\n",
       {.winner_scale = "-3:3"},
       "expected a number of --winner-scale, from -3 to 3",
       CROW_BAD_INPUT},
      {"left,right,winner\na,b,left\n",
       {.keep = "judge"},
       "has no column \"judge\", which --keep names",
       CROW_BAD_INPUT},
      {"left,right,winner\na,b,left\n",
       {.columns = "winner=who"},
       "has no column \"who\", which --columns names",
       CROW_BAD_INPUT},
      {"left,right,winner\na,b,left\n", {.columns = "first=left"}, "expected first and second together", CROW_USAGE},
      {"left,right,winner\na,b,left\n", {.columns = "who=winner"}, "--columns who: expected ROLE=COLUMN", CROW_USAGE},
      {"left,right,winner\na,b,left\n", {.winner_map = "0=left"}, "expected VALUE=SIDE", CROW_USAGE},
      {"left,right,winner\na,b,left\n", {.winner_scale = "3"}, "--winner-scale 3: expected A:B", CROW_USAGE},
      {"left,right,winner\na,b,left\n", {.score_tie = 1}, "--score-tie is for scores", CROW_USAGE},
      {"left,right,outcome\na,b,1\n",
       {.winner_map = "0=first,1=second"},
       "--winner-map is for a column winner",
       CROW_USAGE},
  };
  expect_refusals(cases, sizeof cases / sizeof *cases);
}

static void every_two_responses_of_a_prompt_are_compared(void) {
  static const char scores[] = "prompt,response,score\np,a,1\nq,d,5\np,b,3\np,c,1.25\nq,e,5\n";
  open_alternatives();
  CHECK_OK(read_text("scores.csv", scores, false));
  CHECK(comparisons.count == 4 && comparisons.ties == 1);
  expect(0, 0, 2, 0); /* ids in the order of their lines: a d b c e */
  expect(1, 0, 3, 0);
  expect(2, 2, 3, 1);
  expect(3, 1, 4, .5);
  open_alternatives();
  CHECK_OK(read_with("scores.csv", scores, &(crow_import_options){.score_tie = .5}));
  CHECK(comparisons.ties == 2);
  expect(1, 0, 3, .5);
  open_alternatives();
  CHECK_OK(read_text("ranks.csv", "prompt,response,rank\np,a,2\np,b,1\np,c,3\n", false));
  expect(0, 0, 1, 0);
  expect(1, 0, 2, 1);
  expect(2, 1, 2, 1);
  release();
}

static void both_bad_is_counted_apart(void) {
  static const char text[] = "model_a,model_b,winner\na,b,both_bad\na,b,tie\na,b,tie (bothbad)\na,b,model_a\n";
  open_alternatives();
  CHECK_OK(read_text("bad.csv", text, false));
  CHECK(comparisons.count == 4 && comparisons.ties == 3 && comparisons.both_bad == 2 && comparisons.dropped == 0);
  CHECK_OK(read_with("bad.csv", text, &(crow_import_options){.both_bad = 1}));
  CHECK(comparisons.count == 2 && comparisons.both_bad == 2 && comparisons.dropped == 2);
  expect(0, 0, 1, .5);
  CHECK_OK(read_with("map.csv", "left,right,winner\na,b,9\n", &(crow_import_options){.winner_map = "9=both_bad"}));
  CHECK(comparisons.both_bad == 1 && comparisons.ties == 1);
  release();
}

/* The value of kept column `column` of comparison k. */
static const char *kept(int64_t k, int64_t column) {
  return crow_ids_get(&comparisons.values, comparisons.head->label[k * comparisons.keep_count + column]);
}

static void columns_are_kept_with_their_comparisons(void) {
  open_alternatives();
  CHECK_OK(read_with("keep.csv",
                     "left,right,winner,judge,language\na,b,left,j1,English\na,b,tie,j2,\nb,a,left,j1,English\n",
                     &(crow_import_options){.keep = "language,judge"}));
  CHECK(comparisons.keep_count == 2 && strcmp(crow_ids_get(&comparisons.kept, 0), "language") == 0);
  CHECK(comparisons.values.count == 4);
  CHECK(strcmp(kept(0, 0), "English") == 0 && strcmp(kept(0, 1), "j1") == 0);
  CHECK(strcmp(kept(1, 0), "") == 0 && strcmp(kept(1, 1), "j2") == 0 && strcmp(kept(2, 1), "j1") == 0);
  CHECK_OK(read_with("keep.csv", "prompt,response,score,judge\np,a,1,j1\np,b,2,j1\n",
                     &(crow_import_options){.keep = "judge,prompt"}));
  CHECK(strcmp(kept(0, 0), "j1") == 0 && strcmp(kept(0, 1), "p") == 0);
  CHECK_STATUS(read_with("keep.csv", "prompt,response,score,judge\np,a,1,j1\np,b,2,j2\n",
                         &(crow_import_options){.keep = "judge"}),
               CROW_BAD_INPUT);
  CHECK_MESSAGE("keep.csv:3: judge, which --keep names, differs from line 2");
  release();
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"columns as published are understood", columns_as_published_are_understood},
      {"what is not guessed is refused with what to type", what_is_not_guessed_is_refused_with_what_to_type},
      {"options that do not suit the file are refused", options_that_do_not_suit_the_file_are_refused},
      {"every two responses of a prompt are compared", every_two_responses_of_a_prompt_are_compared},
      {"both bad is counted apart", both_bad_is_counted_apart},
      {"columns are kept with their comparisons", columns_are_kept_with_their_comparisons},
      {"every set of column names is understood", every_set_of_column_names_is_understood},
      {"every winner label is understood in any case", every_winner_label_is_understood_in_any_case},
      {"the winner's own id comes before labels", the_winners_own_id_comes_before_labels},
      {"numbers in an outcome column are shares, never ids", numbers_in_an_outcome_column_are_shares_never_ids},
      {"headers that are not understood are refused", headers_that_are_not_understood_are_refused_with_what_is},
      {"each bad line is named with file, line and value", each_bad_line_is_named_with_file_line_and_value},
      {"all bad lines are counted and five are shown", all_bad_lines_are_counted_and_five_are_shown},
      {"values are shown on one line, cut between characters", values_are_shown_on_one_line_and_cut_between_characters},
      {"ties count half or are dropped", ties_count_half_or_are_dropped},
      {"counts are whole numbers of judgements", counts_are_whole_numbers_of_judgements},
      {"rows by number are checked", rows_by_number_are_checked},
      {"more comparisons than a block keep their order", more_comparisons_than_a_block_keep_their_order},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "import comparisons", tests, false);
}
