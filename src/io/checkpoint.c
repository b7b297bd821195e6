/* SPDX-License-Identifier: Apache-2.0 */
#include "io/checkpoint_impl.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define AT(field) offsetof(crow_checkpoint_options, field)
const crow_setting crow_checkpoint_settings[] = {
    {"checkpoint", CROW_SETTING_CHECKPOINT, AT(checkpoint), 0, NULL, 0, 0, "NAME|none",
     "checkpoints are NAME.a.h5 and NAME.b.h5 (default: the output's name and .checkpoint); none writes none"},
    {"checkpoint-interval", CROW_SETTING_DOUBLE, AT(checkpoint_interval), 600, NULL, 0, 1e9, NULL,
     "seconds between two checkpoints"},
    {"time-limit", CROW_SETTING_DOUBLE, AT(time_limit), 0, NULL, 0, 1e9, NULL,
     "stop with a checkpoint after this many seconds; 0: a minute before Slurm's end of the job, if there is one"},
    {"restart", CROW_SETTING_BOOL, AT(restart), 0, NULL, 0, 0, NULL, "start anew, whatever checkpoints there are"},
    {NULL, CROW_SETTING_BOOL, 0, 0, NULL, 0, 0, NULL, NULL},
};

/* ---- texts -------------------------------------------------------------------------------------------------- */

CROW_PRINTF(2, 3) static crow_status growing_add(crow_growing *growing, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) return crow_error(CROW_FAILED, "a text cannot be formatted");
  const size_t needed = growing->length + (size_t)length + 1;
  if (needed > growing->room) {
    char *larger = NULL;
    CROW_NEED(crow_allocate((int64_t)(2 * needed), 1, (void **)&larger));
    if (growing->text) memcpy(larger, growing->text, growing->length);
    crow_free(growing->text);
    growing->text = larger;
    growing->room = 2 * needed;
  }
  va_start(arguments, format);
  (void)vsnprintf(growing->text + growing->length, growing->room - growing->length, format, arguments);
  va_end(arguments);
  growing->length += (size_t)length;
  return CROW_OK;
}

static void growing_free(crow_growing *growing) {
  crow_free(growing->text);
  memset(growing, 0, sizeof *growing);
}

/* ---- what a run must have in common ------------------------------------------------------------------------- */

/* The longest text of a match that is kept as it is, and how much is kept of a longer one beside its digest. */
enum { MATCH_BYTES = 1024, MATCH_BEGINNING = 200 };

/* A line of the match. A text that is long, or holds a line end, is told from others by its digest. */
static crow_status match_text(crow_checkpoint *checkpoint, const char *name, const char *text) {
  char digest[33], beginning[MATCH_BEGINNING + 1];
  size_t cut = strlen(text) < MATCH_BEGINNING ? strlen(text) : MATCH_BEGINNING;
  if (strlen(text) <= MATCH_BYTES && !strchr(text, '\n')) return growing_add(&checkpoint->run, "%s=%s\n", name, text);
  crow_metadata_digest(0, "", text, digest);
  while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80) cut--; /* between two UTF-8 characters */
  (void)snprintf(beginning, sizeof beginning, "%.*s", (int)cut, text);
  for (char *at = beginning; *at; at++) {
    if (*at == '\n') *at = ' ';
  }
  return growing_add(&checkpoint->run, "%s=%s... (digest %s)\n", name, beginning, digest);
}

crow_status crow_checkpoint_match(crow_checkpoint *checkpoint, const char *name, const char *format, ...) {
  char value[4096];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(value, sizeof value, format, arguments);
  va_end(arguments);
  return match_text(checkpoint, name, value);
}

crow_status crow_checkpoint_match_settings(crow_checkpoint *checkpoint, const crow_setting *table,
                                           const void *options) {
  /* Results have the same bits whatever these say. */
  static const char *const harmless[] = {"grid", "groups", "memory-per-rank", "precision", "threads"};
  for (const crow_setting *s = table; s->name; s++) {
    bool matters = true;
    for (size_t k = 0; k < sizeof harmless / sizeof *harmless; k++)
      matters = matters && strcmp(s->name, harmless[k]) != 0;
    if (!matters) continue;
    char value[1024];
    const char *text = value;
    if (crow_setting_is_text(s->type)) /* however long; numbers and words are short */
      text = *(const char *const *)((const char *)options + s->offset);
    else
      crow_setting_print(s, options, value, sizeof value);
    CROW_NEED(match_text(checkpoint, s->name, text ? text : ""));
  }
  return CROW_OK;
}

