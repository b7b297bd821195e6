/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli_impl.h"
#include <string.h>

#define ADDRESS(name) &crow_command_##name,
#define NAME(name) "|" #name

const crow_command *const crow_commands[] = {CROW_COMMANDS(ADDRESS) NULL};

const char *crow_command_names(void) { return &(CROW_COMMANDS(NAME))[1]; }

const crow_command *crow_command_find(const char *name) {
  for (const crow_command *const *command = crow_commands; *command; command++) {
    if (strcmp((*command)->name, name) == 0) return *command;
  }
  return NULL;
}
