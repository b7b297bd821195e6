/* SPDX-License-Identifier: Apache-2.0 */
#include "import/import_impl.h"

const crow_setting crow_import_settings[] = {
    {.name = "comparisons",
     .type = CROW_SETTING_INPUT,
     .offset = offsetof(crow_import_options, comparisons),
     .choices = "FILE",
     .help =
         "who was compared with whom and who won: CSV or TSV with a header (left,right,winner; model_a,model_b,winner; "
         "first,second,outcome; chosen,rejected; ...) and optionally count"},
    {.name = "contexts",
     .type = CROW_SETTING_INPUT,
     .offset = offsetof(crow_import_options, contexts),
     .choices = "FILE",
     .help =
         "contexts of the alternatives: NumPy .npy (float32 or float64, one row each) or CSV with id and columns of "
         "numbers"},
    {.name = "items",
     .type = CROW_SETTING_INPUT,
     .offset = offsetof(crow_import_options, items),
     .choices = "FILE",
     .help = "ids of the alternatives: CSV with id and optional topic and prompt; row k of a .npy file belongs to item "
             "k, CSV "
             "contexts "
             "are joined by id"},
    {.name = "output",
     .type = CROW_SETTING_OUTPUT,
     .offset = offsetof(crow_import_options, output),
     .choices = "FILE",
     .help = "the dataset to write"},
    {.name = "ties",
     .type = CROW_SETTING_CHOICE,
     .offset = offsetof(crow_import_options, ties),
     .choices = "half|drop",
     .help = "a tie counts half a win for each, or is left out"},
    {.name = "force",
     .type = CROW_SETTING_BOOL,
     .offset = offsetof(crow_import_options, overwrite),
     .help = "replace an existing output"},
    {.name = "memory-per-rank",
     .type = CROW_SETTING_DOUBLE,
     .offset = offsetof(crow_import_options, memory_per_rank),
     .maximum = 1e18,
     .help = "bytes that a rank may use; work that needs more is refused before it begins; 0: what the machine, its "
             "cgroup or Slurm allows"},
    {0}};

static crow_status check_options(const crow_import_options *options) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_settings_validate(crow_import_settings, options));
  if (!options->comparisons) CROW_TRY(crow_error(CROW_USAGE, "--comparisons is missing, expected a CSV or TSV file"));
  if (!options->contexts) CROW_TRY(crow_error(CROW_USAGE, "--contexts is missing, expected a .npy or CSV file"));
  if (!options->output)
    CROW_TRY(crow_error(CROW_USAGE, "--output is missing, expected the name of the dataset to write"));
cleanup:
  return status;
}

static crow_status read_all(const crow_import_options *options, crow_import_alternatives *alternatives,
                            crow_import_comparisons *comparisons) {
  crow_status status = CROW_OK;
  CROW_TRY(crow_import_read_alternatives(options->items, options->contexts, alternatives));
  CROW_TRY(crow_import_read_comparisons(options->comparisons, alternatives, options->ties == 1, comparisons));
cleanup:
  return status;
}

static crow_status write_provenance(const crow_comm *comm, const crow_import_options *options, const char *command_line,
                                    crow_file *file) {
  crow_status status = CROW_OK;
  crow_provenance *provenance = NULL;
  CROW_TRY(crow_provenance_create(comm, command_line, &provenance));
  CROW_TRY_AGREE(comm, crow_provenance_add_settings(provenance, crow_import_settings, options));
  CROW_TRY(crow_provenance_add_input(provenance, comm, "comparisons", options->comparisons));
  CROW_TRY(crow_provenance_add_input(provenance, comm, "contexts", options->contexts));
  if (options->items) CROW_TRY(crow_provenance_add_input(provenance, comm, "items", options->items));
  CROW_TRY(crow_provenance_write(provenance, file));
cleanup:
  crow_provenance_destroy(&provenance);
  return status;
}

/* Rank 0 holds what it reads; the others' part is known to all. */
static crow_status check_memory(const crow_comm *comm, const crow_import_options *options) {
  crow_status status = CROW_OK;
  double bytes = crow_comm_rank(comm) == 0 ? crow_import_need_bytes(options) : 0;
  CROW_TRY(crow_comm_max_f64(comm, &bytes, 1));
  CROW_TRY(crow_comm_check_memory(comm, options->memory_per_rank, bytes,
                                  "import contexts from .npy, which is read in pieces, or fewer comparisons at a time",
                                  "the import of %s", options->comparisons));
cleanup:
  return status;
}

crow_status crow_import_run(const crow_comm *comm, const crow_import_options *options, const char *command_line,
                            crow_import_summary *summary) {
  crow_status status = CROW_OK;
  crow_import_alternatives alternatives = {0};
  crow_import_comparisons comparisons = {0};
  crow_file *file = NULL;
  *summary = (crow_import_summary){0};
  CROW_TRY_AGREE(comm, check_options(options));
  CROW_TRY(check_memory(comm, options));
  /* The output comes first: a folder that cannot be written to is told before minutes of reading. */
  CROW_TRY(crow_file_create(comm, options->output, "dataset", options->overwrite, &file));
  const bool root = crow_comm_rank(comm) == 0;
  CROW_TRY_AGREE(comm, root ? read_all(options, &alternatives, &comparisons) : CROW_OK);
  CROW_TRY(crow_import_write(comm, file, &alternatives, &comparisons, summary));
  CROW_TRY(write_provenance(comm, options, command_line, file));
  CROW_TRY(crow_file_finish(&file));
cleanup:
  crow_file_close(&file);
  crow_import_comparisons_free(&comparisons);
  crow_import_alternatives_free(&alternatives);
  return status;
}
