/* SPDX-License-Identifier: Apache-2.0 */
/* gnuplot as a child process: the script is its standard input, the picture its standard output, both nameless
 * temporary files, so that no name has to be quoted and nothing is left behind. */
#include "plot/plot_impl.h"
#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static crow_status missing(void) {
  return crow_error(CROW_FAILED, "gnuplot, which draws the pictures, is not installed; Debian, Ubuntu: apt-get install "
                                 "gnuplot-nox; elsewhere: the package or module gnuplot");
}

static crow_status spawn(int in, int out, int err, int *exit_code) {
  static const char *const arguments[] = {"gnuplot", "--default-settings", "-", NULL};
  posix_spawn_file_actions_t actions;
  pid_t child = 0;
  int state = 0;
  if (posix_spawn_file_actions_init(&actions) != 0) return crow_error(CROW_FAILED, "out of memory for gnuplot");
  (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  (void)posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  const int failed = posix_spawnp(&child, "gnuplot", &actions, NULL, (char *const *)(uintptr_t)arguments, environ);
  (void)posix_spawn_file_actions_destroy(&actions);
  if (failed == ENOENT) return missing();
  if (failed) return crow_error(CROW_FAILED, "gnuplot cannot be run: %s", strerror(failed));
  while (waitpid(child, &state, 0) < 0) {
    if (errno != EINTR) return crow_error(CROW_FAILED, "gnuplot was lost: %s", strerror(errno));
  }
  *exit_code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  return CROW_OK;
}

/* The whole of a file from its beginning, zero-terminated. */
static crow_status slurp(FILE *file, char **text, size_t *bytes) {
  *text = NULL;
  if (fseek(file, 0, SEEK_END) != 0) return crow_error(CROW_FILE_SYSTEM, "a temporary file cannot be read");
  const long length = ftell(file);
  rewind(file);
  CROW_NEED(CROW_ALLOCATE(text, (int64_t)length + 1));
  *bytes = fread(*text, 1, (size_t)length, file);
  if (*bytes != (size_t)length) return crow_error(CROW_FILE_SYSTEM, "a temporary file cannot be read");
  return CROW_OK;
}

static crow_status check_end(int exit_code, size_t picture_bytes, const char *complaint) {
  char line[512] = "";
  if (exit_code == 0 && picture_bytes > 0) return CROW_OK;
  /* The system may find out only after the spawn has succeeded (POSIX); a loader that fails says why. */
  if (exit_code == 127 && !*complaint) return missing();
  /* The line that says what is wrong: gnuplot shows the script's line and a caret before it. */
  for (const char *at = complaint; *at;) {
    const size_t length = strcspn(at, "\n");
    if (strstr(at, "line ") == at || !*line) (void)snprintf(line, sizeof line, "%.*s", (int)length, at);
    at += length + (at[length] == '\n');
  }
  return crow_error(CROW_FAILED, "gnuplot drew no picture (exit code %d): %s", exit_code, line);
}

/* Runs gnuplot on a script. */
static crow_status run_gnuplot(const char *script, size_t length, char **picture, size_t *bytes) {
  crow_status status = CROW_OK;
  FILE *in = tmpfile(), *out = tmpfile(), *err = tmpfile();
  char *complaint = NULL;
  size_t complaint_bytes = 0;
  int exit_code = 0;
  *picture = NULL;
  if (!in || !out || !err) CROW_TRY(crow_error(CROW_FILE_SYSTEM, "no temporary file: %s", strerror(errno)));
  if (fwrite(script, 1, length, in) != length || fflush(in) != 0 || lseek(fileno(in), 0, SEEK_SET) != 0) {
    CROW_TRY(crow_error(CROW_FILE_SYSTEM, "a temporary file cannot be written: %s", strerror(errno)));
  }
  CROW_TRY(spawn(fileno(in), fileno(out), fileno(err), &exit_code));
  CROW_TRY(slurp(err, &complaint, &complaint_bytes));
  CROW_TRY(slurp(out, picture, bytes));
  CROW_TRY(check_end(exit_code, *bytes, complaint));
cleanup:
  if (in) (void)fclose(in);
  if (out) (void)fclose(out);
  if (err) (void)fclose(err);
  crow_free(complaint);
  if (status != CROW_OK) {
    crow_free(*picture);
    *picture = NULL;
  }
  return status;
}

/* Fonts have sizes in points for PNG and PDF, in pixels for SVG. */
static void add_terminal(FILE *out, double width, double height, crow_picture_format format) {
  const double points = .75;
  switch (format) {
  case CROW_PICTURE_PNG:
    (void)fprintf(out,
                  "set terminal pngcairo enhanced font 'DejaVu Sans,%.2f' fontscale 2 linewidth 2 pointscale 2 size "
                  "%.0f,%.0f",
                  14 * points, 2 * width, 2 * height);
    break;
  case CROW_PICTURE_PDF:
    (void)fprintf(out, "set terminal pdfcairo enhanced font 'DejaVu Sans,%.2f' size %.4fin,%.4fin", 14 * points,
                  width / 96, height / 96);
    break;
  case CROW_PICTURE_SVG:
    (void)fprintf(out,
                  "set terminal svg enhanced font 'DejaVu Sans,Verdana,Helvetica,Arial,sans-serif,14' size "
                  "%.0f,%.0f",
                  width, height);
  }
  (void)fprintf(out, " background '#ffffff'\ntitle_font = ',%.2f'\nsmall_font = ',%.2f'\n",
                format == CROW_PICTURE_SVG ? 16.5 : 12.5, format == CROW_PICTURE_SVG ? 12. : 9.);
}

static crow_status draw_local(const crow_plot *plot, crow_picture_format format, char **picture, size_t *bytes) {
  crow_status status = CROW_OK;
  char *script = NULL, *raw = NULL;
  size_t length = 0;
  if (fflush(plot->script) != 0) return crow_error(CROW_FAILED, "out of memory for a picture");
  FILE *all = open_memstream(&script, &length);
  if (!all) return crow_error(CROW_FAILED, "out of memory for a picture");
  add_terminal(all, plot->width, ceil(plot->height), format);
  (void)fwrite(plot->text, 1, plot->length, all);
  if (fclose(all) != 0) CROW_TRY(crow_error(CROW_FAILED, "out of memory for a picture"));
  CROW_TRY(run_gnuplot(script, length, picture, bytes));
  if (format == CROW_PICTURE_SVG) {
    raw = *picture;
    *picture = NULL;
    CROW_TRY(crow_svg_dress(raw, plot->alt, plot->page, picture, bytes));
  }
cleanup:
  free(script);
  crow_free(raw);
  return status;
}

crow_status crow_plot_draw(const crow_plot *plot, crow_picture_format format, char **picture, size_t *bytes) {
  *picture = NULL;
  *bytes = 0;
  return crow_comm_agree(plot->comm, plot->root ? draw_local(plot, format, picture, bytes) : CROW_OK);
}
