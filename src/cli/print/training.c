/* SPDX-License-Identifier: Apache-2.0 */
/* How the training of a model went on the comparisons held out. */
#include "cli/print/results_impl.h"
#include <math.h>

static void report_kept(crow_run *run, const crow_rewards *r) {
  if (!run->report) return;
  json_t *kept = json_array();
  for (int64_t b = 0; b < r->model.members; b++) {
    (void)json_array_append_new(kept, json_integer((json_int_t)r->curve.kept[b]));
  }
  (void)json_object_set_new(run->report, "kept_steps", kept);
}

void crow_results_training(crow_run *run, const crow_rewards *r) {
  const crow_training_curve *c = &r->curve;
  const double members = (double)r->model.members;
  double loss = 0, accuracy = 0;
  int64_t first = INT64_MAX, last = 0;
  if (!c->count || !c->validated) return;
  for (int64_t k = 0; k < c->count; k++) {
    if (c->step[k] != c->kept[c->member[k]]) continue;
    loss += c->validation_loss[k] / members;
    accuracy += c->validation_accuracy[k] / members;
    first = c->step[k] < first ? c->step[k] : first;
    last = c->step[k] > last ? c->step[k] : last;
  }
  report_kept(run, r);
  crow_report_real(run, "validation_log_loss", loss);
  crow_report_real(run, "validation_accuracy", accuracy);
  crow_report_integer(run, "stopped_early", c->stopped);
  if (r->model.members == 1) {
    crow_print(run, "held out: log loss %.4f, accuracy %.4f at step %lld, whose parameters were kept", loss, accuracy,
               (long long)last);
  } else {
    crow_print(run,
               "held out: log loss %.4f, accuracy %.4f (means over the members) at steps %lld to %lld, whose "
               "parameters were kept",
               loss, accuracy, (long long)first, (long long)last);
  }
}
