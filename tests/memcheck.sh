# SPDX-License-Identifier: Apache-2.0
# A program under valgrind's memcheck:  sh tests/memcheck.sh PROGRAM ARGUMENT...
# For tests/valgrind.sh. An error, or memory that is lost for good, makes its exit code 99; what memcheck says is in a file of
# the folder CROW_MEMCHECK, named after the test and the process. Programs that it starts are left alone, itself started anew
# is not. What Open MPI does is left out by Open MPI's own list and by tests/valgrind.supp.
name=$(printf '%s' "${CROW_TEST:-crow}" | tr / _)
set -- --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --num-callers=40 \
  --keep-debuginfo=yes --error-exitcode=99 --child-silent-after-fork=yes \
  --trace-children=yes --trace-children-skip='/bin/*,/usr/*' \
  --suppressions="$(dirname "$0")/valgrind.supp" --log-file="${CROW_MEMCHECK:?a folder for logs}/$name.%p.log" "$@"
for list in ${CROW_MEMCHECK_MORE-}; do set -- --suppressions="$list" "$@"; done
exec valgrind "$@"
