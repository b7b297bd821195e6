/* SPDX-License-Identifier: Apache-2.0 */
/* Reports of benchmarks as CSV. */
#include "io/whole_file_impl.h"
#include <crow/bench.h>
#include <math.h>

/* Values are left out where there is nothing to measure; a text stands where the median does. */
static void write_report(FILE *file, const crow_bench_report *report) {
  if (report->blas_core) (void)fprintf(file, "%s,blas_core,,%s,,\n", report->benchmark, report->blas_core);
  for (int k = 0; k < report->figures; k++) {
    const crow_bench_figure *f = &report->figure[k];
    if (isnan(f->median)) {
      (void)fprintf(file, "%s,%s,%s,,,\n", report->benchmark, f->name, f->unit);
      continue;
    }
    (void)fprintf(file, "%s,%s,%s,%.9g,%.9g,%.9g\n", report->benchmark, f->name, f->unit, f->median, f->least,
                  f->greatest);
  }
  for (int k = 0; k < report->stages; k++) {
    (void)fprintf(file, "%s,stage_%s,s,%.9g,%.9g,%.9g\n", report->benchmark, report->stage[k], report->mean_s[k],
                  report->least_s[k], report->greatest_s[k]);
    const double share = crow_bench_report_share(report, k);
    (void)fprintf(file, "%s,share_of_stage_%s,%%,%.9g,%.9g,%.9g\n", report->benchmark, report->stage[k], share, share,
                  share);
  }
  if (*report->verdict)
    (void)fprintf(file, "%s,valid,,%d,%d,%d\n", report->benchmark, report->valid, report->valid, report->valid);
}

static crow_status write_csv(const char *path, const crow_bench_report *report, int count) {
  crow_status status = CROW_OK;
  crow_whole_file file = {0};
  CROW_TRY(crow_whole_file_create(path, true, &file));
  (void)fprintf(file.stream, "benchmark,quantity,unit,median,least,greatest\n");
  for (int k = 0; k < count; k++) write_report(file.stream, &report[k]);
  CROW_TRY(crow_whole_file_finish(&file));
cleanup:
  crow_whole_file_abandon(&file);
  return status;
}

crow_status crow_bench_write_csv(const crow_comm *comm, const char *path, const crow_bench_report *report, int count) {
  return crow_comm_agree(comm, crow_comm_rank(comm) == 0 ? write_csv(path, report, count) : CROW_OK);
}
