/* SPDX-License-Identifier: Apache-2.0 */
#include "import/import_impl.h"
#include "import/scratch_impl.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const crow_setting crow_import_settings[] = {
    CROW_SETTING("comparisons", INPUT, crow_import_options, comparisons, .choices = "FILE",
                 .help = "who was compared with whom and who won: CSV, TSV or JSON lines, also compressed by gzip "
                         "(left,right,winner; model_a,model_b,winner; first,second,outcome; chosen,rejected; "
                         "prompt,response,score; ...) and optionally count"),
    CROW_SETTING("contexts", INPUT, crow_import_options, contexts, .choices = "FILE",
                 .help = "contexts of the alternatives, one row each: NumPy .npy, .npz or .safetensors (FILE:NAME), "
                         "an array of an HDF5 file (FILE:PATH), or CSV of numbers with or without id; without them "
                         "every alternative counts alike"),
    CROW_SETTING("items", INPUT, crow_import_options, items, .choices = "FILE",
                 .help = "ids of the alternatives: CSV with id and optional topic and prompt; row k of an array "
                         "belongs to item k, CSV contexts are joined by id"),
    CROW_SETTING("output", OUTPUT, crow_import_options, output, .choices = "FILE", .help = "the dataset to write"),
    CROW_SETTING("columns", TEXT, crow_import_options, columns, .choices = "ROLE=COLUMN,...",
                 .help = "which column of the comparisons is what, where their names do not say it: first, second, "
                         "winner, loser, outcome, count, prompt, first_wins, second_wins, tie, response, score, rank"),
    CROW_SETTING("winner-map", TEXT, crow_import_options, winner_map, .choices = "VALUE=SIDE,...",
                 .help = "what the winner's values mean: first, second, tie or both_bad, as in 0=first,1=second"),
    CROW_SETTING("winner-scale", TEXT, crow_import_options, winner_scale, .choices = "A:B",
                 .help = "the winner is a strength: A where the first won, B where the second did, shares linear "
                         "between; -3:3 if negative numbers favour the first"),
    CROW_SETTING("score-tie", DOUBLE, crow_import_options, score_tie, .maximum = 1e300,
                 .help = "scores of one prompt that differ by less than this tie; equal ones always do"),
    CROW_SETTING("ties", CHOICE, crow_import_options, ties, .choices = "half|drop",
                 .help = "a tie counts half a win for each, or is left out"),
    CROW_SETTING("both-bad", CHOICE, crow_import_options, both_bad, .choices = "tie|drop",
                 .help = "\"both are bad\" is a tie, or is left out"),
    CROW_SETTING("keep", TEXT, crow_import_options, keep, .choices = "COLUMN,...",
                 .help = "columns of the comparisons to store with them, such as judge,language"),
    CROW_SETTING("force", BOOL, crow_import_options, overwrite, .help = "replace an existing output"),
    CROW_SETTING("memory-per-rank", DOUBLE, crow_import_options, memory_per_rank, .maximum = 1e18,
                 .help = "bytes that a rank may use; work that needs more is refused before it begins; 0: what the "
                         "machine, its cgroup or Slurm allows"),
    {0}};

static crow_status check_options(const crow_import_options *options) {
  CROW_NEED(crow_settings_validate(crow_import_settings, options));
  if (!options->comparisons) {
    return crow_error(CROW_USAGE, "--comparisons is missing, expected a file of CSV, TSV or JSON lines");
  }
  if (!options->output) return crow_error(CROW_USAGE, "--output is missing, expected the name of the dataset to write");
  return CROW_OK;
}

/* ---- files -------------------------------------------------------------------------------------------------- */

/* What is read, and the copies of pipes among it. */
typedef struct inputs {
  crow_import_file comparisons, contexts, items;
  FILE *copy[3];
  char place[3][40];
  int64_t colon;     /* of contexts given as FILE:PATH of an HDF5 file: where; else -1 */
  char *file;        /* without PATH; owned */
  crow_array *array; /* opened on all ranks; read by rank 0 */
} inputs;

