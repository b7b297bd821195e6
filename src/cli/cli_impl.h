/* SPDX-License-Identifier: Apache-2.0 */
/* The command line's frame: a command is a declaration (struct crow_command), everything else is made from it. A new
 * command is one file command_NAME.c and one line in CROW_COMMANDS. */
#ifndef CROW_CLI_IMPL_H
#define CROW_CLI_IMPL_H

#include <crow/crow.h>
#include <jansson.h>

typedef struct crow_run crow_run;

/* Settings that fill a struct within the command's options. A list ends with a NULL title. */
typedef struct crow_section {
  const char *title;            /* heading in help */
  const crow_setting *settings; /* the table: names, types, defaults, ranges, help */
  size_t offset;                /* of the struct that the table fills, within the command's options */
} crow_section;

enum {
  CROW_TAKES_OUTPUT = 1, /* -o FILE and --force */
  CROW_TAKES_JSON = 2,   /* --json FILE */
  CROW_PLAIN = 4,        /* prints its answer alone, without a first line about the run */
  CROW_TAKES_MEMORY = 8, /* --memory-per-rank, where the command's own tables do not declare it */
  CROW_STREAMS = 16,     /* the output is a text or picture, which may go to a device or a pipe */
  CROW_MEASURES = 32     /* the first line about the run belongs to the answer, not only to --verbose */
};

typedef struct crow_command {
  const char *name;
  const char *summary;     /* one line, without full stop */
  const char *description; /* paragraphs, separated by empty lines; they are wrapped to the page */
  const char *example;     /* lines a user can type */
  const char *arguments;   /* as in the usage line: "DATASET", "REWARDS..." */
  int least_arguments, most_arguments;
  unsigned takes;       /* CROW_TAKES_... and CROW_PLAIN */
  const char *required; /* options that must be given: "comparisons|contexts"; NULL if there are none */
  size_t options_bytes; /* of the command's options struct */
  const crow_section *sections;
  /* Local, before any work: what the tables cannot say of the options (the arguments are not yet counted). CROW_USAGE
   * if something is wrong. May be NULL. */
  crow_status (*check)(const crow_run *run);
  /* Collective: does the work. CROW_NOT_CONVERGED and CROW_STOPPED are outcomes, all others errors with a message. */
  crow_status (*run)(crow_run *run);
} crow_command;

/* All commands in the order of the program's help: C(NAME) stands for crow_command_NAME of command_NAME.c. */
#define CROW_COMMANDS(C)                                                                                               \
  C(import)                                                                                                            \
  C(weights)                                                                                                           \
  C(fit)                                                                                                               \
  C(compare)                                                                                                           \
  C(plot)                                                                                                              \
  C(report)                                                                                                            \
  C(export)                                                                                                            \
  C(inspect)                                                                                                           \
  C(simulate)                                                                                                          \
  C(cluster)                                                                                                           \
  C(audit)                                                                                                             \
  C(pca)                                                                                                               \
  C(split)                                                                                                             \
  C(score)                                                                                                             \
  C(eval)                                                                                                              \
  C(bench)                                                                                                             \
  C(plan)

#define CROW_DECLARE_COMMAND(name) extern const crow_command crow_command_##name;
CROW_COMMANDS(CROW_DECLARE_COMMAND)
/* The same as a table, ended by NULL; commands.c. */
extern const crow_command *const crow_commands[];
/* The command of this name, or NULL; all names, separated by "|". */
const crow_command *crow_command_find(const char *name);
const char *crow_command_names(void);

/* What every command has. */
typedef struct crow_common_options {
  const char *output, *json;
  bool force, quiet, verbose, help;
  double memory_per_rank;
} crow_common_options;

/* One option of a command with the place that it fills. */
typedef struct crow_option {
  const crow_setting *setting;
  const char *section;
  void *options;
  char *given;     /* the value's text, owned; NULL if not given or a switch */
  char short_name; /* 0 if it has none */
  bool unused;     /* it was said to have no effect */
} crow_option;

