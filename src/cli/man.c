/* SPDX-License-Identifier: Apache-2.0 */
/* The man page, made from the same declarations as the help: `crow --man` at build time. */
#include "cli/cli_impl.h"
#include <string.h>

/* Text for roff: backslashes, hyphens that are typed as such, and lines that would begin a request. */
static void escape(FILE *out, const char *text, size_t length) {
  bool line_begins = true;
  for (size_t k = 0; k < length; k++) {
    if (line_begins && (text[k] == '.' || text[k] == '\'')) (void)fputs("\\&", out);
    line_begins = text[k] == '\n';
    if (text[k] == '\\') {
      (void)fputs("\\e", out);
    } else if (text[k] == '-') {
      (void)fputs("\\-", out);
    } else {
      (void)fputc(text[k], out);
    }
  }
}

static void escape_all(FILE *out, const char *text) { escape(out, text, strlen(text)); }

static void paragraphs(FILE *out, const char *text) {
  while (*text) {
    const char *end = strstr(text, "\n\n");
    const size_t length = end ? (size_t)(end - text) : strlen(text);
    (void)fputs(".PP\n", out);
    escape(out, text, length);
    (void)fputc('\n', out);
    text += length;
    text += strspn(text, "\n");
  }
}

static void option_write(FILE *out, const crow_command *command, const crow_option *option) {
  char name[64], value[256], preset[512];
  crow_option_name(option->setting, name, sizeof name);
  crow_help_value(option->setting, value, sizeof value);
  crow_help_default(option->setting, preset, sizeof preset);
  (void)fputs(".TP\n", out);
  if (option->short_name) (void)fprintf(out, "\\fB\\-%c\\fR, ", option->short_name);
  (void)fputs("\\fB\\-\\-", out);
  escape_all(out, name);
  (void)fputs("\\fR", out);
  if (*value) {
    (void)fputs(" \\fI", out);
    escape_all(out, value);
    (void)fputs("\\fR", out);
  }
  (void)fputc('\n', out);
  if (option->setting->help) escape_all(out, option->setting->help);
  (void)fputc(' ', out);
  escape_all(out, preset);
  if (crow_option_required(command, option->setting->name)) (void)fputs(" (required)", out);
  (void)fputc('\n', out);
}

static crow_status command_write(FILE *out, const crow_command *command) {
  crow_run run;
  CROW_NEED(crow_run_create(command, &run));
  (void)fputs(".SS crow ", out);
  escape_all(out, command->name);
  (void)fputc(' ', out);
  escape_all(out, command->arguments);
  (void)fputc('\n', out);
  escape_all(out, command->summary);
  (void)fputs(".\n", out);
  paragraphs(out, command->description);
  for (int k = 0; k < run.option_count; k++) {
    /* Said once for all commands. */
    if (strcmp(run.option[k].section, "Printing") == 0 && run.option[k].options == &run.common) continue;
    option_write(out, command, &run.option[k]);
  }
  (void)fputs(".PP\n.EX\n", out);
  escape_all(out, command->example);
  (void)fputs("\n.EE\n", out);
  crow_run_free(&run);
  return CROW_OK;
}

crow_status crow_man_write(FILE *out) {
  (void)fprintf(out, ".\\\" Made by crow --man.\n.TH CROW 1 \"\" \"crow %s\" \"User Commands\"\n", crow_version());
  (void)fputs(".SH NAME\ncrow \\- clone\\-robust weighted MLE of rewards from pairwise preferences\n"
              ".SH SYNOPSIS\n\\fBcrow\\fR \\fICOMMAND\\fR [\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n.br\n"
              "\\fBmpirun \\-n\\fR \\fIP\\fR \\fBcrow\\fR \\fICOMMAND\\fR ...\n"
              ".SH DESCRIPTION\ncrow learns rewards from pairwise preferences so that near\\-duplicate alternatives "
              "(approximate clones) do not distort them.\nEvery command runs on any number of MPI ranks and gives the "
              "same bits on all of them.\n.SH COMMANDS\n",
              out);
  for (const crow_command *const *command = crow_commands; *command; command++) {
    CROW_NEED(command_write(out, *command));
  }
  (void)fputs(
      ".SH OPTIONS OF ALL COMMANDS\n"
      ".TP\n\\fB\\-q\\fR, \\fB\\-\\-quiet\\fR\nprint warnings and errors only\n"
      ".TP\n\\fB\\-\\-json\\fR \\fIFILE\\fR\nwrite a summary of the run as JSON, also when the run fails "
      "(commands that list no other use of it)\n"
      ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nprint the command's help\n"
      ".SH EXIT STATUS\n"
      ".TP\n0\ndone\n.TP\n1\nfailed\n.TP\n2\nwrong usage\n.TP\n3\nbad input data\n.TP\n4\nfile system\n"
      ".TP\n5\nnot converged: results are written and marked\n"
      ".TP\n75\nstopped with a checkpoint written: run the same command again to go on\n"
      ".SH ENVIRONMENT\n"
      ".TP\nOPENBLAS_CORETYPE\nOpenBLAS's kernels. If it is not set and OpenBLAS has chosen generic kernels although "
      "the processor has AVX2 or AVX\\-512, crow restarts itself with it set.\n"
      ".TP\nOPENBLAS_NUM_THREADS\nthreads of OpenBLAS in each rank; 1 unless set\n"
      ".TP\nHDF5_USE_FILE_LOCKING\nFALSE where a file system has no locks\n",
      out);
  return CROW_OK;
}
