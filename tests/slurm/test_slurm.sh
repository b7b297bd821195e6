# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The batch scripts of jobs/ on a real Slurm: jobs over two nodes give the bits of a plain run, under srun and mpirun;
# signals reach the ranks; exit code 75 queues the job again; exit code 0 without a result is not believed.
[ -n "${BASH_VERSION-}" ] || exec bash "$0" "$@"
set -u
# shellcheck source=tests/slurm/cluster.sh
. "$CROW_SOURCE/tests/slurm/cluster.sh"
# shellcheck source=tests/slurm/scenarios.sh
. "$CROW_SOURCE/tests/slurm/scenarios.sh"
reason=$(cluster_lacks)
if [ -n "$reason" ]; then
  echo "skipped: a Slurm of its own cannot run here: $reason"
  exit 77
fi
scratch=$(mktemp -d /tmp/crow-slurm-XXXXXX) || exit 1
trap 'cluster_stop; rm -rf "$scratch"' EXIT
failures=0
signalled=()
limits=() # further options of sbatch
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
export CROW
# Two ranks a node bound to cores need two cores.
if [ "$(getconf _NPROCESSORS_ONLN)" -lt 2 ]; then export CROW_BIND=none; fi

# submit NAME LAUNCHER SCRIPT ARGUMENT...: prints the job's number; its log is $scratch/NAME.log.
submit() {
  local name=$1 launch=$2 script=$3
  shift 3
  (cd "$CROW_SOURCE" && CROW_LAUNCH=$launch sbatch --parsable --nodes=2 --ntasks-per-node=2 --mem-per-cpu=500M --time=5 \
    "${limits[@]}" --output="$scratch/$name.log" "jobs/$script" "$@")
}

# expect NAME JOB STATE: waits for the job's end in this state.
expect() {
  local end
  end=$(cluster_wait "$2")
  if [ "$end" = "$3" ]; then return 0; fi
  fail "$1: the job ended as \"$end\" instead of \"$3\"; its log:"
  cat "$scratch/$1.log"
  return 1
}

same() { # NAME GROUP FILE: the group's data are those of the plain run, bit by bit
  h5diff "$scratch/plain-$2.h5" "$3" "/$2" || fail "$1: /$2 differs from the plain run"
}

# Slurm's signal ends no script, before its program runs and after.
bash -c '. "$CROW_SOURCE/jobs/common.sh"; kill -USR1 $$; crow_forward_signals true; kill -USR1 $$; exit 0' ||
  fail "a script ends by USR1 while its program does not run"

# The data, and the plain runs.
data=$CROW_SOURCE/jobs/paris
"$CROW" import --quiet --comparisons "$data/comparisons-original.csv" --contexts "$data/contexts-original.npy" \
  --items "$data/items-original.csv" -o "$scratch/data.h5" || exit 1
"$CROW" weights --quiet "$scratch/data.h5" --space cube --draws independent --samples 20000 -o "$scratch/plain-weights.h5" || exit 1
"$CROW" fit --quiet "$scratch/data.h5" --weights "$scratch/plain-weights.h5" -o "$scratch/plain-rewards.h5" || exit 1

cluster_start "$scratch/cluster" || exit 1
scenarios_start
chain_start
chain_by_hand

# Real jobs over two nodes.
for launch in srun mpirun; do
  job=$(submit "weights-$launch" "$launch" weights.sbatch "$scratch/data.h5" "$scratch/weights-$launch.h5" \
    --space cube --draws independent --samples 20000) || fail "sbatch weights.sbatch"
  expect "weights-$launch" "$job" "COMPLETED 0:0" && same "weights-$launch" weights "$scratch/weights-$launch.h5"
  job=$(submit "fit-$launch" "$launch" fit.sbatch "$scratch/data.h5" "$scratch/fit-$launch.h5" \
    --weights "$scratch/plain-weights.h5") || fail "sbatch fit.sbatch"
  expect "fit-$launch" "$job" "COMPLETED 0:0" && same "fit-$launch" rewards "$scratch/fit-$launch.h5"
  grep -q "n1 n2\|on 2 nodes" "$scratch/fit-$launch.log" || fail "fit-$launch did not run on two nodes"
