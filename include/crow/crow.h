/* SPDX-License-Identifier: Apache-2.0 */
/** @file
 * crow: clone-robust weighted MLE on clusters. Includes the whole public API; each stage also has a header of its own.
 *
 * What holds for all of it:
 *  - Collective functions are called by all ranks of the communicator, in the same order and with the same options;
 *    they return the same status on every rank. Local ones do not communicate. Every declaration says which it is.
 *  - (n, d) is the shape of an array: n rows of d elements, row after row. "Slice" means this rank's part of a vector
 *    that is distributed over the ranks, whole blocks of CROW_BLOCK elements in the order of the ranks.
 *  - Times are in seconds and memory is in bytes. Weights, shares and probabilities are numbers from 0 to 1.
 *  - What a function fills is freed by the function that its comment or its type names; what is borrowed must live as
 *    long as its borrower. After an error outputs are empty and may be freed.
 *  - Any function that returns crow_status may return CROW_FAILED (no memory, an MPI error). Those that read or write
 *    files may return CROW_FILE_SYSTEM, those that read data CROW_BAD_INPUT, those that take options CROW_USAGE; what
 *    is not plain from that stands at the declaration. crow_error_message() says what was wrong.
 *  - One run at a time in a process: the log's receiver, the request to stop, the counters of time and work and the
 *    latest error message (this one of each thread) are the process's.
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
