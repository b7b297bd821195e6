/* SPDX-License-Identifier: Apache-2.0 */
#include "import/import_impl.h"
#include "write_file.h"

#include <stdlib.h>

static crow_import_alternatives alternatives;

/* Reads these files; NULL: none. */
static crow_status read_files(const char *items, const char *contexts) {
  const crow_import_file files[2] = {{items, items}, {contexts, contexts}};
  return crow_import_read_alternatives(&files[0], &files[1], NULL, &alternatives);
}

/* Reads these texts as items.csv (NULL: none) and contexts.csv. */
static crow_status read_texts(const char *items, const char *contexts) {
  crow_import_alternatives_free(&alternatives);
  const char *items_path = items ? write_text("items.csv", items) : NULL;
  return read_files(items_path, write_text("contexts.csv", contexts));
}

/* A .npy file of n x 2 float64. */
static const char *write_npy(int n) {
  char file[1024] = "\x93NUMPY\1\0\x76";
  char *header = file + 10;
  memset(header, ' ', 118);
  const int length = snprintf(header, 118, "{'descr': '<f8', 'fortran_order': False, 'shape': (%d, 2), }", n);
  header[length] = ' ';
  header[117] = '\n';
  return write_bytes("contexts.npy", file, 128 + (size_t)n * 16);
}

static void items_keep_their_order_topics_and_odd_names(void) {
  CHECK_OK(read_texts("text,ID,Topic\n"
                      "\"a, b\nc\",food-1,food\n"
                      ",\"Zo\xc3\xab, \"\"the\"\" 2nd\",\n"
                      "x,art|1,art\n"
                      "x,food-2,food\n",
                      "id,x\nfood-2,4\nart|1,3\n\"Zo\xc3\xab, \"\"the\"\" 2nd\",2\nfood-1,1\n"));
  CHECK(alternatives.count == 4 && alternatives.dimensions == 1 && alternatives.has_topic && !alternatives.by_number);
  CHECK(strcmp(crow_ids_get(&alternatives.ids, 1), "Zo\xc3\xab, \"the\" 2nd") == 0);
  static const char *const topics[] = {"food", "", "art", "food"};
  for (int k = 0; k < 4; k++) {
    CHECK(strcmp(crow_ids_get(&alternatives.topics, alternatives.topic[k]), topics[k]) == 0);
    CHECK(alternatives.context[k] == k + 1); /* joined by id, in the order of the items */
  }
  CHECK(crow_import_find(&alternatives, "food-2") == 3);
  CHECK(crow_import_find(&alternatives, "food-3") == -1);
  CHECK(crow_import_find(&alternatives, "0") == -1);
  crow_import_alternatives_free(&alternatives);
}

static void contexts_with_ids_need_no_items(void) {
  CHECK_OK(read_texts(NULL, "x,id,y\r\n1,a,-2.5\r\n1e-3,b,+4\r\n"));
  CHECK(alternatives.count == 2 && alternatives.dimensions == 2 && !alternatives.has_topic);
  const double expected[4] = {1, -2.5, 1e-3, 4};
  CHECK(memcmp(alternatives.context, expected, sizeof expected) == 0);
  CHECK(crow_import_find(&alternatives, "b") == 1);
  crow_import_alternatives_free(&alternatives);
}

/* Each file's first number, and how many rows and names of dimensions it has. */
static void numbers_without_ids_are_rows_in_order(void) {
  static const struct {
    const char *text;
    int rows, names;
    double first;
  } cases[] = {{"x,y\n1,2\n3,4\n", 2, 2, 1}, {"5,6\n1,2\n3,4\n", 3, 0, 5}, /* no header */
               {"0,1\n7,2\n3,4\n", 2, 2, 7},                               /* numbers of columns are a header */
               {"9\n1\n", 2, 0, 9},                                        /* one column */
               {"x;y\n1.5;2\n", 1, 2, 1.5},  {"x\ty\n2.5\t2\n", 1, 2, 2.5}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    CHECK_OK(read_texts(NULL, cases[k].text));
    CHECK(alternatives.by_number && alternatives.count == cases[k].rows);
    CHECK(alternatives.columns.count == cases[k].names && alternatives.context[0] == cases[k].first);
    CHECK(crow_import_find(&alternatives, "0") == 0);
  }
  CHECK_OK(read_texts("id\nb\na\n", "x,y\n1,2\n3,4\n"));
  CHECK(!alternatives.by_number && crow_import_find(&alternatives, "a") == 1 && alternatives.context[2] == 3);
  crow_import_alternatives_free(&alternatives);
}

