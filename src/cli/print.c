/* SPDX-License-Identifier: Apache-2.0 */
/* What rank 0 says: lines on stdout and stderr, and the machine-readable summary. */
#include "cli/cli_impl.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

bool crow_launched(void) {
  static const char *const marks[] = {
      "OMPI_COMM_WORLD_SIZE", "PMIX_RANK",           "PMI_RANK", "PMI_SIZE", "MV2_COMM_WORLD_SIZE",
      "MPI_LOCALNRANKS",      "SLURM_STEP_NUM_TASKS"};
  for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
    if (getenv(marks[k])) return true;
  }
  return false;
}

FILE *crow_print_stream(const crow_run *run) { return run->root && !run->common.quiet ? stdout : NULL; }

/* A line on a stream, unless that is NULL. */
static void print_line(FILE *out, const char *format, va_list arguments) {
  if (!out) return;
  (void)vfprintf(out, format, arguments);
  (void)fputc('\n', out);
}

void crow_print(const crow_run *run, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_line(crow_print_stream(run), format, arguments);
  va_end(arguments);
}

FILE *crow_detail_stream(const crow_run *run) { return run->common.verbose ? crow_print_stream(run) : NULL; }

void crow_print_detail(const crow_run *run, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_line(crow_detail_stream(run), format, arguments);
  va_end(arguments);
}

void crow_print_warning(const crow_run *run, const char *format, ...) {
  if (!run->root) return;
  va_list arguments;
  va_start(arguments, format);
  (void)fprintf(stderr, "crow %s: ", run->command->name);
  (void)vfprintf(stderr, format, arguments);
  (void)fputc('\n', stderr);
  va_end(arguments);
}

json_t *crow_json_real(double value) { return isfinite(value) ? json_real(value) : json_null(); }

json_t *crow_json_text(const char *value) {
  json_t *text = json_string(value ? value : "");
  if (text) return text;
  /* Not UTF-8: keep what is ASCII. */
  char *copy = NULL;
  if (crow_string_copy(value, &copy) != CROW_OK) return json_null();
  for (char *c = copy; *c; c++) {
    if ((unsigned char)*c >= 0x80) *c = '?';
  }
  text = json_string(copy);
  crow_free(copy);
  return text ? text : json_null();
}

void crow_report_real(crow_run *run, const char *name, double value) {
  if (run->report) (void)json_object_set_new(run->report, name, crow_json_real(value));
}

void crow_report_integer(crow_run *run, const char *name, int64_t value) {
  if (run->report) (void)json_object_set_new(run->report, name, json_integer(value));
}

void crow_report_text(crow_run *run, const char *name, const char *value) {
  if (run->report) (void)json_object_set_new(run->report, name, crow_json_text(value));
}

void crow_report_bool(crow_run *run, const char *name, bool value) {
  if (run->report) (void)json_object_set_new(run->report, name, json_boolean(value));
}
