/* SPDX-License-Identifier: Apache-2.0 */
#include "io/whole_file_impl.h"
#include "report/report_impl.h"

const crow_setting crow_page_settings[] = {
    CROW_SETTING("labels", TEXT, crow_page_options, labels, .choices = "NAME,...",
                 .help = "what the files are called, separated by commas; the files' names if not given"),
    CROW_SETTING("title", TEXT, crow_page_options, title, .text = "Rewards from preferences", .choices = "TEXT",
                 .help = "heads the page"),
    {0}};

static crow_status write_file(const char *path, bool overwrite, const crow_page *page) {
  crow_status status = CROW_OK;
  crow_whole_file file = {0};
  CROW_TRY(crow_whole_file_create(path, overwrite, &file));
  crow_page_print(file.stream, page);
  CROW_TRY(crow_whole_file_finish(&file));
cleanup:
  crow_whole_file_abandon(&file);
  return status;
}

crow_status crow_page_write(const crow_comm *comm, int count, char *const *paths, const crow_page_options *options,
                            const char *output, bool overwrite, int *pictures) {
  crow_status status = CROW_OK;
  crow_plot_source source[CROW_PLOT_MOST] = {{0}};
  crow_page page = {.title = options->title, .scale = &options->elo};
  CROW_TRY(crow_elo_options_validate(&options->elo));
  CROW_TRY(crow_stream_check(comm, output, overwrite));
  CROW_TRY(crow_plot_sources_open(comm, count, paths, options->labels, source));
  for (int k = 0; k < count; k++) {
    page.entries = k + 1;
    CROW_TRY(crow_page_gather(comm, &source[k], &options->elo, &page.entry[k]));
  }
  CROW_TRY(crow_page_draw(comm, &page));
  CROW_TRY_AGREE(comm, crow_comm_rank(comm) == 0 ? write_file(output, overwrite, &page) : CROW_OK);
  *pictures = page.pictures;
cleanup:
  for (int k = 0; k < page.entries; k++) crow_page_entry_free(&page.entry[k]);
  for (int k = 0; k < page.pictures; k++) crow_free(page.picture[k].svg);
  crow_plot_sources_close(count, source);
  return status;
}
