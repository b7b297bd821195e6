/* SPDX-License-Identifier: Apache-2.0 */
/* Options that are given and have no effect beside the others are pointed out: their user expects one. */
#include "cli/cli_impl.h"
#include <stdlib.h>
#include <string.h>

/* When an option has an effect: "A=x|y B!=z or C!=" means that A is x or y and B is not z, or that C is not empty. A
 * value is compared up to its first ':', so that "pool" is every pool. A term naming an
 * option this command lacks counts as true. */
typedef struct need {
  const char *commands; /* "weights|fit"; NULL: every command with this option */
  const char *option;
  const char *condition;
} need;

#define ADAM "model=linear optimizer=adam or model=mlp optimizer=auto|adam"
#define VORONOI "weights=voronoi scheme=voronoi"

static const need needs[] = {
    {"weights|fit|audit", "scheme", "weights=voronoi"},
    {"weights|fit|audit", "bandwidth", "weights=voronoi scheme=kernel"},
    {"weights|fit", "radius", "weights=voronoi scheme=radius"},
    {"audit", "weight-radius", "scheme=radius"},
    {"weights|fit|audit", "weight-clusters", "weights=voronoi scheme=cluster"},
    {"weights|fit|audit", "samples", VORONOI},
    {"weights|fit", "draws", VORONOI},
    {"weights|fit|audit", "relative-error", VORONOI},
    {"weights|audit", "max-samples", VORONOI " relative-error!=0"},
    {"fit", "max-samples", VORONOI " relative-error!=0 or " VORONOI " reward-error!=0"},
    {"weights|fit|audit", "pseudo-count", VORONOI},
    {"weights|fit", "grid", VORONOI},
    {"fit", "prompt-share", "weights=voronoi|uniform"},
    {"weights|fit", "batches", VORONOI},
    {"weights|fit|audit", "space", VORONOI},
    {"weights|fit|audit", "space-center", VORONOI " space=sphere|auto"},
    {"weights|fit|audit", "margin", VORONOI " space=box|auto"},
    {"weights|fit|audit", "seed", "weights=voronoi scheme=voronoi|cluster"},
    {"weights|fit|audit", "nearest", VORONOI},
    {"weights|fit|audit", "precision", VORONOI " nearest!=exact"},
    {"weights|fit|audit", "threads", VORONOI " nearest!=exact"},
    {"weights|fit", "checkpoint-interval", "checkpoint!=none"},
    {"weights|fit", "restart", "checkpoint!=none"},
    {"fit|audit", "max-iterations", "model=tabular or model=linear optimizer!=adam or model=mlp optimizer=lbfgs"},
    {"fit|audit", "tolerance", "model=tabular or model=linear optimizer!=adam or model=mlp optimizer=lbfgs"},
    {"fit|audit", "history", "model=tabular or model=linear optimizer!=adam or model=mlp optimizer=lbfgs"},
    {NULL, "hidden", "model=mlp"},
    {NULL, "activation", "model=mlp"},
    {NULL, "weight-decay", "model!=tabular"},
    {NULL, "center", "model!=tabular"},
    {NULL, "optimizer", "model!=tabular"},
    {NULL, "ensemble", "model!=tabular"},
    {NULL, "model-seed", "model!=tabular"},
    {NULL, "validate", ADAM},
    {NULL, "patience", "validate!="},
    {NULL, "validate-every", ADAM},
    {NULL, "learning-rate", ADAM},
    {NULL, "batch", ADAM},
    {NULL, "steps", ADAM},
    {NULL, "beta1", ADAM},
    {NULL, "beta2", ADAM},
    {NULL, "adam-epsilon", ADAM},
    {"fit", "groups", "bootstrap!=0 or ensemble!=1"},
    {"audit", "groups", "ensemble!=1"},
    {"fit", "error-probes", "standard-errors=yes or errors=yes model=tabular"},
    {"fit", "bootstrap-seed", "bootstrap!=0 or standard-errors=yes or errors=yes model=tabular"},
    {"audit", "clones", "target!=none"},
    {"audit", "eps", "target!=none"},
    {"audit", "clone-seed", "target!=none or redraws!=0"},
    {"cluster", "starts", "clusters!=0"},
    {"cluster", "max-iterations", "clusters!=0"},
    {"cluster", "seed", "clusters!=0"},
    {"simulate", "eps", "clone!="},
    {"simulate", "comparisons", "preferences=comparisons"},
    {"eval", "nearest", "unseen=nearest"},
    {"eval", "precision", "unseen=nearest"},
    {"eval", "threads", "unseen=nearest"},
    {"bench", "seconds", "samples=0"},
};