/* CROW_USAGE with the first line that differs. */
static crow_status compare_runs(const char *path, const char *theirs, const char *ours) {
  while (*theirs || *ours) {
    const size_t their_length = strcspn(theirs, "\n"), our_length = strcspn(ours, "\n");
    if (their_length != our_length || memcmp(theirs, ours, our_length) != 0) {
      return crow_error(CROW_USAGE,
                        "checkpoint %s is of another run: it has %.*s, this run has %.*s; give the same input "
                        "and options to go on, or --restart to start anew",
                        path, (int)their_length, theirs, (int)our_length, ours);
    }
    theirs += their_length + (theirs[their_length] != 0);
    ours += our_length + (ours[our_length] != 0);
  }
  return CROW_OK;
}

static void checkpoint_build(char *text, size_t bytes) {
  (void)snprintf(text, bytes, "%s%s%s", crow_version(), *crow_git_hash() ? " " : "", crow_git_hash());
}

/* ---- the handle --------------------------------------------------------------------------------------------- */

/* The longest name of a file, and what is put behind the output's name at most. */
enum { NAME_MOST = 255, CUT_TO = 200 };

/* The default name: the output's and ".checkpoint", cut where it would be too long for a file, with a digest of the
 * whole. */
static crow_status default_name(const char *output, int which, crow_growing *name) {
  const char *slash = strrchr(output, '/'), *last = slash ? slash + 1 : output;
  const int folder = (int)(last - output);
  if (strlen(last) + strlen(".checkpoint.a.h5") <= NAME_MOST)
    return growing_add(name, "%s.checkpoint.%c.h5", output, 'a' + which);
  char digest[33];
  crow_metadata_digest(0, "", last, digest);
  return growing_add(name, "%.*s%.*s-%.16s.checkpoint.%c.h5", folder, output, CUT_TO, last, digest, 'a' + which);
}

crow_status crow_checkpoint_names(const crow_checkpoint_options *options, const char *output, char *names[2]) {
  crow_status status = CROW_OK;
  const char *given = options->checkpoint;
  names[0] = names[1] = NULL;
  if (given && strcmp(given, "none") == 0) return CROW_OK;
  for (int k = 0; k < 2; k++) {
    crow_growing name = {0};
    status = given && given[0] ? growing_add(&name, "%s.%c.h5", given, 'a' + k) : default_name(output, k, &name);
    names[k] = name.text;
    if (status != CROW_OK) return status;
  }
  return status;
}

crow_status crow_checkpoint_create(const crow_comm *comm, const crow_checkpoint_options *options, const char *output,
                                   crow_checkpoint **out) {
  crow_status status = CROW_OK;
  crow_checkpoint *checkpoint = NULL;
  CROW_TRY_AGREE(comm, CROW_ALLOCATE(&checkpoint, 1));
  checkpoint->comm = comm;
  checkpoint->options = *options;
  checkpoint->enabled = !options->checkpoint || strcmp(options->checkpoint, "none") != 0;
  checkpoint->own_name = !options->checkpoint || !options->checkpoint[0];
  checkpoint->start_s = checkpoint->last_s = crow_time_s();
  CROW_TRY(crow_comm_split(comm, crow_comm_rank(comm) == 0 ? 0 : -1, 0, &checkpoint->alone));
  CROW_TRY_AGREE(comm, crow_checkpoint_names(options, output, checkpoint->path));
  CROW_TRY_AGREE(comm, crow_checkpoint_match(checkpoint, "layout", "%d", CROW_CHECKPOINT_LAYOUT));
  CROW_TRY_AGREE(comm, crow_checkpoint_match(checkpoint, "numerics", "%d", CROW_NUMERICS));
cleanup:
  if (status != CROW_OK) crow_checkpoint_destroy(&checkpoint);
  *out = checkpoint;
  return status;
}

