/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a command, gathered from its settings tables and from those that all commands share. */
#include "cli/cli_impl.h"
#include <stdlib.h>
#include <string.h>

static const crow_setting output_settings[] = {
    CROW_SETTING("output", OUTPUT, crow_common_options, output, .choices = "FILE", .help = "file to write"),
    CROW_SETTING("force", BOOL, crow_common_options, force, .help = "replace an existing output"),
    {0}};
static const crow_setting quiet_settings[] = {
    CROW_SETTING("quiet", BOOL, crow_common_options, quiet, .help = "print warnings and errors only"),
    CROW_SETTING("verbose", BOOL, crow_common_options, verbose,
                 .help = "print also how it is done, and where the time goes"),
    {0}};
static const crow_setting json_settings[] = {
    CROW_SETTING("json", STREAM, crow_common_options, json, .choices = "FILE",
                 .help = "write a summary of the run as JSON, also when the run fails; it replaces an existing file"),
    {0}};
static const crow_setting memory_settings[] = {
    CROW_SETTING("memory-per-rank", DOUBLE, crow_common_options, memory_per_rank, .maximum = 1e18,
                 .help = "bytes that a rank may use; work that needs more is refused before it begins; 0: what the "
                         "machine, its cgroup or Slurm allows"),
    {0}};
static const crow_setting help_settings[] = {
    CROW_SETTING("help", BOOL, crow_common_options, help, .help = "print this help"), {0}};

static const struct {
  const char *name;
  char letter;
} short_names[] = {{"output", 'o'}, {"quiet", 'q'}, {"verbose", 'v'}, {"help", 'h'}};

static int settings_count(const crow_setting *settings) {
  int count = 0;
  while (settings[count].name) count++;
  return count;
}

static void add(crow_run *run, const char *section, const crow_setting *settings, void *options) {
  crow_settings_default(settings, options);
  for (const crow_setting *s = settings; s->name; s++) {
    crow_option *option = &run->option[run->option_count++];
    *option = (crow_option){.setting = s, .section = section, .options = options};
    for (size_t k = 0; k < sizeof short_names / sizeof *short_names; k++) {
      if (strcmp(s->name, short_names[k].name) == 0) option->short_name = short_names[k].letter;
    }
  }
}

static crow_status check_declarations(const crow_run *run) {
  for (int i = 0; i < run->option_count; i++) {
    CROW_NEED(crow_option_check_files(run->command, run->option[i].setting));
    for (int j = 0; j < i; j++) {
      if (strcmp(run->option[i].setting->name, run->option[j].setting->name) == 0) {
        return crow_error(CROW_FAILED, "command %s declares --%s twice", run->command->name,
                          run->option[i].setting->name);
      }
    }
  }
  return CROW_OK;
}

crow_status crow_run_create(const crow_command *command, crow_run *run) {
  crow_status status = CROW_OK;
  *run = (crow_run){.command = command};
  int count = settings_count(output_settings) + settings_count(quiet_settings) + settings_count(json_settings) +
              settings_count(help_settings) + settings_count(memory_settings);
  for (const crow_section *s = command->sections; s && s->title; s++) count += settings_count(s->settings);
  CROW_TRY(CROW_ALLOCATE(&run->option, count));
  CROW_TRY(crow_allocate((int64_t)command->options_bytes, 1, &run->options));
  for (const crow_section *s = command->sections; s && s->title; s++) {
    add(run, s->title, s->settings, (char *)run->options + s->offset);
  }
  if (command->takes & CROW_TAKES_MEMORY) add(run, "Memory", memory_settings, &run->common);
  if (command->takes & CROW_TAKES_OUTPUT) add(run, "Output", output_settings, &run->common);
  add(run, "Printing", quiet_settings, &run->common);
  if (command->takes & CROW_TAKES_JSON) add(run, "Printing", json_settings, &run->common);
  add(run, "Printing", help_settings, &run->common);
  CROW_TRY(check_declarations(run));
cleanup:
  if (status != CROW_OK) crow_run_free(run);
  return status;
}

void crow_run_free(crow_run *run) {
  for (int k = 0; k < run->option_count; k++) free(run->option[k].given); /* popt's strings come from malloc */
  for (int k = 0; k < run->argument_count; k++) crow_free(run->argument[k]);
  CROW_FREE(run->option, run->argument, run->options, run->command_line);
  json_decref(run->report);
  crow_paths_destroy(&run->paths);
  *run = (crow_run){0};
}

void crow_option_name(const crow_setting *setting, char *name, size_t bytes) {
  const bool negated = setting->type == CROW_SETTING_BOOL && setting->value != 0;
  (void)snprintf(name, bytes, "%s%s", negated ? "no-" : "", setting->name);
}

crow_status crow_option_names(const crow_run *run, char **names) {
  crow_status status = CROW_OK;
  char *text = NULL;
  const int64_t bytes = 65 * (int64_t)run->option_count + 1;
  CROW_TRY(CROW_ALLOCATE(&text, bytes));
  int64_t used = 0;
  for (int k = 0; k < run->option_count; k++) {
    char name[64];
    crow_option_name(run->option[k].setting, name, sizeof name);
    used += snprintf(text + used, (size_t)(bytes - used), "%s%s", k ? "|" : "", name);
  }
cleanup:
  *names = text;
  return status;
}

bool crow_option_required(const crow_command *command, const char *name) {
  const size_t length = strlen(name);
  for (const char *word = command->required; word;) {
    const size_t word_length = strcspn(word, "|");
    if (word_length == length && strncmp(word, name, length) == 0) return true;
    word = word[word_length] ? word + word_length + 1 : NULL;
  }
  return (command->takes & CROW_TAKES_OUTPUT) && strcmp(name, "output") == 0;
}

bool crow_option_given(const crow_run *run, const char *name) {
  for (int k = 0; k < run->option_count; k++) {
    if (strcmp(run->option[k].setting->name, name) == 0) return run->option[k].given != NULL;
  }
  return false;
}

static const void *field(const crow_run *run, const char *name) {
  for (int k = 0; k < run->option_count; k++) {
    const crow_option *option = &run->option[k];
    if (strcmp(option->setting->name, name) == 0) return (const char *)option->options + option->setting->offset;
  }
  return NULL;
}

const char *crow_run_output(const crow_run *run) {
  const char *const *output = field(run, "output");
  return output ? *output : NULL;
}

bool crow_run_force(const crow_run *run) {
  const bool *force = field(run, "force");
  return force && *force;
}

double crow_run_memory(const crow_run *run) {
  const double *bytes = field(run, "memory-per-rank");
  return bytes ? *bytes : 0;
}
