/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/print/results_impl.h"
#include "cli/table_impl.h"
#include <math.h>

static crow_status print_bins(crow_run *run, const crow_evaluation *found) {
  crow_table table = {0};
  json_t *list = json_array();
  crow_table_add_columns(&table, "bin:0|judgements|predicted|observed");
  for (int k = 0; k < CROW_CALIBRATION_BINS; k++) {
    const crow_calibration_bin *bin = &found->bin[k];
    crow_table_add(&table, "%.1f to %.1f", k / 10., (k + 1) / 10.);
    crow_table_add(&table, "%.1f", bin->judgements);
    crow_table_add_real(&table, 4, bin->predicted);
    crow_table_add_real(&table, 4, bin->observed);
    json_t *entry = json_object();
    (void)json_object_set_new(entry, "from", crow_json_real(k / 10.));
    (void)json_object_set_new(entry, "to", crow_json_real((k + 1) / 10.));
    (void)json_object_set_new(entry, "judgements", crow_json_real(bin->judgements));
    (void)json_object_set_new(entry, "predicted", crow_json_real(bin->predicted));
    (void)json_object_set_new(entry, "observed", crow_json_real(bin->observed));
    (void)json_array_append_new(list, entry);
  }
  crow_print(run, "\nCalibration: share won, each judgement half from either side");
  if (run->report)
    (void)json_object_set_new(run->report, "calibration", list);
  else
    json_decref(list);
  return crow_comm_agree(run->comm, crow_table_print(&table, crow_print_stream(run)));
}

crow_status crow_results_evaluation(crow_run *run, const crow_evaluation *found) {
  char verdict[256], accuracy[64] = "no comparison that is not a tie";
  if (!isnan(found->accuracy)) (void)snprintf(accuracy, sizeof accuracy, "accuracy %.3f", found->accuracy);
  crow_print(run, "\n%lld comparison%s, %lld judgement%s, %lld of them tied, %lld between equal rewards",
             (long long)found->comparisons, crow_plural(found->comparisons), (long long)found->judgements,
             crow_plural(found->judgements), (long long)found->ties, (long long)found->equal);
  if (found->unseen) {
    crow_print(run, "%lld comparison%s with an alternative that the fit has not seen compared, %lld left out",
               (long long)found->unseen, crow_plural(found->unseen), (long long)found->skipped);
  }
  if (isnan(found->accuracy)) {
    crow_print(run, "accuracy: none; ties do not count, and there are no other comparisons");
  } else {
    crow_print(run, "accuracy: %.6f (without ties; equal rewards half right)", found->accuracy);
  }
  crow_print(run, "log loss: %.6f (a coin: 0.693147)", found->log_loss);
  crow_print(run, "Brier score: %.6f (a coin: 0.25)", found->brier);
  crow_print(run, "calibration error: %.6f", found->calibration_error);
  (void)snprintf(verdict, sizeof verdict,
                 "%s, log loss %.3f (a coin: 0.693), calibration error %.3f on %lld judgement%s", accuracy,
                 found->log_loss, found->calibration_error, (long long)found->judgements,
                 crow_plural(found->judgements));
  crow_report_text(run, "verdict", verdict);
  crow_report_integer(run, "evaluated", found->comparisons);
  crow_report_integer(run, "judgements", found->judgements);
  crow_report_integer(run, "ties", found->ties);
  crow_report_integer(run, "equal", found->equal);
  crow_report_integer(run, "unseen", found->unseen);
  crow_report_integer(run, "skipped", found->skipped);
  crow_report_real(run, "accuracy", found->accuracy);
  crow_report_real(run, "log_loss", found->log_loss);
  crow_report_real(run, "brier", found->brier);
  crow_report_real(run, "calibration_error", found->calibration_error);
  return print_bins(run, found);
}
