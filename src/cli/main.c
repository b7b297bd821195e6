/* SPDX-License-Identifier: Apache-2.0 */
/* The program crow: finds the command, checks its options, runs it. */
#include "cli/cli_impl.h"
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What is said without running a command: `write` on stdout (exit 0), or a usage error on stderr (exit 2). */
typedef struct reply {
  int exit_code;
  const crow_command *command; /* whose usage is shown; NULL for the program's */
  const crow_run *run;         /* for a command's help */
  bool version, man;
} reply;

static int main_say(const reply *what) {
  if (what->exit_code != 0) {
    const char *name = what->command ? what->command->name : "";
    (void)fprintf(stderr, "crow%s%s: error: %s\n", *name ? " " : "", name, crow_error_message());
    if (what->command) {
      crow_help_usage(stderr, what->command);
    } else {
      (void)fprintf(stderr, "usage: crow COMMAND ...; crow --help lists the commands\n");
    }
    return what->exit_code;
  }
  crow_status status = CROW_OK;
  if (what->version) {
    crow_version_write(stdout);
  } else if (what->man) {
    status = crow_man_write(stdout);
  } else if (what->run) {
    crow_help_command(stdout, what->run);
  } else {
    crow_help_program(stdout);
  }
  if (status == CROW_OK && (fflush(stdout) != 0 || ferror(stdout))) {
    status = crow_error(CROW_FILE_SYSTEM, "standard output cannot be written");
  }
  if (status != CROW_OK) (void)fprintf(stderr, "crow: error: %s\n", crow_error_message());
  return (int)status;
}

/* All ranks know the reply; under a launcher one of them gives it. Without one MPI is not needed, and a login node may
 * not even have it. */
static int say_once(const reply *what, int *argc, char ***argv) {
  if (!crow_launched()) return main_say(what);
  char message[CROW_ERROR_BYTES];
  crow_comm *comm = NULL;
  int exit_code = what->exit_code;
  (void)snprintf(message, sizeof message, "%s", crow_error_message());
  const bool joined = crow_comm_init(argc, argv) == CROW_OK && crow_comm_create_world(&comm) == CROW_OK;
  if (!joined || crow_comm_rank(comm) == 0) {
    (void)crow_error((crow_status)what->exit_code, "%s", message);
    exit_code = main_say(what);
  }
  crow_comm_destroy(&comm);
  crow_comm_finalize();
  return exit_code;
}

static int usage_error(const crow_command *command, int *argc, char ***argv) {
  return say_once(&(reply){.exit_code = (int)CROW_USAGE, .command = command}, argc, argv);
}

static int run_command(const crow_command *command, int argc, char **argv) {
  crow_run run;
  int exit_code = 0;
  crow_status status = crow_run_create(command, &run);
  if (status == CROW_OK) status = crow_run_parse(&run, argc, argv);
  if (status == CROW_OK && !run.common.help) return crow_run_execute(&run, &argc, &argv);
  if (status == CROW_OK) {
    exit_code = say_once(&(reply){.run = &run}, &argc, &argv);
  } else {
    exit_code = say_once(&(reply){.exit_code = (int)status, .command = command}, &argc, &argv);
  }
  crow_run_free(&run);
  return exit_code;
}

/* A standard descriptor that is closed would go to the next file that is opened, a pipe of MPI's perhaps. In its place
 * comes one that gives nothing and takes nothing, so that writing fails as it would have. */
static void fill_descriptors(void) {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
    const bool closed = fcntl(descriptor, F_GETFD) < 0;
    if (closed && open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY) != descriptor) return;
  }
}

int main(int argc, char **argv) {
  fill_descriptors();
  crow_blas_restart(argc, argv);
  crow_start_alone();
  crow_memory_keep_freed();
  /* Widths of letters are wanted, decimal commas are not. */
  if (!setlocale(LC_CTYPE, "C.UTF-8")) (void)setlocale(LC_CTYPE, "");
  (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  /* A write beyond a limit on the size of files fails like one to a full disk, instead of ending the process. */
  (void)signal(SIGXFSZ, SIG_IGN);
  if (argc < 2) {
    (void)crow_error(CROW_USAGE, "which command? One of %s", crow_command_names());
    return usage_error(NULL, &argc, &argv);
  }
  const char *word = argv[1];
  const crow_command *command = crow_command_find(word);
  if (command) return run_command(command, argc, argv);
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return say_once(&(reply){0}, &argc, &argv);
  if (strcmp(word, "--version") == 0) return say_once(&(reply){.version = true}, &argc, &argv);
  if (strcmp(word, "--man") == 0) return say_once(&(reply){.man = true}, &argc, &argv);
  char nearest[64];
  if (*word == '-') {
    crow_nearest_word(word, "--help|--version", nearest, sizeof nearest);
    (void)crow_error(CROW_USAGE, "unknown option %s; did you mean %s?", word, nearest);
  } else {
    crow_nearest_word(word, crow_command_names(), nearest, sizeof nearest);
    (void)crow_error(CROW_USAGE, "unknown command \"%s\"; did you mean \"%s\"?", word, nearest);
  }
  return usage_error(NULL, &argc, &argv);
}
