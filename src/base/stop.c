/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/base.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t requested;
static double deadline_s = INFINITY;
/* For tests: at what work a signal is raised, and how often it is passed before. */
static const char *raised_at;
static int raised_after;

void crow_stop_request(int signal_number) { requested = signal_number; }
int crow_stop_requested(void) { return (int)requested; }
void crow_stop_deadline(double time_s) { deadline_s = time_s; }

void crow_stop_at(const char *work) {
  const char *times = work ? strrchr(work, ':') : NULL;
  raised_at = work;
  raised_after = times ? atoi(times + 1) - 1 : 0;
}

void crow_stop_clear(void) {
  requested = 0;
  deadline_s = INFINITY;
  raised_at = NULL;
}

static bool is_raised(const char *work) {
  const size_t length = strlen(work);
  if (!raised_at || strncmp(raised_at, work, length) != 0) return false;
  return (raised_at[length] == 0 || raised_at[length] == ':') && raised_after-- == 0;
}

crow_status crow_stop_check(const char *work) {
  if (is_raised(work)) {
    raised_at = NULL;
    (void)raise(SIGTERM);
  }
  if (requested) return crow_error(CROW_STOPPED, "stopped by signal %d in %s", (int)requested, work);
  if (isinf(deadline_s) || crow_time_s() < deadline_s) return CROW_OK;
  return crow_error(CROW_STOPPED, "stopped by the time limit in %s", work);
}
