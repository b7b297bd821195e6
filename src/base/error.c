/* SPDX-License-Identifier: Apache-2.0 */
#include <crow/base.h>
#include <stdarg.h>

static _Thread_local char message[CROW_ERROR_BYTES];

crow_status crow_error(crow_status status, const char *format, ...) {
  /* Through a second buffer, since an argument may be the earlier message itself. */
  char text[CROW_ERROR_BYTES];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  (void)snprintf(message, sizeof message, "%s", text);
  return status;
}

const char *crow_error_message(void) { return message; }

const char *crow_status_name(crow_status status) {
  switch (status) {
  case CROW_OK:
    return "done";
  case CROW_FAILED:
    return "failed";
  case CROW_USAGE:
    return "wrong usage";
  case CROW_BAD_INPUT:
    return "bad input data";
  case CROW_FILE_SYSTEM:
    return "file system error";
  case CROW_NOT_CONVERGED:
    return "not converged";
  case CROW_STOPPED:
    return "stopped, checkpoint written";
  }
  return "unknown status";
}

const char *crow_plural(int64_t count) { return count == 1 ? "" : "s"; }