/* A command being run. */
struct crow_run {
  const crow_command *command;
  const crow_comm *comm;
  bool root;                  /* rank 0: the one that prints */
  void *options;              /* the command's options struct, owned */
  crow_common_options common; /* -o, --force, --quiet, --json, --help */
  crow_option *option;        /* all options of the command, in the order of its help; owned */
  int option_count;
  char **argument; /* positional arguments, NULL-terminated; owned */
  int argument_count;
  char *command_line; /* as typed, quoted for a shell; owned */
  json_t *report;     /* the machine-readable summary, filled by the command on rank 0; elsewhere NULL */
  crow_stages stages; /* time by stage */
  double spoke_s;     /* when a line of the library was last printed */
  crow_paths *paths;  /* the files that it reads and writes, owned */
};

/* ---- options.c, parse.c: from declarations to options -------------------------------------------------------- */

/* Makes a run of this command with all options at their defaults. */
crow_status crow_run_create(const crow_command *command, crow_run *run);
void crow_run_free(crow_run *run);
/* "no-NAME" for a switch that is on by default; else the setting's name. `bytes` >= 64. */
void crow_option_name(const crow_setting *setting, char *name, size_t bytes);
/* The option names of a command, separated by "|". */
crow_status crow_option_names(const crow_run *run, char **names);
bool crow_option_required(const crow_command *command, const char *name);
/* Whether the user gave this option. */
bool crow_option_given(const crow_run *run, const char *name);
/* The values of --output and --force, whether the command's own table declares them or the common one; NULL and false
 * if the command has none. */
const char *crow_run_output(const crow_run *run);
bool crow_run_force(const crow_run *run);
/* The value of --memory-per-rank in bytes, whichever table declares it; 0: what the machine allows. */
double crow_run_memory(const crow_run *run);
/* The library's messages about a setting begin with its name and value: where `status` is CROW_USAGE the name becomes
 * that of the option. Returns `status`. */
crow_status crow_option_dashes(const crow_run *run, crow_status status);
/* Fills the run from argv[2..]; CROW_USAGE and a message if something is wrong. With --help nothing else is checked. */
crow_status crow_run_parse(crow_run *run, int argc, char **argv);

/* ---- unused.c: options that are given and have no effect ------------------------------------------------------- */

/* Warns of those that the other options leave without effect, each once in a run. */
void crow_run_warn_unused(crow_run *run);
/* Warns of option `name`, if it is given, that `reason` leaves it without effect: of what the data decide. */
void crow_run_warn_unused_by(crow_run *run, const char *name, const char *reason);

/* ---- help.c, man.c, version.c: what is said without a run ------------------------------------------------------ */

void crow_help_program(FILE *out);
void crow_help_command(FILE *out, const crow_run *run);
void crow_help_usage(FILE *out, const crow_command *command);
/* "(default 0.01; from 0 to 1)", or "". */
void crow_help_default(const crow_setting *setting, char *text, size_t bytes);
/* What stands for the value in help: "N", "X", "FILE", "a|b|c"; "" for a switch. */
void crow_help_value(const crow_setting *setting, char *text, size_t bytes);
crow_status crow_man_write(FILE *out);
void crow_version_write(FILE *out);

/* ---- blas.c ---------------------------------------------------------------------------------------------------- */

/* Before MPI_Init: restarts the program with OPENBLAS_CORETYPE set if OpenBLAS chose kernels far below this CPU's, and
 * with one BLAS thread unless the user wants more. Returns if there is nothing to mend. */
void crow_blas_restart(int argc, char **argv);
/* Before MPI_Init: where no launcher started this process, MPI is told so, unless the user tells it otherwise. alone.c.
 */
void crow_start_alone(void);
/* The log line about a restart that happened, or NULL. */
const char *crow_blas_restarted(void);