/* Whether `word` is among "a|b|c". */
static bool is_among(const char *words, size_t words_length, const char *word, size_t length) {
  for (const char *at = words, *end = words + words_length; at <= end;) {
    const char *stop = memchr(at, '|', (size_t)(end - at));
    if (!stop) stop = end;
    if ((size_t)(stop - at) == length && strncmp(at, word, length) == 0) return true;
    at = stop + 1;
  }
  return false;
}

static const crow_option *find_named(const crow_run *run, const char *name, size_t length) {
  for (int k = 0; k < run->option_count; k++) {
    const char *own = run->option[k].setting->name;
    if (strlen(own) == length && strncmp(own, name, length) == 0) return &run->option[k];
  }
  return NULL;
}

static bool is_given(const crow_option *option) {
  if (option->setting->type != CROW_SETTING_BOOL) return option->given != NULL;
  return *((const bool *)option->options + option->setting->offset) != (option->setting->value != 0);
}

/* What the user would change: " --NAME VALUE", or that the option is not given. */
static void add_reason(const crow_option *option, const char *value, char *reason, size_t bytes) {
  const size_t used = strlen(reason);
  char name[64], text[256];
  crow_option_name(option->setting, name, sizeof name);
  if (option->setting->type == CROW_SETTING_BOOL)
    (void)snprintf(text, sizeof text, "%s --%s", is_given(option) ? "with" : "without", name);
  else if (!*value)
    (void)snprintf(text, sizeof text, "without --%s", name);
  else
    (void)snprintf(text, sizeof text, "with --%s %.180s", name, value);
  if (!strstr(reason, text)) (void)snprintf(reason + used, bytes - used, "%s%s", used ? " and " : "", text);
}

/* Whether a term such as "scheme=kernel" holds; if not, `reason` is longer. */
static bool term_holds(const crow_run *run, const char *term, size_t length, char *reason, size_t bytes) {
  const size_t name = strcspn(term, "!=");
  const bool unequal = term[name] == '!';
  const char *words = term + name + 1 + unequal;
  const crow_option *option = find_named(run, term, name);
  char value[4096];
  if (!option) return true;
  crow_setting_print(option->setting, option->options, value, sizeof value);
  if (is_among(words, length - (size_t)(words - term), value, strcspn(value, ":")) != unequal) return true;
  add_reason(option, value, reason, bytes);
  return false;
}

/* Whether one of the clauses holds; if none does, `reason` says what is in the way. */
static bool condition_holds(const crow_run *run, const char *condition, char *reason, size_t bytes) {
  bool holds = true;
  *reason = 0;
  for (const char *term = condition; *term;) {
    const size_t length = strcspn(term, " ");
    if (length == 2 && strncmp(term, "or", 2) == 0) {
      if (holds) return true;
      holds = true;
    } else if (holds) {
      holds = term_holds(run, term, length, reason, bytes);
    }
    term += length + (term[length] == ' ');
  }
  return holds;
}

void crow_run_warn_unused(crow_run *run) {
  const char *command = run->command->name;
  char reason[1024];
  for (size_t k = 0; k < sizeof needs / sizeof *needs; k++) {
    const need *n = &needs[k];
    if (n->commands && !is_among(n->commands, strlen(n->commands), command, strlen(command))) continue;
    for (int i = 0; i < run->option_count; i++) {
      crow_option *option = &run->option[i];
      if (option->unused || strcmp(option->setting->name, n->option) != 0 || !is_given(option)) continue;
      if (condition_holds(run, n->condition, reason, sizeof reason)) continue;
      crow_print_warning(run, "warning: --%s has no effect %s", n->option, reason);
      option->unused = true;
    }
  }
}

void crow_run_warn_unused_by(crow_run *run, const char *name, const char *reason) {
  for (int i = 0; i < run->option_count; i++) {
    crow_option *option = &run->option[i];
    if (option->unused || strcmp(option->setting->name, name) != 0 || !is_given(option)) continue;
    crow_print_warning(run, "warning: --%s has no effect: %s", name, reason);
    option->unused = true;
  }
}