static void long_texts_have_short_names(void) {
  crow_strings names = {0};
  int64_t shortened = 0, number = 0;
  bool added = false;
  crow_ids ids = {0};
  char text[400], other[400];
  memset(text, 'x', sizeof text);
  text[399] = 0;
  memcpy(other, text, sizeof other);
  other[398] = 'y'; /* they differ beyond what a name shows */
  static const char *const plain[] = {"a name", "\n\nHuman: why?\n\nAssistant: so", "\xc3\xa9t\xc3\xa9"};
  for (int k = 0; k < 3; k++) CHECK_OK(crow_ids_add(&ids, plain[k], k, &number, &added));
  CHECK_OK(crow_ids_add(&ids, text, 3, &number, &added));
  CHECK_OK(crow_ids_add(&ids, other, 4, &number, &added));
  CHECK_OK(crow_import_names(&ids, &names, &shortened));
  CHECK(shortened == 3 && names.count == 5);
  CHECK(strcmp(crow_strings_get(&names, 0), "a name") == 0 && strcmp(crow_strings_get(&names, 2), plain[2]) == 0);
  CHECK(strncmp(crow_strings_get(&names, 1), "Human: why? Assistant: so #", 27) == 0);
  CHECK(strncmp(crow_strings_get(&names, 3), crow_strings_get(&names, 4), 48) == 0);
  CHECK(strcmp(crow_strings_get(&names, 3), crow_strings_get(&names, 4)) != 0 && names.width < 90);
  crow_strings_free(&names);
  crow_ids_free(&ids);
}

static void npy_rows_belong_to_items_in_order_or_are_named_by_number(void) {
  crow_import_alternatives_free(&alternatives);
  CHECK_OK(read_files(write_text("items.csv", "id\nb\na\n"), write_npy(2)));
  CHECK(alternatives.count == 2 && alternatives.dimensions == 2 && !alternatives.by_number);
  CHECK(crow_import_find(&alternatives, "b") == 0);
  crow_import_alternatives_free(&alternatives);
  CHECK_OK(read_files(NULL, write_npy(3)));
  CHECK(alternatives.count == 3 && alternatives.by_number && alternatives.ids.count == 0);
  CHECK(crow_import_find(&alternatives, "2") == 2);
  CHECK(crow_import_find(&alternatives, "3") == -1);
  crow_import_alternatives_free(&alternatives);
  CHECK_STATUS(read_files(write_text("items.csv", "id\nb\na\n"), write_npy(3)), CROW_BAD_INPUT);
  CHECK_MESSAGE("contexts.npy: has 3 rows, expected 2: one for each item of ");
  CHECK_MESSAGE("items.csv");
  crow_import_alternatives_free(&alternatives);
}

static void bad_items_are_named(void) {
  CHECK_STATUS(read_texts("id,topic\na,1\nb,1\na,2\n,2\nc,\xff\n", "id,x\na,1\n"), CROW_BAD_INPUT);
  CHECK_MESSAGE("items.csv:4: duplicate id (value \"a\"), expected each id once; line 2 has it too\n");
  CHECK_MESSAGE("items.csv:5: the id is empty (value \"\"), expected 1 to 65536 bytes of UTF-8\n");
  CHECK_MESSAGE("items.csv:6: the topic is not UTF-8");
  CHECK_STATUS(read_texts("id\n\xc3\x28\n", "id,x\na,1\n"), CROW_BAD_INPUT);
  CHECK_MESSAGE("items.csv:2: the id is not UTF-8");
  static char text[66000] = "id\n";
  memset(text + 3, 'i', 65537);
  CHECK_STATUS(read_texts(text, "id,x\na,1\n"), CROW_BAD_INPUT);
  CHECK_MESSAGE("items.csv:2: the id is longer than 65536 bytes (value \"iiii");
  CHECK_STATUS(read_texts("name,topic\na,b\n", "id,x\na,1\n"), CROW_BAD_INPUT);
  CHECK_MESSAGE("items.csv: the columns are \"name\", \"topic\", expected one called id");
  CHECK_STATUS(read_texts("id\n", "id,x\na,1\n"), CROW_BAD_INPUT);
  CHECK_MESSAGE("items.csv: holds no items");
  crow_import_alternatives_free(&alternatives);
}

