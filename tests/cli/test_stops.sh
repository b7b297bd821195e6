# SPDX-License-Identifier: Apache-2.0
# A signal is heard in every stage: what saves no state of its own stops at once with what is finished, and the same
# command goes on to the same bits. CROW_TEST_STOP_AT raises the signal at a stage, whatever the clock says.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
command -v h5dump >/dev/null || skip "no h5dump"

values() { h5dump -d "$2" "$1" 2>/dev/null | tail -n +2; }

# stops STAGE CODE ARGUMENT...: raises the signal at the stage; the run ends with CODE and says so.
stops() {
  CROW_TEST_STOP_AT=$1
  export CROW_TEST_STOP_AT
  stage=$1 expected=$2
  shift 2
  crow "$@"
  unset CROW_TEST_STOP_AT
  exits "$expected"
  once err "stopped by signal 15 in $stage"
}

# resumes SAVED ARGUMENT...: goes on from a checkpoint to what was never stopped.
resumes() {
  crow "$@"
  exits 0
  prints "going on from"
}

crow simulate -o votes.h5 --alternatives 300 --dimensions 8 --spread .1 --preferences comparisons --comparisons 4000 -q
crow simulate -o matrix.h5 --alternatives 60 --dimensions 3 --preferences matrix -q
crow simulate -o many.h5 --alternatives 1200 --dimensions 2 --spread .1 --preferences comparisons --comparisons 9000 -q
crow simulate -o plane.h5 --alternatives 200 --dimensions 2 --spread .1 --preferences comparisons -q

# Alternatives of zero weight: the weights are kept.
crow fit votes.h5 -o whole.h5 --samples 400
stops "alternatives of zero weight" 75 fit votes.h5 -o zero.h5 --samples 400
not_there zero.h5
resumes fit votes.h5 -o zero.h5 --samples 400
equal "$(values zero.h5 /rewards/value)" "$(values whole.h5 /rewards/value)"

# Standard errors, exact and by probes: the rewards are kept, and the fit is not done again.
for data in votes many; do
  how="fit $data.h5 --samples 400 --standard-errors --error-probes 3"
  # shellcheck disable=SC2086 # words
  crow $how -o sandwich.h5 --force
  exits 0
  # shellcheck disable=SC2086
  stops "standard errors" 75 $how -o errors.h5
  # shellcheck disable=SC2086
  resumes $how -o errors.h5
  prints "taken from the checkpoint"
  equal "$(values errors.h5 /rewards/standard_error)" "$(values sandwich.h5 /rewards/standard_error)"
  rm -f errors.h5
done

# The pass over a preference matrix comes first, to check it: nothing is finished, which is a failure and no stop that
# could be gone on from.
stops "the preference matrix" 1 fit matrix.h5 -o matrix-stopped.h5 --samples 1000
says "nothing to save yet"
not_there matrix-stopped.h5

# Exact cells likewise.
stops cells 1 weights plane.h5 -o cells.h5 --nearest exact
says "nothing to save yet"
stops cells 1 fit plane.h5 -o cells.h5 --nearest exact
not_there cells.h5

# Commands without checkpoints end as any program does.
for stage in k-means k-means++; do
  CROW_TEST_STOP_AT=$stage "$CROW" cluster plane.h5 -o groups.h5 --clusters 5 >out 2>err
  code=$?
  exits 143
  not_there groups.h5
done
[ -z "$(find . -name '*.checkpoint.*')" ] || fail "checkpoints are left"

finish
