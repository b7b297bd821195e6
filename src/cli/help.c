/* SPDX-License-Identifier: Apache-2.0 */
/* Help, made from the declarations. */
#include "cli/cli_impl.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_WIDTH = 100, OPTION_WIDTH = 30 };

/* Prints words from column `column` on, with lines of at most PAGE_WIDTH that begin at `indent`; ends the line. */
static void help_wrap(FILE *out, const char *text, int indent, int column) {
  for (const char *word = text + strspn(text, " "); *word;) {
    const int length = (int)strcspn(word, " ");
    if (column > indent && column + 1 + length > PAGE_WIDTH) {
      (void)fprintf(out, "\n%*s", indent, "");
      column = indent;
    } else if (column > indent) {
      (void)fputc(' ', out);
      column++;
    }
    (void)fprintf(out, "%.*s", length, word);
    column += length;
    word += length;
    word += strspn(word, " ");
  }
  (void)fputc('\n', out);
}

void crow_help_value(const crow_setting *setting, char *text, size_t bytes) {
  const char *value = "";
  if (setting->type == CROW_SETTING_INT) value = "N";
  if (setting->type == CROW_SETTING_DOUBLE) value = "X";
  if (crow_setting_is_text(setting->type)) value = "TEXT";
  if (crow_setting_is_text(setting->type) || setting->type == CROW_SETTING_CHOICE) {
    if (setting->choices) value = setting->choices;
  }
  (void)snprintf(text, bytes, "%s", value);
}

static void print_number(const crow_setting *setting, double value, char *text, size_t bytes) {
  const bool whole = setting->type == CROW_SETTING_INT && fabs(value) < 1e7;
  (void)snprintf(text, bytes, whole ? "%.0f" : "%.6g", value);
  /* A bound just below 1 is not 1. */
  if (strtod(text, NULL) != value) (void)snprintf(text, bytes, "%.12g", value);
}

void crow_help_default(const crow_setting *setting, char *text, size_t bytes) {
  char value[128] = "", least[64], greatest[64], range[160] = "";
  const bool number = setting->type == CROW_SETTING_INT || setting->type == CROW_SETTING_DOUBLE;
  if (number) print_number(setting, setting->value, value, sizeof value);
  if (crow_setting_is_text(setting->type) && setting->text) (void)snprintf(value, sizeof value, "%s", setting->text);
  if (setting->type == CROW_SETTING_CHOICE) {
    const char *word = setting->choices;
    for (int k = (int)setting->value; k > 0 && strchr(word, '|'); k--) word = strchr(word, '|') + 1;
    (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(word, "|"), word);
  }
  if (number && (setting->minimum != 0 || setting->maximum != 0)) {
    /* A bound at the type's end is no bound to a reader. */
    const bool endless = setting->maximum >= 0x1p53;
    print_number(setting, setting->minimum, least, sizeof least);
    print_number(setting, setting->maximum, greatest, sizeof greatest);
    if (endless && setting->minimum > 0 && setting->minimum < 1e-200) {
      (void)snprintf(range, sizeof range, "above 0");
    } else if (endless) {
      (void)snprintf(range, sizeof range, "at least %s", least);
    } else {
      (void)snprintf(range, sizeof range, "%s to %s", least, greatest);
    }
  }
  text[0] = 0;
  if (*value && *range) (void)snprintf(text, bytes, "(default %s; %s)", value, range);
  if (*value && !*range) (void)snprintf(text, bytes, "(default %s)", value);
  if (!*value && *range) (void)snprintf(text, bytes, "(%s)", range);
}

