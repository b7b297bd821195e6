#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sets up what is missing, builds crow and its tests, and runs them all:  sh tests/run.sh [CTEST-OPTION...]
# e.g. `sh tests/run.sh -R cli`. The tests of the batch scripts on a real Slurm run where slurm-wlm is installed, as root.
#
#   CROW_BUILD, MPIEXEC: see jobs/setup.sh
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=jobs/setup.sh
. "$top/jobs/setup.sh"
setup_crow all -DCROW_TESTS=ON
# Twice as many at a time as there are cores: they wait for MPI to begin and end for most of their time.
exec ctest --test-dir "$build" --output-on-failure --no-tests=error --parallel $((2 * $(getconf _NPROCESSORS_ONLN))) "$@"