done

# Bad input is the last word: no second start.
job=$(submit missing srun fit.sbatch "$scratch/no-such.h5" "$scratch/missing.h5")
expect missing "$job" "FAILED 4:0"
[ "$(grep -c ', start ' "$scratch/missing.log")" = 1 ] || fail "missing: started again"

# A stand-in for crow whose ranks wait for USR1 and then leave with 75, on the job's first start; later it is crow.
cat >"$scratch/waits" <<PROGRAM
#!/bin/bash
if [ "\$1" = fit ] && [ -z "\${SLURM_RESTART_COUNT-}" ]; then
  trap 'echo "rank \${SLURM_PROCID:-} on \$(hostname) got USR1"; sleep 2; exit 75' USR1
  echo "ready"
  for ((i = 0; i < 600; i++)); do sleep 0.1; done
  exit 1
fi
exec "$CROW" "\$@"
PROGRAM
# One whose ranks all vanish without a word, as mpirun has been seen to report them.
cat >"$scratch/vanishes" <<PROGRAM
#!/bin/bash
if [ "\$1" = fit ]; then exit 0; fi
exec "$CROW" "\$@"
PROGRAM
chmod +x "$scratch/waits" "$scratch/vanishes"

# Who cancels a job does not get it back, though its ranks end with 75; a program that cannot start is said at once.
cancelled=$(CROW=$scratch/waits submit cancelled srun fit.sbatch "$scratch/data.h5" "$scratch/cancelled.h5")
job=$(CROW=$scratch/no-such-crow submit no-program srun fit.sbatch "$scratch/data.h5" "$scratch/no-program.h5")
expect no-program "$job" "FAILED 2:0"
grep -q 'no-such-crow" does not start' "$scratch/no-program.log" || fail "no-program: the log does not say so"
for _ in $(seq 300); do
  [ "$(grep -c '^ready' "$scratch/cancelled.log" 2>/dev/null)" != 4 ] || break
  sleep 0.2
done
scancel "$cancelled"
# An older file is not this job's result, neither on its first start nor on its second.
cp "$scratch/plain-rewards.h5" "$scratch/older.h5"
older=$(CROW=$scratch/vanishes CROW_RESTARTS=1 submit older srun fit.sbatch "$scratch/data.h5" "$scratch/older.h5")

# All at once, since a requeued job waits for ten seconds.
vanishing=$(CROW=$scratch/vanishes CROW_RESTARTS=1 submit vanishes srun fit.sbatch "$scratch/data.h5" "$scratch/vanishes.h5")
for launch in srun mpirun; do
  job=$(CROW=$scratch/waits submit "signal-$launch" "$launch" fit.sbatch "$scratch/data.h5" "$scratch/signal-$launch.h5" \
    --weights "$scratch/plain-weights.h5")
  for _ in $(seq 300); do
    [ "$(grep -c '^ready' "$scratch/signal-$launch.log" 2>/dev/null)" != 4 ] || break
    sleep 0.2
  done
  # What --signal=B:USR1@N does: the batch shell alone.
  scancel --signal=USR1 --batch "$job"
  signalled+=("$launch $job")
done
for pair in "${signalled[@]}"; do
  launch=${pair% *}
  expect "signal-$launch" "${pair#* }" "COMPLETED 0:0" && same "signal-$launch" rewards "$scratch/signal-$launch.h5"
  [ "$(grep -c 'got USR1' "$scratch/signal-$launch.log")" = 4 ] || fail "signal-$launch: not all ranks got the signal"
  grep -q 'start 2' "$scratch/signal-$launch.log" || fail "signal-$launch: the job was not queued again"
done
expect older "$older" "FAILED 1:0"
cmp -s "$scratch/plain-rewards.h5" "$scratch/older.h5" || fail "older: the file was touched"
case $(cluster_wait "$cancelled") in CANCELLED*) ;; *) fail "cancelled: $(cluster_wait "$cancelled")" ;; esac
expect vanishes "$vanishing" "FAILED 1:0"
grep -q 'giving up' "$scratch/vanishes.log" || fail "exit code 0 without a result was believed"
scenarios_again
chain_expect
scenarios_expect

exit $((failures > 0))