void crow_checkpoint_destroy(crow_checkpoint **checkpoint) {
  if (!*checkpoint) return;
  crow_file_close(&(*checkpoint)->found);
  crow_file_close(&(*checkpoint)->writing);
  growing_free(&(*checkpoint)->run);
  growing_free(&(*checkpoint)->contents);
  for (int k = 0; k < 2; k++) crow_free((*checkpoint)->path[k]);
  crow_comm_destroy(&(*checkpoint)->alone);
  crow_free(*checkpoint);
  *checkpoint = NULL;
}

/* ---- when --------------------------------------------------------------------------------------------------- */

double crow_checkpoint_seconds_left(const crow_checkpoint *checkpoint) {
  const double margin = 2 * checkpoint->save_s;
  if (checkpoint->options.time_limit > 0) {
    return checkpoint->options.time_limit - (crow_time_s() - checkpoint->start_s) - margin;
  }
  const char *end = getenv("SLURM_JOB_END_TIME");
  const double end_time = end ? strtod(end, NULL) : 0;
  return end_time > 0 ? end_time - (double)time(NULL) - 60 - margin : __builtin_inf();
}

crow_status crow_checkpoint_due(crow_checkpoint *checkpoint, bool *save, bool *stop) {
  int64_t wanted[2] = {0, crow_stop_requested() != 0};
  *save = *stop = false;
  /* Clocks differ between nodes: the first rank's counts. */
  if (crow_comm_rank(checkpoint->comm) == 0) {
    wanted[0] = crow_time_s() - checkpoint->last_s >= checkpoint->options.checkpoint_interval;
    wanted[1] |= crow_checkpoint_seconds_left(checkpoint) <= 0;
  }
  CROW_NEED(crow_comm_max_i64(checkpoint->comm, wanted, 2));
  if (wanted[1] && !checkpoint->enabled) {
    return crow_error(CROW_FAILED, "stopped by a signal or the time limit; checkpoints are off, so nothing was saved");
  }
  *stop = wanted[1];
  checkpoint->stopping |= *stop;
  *save = checkpoint->enabled && (wanted[0] || wanted[1]);
  return CROW_OK;
}

/* ---- going on ----------------------------------------------------------------------------------------------- */

/* Another build with the same layout and numerics goes on to the same result, as far as its authors know. */
static crow_status warn_of_build(const crow_file *file) {
  crow_status status = CROW_OK;
  char *theirs = NULL, ours[128];
  if (!crow_file_has_attribute(file, "/", "build")) return CROW_OK;
  CROW_TRY(crow_file_get_text(file, "/", "build", &theirs));
  checkpoint_build(ours, sizeof ours);
  if (strcmp(theirs, ours) != 0) {
    crow_log(CROW_LOG_WARNING, "checkpoint %s was written by another build, %.100s; this is %s", crow_file_name(file),
             theirs, ours);
  }
cleanup:
  crow_free(theirs);
  return status;
}

crow_status crow_checkpoint_find(crow_checkpoint *checkpoint, bool *found) {
  crow_status status = CROW_OK;
  crow_file *file[2] = {NULL, NULL};
  int64_t sequence[2] = {0, 0};
  char *run = NULL;
  *found = false;
  if (!checkpoint->enabled) return CROW_OK;
  /* Hours of work must not end with a state that cannot be saved. */
  for (int k = 0; k < 2; k++) CROW_TRY(crow_output_check(checkpoint->comm, checkpoint->path[k], true));
  CROW_TRY(crow_checkpoint_look(checkpoint, file, sequence));
  const int newest = file[1] && (!file[0] || sequence[1] > sequence[0]);
  if (!file[newest]) goto cleanup;
  /* What is written from now on is newer than what is there, also if that is given up. */
  checkpoint->sequence = sequence[newest];
  checkpoint->next = !newest;
  if (checkpoint->options.restart) goto cleanup;
  CROW_TRY(crow_file_get_text(file[newest], "/", "run", &run));
  CROW_TRY(compare_runs(checkpoint->path[newest], run, checkpoint->run.text));
  CROW_TRY(warn_of_build(file[newest]));
  checkpoint->found = file[newest];
  checkpoint->whole = true;
  file[newest] = NULL;
  *found = true;
  crow_log(CROW_LOG_NOTICE, "checkpoint: going on from %s (number %lld)", checkpoint->path[newest],
           (long long)checkpoint->sequence);
cleanup:
  crow_free(run);
  crow_file_close(&file[0]);
  crow_file_close(&file[1]);
  return status;
}

