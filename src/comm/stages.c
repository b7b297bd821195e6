/* SPDX-License-Identifier: Apache-2.0 */
#include "comm/comm_impl.h"
#include <string.h>

void crow_stages_end(crow_stages *stages) {
  if (stages->count == 0 || stages->current < 0) return;
  stages->seconds[stages->current] += crow_time_s() - stages->start_s;
  stages->cpu_seconds[stages->current] += crow_time_cpu_s() - stages->cpu_start_s;
  stages->current = -1;
}

void crow_stages_begin(crow_stages *stages, const char *name) {
  crow_stages_end(stages);
  int k = 0;
  while (k < stages->count && strcmp(stages->name[k], name) != 0) k++;
  if (k == CROW_STAGES_MAX) k--; /* the last stage takes what there is no room for */
  if (stages->count == 0) stages->begun_s = crow_time_s();
  if (k == stages->count) stages->name[stages->count++] = name;
  stages->current = k;
  stages->start_s = crow_time_s();
  stages->cpu_start_s = crow_time_cpu_s();
}

crow_status crow_stages_summary(const crow_comm *comm, const crow_stages *stages, double *least_s, double *mean_s,
                                double *greatest_s, double *total_s) {
  const size_t bytes = sizeof stages->seconds;
  memcpy(least_s, stages->seconds, bytes);
  memcpy(mean_s, stages->seconds, bytes);
  memcpy(greatest_s, stages->seconds, bytes);
  *total_s = stages->count ? crow_time_s() - stages->begun_s : 0;
  CROW_NEED(crow_comm_min_f64(comm, least_s, CROW_STAGES_MAX));
  CROW_NEED(crow_comm_max_f64(comm, greatest_s, CROW_STAGES_MAX));
  CROW_NEED(crow_comm_sum_f64_unordered(comm, mean_s, CROW_STAGES_MAX));
  CROW_NEED(crow_comm_max_f64(comm, total_s, 1));
  for (int k = 0; k < CROW_STAGES_MAX; k++) mean_s[k] /= comm->size;
  return CROW_OK;
}
