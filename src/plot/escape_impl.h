/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_PLOT_ESCAPE_IMPL_H
#define CROW_PLOT_ESCAPE_IMPL_H

#include <stdio.h>

/* Writes a text so that it is only ever text, between tags and in quoted attributes: markup characters become
 * references; control characters and what is not UTF-8 become "?". Local. */
void crow_html_escape(FILE *out, const char *text);

#endif
