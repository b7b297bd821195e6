#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All tests under valgrind's memcheck: every test program, and every crow that a script runs:
#   sh tests/valgrind.sh [CTEST-OPTION...]         e.g. -R '^mpi/fit/' or -E '^faults/'
# Takes hours; not a part of the tests. The one of the batch scripts on a Slurm is left out: its jobs run against the clock.
#
# An error of memcheck, or memory that is lost for good, fails a test, as does any word of memcheck about a process that did
# not end by itself. Time limits of the tests are longer by CROW_TEST_SLOWNESS [30].
#   CROW_BUILD   the folder to build in  [build-valgrind]      MPIEXEC: see jobs/setup.sh
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
: "${CROW_BUILD:=$top/build-valgrind}"
: "${CROW_TEST_SLOWNESS:=30}"
# shellcheck source=jobs/setup.sh
. "$top/jobs/setup.sh"
CROW_MORE_PACKAGES="valgrind"
case $build in /*) ;; *) build=$PWD/$build ;; esac
export CROW_MEMCHECK="$build/memcheck"
setup_crow all -DCROW_TESTS=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCROW_TEST_LAUNCHER=sh;$top/tests/memcheck.sh" \
  "-DCROW_TEST_CROW=$CROW_MEMCHECK/crow" "-DCROW_TEST_SLOWNESS=$CROW_TEST_SLOWNESS"
command -v valgrind >/dev/null || setup_fail "there is no valgrind (Debian, Ubuntu: apt-get install valgrind)"

rm -rf "$CROW_MEMCHECK"
mkdir -p "$CROW_MEMCHECK"
printf '#!/bin/sh\nexec /bin/sh "%s" "%s" "$@"\n' "$top/tests/memcheck.sh" "$build/crow" >"$CROW_MEMCHECK/crow"
chmod +x "$CROW_MEMCHECK/crow"
# Kernels that valgrind understands: it knows no AVX-512. And hwloc says of every process that it is under valgrind.
export OPENBLAS_CORETYPE=Haswell HWLOC_COMPONENTS=-x86
CROW_VALGRIND=$(command -v valgrind)
export CROW_VALGRIND
# What the scripts that kill ranks find them by.
CROW_TEST_EXECUTABLE=$(valgrind -d true 2>&1 | sed -n 's/.*launching //p')
export CROW_TEST_EXECUTABLE
[ -x "$CROW_TEST_EXECUTABLE" ] || setup_fail "valgrind -d does not say what it launches"
mpi_list=$(ompi_info --path pkgdatadir --parsable 2>/dev/null | cut -d: -f3)/openmpi-valgrind.supp
if [ -f "$mpi_list" ]; then export CROW_MEMCHECK_MORE="$mpi_list"; fi

code=0
ctest --test-dir "$build" --output-on-failure --no-tests=error --parallel "$(getconf _NPROCESSORS_ONLN)" "$@" || code=$?
find "$CROW_MEMCHECK" -name '*.log' -size 0 -delete
for log in "$CROW_MEMCHECK"/*.log; do
  [ -f "$log" ] || continue
  code=1
  echo "== $log"
  head -n 60 "$log"
done
[ "$code" -eq 0 ] || echo "valgrind: FAILED; what memcheck says, if anything, is in $CROW_MEMCHECK"
exit "$code"
