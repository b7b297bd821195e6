/* SPDX-License-Identifier: Apache-2.0 */
/* Rewards as exact as asked for: samples, a fit, what sampling did to it, and more samples. */
#include "rewards/rewards_impl.h"
#include <math.h>

/* By how much to multiply the samples: errors fall with their square root. The estimate is good to an eighth, and far
 * from the end worth little, so steps are neither tiny nor large. */
static double samples_factor(double error, double wanted) {
  const double ratio = error / wanted;
  return fmin(4, fmax(1.25, 1.05 * ratio * ratio));
}

/* Which alternative it is, the caller says: ids are not known here. */
static void log_round(const crow_weights *weights, const crow_rewards *rewards, double wanted) {
  crow_log(CROW_LOG_INFO, "fit: %lld sample%s, largest standard error of a reward from sampling %.4g (wanted %g)",
           (long long)weights->samples, crow_plural(weights->samples), rewards->sampling_error.largest, wanted);
}

crow_status crow_rewards_refine(const crow_comm *comm, const crow_dataset *dataset,
                                const crow_weights_options *sampling, const crow_train_options *options, double wanted,
                                crow_checkpoint *checkpoint, crow_weights *weights, crow_rewards *rewards) {
  while (rewards->sampling_error.value) {
    const double error = rewards->sampling_error.largest;
    bool more = false;
    log_round(weights, rewards, wanted);
    if (error < wanted) break;
    CROW_NEED(crow_weights_refine(comm, dataset, sampling, samples_factor(error, wanted), checkpoint, weights, &more));
    if (!more) {
      crow_log(CROW_LOG_WARNING,
               "fit: stopped at %lld samples with a standard error of a reward from sampling of %.4g, not below %g",
               (long long)weights->samples, error, wanted);
      break;
    }
    crow_rewards_free(rewards);
    CROW_NEED(crow_rewards_fit_from(comm, dataset, weights, options, checkpoint, rewards));
  }
  return CROW_OK;
}