/* A pipe can be read once: what must be looked at first is copied. */
static crow_status copy_pipe(const char *name, FILE **copy) {
  crow_status status = CROW_OK;
  char buffer[1 << 16];
  size_t got = 0;
  FILE *pipe = fopen(name, "rb");
  if (!pipe) return crow_error(CROW_FILE_SYSTEM, "%s: cannot be opened: %s", name, strerror(errno));
  CROW_TRY(crow_scratch_open(copy));
  while ((got = fread(buffer, 1, sizeof buffer, pipe)) > 0) {
    if (fwrite(buffer, 1, got, *copy) == got) continue;
    CROW_TRY(
        crow_error(CROW_FILE_SYSTEM, "%s: cannot be copied to a scratch file (TMPDIR): %s", name, strerror(errno)));
  }
  if (ferror(pipe) || fflush(*copy) != 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "%s: cannot be read: %s", name, strerror(errno)));
  }
cleanup:
  (void)fclose(pipe);
  return status;
}

static crow_status open_input(const char *name, int number, inputs *in, crow_import_file *file) {
  struct stat facts;
  *file = (crow_import_file){name, name};
  if (!name || stat(name, &facts) != 0 || S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode)) return CROW_OK;
  CROW_NEED(copy_pipe(name, &in->copy[number]));
  /* The copy has no name of its own. */
  (void)snprintf(in->place[number], sizeof in->place[number], "/proc/self/fd/%d", fileno(in->copy[number]));
  file->path = in->place[number];
  return CROW_OK;
}

/* Where the contexts' file ends and PATH begins, if that is an array of an HDF5 file. */
static int64_t find_array(const char *contexts) {
  const char *colon = NULL;
  if (contexts) crow_source_split(contexts, &colon);
  return colon && !crow_floats_is(contexts) ? colon - contexts : -1;
}

static crow_status open_inputs(const crow_comm *comm, const crow_import_options *options, inputs *in) {
  const bool root = crow_comm_rank(comm) == 0;
  in->comparisons = (crow_import_file){options->comparisons, options->comparisons};
  CROW_NEED_AGREE(comm, root ? open_input(options->comparisons, 0, in, &in->comparisons) : CROW_OK);
  CROW_NEED_AGREE(comm, root ? open_input(options->contexts, 1, in, &in->contexts) : CROW_OK);
  CROW_NEED_AGREE(comm, root ? open_input(options->items, 2, in, &in->items) : CROW_OK);
  in->colon = root ? find_array(options->contexts) : -1;
  CROW_NEED(crow_comm_broadcast(comm, &in->colon, (int64_t)sizeof in->colon, 0));
  if (in->colon < 0) return CROW_OK;
  CROW_NEED_AGREE(comm, crow_string_copy(options->contexts, &in->file));
  in->file[in->colon] = 0;
  return crow_array_open(comm, in->file, options->contexts + in->colon + 1, &in->array);
}

static void close_inputs(inputs *in) {
  crow_array_close(&in->array);
  crow_free(in->file);
  for (int k = 0; k < 3; k++) {
    if (in->copy[k]) (void)fclose(in->copy[k]);
  }
}

/* ---- provenance --------------------------------------------------------------------------------------------- */

/* A pipe has a name but nothing that could be read again. */
static crow_status add_input(const crow_comm *comm, const char *name, const char *source, bool copied,
                             crow_provenance *provenance) {
  crow_status status = CROW_OK;
  const char *colon = NULL;
  char *file = NULL, key[64];
  int64_t facts[2] = {copied, -1}; /* rank 0 knows */
  if (!source) return CROW_OK;
  if (crow_comm_rank(comm) == 0) crow_source_split(source, &colon);
  if (colon) facts[1] = colon - source;
  CROW_TRY(crow_comm_broadcast(comm, facts, (int64_t)sizeof facts, 0));
  if (facts[0]) {
    (void)snprintf(key, sizeof key, "input_%s", name);
    CROW_TRY_AGREE(comm, crow_provenance_add(provenance, key, "%s (a pipe)", source));
    goto cleanup;
  }
  CROW_TRY_AGREE(comm, crow_string_copy(source, &file));
  if (facts[1] >= 0) file[facts[1]] = 0;
  CROW_TRY(crow_provenance_add_input(provenance, comm, name, file));
cleanup:
  crow_free(file);
  return status;
}

