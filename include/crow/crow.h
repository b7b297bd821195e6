/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * crow: clone-robust weighted MLE on clusters. Includes the whole public API; each stage also has a header of its own.
 */
#ifndef CROW_CROW_H
#define CROW_CROW_H

#include <crow/audit.h>
#include <crow/base.h>
#include <crow/bench.h>
#include <crow/checkpoint.h>
#include <crow/cluster.h>
#include <crow/comm.h>
#include <crow/export.h>
#include <crow/fit.h>
#include <crow/import.h>
#include <crow/io.h>
#include <crow/model.h>
#include <crow/nearest.h>
#include <crow/objective.h>
#include <crow/optim.h>
#include <crow/plot.h>
#include <crow/predict.h>
#include <crow/preference.h>
#include <crow/report.h>
#include <crow/rewards.h>
#include <crow/space.h>
#include <crow/summary.h>
#include <crow/tasks.h>
#include <crow/train.h>
#include <crow/uncertainty.h>
#include <crow/weights.h>

#endif
