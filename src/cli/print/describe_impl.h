/* SPDX-License-Identifier: Apache-2.0 */
/* The description of a file (JSON of crow_file_describe()) for human readers. Local. */
#ifndef CROW_CLI_RENDER_IMPL_H
#define CROW_CLI_RENDER_IMPL_H

#include <crow/base.h>
#include <jansson.h>

/* `verbose`: with its provenance. */
crow_status crow_render_description(FILE *out, json_t *description, bool verbose);

#endif