static crow_status write_provenance(const crow_comm *comm, const crow_import_options *options, const inputs *in,
                                    const char *command_line, crow_file *file) {
  crow_status status = CROW_OK;
  crow_provenance *provenance = NULL;
  CROW_TRY(crow_provenance_create(comm, command_line, &provenance));
  CROW_TRY_AGREE(comm, crow_provenance_add_settings(provenance, crow_import_settings, options));
  CROW_TRY(add_input(comm, "comparisons", options->comparisons, in->copy[0] != NULL, provenance));
  CROW_TRY(add_input(comm, "contexts", options->contexts, in->copy[1] != NULL, provenance));
  CROW_TRY(add_input(comm, "items", options->items, in->copy[2] != NULL, provenance));
  CROW_TRY(crow_provenance_write(provenance, file));
cleanup:
  crow_provenance_destroy(&provenance);
  return status;
}

/* ---- all of it ---------------------------------------------------------------------------------------------- */

static crow_status read_all(const inputs *in, const crow_import_rules *rules, crow_import_alternatives *alternatives,
                            crow_import_comparisons *comparisons) {
  CROW_NEED(crow_import_read_alternatives(&in->items, &in->contexts, in->array, alternatives));
  return crow_import_read_comparisons(&in->comparisons, alternatives, rules, comparisons);
}

/* Rank 0 holds what it reads; the others' part is known to all. */
static crow_status import_check_memory(const crow_comm *comm, const crow_import_options *options, const inputs *in) {
  double bytes = 0;
  if (crow_comm_rank(comm) == 0) bytes = crow_import_need_bytes(&in->comparisons, &in->contexts, &in->items);
  CROW_NEED(crow_comm_max_f64(comm, &bytes, 1));
  return crow_comm_check_memory(comm, options->memory_per_rank, bytes,
                                "import contexts from .npy, which is read in pieces, or fewer comparisons at a time",
                                "the import of %s", options->comparisons);
}

/* What is written when all is read. */
typedef struct imported {
  const crow_comm *comm;
  const crow_import_options *options;
  const inputs *in;
  const char *command_line;
  crow_import_alternatives *alternatives;
  const crow_import_comparisons *comparisons;
  crow_import_summary *summary;
} imported;

static crow_status write_imported(void *context, const char *path, bool overwrite) {
  crow_status status = CROW_OK;
  const imported *what = context;
  crow_file *file = NULL;
  CROW_TRY(crow_file_create(what->comm, path, "dataset", overwrite, &file));
  CROW_TRY(crow_import_write(what->comm, file, what->alternatives, what->comparisons, what->summary));
  CROW_TRY(write_provenance(what->comm, what->options, what->in, what->command_line, file));
  CROW_TRY(crow_file_finish(&file));
cleanup:
  crow_file_close(&file);
  return status;
}

crow_status crow_import_run(const crow_comm *comm, const crow_import_options *options, const char *command_line,
                            crow_import_summary *summary) {
  crow_status status = CROW_OK;
  crow_import_alternatives alternatives = {0};
  crow_import_comparisons comparisons = {0};
  crow_import_rules rules = {0};
  inputs in = {0};
  *summary = (crow_import_summary){0};
  CROW_TRY_AGREE(comm, check_options(options));
  CROW_TRY_AGREE(comm, crow_import_rules_make(options, &rules));
  /* The output comes first: a folder that cannot be written to is told before minutes of reading. */
  CROW_TRY(crow_output_check(comm, options->output, options->overwrite));
  CROW_TRY(open_inputs(comm, options, &in));
  CROW_TRY(import_check_memory(comm, options, &in));
  const bool root = crow_comm_rank(comm) == 0;
  CROW_TRY_AGREE(comm, root ? read_all(&in, &rules, &alternatives, &comparisons) : CROW_OK);
  CROW_TRY(crow_result_save(comm, options->output, options->overwrite, write_imported,
                            &(imported){comm, options, &in, command_line, &alternatives, &comparisons, summary}));
cleanup:
  crow_import_comparisons_free(&comparisons);
  crow_import_alternatives_free(&alternatives);
  crow_import_rules_free(&rules);
  close_inputs(&in);
  return status;
}
