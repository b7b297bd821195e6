/* SPDX-License-Identifier: Apache-2.0 */
/* The page's tables, numbers and sentences, as text. */
#include "harness.h"

#include "report/report_impl.h"
#include <stdlib.h>

/* What a function printed. */
static char *text;
static size_t text_bytes;
static FILE *begin_text(void) {
  FILE *out = open_memstream(&text, &text_bytes);
  CHECK(out != NULL);
  return out;
}

static void expect_text(FILE *out, const char *expected) {
  (void)fclose(out);
  CHECK(strcmp(text, expected) == 0);
  if (strcmp(text, expected) != 0) printf("found:\n%s\nexpected:\n%s\n", text, expected);
  free(text);
}

static void numbers_have_the_digits_asked_for(void) {
  static const struct {
    const char *format, *expected;
    double value;
  } cases[] = {{"%.0f", "<td>12</td>", 12.4},
               {"%.0f", "<td>0</td>", -.2},
               {"%.4f", "<td>0.1235</td>", .12346},
               {"%.4f", "<td>0.0000</td>", -1e-9},
               {"%.4f", "<td>–</td>", (double)NAN},
               {"%.4g", "<td>1.235e+06</td>", 1234567},
               {"%.4g", "<td>–</td>", (double)INFINITY},
               {"%.4g", "<td>-0.5</td>", -.5},
               {"%.4g", "<td>0</td>", -0.}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    FILE *out = begin_text();
    crow_html_number(out, cases[k].format, cases[k].value);
    expect_text(out, cases[k].expected);
  }
}

static void tables_have_captions_and_heads(void) {
  FILE *out = begin_text();
  crow_html_table(out, "A & B", "<name|mean|<of <x>|n");
  crow_html_cell(out, true, "a<b");
  crow_html_cell(out, false, "\"c\"");
  crow_html_table_end(out);
  expect_text(out,
              "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"A &amp; B\"><table><caption>A &amp; "
              "B</caption>\n<thead><tr><th scope=\"col\" class=\"t\">name</th><th scope=\"col\">mean</th><th "
              "scope=\"col\" class=\"t\">of &lt;x&gt;</th><th scope=\"col\">n</th></tr></thead>\n<tbody>\n<th "
              "scope=\"row\" class=\"t\">a&lt;b</th><td class=\"t\">&quot;c&quot;</td></tbody></table></div>\n");
  out = begin_text();
  crow_html_table(out, "none", "");
  expect_text(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"none\"><table><caption>none"
                   "</caption>\n<thead><tr></tr></thead>\n<tbody>\n");
}

/* By name; what is within has both names, lists their numbers, and lists of the top tables of their own. */
static void facts_are_rows_and_lists_tables(void) {
  json_t *object =
      json_loads("{\"z\": 1.5, \"a\": \"x<y\", \"m\": {\"q\": null, \"l\": [true, 2]}, \"list\": [{\"u\": 1,"
                 " \"v\": \"w\"}, {\"v\": \"k\", \"u\": 3}], \"plain\": [7, 8], \"empty\": [], \"deep\": "
                 "[[1]]}",
                 JSON_DECODE_ANY, NULL);
  CHECK(object != NULL);
  FILE *out = begin_text();
  crow_page_print_facts(out, "Facts", object);
  const char *const row = "</td></tr>\n<tr><th scope=\"row\" class=\"t\">";
  char expected[4096];
  (void)snprintf(
      expected, sizeof expected,
      "<details><summary>Facts</summary><div class=\"wide\" tabindex=\"0\"><table class=\"facts\"><tbody>\n<tr><th "
      "scope=\"row\" class=\"t\">a</th><td class=\"t\">x&lt;y%sdeep: 1: 1</th><td class=\"t\">1%sm: l: 1</th><td "
      "class=\"t\">true%sm: l: 2</th><td class=\"t\">2%sm: q</th><td class=\"t\">–%sz</th><td "
      "class=\"t\">1.5</td></tr>\n"
      "</tbody></table></div>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"list\"><table><caption>list</caption>\n<thead><tr><th scope=\"col\" class=\"t\">u</th><th "
      "scope=\"col\" class=\"t\">v</th></tr></thead>\n<tbody>\n<tr><td class=\"t\">1</td><td "
      "class=\"t\">w</td></tr>\n<tr><td class=\"t\">3</td><td class=\"t\">k</td></tr>\n</tbody></table></div>\n<div "
      "class=\"wide\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"plain\"><table><caption>plain</caption>\n<thead><tr><th "
      "scope=\"col\" class=\"t\">value</th></tr></thead>\n<tbody>\n<tr><td class=\"t\">7</td></tr>\n<tr><td "
      "class=\"t\">8</td></tr>\n</tbody></table></div>\n</details>\n",
      row, row, row, row, row);
  expect_text(out, expected);
  json_decref(object);
  object = json_object();
  out = begin_text();
  crow_page_print_facts(out, "Facts", object);
  crow_page_print_facts(out, "Facts", NULL);
  expect_text(out, "");
  json_decref(object);
}