static void bad_contexts_are_named(void) {
  CHECK_STATUS(read_texts(NULL, "id,x,y\na,1,2\nb,nan,3\nc,1,inf\nd,1,\ne,1e999,1\nf,one,2\ng,1\na,5,6\n"),
               CROW_BAD_INPUT);
  CHECK_MESSAGE("contexts.csv:3: column \"x\" is not a number (value \"nan\"), expected a finite number in every "
                "column but id\n");
  CHECK_MESSAGE("contexts.csv:4: column \"y\" is not a number (value \"inf\")");
  CHECK_MESSAGE("contexts.csv:5: column \"y\" is not a number (value \"\")");
  CHECK_MESSAGE("contexts.csv:6: column \"x\" is not a number (value \"1e999\")");
  CHECK_MESSAGE("contexts.csv:7: column \"x\" is not a number (value \"one\")");
  CHECK_MESSAGE("\n... and 2 more bad lines");
  CHECK_STATUS(read_texts(NULL, "id\na\n"), CROW_BAD_INPUT);
  CHECK_MESSAGE("contexts.csv: the only column is id");
  CHECK_STATUS(read_texts(NULL, "name,y\na,2\n"), CROW_BAD_INPUT);
  CHECK_MESSAGE("contexts.csv:2: column \"name\" is not a number (value \"a\"), expected a finite number");
  CHECK_STATUS(read_texts(NULL, ",x\n0,2\n"), CROW_BAD_INPUT);
  CHECK_MESSAGE("contexts.csv: column 1 has no name: call it id");
  CHECK_STATUS(read_texts("id\na\nb\n", "x,y\n1,2\n"), CROW_BAD_INPUT);
  CHECK_MESSAGE("contexts.csv: has 1 rows, expected 2: one for each item of ");
  CHECK_STATUS(read_texts(NULL, "id,x\na,1e-400\n"), CROW_BAD_INPUT);
  CHECK_MESSAGE("contexts.csv:2: column \"x\" is not a number (value \"1e-400\")");
  CHECK_STATUS(read_texts(NULL, "id,x\n"), CROW_BAD_INPUT);
  CHECK_MESSAGE("contexts.csv: holds no contexts");
  CHECK_STATUS(read_files(NULL, test_path("absent.csv")), CROW_FILE_SYSTEM);
  CHECK_MESSAGE("absent.csv: cannot be opened");
  crow_import_alternatives_free(&alternatives);
}

static void what_does_not_join_is_named(void) {
  CHECK_STATUS(
      read_texts("id\nfood-001\nfood-002\nfood-003\n", "id,x\nfood-001,1\nfood-01,2\nfood-001,3\nfood-003,4\n"),
      CROW_BAD_INPUT);
  CHECK_MESSAGE("contexts.csv:3: unknown id (value \"food-01\"), expected an id of ");
  CHECK_MESSAGE("items.csv; did you mean \"food-001\"?");
  CHECK_MESSAGE("contexts.csv:4: duplicate id (value \"food-001\"), expected each id once; line 2 has it too\n");
  CHECK_MESSAGE("items.csv:3: an item without context (value \"food-002\"), expected a line for it in ");
  crow_import_alternatives_free(&alternatives);
}

static void many_ids_are_found_again(void) {
  enum { MANY = 100000 };
  crow_ids ids = {0};
  char name[32];
  bool right = true, added = false;
  int64_t number = -1;
  for (int k = 0; k < MANY; k++) {
    (void)snprintf(name, sizeof name, "item-%06d", k);
    CHECK_OK(crow_ids_add(&ids, name, k + 2, &number, &added));
    right = right && added && number == k;
  }
  for (int k = MANY - 1; k >= 0; k -= 7) {
    (void)snprintf(name, sizeof name, "item-%06d", k);
    right = right && crow_ids_find(&ids, name) == k && strcmp(crow_ids_get(&ids, k), name) == 0;
    CHECK_OK(crow_ids_add(&ids, name, 1, &number, &added));
    right = right && !added && number == k && ids.line[k] == k + 2;
  }
  CHECK(right && ids.count == MANY);
  CHECK(crow_ids_find(&ids, "item-100000") == -1);
  CHECK(crow_ids_find(&ids, "") == -1);
  crow_ids_free(&ids);
  CHECK(crow_ids_find(&ids, "item-000001") == -1);
}

static void a_failed_allocation_is_a_status_and_leaves_nothing(void) {
  const char *items = write_text("items.csv", "id,topic\na,1\nb,2\n");
  const char *contexts = write_text("contexts.csv", "id,x\nb,1\na,2\n");
  int failed = 0;
  for (int64_t countdown = 1; countdown < 60; countdown++) {
    crow_memory_fail_after(countdown);
    const crow_status status = read_files(items, contexts);
    crow_memory_fail_after(-1);
    CHECK(status == CROW_OK || status == CROW_FAILED);
    failed += status == CROW_FAILED;
    crow_import_alternatives_free(&alternatives);
  }
  CHECK(failed > 20 && failed < 59);
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {
      {"numbers without ids are rows in order", numbers_without_ids_are_rows_in_order},
      {"long texts have short names", long_texts_have_short_names},
      {"items keep their order, topics and odd names", items_keep_their_order_topics_and_odd_names},
      {"contexts with ids need no items", contexts_with_ids_need_no_items},
      {"npy rows belong to items in order or are named by number",
       npy_rows_belong_to_items_in_order_or_are_named_by_number},
      {"bad items are named", bad_items_are_named},
      {"bad contexts are named", bad_contexts_are_named},
      {"what does not join is named", what_does_not_join_is_named},
      {"many ids are found again", many_ids_are_found_again},
      {"a failed allocation is a status", a_failed_allocation_is_a_status_and_leaves_nothing},
      {NULL, NULL}};
  return crow_test_main(argc, argv, "import alternatives", tests, false);
}
