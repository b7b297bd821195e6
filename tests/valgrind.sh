#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All C tests on one rank, the first scripts of tests/cli, and most commands on one rank and on two, under valgrind's
# memcheck:  sh tests/valgrind.sh [REGEX]
# Only the tests whose name (base/base, mpi/fit, cli/usage, commands/2 ...) matches REGEX, if one is given. Takes hours on one
# core; not a part of the tests.
#
# An error of memcheck, or memory that is lost for good, fails a test. What Open MPI does is left out by its own list.
#   CROW_BUILD   the folder to build in  [build-valgrind]      MPIEXEC: see jobs/setup.sh
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
: "${CROW_BUILD:=$top/build-valgrind}"
only=${1-.}
# The scripts that run most commands in few starts, each of which takes seconds here.
scripts="usage help models json compare"
# shellcheck source=jobs/setup.sh
. "$top/jobs/setup.sh"
CROW_MORE_PACKAGES="valgrind"
setup_crow all -DCROW_TESTS=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo
command -v valgrind >/dev/null || setup_fail "there is no valgrind (Debian, Ubuntu: apt-get install valgrind)"

logs=$build/valgrind
rm -rf "$logs"
mkdir -p "$logs"
# Kernels that valgrind understands: it knows no AVX-512.
export OPENBLAS_CORETYPE=Haswell
options="--quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --num-callers=40 \
--keep-debuginfo=yes --error-exitcode=99 --suppressions=$top/tests/valgrind.supp"
mpi_list=$(ompi_info --path pkgdatadir --parsable 2>/dev/null | cut -d: -f3)/openmpi-valgrind.supp
if [ -f "$mpi_list" ]; then options="$options --suppressions=$mpi_list"; fi
cat >"$logs/crow" <<WRAPPER
#!/bin/sh
exec valgrind $options --log-file="$logs/\${NAME:-crow}.%p.log" "$build/crow" "\$@"
WRAPPER
chmod +x "$logs/crow"

failed=0
tested=0
# one NAME COMMAND...: its own failures and valgrind's; logs without a word in them are removed.
one() {
  name=$1
  shift
  echo "$name" | grep -qE "$only" || return 0
  NAME=$(echo "$name" | tr / _)
  export NAME
  tested=$((tested + 1))
  code=0
  "$@" >"$logs/$NAME.out" 2>&1 </dev/null || code=$?
  find "$logs" -name "$NAME.*.log" -size 0 -delete
  if [ "$code" -eq 77 ]; then
    echo "skipped $name"
  elif [ "$code" -ne 0 ] || ls "$logs/$NAME".*.log >/dev/null 2>&1; then
    failed=$((failed + 1))
    echo "FAILED  $name: exit code $code"
    tail -n 20 "$logs/$NAME.out"
    cat "$logs/$NAME".*.log 2>/dev/null | head -n 60 || true
  else
    echo "passed  $name"
  fi
}

for source in "$top"/tests/*/test_*.c; do
  folder=$(basename "$(dirname "$source")")
  name=$(basename "$source" .c)
  program=$build/tests/test_${folder}_${name#test_}
  [ -x "$program" ] || continue
  # shellcheck disable=SC2086 # a list of options
  one "$folder/${name#test_}" valgrind $options --log-file="$logs/${folder}_${name#test_}.%p.log" "$program"
done
export CROW="$logs/crow" CROW_SOURCE="$top" CROW_BUILD="$build" MPIEXEC
for script in $scripts; do
  one "cli/$script" sh "$top/tests/cli/test_$script.sh"
done
for ranks in 1 2; do
  one "commands/$ranks" sh "$top/tests/valgrind_commands.sh" "$ranks"
done
echo "$((tested - failed)) of $tested passed under valgrind; the logs are in $logs"
[ "$failed" -eq 0 ]