bool crow_checkpoint_has(const crow_checkpoint *checkpoint, const char *state) {
  char path[256];
  (void)snprintf(path, sizeof path, "/state/%s/scalars", state);
  return checkpoint->found && crow_file_has(checkpoint->found, path);
}

void crow_checkpoint_forget(crow_checkpoint *checkpoint) { crow_file_close(&checkpoint->found); }

int64_t crow_checkpoint_scalars(const crow_checkpoint *checkpoint, const char *state) {
  char path[256];
  int64_t shape[2];
  (void)snprintf(path, sizeof path, "/state/%s/scalars", state);
  crow_file_shape(checkpoint->found, path, shape);
  return shape[0];
}

bool crow_checkpoint_stopping(const crow_checkpoint *checkpoint) { return checkpoint->stopping; }
bool crow_checkpoint_whole(const crow_checkpoint *checkpoint) { return checkpoint->whole; }

double crow_checkpoint_interval(const crow_checkpoint *checkpoint) { return checkpoint->options.checkpoint_interval; }

crow_status crow_checkpoint_get_scalars(crow_checkpoint *checkpoint, const char *state, int64_t count,
                                        double *scalars) {
  char path[256];
  int64_t shape[2];
  (void)snprintf(path, sizeof path, "/state/%s/scalars", state);
  crow_file_shape(checkpoint->found, path, shape);
  if (shape[0] != count) {
    return crow_error(CROW_BAD_INPUT, "%s: %s has %lld numbers, expected %lld", crow_file_name(checkpoint->found), path,
                      (long long)shape[0], (long long)count);
  }
  return crow_file_read(checkpoint->found, path, 0, count, CROW_F64, scalars);
}

crow_status crow_checkpoint_get_vector(crow_checkpoint *checkpoint, const char *state, int64_t index, crow_type type,
                                       const crow_partition *partition, void *slice) {
  char path[256];
  int64_t shape[2];
  (void)snprintf(path, sizeof path, "/state/%s/vector%lld", state, (long long)index);
  crow_file_shape(checkpoint->found, path, shape);
  if (shape[0] != partition->global) {
    return crow_error(CROW_BAD_INPUT, "%s: %s has %lld values, expected %lld", crow_file_name(checkpoint->found), path,
                      (long long)shape[0], (long long)partition->global);
  }
  return crow_file_read(checkpoint->found, path, partition->begin, partition->count, type, slice);
}

/* ---- saving ------------------------------------------------------------------------------------------------- */

static crow_status checkpoint_create(crow_checkpoint *checkpoint) {
  const char *path = checkpoint->path[checkpoint->next];
  const bool owned = checkpoint->owned[checkpoint->next];
  if (!checkpoint->alone) return CROW_OK;
  if (!owned && access(path, F_OK) == 0)
    return crow_error(CROW_FILE_SYSTEM, "checkpoint %s: a file of that name has appeared that this run did not write",
                      path);
  return crow_file_create(checkpoint->alone, path, "checkpoint", owned, &checkpoint->writing);
}

crow_status crow_checkpoint_begin(crow_checkpoint *checkpoint) {
  checkpoint->begun_s = crow_time_s();
  growing_free(&checkpoint->contents);
  return crow_comm_agree(checkpoint->comm, checkpoint_create(checkpoint));
}

static crow_status put(crow_checkpoint *checkpoint, const char *path, crow_type type, const crow_partition *partition,
                       const void *slice) {
  char digest[17];
  CROW_NEED(crow_checkpoint_write(checkpoint, path, type, partition, slice));
  CROW_NEED(crow_vector_digest(checkpoint->comm, partition, crow_type_bytes(type), slice, digest));
  return crow_comm_agree(checkpoint->comm, growing_add(&checkpoint->contents, "%s %d %lld %s\n", path, (int)type,
                                                       (long long)partition->global, digest));
}

