/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of approximate clones: who is in them, and what they hold. */
#include "audit/audit_impl.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LISTED = 20 };

/* What a group holds. */
typedef struct tally {
  crow_gidx first, size;
  int64_t places;
  double weight;
} tally;

static int larger_first(const void *a, const void *b) {
  const tally *x = a, *y = b;
  if (x->size != y->size) return x->size > y->size ? -1 : 1;
  return (x->first > y->first) - (x->first < y->first);
}

/* Tallies of all groups, in their order. Local. */
static void take_tallies(const crow_groups *groups, const crow_fits *fits, const int64_t *places, tally *tallies) {
  for (crow_gidx i = groups->alternatives - 1; i >= 0; i--) {
    tally *t = &tallies[groups->group[i]];
    t->first = i;
    t->size++;
    t->places += places[i];
    t->weight += fits->weight[i];
  }
}

/* "food 12, restaurants 11": the most frequent first. */
static crow_status groups_print_topics(const crow_groups *groups, const crow_topic_map *topics, crow_gidx first,
                                       char *text, size_t bytes) {
  crow_status status = CROW_OK;
  int64_t *frequency = NULL;
  size_t used = 0;
  text[0] = 0;
  if (topics->count == 0) return CROW_OK;
  CROW_TRY(CROW_ALLOCATE(&frequency, topics->count));
  for (crow_gidx i = first; i < groups->alternatives; i++) {
    if (groups->group[i] == groups->group[first]) frequency[topics->code[i]]++;
  }
  while (used < bytes) {
    int64_t most = 0;
    for (int64_t t = 1; t < topics->count; t++) most = frequency[t] > frequency[most] ? t : most;
    if (frequency[most] == 0) break;
    const int printed = snprintf(text + used, bytes - used, "%s%.100s %lld", used ? ", " : "",
                                 crow_strings_get(&topics->name, most), (long long)frequency[most]);
    if (printed < 0 || (size_t)printed >= bytes - used) {
      (void)snprintf(text + used, bytes - used, "%s", ""); /* what does not fit is left out whole */
      break;
    }
    used += (size_t)printed;
    frequency[most] = 0;
  }
cleanup:
  crow_free(frequency);
  return status;
}

/* The largest groups by name. Collective. */
static crow_status list_groups(const crow_comm *comm, const crow_dataset *dataset, const crow_groups *groups,
                               const crow_topic_map *topics, const tally *sorted, double all_places,
                               crow_audit_result *out) {
  out->listed = out->groups < LISTED ? out->groups : LISTED;
  CROW_NEED_AGREE(comm, CROW_ALLOCATE(&out->group, out->listed));
  for (int64_t g = 0; g < out->listed; g++) {
    crow_audit_group *group = &out->group[g];
    group->size = sorted[g].size;
    group->comparisons = (double)sorted[g].places / all_places;
    group->weight = sorted[g].weight;
    CROW_NEED(crow_id_read(dataset, sorted[g].first, group->first));
    CROW_NEED_AGREE(comm, groups_print_topics(groups, topics, sorted[g].first, group->topics, sizeof group->topics));
  }
  return CROW_OK;
}

crow_status crow_audit_find_groups(const crow_comm *comm, const crow_dataset *dataset,
                                   const crow_audit_options *options, const crow_fits *fits,
                                   const crow_topic_map *topics, const int64_t *places, crow_audit_result *out) {
  crow_status status = CROW_OK;
  crow_groups groups = {0};
  tally *tallies = NULL;
  int64_t all_places = 0, grouped_places = 0;
  out->radius = options->radius;
  if (options->radius == 0) CROW_TRY(crow_radius_suggest(comm, dataset, &out->radius, &out->jump));
  CROW_TRY(crow_groups_by_radius(comm, dataset, out->radius, &groups));
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&tallies, groups.groups));
  take_tallies(&groups, fits, places, tallies);
  qsort(tallies, (size_t)groups.groups, sizeof *tallies, larger_first);
  for (crow_gidx g = 0; g < groups.groups; g++) {
    all_places += tallies[g].places;
    if (tallies[g].size < 2) continue;
    out->groups++;
    out->grouped += tallies[g].size;
    out->weight += tallies[g].weight;
    grouped_places += tallies[g].places;
  }
  out->comparisons = (double)grouped_places / (double)all_places;
  CROW_TRY(list_groups(comm, dataset, &groups, topics, tallies, (double)all_places, out));
cleanup:
  crow_groups_free(&groups);
  crow_free(tallies);
  return status;
}