/* ---- execute.c, print.c, paths.c, output.c: a run
 * ------------------------------------------------------------------------ */

/* Runs the command on all ranks and returns the exit code. Frees the run. */
int crow_run_execute(crow_run *run, int *argc, char ***argv);
/* Enters the files that arguments and options name in the run's register, which refuses outputs that cannot be written
 * or are inputs, before hours are spent on making them. Collective. */
crow_status crow_run_enter_paths(crow_run *run);
/* CROW_FAILED if a setting is a plain text although its form names a file: a defect of the command. */
crow_status crow_option_check_files(const crow_command *command, const crow_setting *setting);
/* Writes the summary of --json. Collective. */
crow_status crow_report_write(crow_run *run, crow_status outcome);

/* One line on stdout, by rank 0, unless --quiet. */
void crow_print(const crow_run *run, const char *format, ...) CROW_PRINTF(2, 3);
/* One line on stderr, by rank 0. */
void crow_print_warning(const crow_run *run, const char *format, ...) CROW_PRINTF(2, 3);
/* Where tables go: stdout on rank 0 unless --quiet, else NULL. */
FILE *crow_print_stream(const crow_run *run);
/* The same for what is told with --verbose only. */
void crow_print_detail(const crow_run *run, const char *format, ...) CROW_PRINTF(2, 3);
FILE *crow_detail_stream(const crow_run *run);
/* Receives the library's log lines of a run (`context`): warnings, notices and progress are printed, the rest with
 * --verbose, or where nothing else was printed for half a minute. */
void crow_run_receive(crow_log_level level, const char *line, void *context);
/* Whether a launcher (mpirun, srun) started this process. */
bool crow_launched(void);

/* Entries of the summary; nothing happens where there is no report. NaN and infinities become null. */
void crow_report_real(crow_run *run, const char *name, double value);
void crow_report_integer(crow_run *run, const char *name, int64_t value);
void crow_report_text(crow_run *run, const char *name, const char *value);
void crow_report_bool(crow_run *run, const char *name, bool value);
/* A number as JSON. */
json_t *crow_json_real(double value);
/* A text as JSON, with what is not UTF-8 replaced. */
json_t *crow_json_text(const char *value);

/* Adds the time table to the summary and prints it with --verbose. Collective. */
crow_status crow_times_print(crow_run *run);
/* The same, then the run's last line: what was written to its output, `mark` and how long it took. Collective. */
crow_status crow_print_written(crow_run *run, const char *what, const char *mark);
/* ---- resume.c, provenance.c ------------------------------------------------------------------------------------- */

/* Prepares the checkpoints of a run that may be stopped and gone on with: signals (TERM, USR1, INT) ask it to stop, and
 * a checkpoint made with other settings is refused when it is looked for. Collective. */
crow_status crow_run_checkpoint(const crow_run *run, const crow_checkpoint_options *options, crow_checkpoint **out);
/* Saves what is finished as states of a checkpoint. Collective. */
typedef crow_status crow_run_save(crow_checkpoint *checkpoint, const void *finished);
/* What becomes of a run that ended with `status`: if it was stopped where no state is saved (crow_stop_check()), what
 * is finished is saved by `save` (NULL: nothing is). CROW_STOPPED if there is something to go on from, else
 * CROW_FAILED. Collective. */
crow_status crow_run_stopped(crow_checkpoint *checkpoint, crow_status status, crow_run_save *save,
                             const void *finished);
/* Begins provenance with the command line, all settings of the command and the files that it reads; of the files the
 * checkpoint, if there is one, takes note too. Collective. */
crow_status crow_run_provenance(const crow_run *run, crow_checkpoint *checkpoint, crow_provenance **out);
/* Adds the stages' seconds so far (greatest over the ranks) to the provenance. Collective. */
crow_status crow_run_provenance_times(const crow_run *run, crow_provenance *provenance);

#endif
