/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the words of a command line with popt, whose table is made from the settings. */
#include "cli/cli_impl.h"
#include <popt.h>
#include <stdlib.h>
#include <string.h>

/* popt keeps pointers to the names, so they live beside its table. */
typedef struct popt_table {
  struct poptOption *option;
  char (*name)[64];
} popt_table;

static void table_free(popt_table *table) { CROW_FREE(table->option, table->name); }

static crow_status table_create(const crow_run *run, popt_table *table) {
  const int count = run->option_count;
  CROW_NEED(CROW_ALLOCATE(&table->name, count));
  CROW_NEED(CROW_ALLOCATE(&table->option, count + 1));
  for (int k = 0; k < count; k++) {
    const bool is_switch = run->option[k].setting->type == CROW_SETTING_BOOL;
    crow_option_name(run->option[k].setting, table->name[k], sizeof table->name[k]);
    table->option[k] = (struct poptOption){.longName = table->name[k],
                                           .shortName = run->option[k].short_name,
                                           .argInfo = is_switch ? POPT_ARG_NONE : POPT_ARG_STRING,
                                           .val = k + 1};
  }
  return CROW_OK;
}

/* Says what is wrong with an option that popt refused. */
static crow_status refuse_option(const crow_run *run, poptContext context, int code) {
  const char *bad = poptBadOption(context, POPT_BADOPTION_NOALIAS);
  char *names = NULL;
  char nearest[64] = "";
  if (code == POPT_ERROR_NOARG) return crow_error(CROW_USAGE, "option %s needs a value", bad);
  if (code == POPT_ERROR_UNWANTEDARG) return crow_error(CROW_USAGE, "option %s is a switch and takes no value", bad);
  if (code != POPT_ERROR_BADOPT) return crow_error(CROW_USAGE, "option %s: %s", bad, poptStrerror(code));
  CROW_NEED(crow_option_names(run, &names));
  char word[64];
  (void)snprintf(word, sizeof word, "%s", bad + strspn(bad, "-"));
  word[strcspn(word, "=")] = 0;
  crow_nearest_word(word, names, nearest, sizeof nearest);
  crow_free(names);
  return crow_error(CROW_USAGE, "unknown option %s; did you mean --%s?", bad, nearest);
}

static crow_status take_option(crow_option *option, poptContext context) {
  if (option->setting->type == CROW_SETTING_BOOL) {
    return crow_setting_parse(option->setting, option->setting->value != 0 ? "no" : "yes", option->options);
  }
  free(option->given);
  option->given = poptGetOptArg(context);
  if (!option->given) return crow_error(CROW_FAILED, "out of memory for the value of --%s", option->setting->name);
  if (!*option->given) return crow_error(CROW_USAGE, "--%s is empty: expected a value", option->setting->name);
  return crow_setting_parse(option->setting, option->given, option->options);
}

/* Whether a message begins with the name of this setting and then a value in quotes, a number or a colon, so that it
 * speaks of the setting and not of what is called so. */
static bool is_about(const char *message, const char *name) {
  const size_t length = strlen(name);
  if (strncmp(message, name, length) != 0) return false;
  const char *next = message + length;
  return *next == ':' || (*next == ' ' && next[1] && strchr("\"-0123456789", next[1])) ||
         (*next == ' ' && strstr(next, " is out of range"));
}

crow_status crow_option_dashes(const crow_run *run, crow_status status) {
  for (int k = 0; status == CROW_USAGE && k < run->option_count; k++) {
    if (is_about(crow_error_message(), run->option[k].setting->name)) {
      return crow_error(status, "--%s", crow_error_message());
    }
  }
  return status;
}

static crow_status take_arguments(crow_run *run, poptContext context) {
  const char **words = poptGetArgs(context);
  int count = 0;
  while (words && words[count]) count++;
  CROW_NEED(CROW_ALLOCATE(&run->argument, count + 1));
  for (int k = 0; k < count; k++) {
    CROW_NEED(crow_string_copy(words[k], &run->argument[k]));
    run->argument_count++;
  }
  return CROW_OK;
}

static crow_status check_arguments(const crow_run *run) {
  const crow_command *command = run->command;
  if (run->argument_count < command->least_arguments) {
    return crow_error(CROW_USAGE, "%s %s is missing", run->argument_count ? "another" : "argument", command->arguments);
  }
  if (command->most_arguments >= 0 && run->argument_count > command->most_arguments) {
    return crow_error(CROW_USAGE, "too many arguments: \"%s\" is not expected", run->argument[command->most_arguments]);
  }
  for (int k = 0; k < run->option_count; k++) {
    const crow_option *option = &run->option[k];
    if (!option->given && crow_option_required(command, option->setting->name)) {
      return crow_error(CROW_USAGE, "option --%s is missing", option->setting->name);
    }
  }
  for (int k = 0; k < run->argument_count; k++) {
    if (!*run->argument[k]) return crow_error(CROW_USAGE, "argument %d is empty: expected a file name", k + 1);
  }
  return CROW_OK;
}

/* The words as a shell would take them. */
static crow_status quote(int argc, char **argv, char **out) {
  int64_t bytes = 1;
  for (int k = 0; k < argc; k++) bytes += 4 * (int64_t)strlen(argv[k]) + 3;
  CROW_NEED(CROW_ALLOCATE(out, bytes));
  char *to = *out;
  for (int k = 0; k < argc; k++) {
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=+,@%";
    const bool bare = *argv[k] && strspn(argv[k], plain) == strlen(argv[k]);
    if (k) *to++ = ' ';
    if (!bare) *to++ = '\'';
    for (const char *from = argv[k]; *from; from++) {
      if (*from == '\'') {
        memcpy(to, "'\\''", 4);
        to += 4;
      } else {
        *to++ = *from;
      }
    }
    if (!bare) *to++ = '\'';
  }
  return CROW_OK;
}

crow_status crow_run_parse(crow_run *run, int argc, char **argv) {
  crow_status status = CROW_OK;
  popt_table table = {0};
  poptContext context = NULL;
  int code;
  CROW_TRY(quote(argc, argv, &run->command_line));
  CROW_TRY(table_create(run, &table));
  context = poptGetContext(NULL, argc - 1, (const char **)(argv + 1), table.option, 0);
  if (!context) {
    status = crow_error(CROW_FAILED, "out of memory for the options");
    goto cleanup;
  }
  while ((code = poptGetNextOpt(context)) > 0) {
    CROW_TRY(take_option(&run->option[code - 1], context));
    if (run->common.help) goto cleanup;
  }
  if (code < -1) {
    status = refuse_option(run, context, code);
    goto cleanup;
  }
  CROW_TRY(take_arguments(run, context));
  for (const crow_section *s = run->command->sections; s && s->title; s++) {
    CROW_TRY(crow_settings_validate(s->settings, (const char *)run->options + s->offset));
  }
  if (run->command->check) CROW_TRY(run->command->check(run));
  CROW_TRY(check_arguments(run));
cleanup:
  if (context) (void)poptFreeContext(context);
  table_free(&table);
  return crow_option_dashes(run, status);
}
