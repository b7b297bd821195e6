/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CROW_PREFERENCE_WIN_RATE_IMPL_H
#define CROW_PREFERENCE_WIN_RATE_IMPL_H

#include <crow/preference.h>

/* Of a dataset with fewer alternatives than its file has, the first ones count, here and in crow_win_rate_matrix() and
 * crow_win_rate_population(). */

/* wAWR of complete preferences by `count` sets of weights, `win_rate` (count, slice of the partition): the weights
 * themselves, `weight` (count, slice), or by how much each weight is greater, `relative` (count, slice), NULL for not
 * at all. The matrix is not checked. Collective. */
crow_status crow_win_rates_matrix(const crow_comm *comm, const crow_dataset *dataset, const crow_partition *p,
                                  int64_t count, const double *weight, double *win_rate);
crow_status crow_win_rates_population(const crow_comm *comm, const crow_dataset *dataset, const crow_weights *weights,
                                      int64_t count, const double *relative, double *win_rate);

#endif
