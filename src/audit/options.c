/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/audit_impl.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT(field) offsetof(crow_audit_options, field)
const crow_setting crow_audit_settings[] = {
    {"radius", CROW_SETTING_DOUBLE, AT(radius), 0, NULL, 0, 1e300, NULL,
     "alternatives whose contexts are joined by steps of at most this length are approximate clones; 0: "
     "where the sorted distances to the nearest other alternative jump most"},
    {"target", CROW_SETTING_TEXT, AT(target), 0, "most-compared", 0, 0, "most-compared|topics|topic:NAME|id:NAME|none",
     "what the stress test clones: the alternative in most comparisons (of each prompt), each topic in turn, the "
     "named topic or alternative, or nothing"},
    {"clones", CROW_SETTING_TEXT, AT(clones), 0, "1,10", 0, 0, "K,...", "numbers of clones of each target"},
    {"eps", CROW_SETTING_TEXT, AT(eps), 0, "0.1,0.01,0.001", 0, 0, "X,...",
     "distances of the clones from their originals, each in a random direction"},
    {.name = "weights",
     .type = CROW_SETTING_INPUT,
     .offset = AT(given[0]),
     .text = "voronoi",
     .choices = "voronoi|uniform|FILE",
     .help =
         "weights of the weighted fit: computed as by crow weights, all equal, or read from a file that crow weights "
         "wrote; clones share evenly what their original has there"},
    {.name = "second-weights",
     .type = CROW_SETTING_INPUT,
     .offset = AT(given[1]),
     .choices = "FILE",
     .help = "weights of the second dataset, needed where --weights is a file"},
    CROW_SETTING("samples", INT, crow_audit_options, weights.samples, .maximum = 1e13,
                 .help = "Monte Carlo samples for the weights of each dataset; 0: as crow weights takes them"),
    CROW_SETTING("scheme", CHOICE, crow_audit_options, weights.scheme,
                 .choices = "voronoi|uniform|kernel|radius|cluster",
                 .help = "how the weighted fit weighs: as crow weights"),
    CROW_SETTING("bandwidth", DOUBLE, crow_audit_options, weights.bandwidth, .maximum = 1e300,
                 .help = "with --scheme kernel; 0: a third of the radius at the valley of each dataset's distances"),
    CROW_SETTING("weight-radius", DOUBLE, crow_audit_options, weights.radius, .maximum = 1e300,
                 .help = "with --scheme radius; 0: the valley of each dataset's distances"),
    CROW_SETTING("weight-clusters", INT, crow_audit_options, weights.clusters, .maximum = 1e9,
                 .help = "with --scheme cluster; 0: the square root of the number of alternatives"),
    CROW_SETTING("relative-error", DOUBLE, crow_audit_options, weights.relative_error, .maximum = 1,
                 .help = "samples go on until every weight above 1/m has this relative standard error; 0: stop after "
                         "--samples"),
    CROW_SETTING("max-samples", INT, crow_audit_options, weights.max_samples, .value = 1e9, .minimum = 1,
                 .maximum = 1e13,
                 .help = "with --relative-error: never draw more than this, even if the error is not reached"),
    CROW_SETTING("pseudo-count", DOUBLE, crow_audit_options, weights.pseudo_count, .maximum = 1e12,
                 .help = "Dirichlet smoothing of sampled weights"),
    {"prompt-share", CROW_SETTING_CHOICE, AT(weights.prompt_share), CROW_PROMPT_SHARE_UNIFORM, NULL, 0, 0,
     "uniform|count",
     "with several prompts: what a prompt's weights sum to, in both fits: the same for all, or in proportion to "
     "their numbers of alternatives"},
    {"scratch", CROW_SETTING_FOLDER, AT(scratch), 0, ".", 0, 0, "FOLDER",
     "where the datasets with clones are written for a while; all ranks must see it"},
    {"clone-seed", CROW_SETTING_INT, AT(clone_seed), 1, NULL, 0, 9e15, NULL,
     "seed of the clones' directions and of redrawn comparisons"},
    {"redraws", CROW_SETTING_INT, AT(redraws), 20, NULL, 0, 1e6, NULL,
     "observed comparisons are drawn anew so often without clones, to tell what clones do from what chance does; 0: "
     "never"},
    {"memory-per-rank", CROW_SETTING_DOUBLE, AT(weights.memory_per_rank), 0, NULL, 0, 1e18, NULL,
     "bytes that a rank may use; work that needs more is refused before it begins; 0: what the machine, its cgroup or "
     "Slurm allows"},
    {NULL, CROW_SETTING_BOOL, 0, 0, NULL, 0, 0, NULL, NULL},
};

void crow_audit_options_default(crow_audit_options *options) {
  crow_weights_options_default(&options->weights);
  crow_train_options_default(&options->fit);
  crow_settings_default(crow_audit_settings, options);
}

crow_status crow_numbers_parse(const char *name, const char *text, int64_t most, double *values, int64_t *count) {
  const char *at = text;
  for (*count = 0;; at++) {
    char *end = NULL;
    errno = 0;
    const double value = strtod(at, &end);
    if (end == at || errno != 0 || !(value > 0 && value < INFINITY) || (*end && *end != ',') || *count == most) {
      return crow_error(CROW_USAGE, "--%s \"%s\": expected up to %lld positive numbers, separated by commas", name,
                        text, (long long)most);
    }
    values[(*count)++] = value;
    if (!*end) return CROW_OK;
    at = end;
  }
}

static crow_status check_target(const char *target) {
  static const char *const words[] = {"most-compared", "topics", "none"};
  for (int k = 0; k < 3; k++) {
    if (strcmp(target, words[k]) == 0) return CROW_OK;
  }
  if ((strncmp(target, "topic:", 6) == 0 && target[6]) || (strncmp(target, "id:", 3) == 0 && target[3])) return CROW_OK;
  char nearest[32];
  crow_nearest_word(target, "most-compared|topics|none|topic:NAME|id:NAME", nearest, sizeof nearest);
  return crow_error(CROW_USAGE,
                    "--target \"%s\": expected most-compared, topics, topic:NAME, id:NAME or none; did you "
                    "mean \"%s\"?",
                    target, nearest);
}

const char *crow_audit_weights_file(const crow_audit_options *options, int k) {
  const char *given = options->given[k];
  return given && strcmp(given, "voronoi") != 0 && strcmp(given, "uniform") != 0 ? given : NULL;
}

crow_status crow_audit_options_validate(const crow_audit_options *options) {
  double values[CROW_AUDIT_NUMBERS];
  int64_t count = 0;
  CROW_NEED(crow_settings_validate(crow_audit_settings, options));
  CROW_NEED(crow_weights_options_validate(&options->weights));
  CROW_NEED(crow_train_options_validate(&options->fit));
  CROW_NEED(check_target(options->target));
  CROW_NEED(crow_numbers_parse("eps", options->eps, CROW_AUDIT_NUMBERS, values, &count));
  CROW_NEED(crow_numbers_parse("clones", options->clones, CROW_AUDIT_NUMBERS, values, &count));
  for (int64_t k = 0; k < count; k++) {
    if (values[k] != floor(values[k]) || values[k] > 1e6) {
      return crow_error(CROW_USAGE, "--clones \"%s\": expected whole numbers up to a million", options->clones);
    }
  }
  return CROW_OK;
}
