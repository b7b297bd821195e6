/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include "cli/print/describe_impl.h"
#include <string.h>

typedef struct inspect_options {
  bool json;
} inspect_options;

static const crow_setting inspect_settings[] = {
    CROW_SETTING("json", BOOL, inspect_options, json, .help = "print the description as JSON on standard output"), {0}};

static const crow_section sections[] = {{"Form", inspect_settings, 0}, {0}};

/* Rank 0's part: prints, and says whether the file is valid. */
static crow_status show(const crow_run *run, json_t *description) {
  const inspect_options *options = run->options;
  crow_status status = CROW_OK;
  FILE *out = crow_print_stream(run);
  if (out && options->json) {
    (void)json_dumpf(description, out, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    (void)fputc('\n', out);
  } else if (out) {
    status = crow_render_description(out, description, run->common.verbose);
  }
  if (status == CROW_OK && !json_is_true(json_object_get(description, "valid"))) {
    const char *why = json_string_value(json_object_get(description, "reason"));
    status = crow_error(CROW_BAD_INPUT, "%s", why ? why : "the file does not meet its schema");
  }
  return status;
}

/* Contexts whose squared distances overflow; directions, which the default space takes of many dimensions, have none.
 */
static crow_status inspect_contexts(const crow_run *run, const crow_dataset *dataset) {
  crow_space_options options;
  crow_space_choice choice;
  if (!dataset->dimensions) return CROW_OK;
  crow_settings_default(crow_space_settings, &options);
  CROW_NEED(crow_space_choose(run->comm, &options, dataset, &choice));
  if (strcmp(choice.space, "sphere") != 0) CROW_NEED(crow_space_check_distances(run->comm, dataset));
  return CROW_OK;
}

/* What a schema cannot say of a dataset: that names differ, that distances can be taken, that p(x>y) + p(y>x) = 1, that
 * rewards are not too far apart. */
static crow_status inspect_dataset(const crow_run *run, json_t *description) {
  crow_status status = CROW_OK;
  crow_dataset dataset = {0};
  const char *kind = json_string_value(json_object_get(description, "kind"));
  if (!kind || strcmp(kind, "dataset") != 0 || !json_is_true(json_object_get(description, "valid"))) return CROW_OK;
  CROW_TRY(crow_dataset_open(run->comm, run->argument[0], true, &dataset));
  CROW_TRY(crow_dataset_check_names(&dataset));
  CROW_TRY(inspect_contexts(run, &dataset));
  CROW_TRY(crow_preferences_check_complete(run->comm, &dataset));
  if (dataset.has_comparisons) CROW_TRY(crow_preferences_check(run->comm, &dataset, true));
cleanup:
  crow_dataset_close(&dataset);
  if (status != CROW_BAD_INPUT) return status;
  (void)json_object_set_new(description, "valid", json_false());
  (void)json_object_set_new(description, "reason", json_string(crow_error_message()));
  return CROW_OK;
}

static crow_status parse(const crow_run *run, const char *text, json_t **description) {
  json_error_t problem;
  *description = json_loads(text, 0, &problem);
  if (*description) return CROW_OK;
  return crow_error(CROW_FAILED, "the description of %s is no JSON: %s", run->argument[0], problem.text);
}

static crow_status run_inspect(crow_run *run) {
  crow_status status = CROW_OK;
  char *text = NULL;
  json_t *description = NULL;
  CROW_TRY(crow_file_describe(run->comm, run->argument[0], &text));
  CROW_TRY_AGREE(run->comm, parse(run, text, &description));
  const crow_status checked = inspect_dataset(run, description);
  /* A check that cannot be made is no reason to keep what is known already. */
  CROW_TRY_AGREE(run->comm, run->root ? show(run, description) : CROW_OK);
  status = checked;
cleanup:
  json_decref(description);
  crow_free(text);
  return status;
}

const crow_command crow_command_inspect = {
    .name = "inspect",
    .summary = "show what is in a crow file and whether it meets its schema",
    .description =
        "Reads any file that crow wrote or reads, checks every value against the schema of its kind and complete "
        "preferences against what a fit asks of them, and prints its attributes, its arrays with type, shape, least, "
        "greatest and mean, and with --verbose how it came about.\n\n"
        "The exit code is 0 if the file is valid, 3 if it is not, 4 if it cannot be read; with --quiet that is "
        "all, as a job script needs it to tell a whole result.",
    .example = "crow inspect rewards.h5\n"
               "crow inspect --quiet rewards.h5 && echo whole",
    .arguments = "FILE",
    .least_arguments = 1,
    .most_arguments = 1,
    .takes = CROW_PLAIN,
    .options_bytes = sizeof(inspect_options),
    .sections = sections,
    .run = run_inspect,
};
