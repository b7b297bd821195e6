/* SPDX-License-Identifier: Apache-2.0 */
/* The work between messages: timed in a real run, charged to the clock in a simulated one. */
#include "comm/comm_impl.h"
#include "comm/simulated_impl.h"
#include <math.h>
#ifdef CROW_SMPI
#include <smpi/smpi.h>
#else
static void smpi_execute(double seconds) { (void)seconds; }
#endif

static crow_work_done done;
static double charge[CROW_WORK_KINDS];
static double start_s = NAN, cpu_start_s = NAN; /* of work under way; NaN if none was begun, and so its time */

const char *crow_work_name(crow_work kind) {
  static const char *const names[CROW_WORK_KINDS] = {"sample", "pair", "whole", "slice", "vector"};
  return names[kind];
}

void crow_work_begin(void) {
  start_s = crow_time_s();
  cpu_start_s = crow_time_cpu_s();
}

void crow_work_end(crow_work kind, double count) {
  /* The lesser of both clocks: other processes may have had the processor meanwhile, and several threads use more
   * processor time than time passes. */
  const double elapsed = crow_time_s() - start_s, cpu = crow_time_cpu_s() - cpu_start_s;
  const double charged = charge[kind] * count, real = cpu < elapsed ? cpu : elapsed;
  if (CROW_SIMULATED && charged > 0) smpi_execute(charged);
  done.seconds[kind] += CROW_SIMULATED ? charged : real;
  start_s = cpu_start_s = NAN;
  done.count[kind] += count;
}

crow_work_done crow_work_get(void) { return done; }

void crow_work_forget(const crow_work_done *since) { done = *since; }

void crow_work_charge(const double seconds[CROW_WORK_KINDS]) {
  for (int k = 0; k < CROW_WORK_KINDS; k++) charge[k] = seconds[k];
}