void crow_help_usage(FILE *out, const crow_command *command) {
  (void)fprintf(out, "usage: crow %s%s%s", command->name, *command->arguments ? " " : "", command->arguments);
  crow_run run;
  if (crow_run_create(command, &run) == CROW_OK) {
    for (int k = 0; k < run.option_count; k++) {
      const crow_setting *setting = run.option[k].setting;
      if (!crow_option_required(command, setting->name)) continue;
      char value[256];
      crow_help_value(setting, value, sizeof value);
      if (run.option[k].short_name) {
        (void)fprintf(out, " -%c %s", run.option[k].short_name, value);
      } else {
        (void)fprintf(out, " --%s %s", setting->name, value);
      }
    }
    crow_run_free(&run);
  }
  (void)fprintf(out, " [options]\n");
}

static void print_option(FILE *out, const crow_command *command, const crow_option *option) {
  char name[64], value[256], preset[512], left[512], right[2048];
  crow_option_name(option->setting, name, sizeof name);
  crow_help_value(option->setting, value, sizeof value);
  crow_help_default(option->setting, preset, sizeof preset);
  const char comma[] = {'-', option->short_name, ',', ' ', 0};
  (void)snprintf(left, sizeof left, "  %s--%s%s%s", option->short_name ? comma : "", name, *value ? " " : "", value);
  (void)snprintf(right, sizeof right, "%s%s%s%s", option->setting->help ? option->setting->help : "",
                 *preset ? " " : "", preset, crow_option_required(command, option->setting->name) ? " (required)" : "");
  int column = fprintf(out, "%s", left);
  if (column > OPTION_WIDTH - 2) {
    (void)fputc('\n', out);
    column = 0;
  }
  (void)fprintf(out, "%*s", OPTION_WIDTH - column, "");
  help_wrap(out, right, OPTION_WIDTH, OPTION_WIDTH);
}

/* Paragraphs are separated by empty lines; within one, line breaks are those of the page. */
static void print_paragraphs(FILE *out, const char *text) {
  while (*text) {
    const char *end = strstr(text, "\n\n");
    const int length = end ? (int)(end - text) : (int)strlen(text);
    char paragraph[4096];
    (void)snprintf(paragraph, sizeof paragraph, "%.*s", length, text);
    for (char *c = paragraph; *c; c++) {
      if (*c == '\n') *c = ' ';
    }
    (void)fputc('\n', out);
    help_wrap(out, paragraph, 0, 0);
    text += length;
    text += strspn(text, "\n");
  }
}

void crow_help_command(FILE *out, const crow_run *run) {
  const crow_command *command = run->command;
  crow_help_usage(out, command);
  (void)fprintf(out, "\n%c%s.\n", toupper(command->summary[0]), command->summary + 1);
  print_paragraphs(out, command->description);
  const char *section = "";
  for (int k = 0; k < run->option_count; k++) {
    if (strcmp(section, run->option[k].section) != 0) (void)fprintf(out, "\n%s:\n", run->option[k].section);
    section = run->option[k].section;
    print_option(out, command, &run->option[k]);
  }
  (void)fprintf(out, "\nExample:\n");
  for (const char *line = command->example; *line;) {
    const int length = (int)strcspn(line, "\n");
    (void)fprintf(out, "  %.*s\n", length, line);
    line += length + (line[length] == '\n');
  }
}

void crow_help_program(FILE *out) {
  (void)fprintf(out,
                "usage: crow COMMAND ...\n\n"
                "Clone-robust weighted MLE: rewards from pairwise preferences that near-duplicate alternatives\n"
                "do not distort. Every command runs on any number of MPI ranks (mpirun -n P crow ..., srun crow ...)\n"
                "and gives the same bits on all of them.\n\nCommands:\n");
  for (const crow_command *const *command = crow_commands; *command; command++) {
    (void)fprintf(out, "  %-10s %s\n", (*command)->name, (*command)->summary);
  }
  (void)fprintf(out, "\n  crow COMMAND --help   options with defaults and ranges, and an example\n"
                     "  crow --version        versions of crow, MPI, HDF5 and OpenBLAS\n"
                     "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 bad input data, 4 file system, 5 not converged\n"
                     "(results written and marked), 75 stopped with a checkpoint written: run it again to go on.\n");
}
