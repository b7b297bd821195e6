/* SPDX-License-Identifier: Apache-2.0 */
/* The work between messages: timed in a real run, charged to the clock in a simulated one. */
#include "comm/comm_impl.h"
#include <math.h>
#ifdef CROW_SMPI
#include <smpi/smpi.h>
#endif

static crow_work_done done;
static double charge[CROW_WORK_KINDS];
#ifndef CROW_SMPI
static double start_s = NAN, cpu_start_s = NAN; /* of work that is under way; else what ends unbegun is NaN */
#endif

const char *crow_work_name(crow_work kind) {
  static const char *const names[CROW_WORK_KINDS] = {"sample", "pair", "whole", "slice", "vector"};
  return names[kind];
}

void crow_work_begin(void) {
#ifndef CROW_SMPI
  start_s = crow_time_s();
  cpu_start_s = crow_time_cpu_s();
#endif
}

void crow_work_end(crow_work kind, double count) {
#ifdef CROW_SMPI
  if (charge[kind] * count > 0) smpi_execute(charge[kind] * count);
  done.seconds[kind] += charge[kind] * count;
#else
  /* The lesser of both clocks: other processes may have had the processor meanwhile, and several threads use more
   * processor time than time passes. */
  const double elapsed = crow_time_s() - start_s, cpu = crow_time_cpu_s() - cpu_start_s;
  done.seconds[kind] += cpu < elapsed ? cpu : elapsed;
  start_s = cpu_start_s = NAN;
#endif
  done.count[kind] += count;
}

crow_work_done crow_work_get(void) { return done; }

void crow_work_forget(const crow_work_done *since) { done = *since; }

void crow_work_charge(const double seconds[CROW_WORK_KINDS]) {
  for (int k = 0; k < CROW_WORK_KINDS; k++) charge[k] = seconds[k];
}