crow_status crow_checkpoint_put_scalars(crow_checkpoint *checkpoint, const char *state, int64_t count,
                                        const double *scalars) {
  char path[256];
  const crow_partition p = crow_comm_partition(checkpoint->comm, count, CROW_BLOCK);
  (void)snprintf(path, sizeof path, "/state/%s/scalars", state);
  return put(checkpoint, path, CROW_F64, &p, scalars + p.begin);
}

crow_status crow_checkpoint_put_vector(crow_checkpoint *checkpoint, const char *state, int64_t index, crow_type type,
                                       const crow_partition *partition, const void *slice) {
  char path[256];
  (void)snprintf(path, sizeof path, "/state/%s/vector%lld", state, (long long)index);
  return put(checkpoint, path, type, partition, slice);
}

static crow_status checkpoint_finish(crow_checkpoint *checkpoint) {
  char digest[33];
  crow_file *file = checkpoint->writing;
  const char *contents = checkpoint->contents.text ? checkpoint->contents.text : "";
  if (!file) return CROW_OK;
  crow_metadata_digest(checkpoint->sequence + 1, checkpoint->run.text, contents, digest);
  CROW_NEED(crow_file_set_i64(file, "/", "sequence", checkpoint->sequence + 1));
  char build[128];
  checkpoint_build(build, sizeof build);
  CROW_NEED(crow_file_set_text(file, "/", "build", build));
  CROW_NEED(crow_file_set_text(file, "/", "run", checkpoint->run.text));
  CROW_NEED(crow_file_set_text(file, "/", "contents", contents));
  CROW_NEED(crow_file_set_text(file, "/", "digest", digest));
  return crow_file_finish(&checkpoint->writing);
}

crow_status crow_checkpoint_end(crow_checkpoint *checkpoint) {
  CROW_NEED_AGREE(checkpoint->comm, checkpoint_finish(checkpoint));
  checkpoint->sequence++;
  checkpoint->owned[checkpoint->next] = true;
  checkpoint->whole = true;
  checkpoint->failures = 0;
  checkpoint->last_s = crow_time_s();
  const double took = checkpoint->last_s - checkpoint->begun_s;
  if (took > checkpoint->save_s) checkpoint->save_s = took;
  crow_log(CROW_LOG_PROGRESS, "checkpoint: number %lld written to %s in %.2f s", (long long)checkpoint->sequence,
           checkpoint->path[checkpoint->next], took);
  checkpoint->next = !checkpoint->next;
  return CROW_OK;
}

crow_status crow_checkpoint_abandon(crow_checkpoint *checkpoint, crow_status status) {
  crow_file_close(&checkpoint->writing);
  if (status != CROW_FILE_SYSTEM || !checkpoint->whole) return status;
  checkpoint->last_s = crow_time_s();
  /* Every save may fail from now on, and one line says so. */
  if (checkpoint->failures++ == 0) {
    crow_log(CROW_LOG_WARNING, "the checkpoint could not be written, and the run goes on with number %lld, %s: %s",
             (long long)checkpoint->sequence, checkpoint->path[!checkpoint->next], crow_error_message());
  }
  return CROW_OK;
}

static crow_status remove_files(const crow_checkpoint *checkpoint) {
  for (int k = 0; k < 2; k++) {
    crow_temporary_clean(checkpoint->path[k]);
    if (checkpoint->owned[k] && unlink(checkpoint->path[k]) != 0 && errno != ENOENT) {
      return crow_error(CROW_FILE_SYSTEM, "cannot remove %s: %s", checkpoint->path[k], strerror(errno));
    }
  }
  return CROW_OK;
}

crow_status crow_checkpoint_remove(crow_checkpoint *checkpoint) {
  crow_file_close(&checkpoint->found);
  if (!checkpoint->enabled) return CROW_OK;
  return crow_comm_agree(checkpoint->comm, crow_comm_rank(checkpoint->comm) == 0 ? remove_files(checkpoint) : CROW_OK);
}
