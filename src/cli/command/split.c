/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons held out for a test. Every decision is drawn from the seed and an index alone. */
#include "cli/cli_impl.h"
#include "cli/print/results_impl.h"
#include <string.h>

typedef struct split_options {
  double test;
  int by; /* 0 comparison, 1 alternative */
  int64_t seed;
  const char *test_output;
} split_options;

#define AT(field) offsetof(split_options, field)
static const crow_setting split_settings[] = {
    {"test", CROW_SETTING_DOUBLE, AT(test), 0.2, NULL, 1e-9, 1 - 1e-9, NULL, "chance of being held out"},
    {"by", CROW_SETTING_CHOICE, AT(by), 0, NULL, 0, 0, "comparison|alternative",
     "what is held out: comparisons, or alternatives with every comparison that they are in"},
    {"seed", CROW_SETTING_INT, AT(seed), 1, NULL, 0, 9e15, NULL, "of the choice"},
    {"test-output", CROW_SETTING_TEXT, AT(test_output), 0, NULL, 0, 0, "FILE", "dataset of what is held out"},
    {0}};

static bool drawn(const split_options *options, int64_t index) {
  double u = 0;
  crow_random_uniform((uint64_t)options->seed, CROW_STREAM_SPLIT, (uint64_t)index, &u, 1);
  return u < options->test;
}

/* This rank's comparisons; held[i] says where each goes. */
typedef struct comparisons {
  crow_partition slice;
  int32_t *first, *second;
  double *outcome;
  int64_t *count;
  bool *held;
} comparisons;

static void comparisons_free(comparisons *c) {
  crow_free(c->first);
  crow_free(c->second);
  crow_free(c->outcome);
  crow_free(c->count);
  crow_free(c->held);
}

static crow_status allocate(comparisons *c) {
  crow_status status = CROW_OK;
  CROW_TRY(CROW_ALLOCATE(&c->first, c->slice.count));
  CROW_TRY(CROW_ALLOCATE(&c->second, c->slice.count));
  CROW_TRY(CROW_ALLOCATE(&c->outcome, c->slice.count));
  CROW_TRY(CROW_ALLOCATE(&c->count, c->slice.count));
  CROW_TRY(CROW_ALLOCATE(&c->held, c->slice.count));
cleanup:
  return status;
}

static crow_status read_comparisons(crow_run *run, const crow_dataset *dataset, comparisons *c) {
  crow_status status = CROW_OK;
  const split_options *options = run->options;
  const crow_file *file = dataset->file;
  c->slice = crow_comm_partition(run->comm, dataset->comparisons, 1);
  CROW_TRY_AGREE(run->comm, allocate(c));
  CROW_TRY(crow_file_read(file, "/comparisons/first", c->slice.begin, c->slice.count, CROW_I32, c->first));
  CROW_TRY(crow_file_read(file, "/comparisons/second", c->slice.begin, c->slice.count, CROW_I32, c->second));
  CROW_TRY(crow_file_read(file, "/comparisons/outcome", c->slice.begin, c->slice.count, CROW_F64, c->outcome));
  if (dataset->has_count)
    CROW_TRY(crow_file_read(file, "/comparisons/count", c->slice.begin, c->slice.count, CROW_I64, c->count));
  for (int64_t i = 0; i < c->slice.count; i++) {
    c->held[i] =
        options->by ? drawn(options, c->first[i]) || drawn(options, c->second[i]) : drawn(options, c->slice.begin + i);
  }
cleanup:
  return status;
}

/* Writes the comparisons of one side, and everything else, to a file that is left to be finished; `*total` counts them.
 */
static crow_status write_side(crow_run *run, const crow_dataset *dataset, const comparisons *from, bool held,
                              const char *path, const crow_provenance *provenance, int64_t *total, crow_file **out) {
  crow_status status = CROW_OK;
  crow_file *file = NULL;
  comparisons c = {.slice = from->slice};
  int64_t kept = 0;
  crow_gidx begin = 0;
  CROW_TRY_AGREE(run->comm, allocate(&c));
  for (int64_t i = 0; i < from->slice.count; i++) {
    if (from->held[i] != held) continue;
    c.first[kept] = from->first[i];
    c.second[kept] = from->second[i];
    c.outcome[kept] = from->outcome[i];
    c.count[kept++] = from->count[i];
  }
  *total = kept;
  CROW_TRY(crow_comm_sum_i64(run->comm, total, 1));
  CROW_TRY(crow_comm_offset_i64(run->comm, kept, &begin));
  if (*total == 0) CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: no comparison is left for it: try another --test", path));
  CROW_TRY(crow_file_create(run->comm, path, "dataset", run->common.force, &file));
  CROW_TRY(crow_file_copy_all(dataset->file, file, "/comparisons|/preference|/population"));
  CROW_TRY(crow_file_define(file, "/comparisons/first", CROW_I32, *total, 0));
  CROW_TRY(crow_file_define(file, "/comparisons/second", CROW_I32, *total, 0));
  CROW_TRY(crow_file_define(file, "/comparisons/outcome", CROW_F64, *total, 0));
  CROW_TRY(crow_file_write_rows(file, "/comparisons/first", begin, kept, CROW_I32, c.first));
  CROW_TRY(crow_file_write_rows(file, "/comparisons/second", begin, kept, CROW_I32, c.second));
  CROW_TRY(crow_file_write_rows(file, "/comparisons/outcome", begin, kept, CROW_F64, c.outcome));
  if (dataset->has_count) {
    CROW_TRY(crow_file_define(file, "/comparisons/count", CROW_I64, *total, 0));
    CROW_TRY(crow_file_write_rows(file, "/comparisons/count", begin, kept, CROW_I64, c.count));
  }
  CROW_TRY(crow_provenance_write(provenance, file));
  *out = file;
  file = NULL;
cleanup:
  crow_file_close(&file);
  comparisons_free(&c);
  return status;
}

