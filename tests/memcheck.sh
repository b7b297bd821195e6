# SPDX-License-Identifier: Apache-2.0
# A program under valgrind's memcheck:  sh tests/memcheck.sh PROGRAM ARGUMENT...
# For tests/valgrind.sh. An error, or memory that is lost for good, makes its exit code 99; what memcheck says is in a file of
# the folder CROW_MEMCHECK, named after the test and the process. It stays under valgrind when it starts itself anew; what it
# starts from /bin and /usr does not come under it. What Open MPI does is left out by Open MPI's own list
# (CROW_MEMCHECK_MORE) and by tests/valgrind.supp.
# Nothing is looked for in PATH, which some tests empty.
name=${CROW_TEST_NAME:-crow}
while [ "$name" != "${name%%/*}" ]; do name=${name%%/*}_${name#*/}; done
for list in "${0%/*}/valgrind.supp" ${CROW_MEMCHECK_MORE-}; do set -- --suppressions="$list" "$@"; done
exec "${CROW_VALGRIND:?its path}" --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
  --num-callers=40 --keep-debuginfo=yes --error-exitcode=99 --child-silent-after-fork=yes \
  --trace-children=yes --trace-children-skip='/bin/*,/usr/*' \
  --log-file="${CROW_MEMCHECK:?a folder for logs}/$name.%p.log" "$@"