/* ---- sentences -----------------------------------------------------------------------------------------------------
 */

static crow_file *open_plain_file(void) {
  static const double context[2] = {0, 1}, outcome[1] = {1};
  static const int32_t first[1] = {0}, second[1] = {1};
  static const struct {
    const char *path;
    crow_type type;
    int64_t rows, columns;
    const void *values;
  } arrays[] = {{"/alternatives/context", CROW_F64, 2, 1, context},
                {"/comparisons/first", CROW_I32, 1, 0, first},
                {"/comparisons/second", CROW_I32, 1, 0, second},
                {"/comparisons/outcome", CROW_F64, 1, 0, outcome}};
  crow_file *file = NULL;
  CHECK_OK(crow_file_create(test_comm, test_path("plain.h5"), "dataset", true, &file));
  for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) {
    CHECK_OK(crow_file_define(file, arrays[k].path, arrays[k].type, arrays[k].rows, arrays[k].columns));
    CHECK_OK(crow_file_write_rows(file, arrays[k].path, 0, arrays[k].rows, arrays[k].type, arrays[k].values));
  }
  CHECK_OK(crow_file_finish(&file));
  CHECK_OK(crow_file_open(test_comm, test_path("plain.h5"), "dataset", &file));
  return file;
}

static crow_page_entry entry_of(const crow_plot_source *source, const char *description) {
  crow_page_entry e = {.source = source, .alternatives = 10, .effective = 10};
  e.description = json_loads(description, 0, NULL);
  CHECK(e.description != NULL);
  return e;
}

static void weights_are_told(void) {
  static const struct {
    int64_t alternatives, zeros;
    double effective;
    const char *description, *expected;
  } cases[] = {{1, 0, 1, "{}", "<li>one: its one alternative has all the weight.</li>\n"},
               {10, 0, 10, "{}", "<li>one: all 10 alternatives weigh the same.</li>\n"},
               {10000, 0, 9998.9, "{}", "<li>one: 10000 alternatives weigh as much as 9998.9 of equal weight.</li>\n"},
               {10, 1, 7.25, "{}",
                "<li>one: 10 alternatives weigh as much as 7.2 of equal weight; 1 of them has weight zero.</li>\n"},
               {10, 2, 7.25, "{\"attributes\": {\"clone_robust\": 1}}",
                "<li>one: 10 alternatives weigh as much as 7.2 of equal weight; 2 of them have weight zero.</li>\n"},
               {10, 0, 10, "{\"attributes\": {\"clone_robust\": 0, \"space\": \"box\"}}",
                "<li>one: all 10 alternatives weigh the same. These weights are not clone-robust: they were made in a "
                "box, whose "
                "shape follows clones.</li>\n"}};
  const crow_plot_source source = {.label = "one", .kind = CROW_IS_WEIGHTS};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_page_entry e = entry_of(&source, cases[k].description);
    e.alternatives = cases[k].alternatives;
    e.zeros = cases[k].zeros;
    e.effective = cases[k].effective;
    FILE *out = begin_text();
    crow_page_print_weights(out, &e);
    expect_text(out, cases[k].expected);
    json_decref(e.description);
  }
  char words[3 * 8] = "first\0\0\0second\0\0third\0\0";
  crow_page_entry e = entry_of(&source, "{}");
  e.words = (crow_strings){.count = 3, .width = 8, .data = words};
  FILE *out = begin_text();
  crow_page_print_weights(out, &e);
  expect_text(out, "<li>one: all 10 alternatives weigh the same.</li>\n<li>one: second.</li>\n<li>one: third.</li>\n");
  json_decref(e.description);
}

