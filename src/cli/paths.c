/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a run, entered in its register before any work: arguments and options say in their declarations which
 * files they name, so that no command enters its own. */
#include "cli/cli_impl.h"
#include <ctype.h>
#include <string.h>
#include <unistd.h>

/* A form of a value: a word, or FILE with something before or after it. */
typedef struct paths_form {
  const char *text;
  int length;
  const char *file; /* where FILE begins, or NULL */
} paths_form;

static bool next_form(const char **forms, paths_form *form) {
  if (!**forms) return false;
  form->text = *forms;
  form->length = (int)strcspn(*forms, "|");
  const char *file = strstr(form->text, "FILE");
  form->file = file && file < form->text + form->length ? file : NULL;
  *forms += form->length + ((*forms)[form->length] != 0);
  return true;
}

static bool is_word(const char *forms, const char *value) {
  paths_form form;
  while (next_form(&forms, &form)) {
    if (!form.file && strlen(value) == (size_t)form.length && strncmp(form.text, value, (size_t)form.length) == 0)
      return true;
  }
  return false;
}

/* The file in a value whose forms are listed, e.g. "voronoi|uniform|FILE" or "cube|pool:FILE:PATH"; NULL if the value
 * is one of the words. `*file` is owned by the caller. */
static crow_status file_of_value(const char *forms, const char *value, char **file) {
  const char *name = NULL, *rest = forms ? forms : "FILE";
  size_t before = 0;
  bool within = false;
  paths_form form;
  *file = NULL;
  if (is_word(rest, value)) return CROW_OK;
  while (next_form(&rest, &form)) {
    const size_t prefix = form.file ? (size_t)(form.file - form.text) : 0;
    if (!form.file || strncmp(value, form.text, prefix) != 0) continue;
    if (!name || prefix > before) within = false;
    if (!name || prefix >= before) name = value + prefix;
    before = prefix;
    within |= form.file + 4 < form.text + form.length;
  }
  if (!name) return CROW_OK; /* of no form: a word that is not known, which the command refuses */
  CROW_NEED(crow_string_copy(name, file));
  /* A file's name may hold colons itself. */
  char *colon = within && access(name, F_OK) != 0 ? strrchr(*file, ':') : NULL;
  if (colon) *colon = 0;
  return CROW_OK;
}

/* What the user calls an argument: DATASET is the dataset. */
static void argument_name(const crow_run *run, int place, char *name, size_t bytes) {
  const char *word = run->command->arguments;
  for (int k = 0; k < place && strchr(word, ' '); k++) word = strchr(word, ' ') + 1;
  word += strspn(word, "[");
  size_t length = 0;
  for (; length + 8 < bytes && isupper((unsigned char)word[length]); length++)
    name[length] = (char)tolower((unsigned char)word[length]);
  name[length] = 0;
  /* The further files of a command that takes several alike. */
  const bool repeated = place > 0 && (run->command->most_arguments < 0 || run->command->most_arguments > 2 ||
                                      strchr(run->command->arguments, '['));
  if (repeated) (void)snprintf(name + length, bytes - length, "_%d", place + 1);
}

static crow_status enter_arguments(const crow_run *run) {
  char name[64];
  /* Words in small letters are no files. */
  if (!isupper((unsigned char)run->command->arguments[0])) return CROW_OK;
  for (int k = 0; k < run->argument_count; k++) {
    argument_name(run, k, name, sizeof name);
    CROW_NEED(crow_paths_enter(run->paths, CROW_PATH_READ, name, run->argument[k], false));
  }
  return CROW_OK;
}

static const char *option_value(const crow_option *option) {
  return *(const char *const *)((const char *)option->options + option->setting->offset);
}

static crow_status enter_input(const crow_run *run, const crow_option *option) {
  crow_status status = CROW_OK;
  char *file = NULL;
  CROW_TRY_AGREE(run->comm, file_of_value(option->setting->choices, option_value(option), &file));
  if (file) CROW_TRY(crow_paths_enter(run->paths, CROW_PATH_READ, option->setting->name, file, false));
cleanup:
  crow_free(file);
  return status;
}

static crow_status enter_output(const crow_run *run, const crow_option *option) {
  char name[64];
  const char *path = option_value(option);
  const bool output = strcmp(option->setting->name, "output") == 0;
  const bool stream = option->setting->type == CROW_SETTING_STREAM || (output && run->command->takes & CROW_STREAMS);
  /* What is written beside the output replaces what is there without being told to. */
  const bool overwrite = crow_run_force(run) || (stream && !output);
  (void)snprintf(name, sizeof name, "--%s", option->setting->name);
  return crow_paths_enter(run->paths, stream ? CROW_PATH_STREAM : CROW_PATH_WRITE, name, path, overwrite);
}

static crow_status enter_checkpoints(const crow_run *run, const crow_option *option) {
  crow_status status = CROW_OK;
  char *names[2] = {NULL, NULL};
  const crow_checkpoint_options options = {.checkpoint = option_value(option)};
  CROW_TRY_AGREE(run->comm, crow_checkpoint_names(&options, crow_run_output(run), names));
  for (int k = 0; k < 2 && names[k]; k++) {
    CROW_TRY(crow_paths_enter(run->paths, CROW_PATH_CHECKPOINT, "--checkpoint", names[k], true));
  }
cleanup:
  for (int k = 0; k < 2; k++) crow_free(names[k]);
  return status;
}

crow_status crow_run_enter_paths(crow_run *run) {
  CROW_NEED(crow_paths_create(run->comm, &run->paths));
  CROW_NEED(enter_arguments(run));
  for (int k = 0; k < run->option_count; k++) {
    const crow_option *option = &run->option[k];
    if (option->setting->type == CROW_SETTING_INPUT && option_value(option)) CROW_NEED(enter_input(run, option));
  }
  for (int k = 0; k < run->option_count; k++) {
    const crow_option *option = &run->option[k];
    const crow_setting_type type = option->setting->type;
    if (type == CROW_SETTING_CHECKPOINT) CROW_NEED(enter_checkpoints(run, option));
    if (type != CROW_SETTING_OUTPUT && type != CROW_SETTING_STREAM) continue;
    if (option_value(option)) CROW_NEED(enter_output(run, option));
  }
  return CROW_OK;
}

crow_status crow_option_check_files(const crow_command *command, const crow_setting *setting) {
  const char *forms = setting->choices ? setting->choices : "";
  const bool names_file = strstr(forms, "FILE") || strstr(forms, "FOLDER");
  if (setting->type == CROW_SETTING_INPUT && !names_file) {
    return crow_error(CROW_FAILED, "command %s declares --%s as an input, but its form %s has no FILE", command->name,
                      setting->name, forms);
  }
  if (setting->type != CROW_SETTING_TEXT || !names_file) return CROW_OK;
  return crow_error(CROW_FAILED,
                    "command %s declares --%s as a plain text, but its form is %s: expected "
                    "CROW_SETTING_INPUT or one of the other types that name files",
                    command->name, setting->name, forms);
}
