/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/compare_impl.h"
#include <string.h>

typedef struct compare_options {
  int by;
  int64_t top;
} compare_options;

enum { BY_TOPIC, BY_ALTERNATIVE };

static const crow_setting compare_settings[] = {
    {.name = "by",
     .type = CROW_SETTING_CHOICE,
     .offset = offsetof(compare_options, by),
     .value = BY_ALTERNATIVE,
     .choices = "topic|alternative",
     .help = "what the rows are: topics with the mean and standard deviation of their rewards, or alternatives with "
             "rank and reward"},
    {.name = "top",
     .type = CROW_SETTING_INT,
     .offset = offsetof(compare_options, top),
     .value = 20,
     .minimum = 0,
     .maximum = 1e9,
     .help = "with --by alternative: how many of the last result's best are shown; 0: all"},
    {0}};

static const crow_section sections[] = {{"Rows", compare_settings, 0}, {0}};

/* The file's name without folder and ".h5". */
static void name_of(const char *path, char *name, size_t bytes) {
  const char *slash = strrchr(path, '/');
  const char *base = slash ? slash + 1 : path;
  const size_t length = strlen(base);
  const bool suffix = length > 3 && strcmp(base + length - 3, ".h5") == 0;
  (void)snprintf(name, bytes, "%.*s", (int)(suffix ? length - 3 : length), base);
}

static crow_status open_result(const crow_run *run, const char *path, crow_compared *result) {
  crow_status status = CROW_OK;
  int64_t shape[2], converged = 0;
  name_of(path, result->name, sizeof result->name);
  CROW_TRY(crow_file_open(run->comm, path, "rewards", &result->file));
  crow_file_shape(result->file, "/rewards/value", shape);
  result->partition = crow_comm_partition(run->comm, shape[0], CROW_BLOCK);
  CROW_TRY_AGREE(run->comm, crow_file_get_f64(result->file, "/", "lambda", &result->lambda));
  CROW_TRY_AGREE(run->comm, crow_file_get_f64(result->file, "/", "optimality", &result->optimality));
  CROW_TRY_AGREE(run->comm, crow_file_get_i64(result->file, "/", "converged", &converged));
  result->converged = converged != 0;
  CROW_TRY_AGREE(run->comm, CROW_ALLOCATE(&result->value, result->partition.count));
  CROW_TRY(crow_file_read(result->file, "/rewards/value", result->partition.begin, result->partition.count, CROW_F64,
                          result->value));
cleanup:
  return status;
}

static crow_status run_compare(crow_run *run) {
  crow_status status = CROW_OK;
  const compare_options *options = run->options;
  const int count = run->argument_count;
  crow_compared *result = NULL;
  CROW_TRY_AGREE(run->comm, CROW_ALLOCATE(&result, count));
  for (int k = 0; k < count; k++) {
    CROW_TRY(open_result(run, run->argument[k], &result[k]));
    crow_print(run, "%s: %lld alternative%s, lambda %g, certificate %.2e%s", result[k].name,
               (long long)result[k].partition.global, crow_plural(result[k].partition.global), result[k].lambda,
               result[k].optimality, result[k].converged ? "" : ", NOT CONVERGED");
  }
  crow_print(run, "%s", "");
  if (options->by == BY_TOPIC) {
    CROW_TRY(crow_compare_topics(run, count, result));
  } else {
    CROW_TRY(crow_compare_alternatives(run, count, result, options->top));
  }
cleanup:
  for (int k = 0; result && k < count; k++) {
    crow_file_close(&result[k].file);
    crow_free(result[k].value);
  }
  crow_free(result);
  return status;
}

const crow_command crow_command_compare = {
    .name = "compare",
    .summary = "print several results side by side",
    .description =
        "Reads rewards files and prints their topics, or their alternatives, side by side, in the order of the "
        "last file. Alternatives are matched by id; a file that lacks one shows a dash.",
    .example = "crow compare uniform.h5 voronoi.h5\n"
               "crow compare uniform.h5 voronoi.h5 --by alternative --top 10",
    .arguments = "REWARDS...",
    .least_arguments = 1,
    .most_arguments = CROW_COMPARED_MOST,
    .takes = CROW_TAKES_JSON | CROW_PLAIN,
    .options_bytes = sizeof(compare_options),
    .sections = sections,
    .run = run_compare,
};