static void ends_of_fits_are_told(void) {
  static const char *const cases[][2] = {
      {"{\"attributes\": {\"converged\": 1, \"convergence_tested\": 1, \"optimality\": 0.000123}}",
       "one converged: the largest violation of the optimality condition is 0.00012."},
      {"{\"attributes\": {\"converged\": 1, \"optimality\": 0.5}}",
       "one converged: the largest violation of the optimality condition is 0.5."},
      {"{\"attributes\": {\"converged\": 0, \"convergence_tested\": 1, \"optimality\": 0.5}}",
       "one did not converge: the largest violation of the optimality condition is 0.5."},
      {"{\"attributes\": {\"converged\": 1, \"convergence_tested\": 0, \"optimality\": 0.25}}",
       "one took all its steps: the largest entry of the loss&#39;s gradient is 0.25."}};
  const crow_plot_source source = {.label = "one", .kind = CROW_IS_REWARDS};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    crow_page_entry e = entry_of(&source, cases[k][0]);
    FILE *out = begin_text();
    crow_page_print_convergence(out, &e);
    expect_text(out, cases[k][1]);
    json_decref(e.description);
  }
}

/* A result of two alternatives, of which "x" leads. */
typedef struct front {
  const char *id;
  crow_lead lead;
} front;

static void add_entry(crow_page *page, const crow_plot_source *source, const front *of, const char *digest) {
  static char ids[CROW_PLOT_MOST][CROW_NAME_BYTES];
  crow_page_entry e = entry_of(source, "{\"valid\": true, \"attributes\": {\"converged\": 1, \"optimality\": 0.1}}");
  (void)snprintf(ids[page->entries], sizeof ids[0], "%s", of->id);
  e.ends = (crow_ends){.count = 1, .ranked = 2, .id = &ids[page->entries]};
  e.front.lead = of->lead;
  (void)snprintf(e.front.rival, sizeof e.front.rival, "rival");
  (void)snprintf(e.digest, sizeof e.digest, "%s", digest);
  page->entry[page->entries++] = e;
}

static void expect_verdict(const crow_file *file, int count, const front *fronts, const char *const *digests,
                           const char *expected) {
  static crow_page page;
  crow_plot_source sources[2] = {{.path = "a.h5", .label = "one", .kind = CROW_IS_REWARDS},
                                 {.path = "b.h5", .label = "two", .kind = CROW_IS_REWARDS}};
  char whole[2048];
  page = (crow_page){0};
  for (int k = 0; k < count; k++) {
    sources[k].file = (crow_file *)(uintptr_t)file;
    add_entry(&page, &sources[k], &fronts[k], digests[k]);
  }
  FILE *out = begin_text();
  crow_page_print_verdicts(out, &page);
  (void)snprintf(whole, sizeof whole, "<ul>\n%s<li>%s: all 10 alternatives weigh the same.</li>\n</ul>\n", expected,
                 sources[count - 1].label);
  expect_text(out, whole);
  for (int k = 0; k < count; k++) json_decref(page.entry[k].description);
}