/* A rank's comparisons twice, 25 bytes each, and what is copied: a slice of contexts in pieces of at most 64 MiB. */
static crow_status check_memory(const crow_run *run, const crow_dataset *dataset) {
  const int ranks = crow_comm_size(run->comm);
  const double slice = (double)dataset->alternatives / ranks * (double)dataset->dimensions * (dataset->single ? 4 : 8);
  const double pieces = slice < (double)(1 << 26) ? slice : (double)(1 << 26);
  return crow_comm_check_memory(
      run->comm, crow_run_memory(run), (double)CROW_PROCESS_BYTES + 50 * (double)dataset->comparisons / ranks + pieces,
      "use more ranks or fewer ranks a node", "the split of %lld comparisons", (long long)dataset->comparisons);
}

static crow_status check_split(const crow_run *run) { return crow_settings_validate(split_settings, run->options); }

/* For one rank, as nodes may see files differently. */
static crow_status check_names(const crow_run *run) {
  const split_options *options = run->options;
  const char *input = run->argument[0];
  if (crow_same_output(input, options->test_output))
    return crow_error(CROW_USAGE, "%s: is both input and output", input);
  if (crow_same_output(run->common.output, options->test_output))
    return crow_error(CROW_USAGE, "--output and --test-output name the same file %s", options->test_output);
  return CROW_OK;
}

static crow_status run_split(crow_run *run) {
  crow_status status = CROW_OK;
  const split_options *options = run->options;
  const char *input = run->argument[0];
  crow_dataset dataset = {0};
  comparisons c = {0};
  crow_provenance *provenance = NULL;
  crow_file *held_out = NULL, *left = NULL;
  int64_t train = 0, test = 0;
  crow_stages_begin(&run->stages, "read");
  CROW_TRY_AGREE(run->comm, run->root ? check_names(run) : CROW_OK);
  CROW_TRY(crow_output_check(run->comm, options->test_output, run->common.force));
  CROW_TRY(crow_dataset_open(run->comm, input, false, &dataset));
  crow_results_dataset(run, input, &dataset);
  if (!dataset.has_comparisons) CROW_TRY(crow_error(CROW_BAD_INPUT, "%s: has no comparisons to hold out", input));
  CROW_TRY(check_memory(run, &dataset));
  CROW_TRY(crow_run_provenance(run, &provenance));
  CROW_TRY(crow_provenance_add_input(provenance, run->comm, "dataset", input));
  CROW_TRY(read_comparisons(run, &dataset, &c));
  crow_stages_begin(&run->stages, "write");
  CROW_TRY(write_side(run, &dataset, &c, true, options->test_output, provenance, &test, &held_out));
  CROW_TRY(write_side(run, &dataset, &c, false, run->common.output, provenance, &train, &left));
  CROW_TRY(crow_file_finish_both(&held_out, &left));
  crow_stages_end(&run->stages);
  crow_print(run, "split: %lld comparison%s for training, %lld held out", (long long)train, crow_plural(train),
             (long long)test);
  crow_report_integer(run, "train", train);
  crow_report_integer(run, "test", test);
  CROW_TRY(crow_times_print(run));
cleanup:
  crow_file_close(&held_out);
  crow_file_close(&left);
  comparisons_free(&c);
  crow_provenance_destroy(&provenance);
  crow_dataset_close(&dataset);
  return status;
}

static const crow_section sections[] = {{"Split", split_settings, 0}, {0}};

const crow_command crow_command_split = {
    .name = "split",
    .summary = "hold comparisons out for a test",
    .description =
        "Writes two datasets with all alternatives: one without the comparisons that are held out, to fit, and "
        "one of those alone. The choice depends on the seed only, not on the number of ranks.",
    .example = "crow split votes.h5 -o train.h5 --test-output test.h5 --test 0.2\n"
               "crow split votes.h5 -o train.h5 --test-output test.h5 --by alternative",
    .arguments = "DATASET",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_TAKES_OUTPUT | CROW_TAKES_JSON | CROW_TAKES_MEMORY,
    .required = "test-output",
    .options_bytes = sizeof(split_options),
    .sections = sections,
    .check = check_split,
    .run = run_split,
};
