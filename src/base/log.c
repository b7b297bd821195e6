/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/base.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static crow_log_function *log_receive;
static void *log_context;
static bool hushed;
static double progress_interval_s = 30;
static const char *command_name; /* none before there is a command */

void crow_log_set(crow_log_function *receive, void *context) {
  log_receive = receive;
  log_context = context;
}

void crow_log_hush(bool hush) { hushed = hush; }

void crow_log(crow_log_level level, const char *format, ...) {
  if (!log_receive || hushed) return;
  char line[CROW_ERROR_BYTES];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  log_receive(level, line, log_context);
}

void crow_log_emergency_name(const char *command) { command_name = command; }

static void write_text(const char *text) { (void)!write(STDERR_FILENO, text, strlen(text)); }

void crow_log_emergency(const char *text, ...) {
  va_list more;
  write_text("crow");
  if (command_name) write_text(" ");
  if (command_name) write_text(command_name);
  write_text(": error: ");
  va_start(more, text);
  for (; text; text = va_arg(more, const char *)) write_text(text);
  va_end(more);
  write_text("\n");
}

double crow_time_s(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double crow_time_cpu_s(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void crow_progress_interval_set(double seconds) { progress_interval_s = seconds; }

void crow_progress_begin(crow_progress *progress, const char *name, const char *unit, double total) {
  const double now = crow_time_s();
  *progress = (crow_progress){name, unit, total, now, now};
}

/* Work that will take long is announced as soon as its pace can be judged: before its first line of progress. */
static const double PACE_S = 2, LONG_S = 60;

static bool announce(crow_progress *progress, double done, double now) {
  const double elapsed = now - progress->start_s;
  if (progress->last_s > progress->start_s || elapsed < PACE_S || !(done > 0)) return false;
  const double whole_s = elapsed / done * progress->total;
  if (whole_s < LONG_S) return false;
  progress->last_s = now;
  crow_log(CROW_LOG_PROGRESS, "%s: %.0f %s will take about %.0f %s", progress->name, progress->total, progress->unit,
           whole_s < 7200 ? ceil(whole_s / 60) : ceil(whole_s / 3600), whole_s < 7200 ? "minutes" : "hours");
  return true;
}

void crow_progress_update(crow_progress *progress, double done) {
  const double now = crow_time_s();
  if (announce(progress, done, now) || now - progress->last_s < progress_interval_s) return;
  progress->last_s = now;
  const double elapsed = now - progress->start_s;
  const double rate = elapsed > 0 ? done / elapsed : 0;
  const double left = rate > 0 ? (progress->total - done) / rate : 0;
  crow_log(CROW_LOG_PROGRESS, "%s: %.0f of %.0f %s (%.1f %%), %.4g a second, %.0f s left", progress->name, done,
           progress->total, progress->unit, progress->total > 0 ? 100 * done / progress->total : 100, rate, left);
}