static void winners_are_told(void) {
  crow_file *file = open_plain_file();
  const double unknown = (double)NAN;
  const crow_lead plain = {0, 1, .5, unknown, false, true}, sure = {0, 1, .5, .125, false, true};
  const crow_lead close = {0, 1, .5, .4, false, false}, far = {0, 3, .5, .4, false, false};
  const crow_lead shared = {0, 1, 0, .1, true, false}, alone = {0, -1, 0, unknown, false, true};
  const front x[6] = {{"x", plain}, {"x", sure}, {"x", close}, {"x", far}, {"x", shared}, {"x", alone}};
  const char *const same[2] = {"d", "d"}, *const other[2] = {"c", "d"};
  static const char *const expected[6] = {
      "<li>The alternative of highest reward is x.</li>\n",
      "<li>The alternative of highest reward is x, by 0.5 over rival with a standard error of 0.125.</li>\n",
      "<li>The alternative of highest reward: too close to call: x leads rival by 0.5, less than two standard errors "
      "(0.4 each).</li>\n",
      "<li>The alternative of highest reward: too close to call: x leads rival by 0.5, less than two standard errors "
      "(0.4 each); the least certain lead.</li>\n",
      "<li>The alternative of highest reward: x and rival share the first rank.</li>\n",
      "<li>The alternative of highest reward is x.</li>\n"};
  for (int k = 0; k < 6; k++) expect_verdict(file, 1, &x[k], same, expected[k]);
  const front both[2] = {{"x", sure}, {"x", plain}}, differ[2] = {{"y", plain}, {"x", sure}};
  expect_verdict(file, 2, both, same, "<li>The alternative of highest reward is x, in all results.</li>\n");
  expect_verdict(file, 2, differ, same,
                 "<li>The alternative of highest reward differs between the results: in one y; in two x, by 0.5 over "
                 "rival with a standard error of 0.125.</li>\n");
  const front unclear[2] = {{"x", close}, {"x", sure}};
  expect_verdict(file, 2, unclear, same,
                 "<li>The alternative of highest reward: in one too close to call: x leads rival by 0.5, less than two "
                 "standard errors (0.4 each); in two x, by 0.5 over rival with a standard error of 0.125.</li>\n");
  /* Other alternatives are not compared. */
  expect_verdict(file, 2, differ, other,
                 "<li>The alternative of highest reward is x, by 0.5 over rival with a standard error of "
                 "0.125.</li>\n<li>The results are of different sets of alternatives, whose rewards are not compared: "
                 "the forest plot shows those of the same set as two.</li>\n");
  crow_file_close(&file);
}

static void entries_differ_by_digest_or_number(void) {
  const crow_page_entry a = {.alternatives = 3, .digest = "x"}, b = {.alternatives = 4, .digest = "x"};
  const crow_page_entry c = {.alternatives = 3, .digest = "y"}, d = {.alternatives = 3}, e = {.alternatives = 4};
  CHECK(!crow_page_entries_differ(&a, &b) && crow_page_entries_differ(&a, &c));
  CHECK(!crow_page_entries_differ(&a, &d) && crow_page_entries_differ(&a, &e) && crow_page_entries_differ(&e, &c));
}

int main(int argc, char **argv) {
  static const crow_test tests[] = {{"numbers have the digits asked for", numbers_have_the_digits_asked_for},
                                    {"tables have captions and heads", tables_have_captions_and_heads},
                                    {"facts are rows and lists tables", facts_are_rows_and_lists_tables},
                                    {"weights are told", weights_are_told},
                                    {"ends of fits are told", ends_of_fits_are_told},
                                    {"winners are told", winners_are_told},
                                    {"entries differ by digest or number", entries_differ_by_digest_or_number},
                                    {NULL, NULL}};
  return crow_test_main(argc, argv, "words of a report", tests, true);
}
