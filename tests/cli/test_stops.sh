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
  once err "stopped by signal 15 in ${stage%:*}"
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
crow simulate -o line.h5 --alternatives 200 --dimensions 1 --spread .1 --preferences comparisons -q
crow simulate -o population.h5 --alternatives 200 --dimensions 8 --spread .1 --preferences population -q
crow simulate -o plane.h5 --alternatives 200 --dimensions 2 --spread .1 --preferences comparisons -q

# Alternatives of zero weight: the weights are kept.
crow fit votes.h5 -o whole.h5 --samples 400
stops "alternatives of zero weight" 75 fit votes.h5 -o zero.h5 --samples 400
not_there zero.h5
resumes fit votes.h5 -o zero.h5 --samples 400
equal "$(values zero.h5 /rewards/value)" "$(values whole.h5 /rewards/value)"

# Within a replicate: those that have ended are kept.
crow fit votes.h5 -o whole.h5 --force --samples 400 --bootstrap 30
CROW_TEST_STOP_AT="alternatives of zero weight:100"
export CROW_TEST_STOP_AT
crow fit votes.h5 -o zero.h5 --force --samples 400 --bootstrap 30
unset CROW_TEST_STOP_AT
exits 75
says "stopped before the bootstrap had ended"
resumes fit votes.h5 -o zero.h5 --force --samples 400 --bootstrap 30
grep -q 'bootstrap: going on with [1-9][0-9]* of 30 replicates done' out || fail "no replicates were kept"
for what in standard_error lower upper; do
  equal "$(values zero.h5 "/rewards/$what")" "$(values whole.h5 "/rewards/$what")"
done

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

stops cells 1 weights line.h5 -o cells.h5 --nearest exact
says "nothing to save yet"

# The same of complete preferences: their limits, and the pass over the annotator types.
crow fit population.h5 -o whole.h5 --force --samples 200
stops "alternatives of zero weight" 75 fit population.h5 -o zero.h5 --force --samples 200
resumes fit population.h5 -o zero.h5 --force --samples 200
equal "$(values zero.h5 /rewards/value)" "$(values whole.h5 /rewards/value)"
stops "the population" 1 fit population.h5 -o types.h5 --samples 200
says "nothing to save yet"
not_there types.h5

# Groups of weights by k-means.
for stage in k-means k-means++; do
  stops $stage 1 weights plane.h5 -o groups.h5 --scheme cluster
  says "nothing to save yet"
  not_there groups.h5
done

# A prompt that all ranks share, and one of many that each has for itself: within a prompt, with those that are done
# before it kept; without any of them there is nothing to keep.
crow simulate -o two.h5 --alternatives 2400 --prompts 2 --dimensions 3 --spread .1 --preferences comparisons -q
crow simulate -o small.h5 --alternatives 40 --prompts 2 --dimensions 3 --spread .1 --preferences comparisons -q
for where in "samples two" "prompts two" "prompts small"; do
  stops "${where% *}" 1 weights "${where#* }.h5" -o prompts.h5 --samples 200000 --draws independent
  says "nothing to save yet"
done
for data in two small; do
  how="weights $data.h5 --samples 20000 --draws independent"
  # shellcheck disable=SC2086 # words
  crow $how -o whole.h5 --force
  # shellcheck disable=SC2086
  stops prompts:2 75 $how -o prompts.h5
  # shellcheck disable=SC2086
  resumes $how -o prompts.h5
  prints "going on with 1 prompt done"
  equal "$(values prompts.h5 /weights/value)" "$(values whole.h5 /weights/value)"
  rm -f prompts.h5
done

# Commands without checkpoints end as any program does: while they wait for input, and while a picture is drawn.
mkfifo pipe bin-pipe
"$CROW" import --comparisons pipe -o imported.h5 >out 2>err &
process=$!
exec 3>pipe
kill -TERM $process
wait $process
code=$?
exec 3>&-
last="import, stopped"
exits 143
not_there imported.h5
mkdir bin
# shellcheck disable=SC2016 # of the script that is written
printf '#!/bin/sh\nkill -TERM $PPID\nsleep 60\n' >bin/gnuplot
chmod +x bin/gnuplot
crow fit plane.h5 -o drawn.h5 -q
for command in report plot; do
  # shellcheck disable=SC2030,SC2031 # the path is of this command alone
  (PATH=$PWD/bin:$PATH exec "$CROW" $command drawn.h5 -o page.svg) >out 2>err
  code=$?
  last="$command, stopped"
  exits 143
  not_there page.svg
done
for stage in k-means k-means++; do
  CROW_TEST_STOP_AT=$stage "$CROW" cluster plane.h5 -o groups.h5 --clusters 5 >out 2>err
  code=$?
  exits 143
  not_there groups.h5
done
[ -z "$(find . -name '*.checkpoint.*')" ] || fail "checkpoints are left"

finish
