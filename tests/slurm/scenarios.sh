# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Real runs of crow that are stopped in the middle by Slurm, and end with the bits of an uninterrupted run; read with `.`
# by test_slurm.sh, whose functions and variables they use. All run side by side, since Slurm looks at time limits every
# half minute only.
#
#   scenarios_start   submits them and does to each what its name says
#   scenarios_again   submits again what is to be submitted again by hand, after a while
#   scenarios_expect  waits for each; prints a line with its time

# shellcheck disable=SC2154,SC2034 # variables of test_slurm.sh

# A job's first start is crow, but its ranks stand still after a first checkpoint until USR1 comes, so that it comes in the
# middle on machines of any speed; they take no processor meanwhile. Later starts are crow.
scenarios_program() {
  cat >"$scratch/held" <<PROGRAM
#!/bin/bash
if { [ "\$1" != weights ] && [ "\$1" != fit ]; } || [ -n "\${SLURM_RESTART_COUNT-}" ]; then exec "$CROW" "\$@"; fi
"$CROW" "\$@" --checkpoint-interval 0 &
rank=\$!
trap 'woken=yes; interrupted=yes; kill -USR1 "\$rank"; kill -CONT "\$rank"' USR1
trap 'interrupted=yes' TERM
while [ \$# -gt 1 ] && [ "\$1" != -o ]; do shift; done
until [ -e "\$2.checkpoint.a.h5" ] || ! kill -0 "\$rank" 2>/dev/null; do sleep 0.02; done
[ -n "\${woken-}" ] || kill -STOP "\$rank"
echo "rank held"
# The signal may have come between the two.
[ -z "\${woken-}" ] || kill -CONT "\$rank"
while :; do
  interrupted=
  wait "\$rank"
  code=\$?
  # A trapped signal ends wait, not crow.
  [ -n "\$interrupted" ] || exit "\$code"
done
PROGRAM
  # Ranks that hear nothing and stand still after a first checkpoint, whatever is sent to them but KILL. Later starts are
  # crow here too.
  cat >"$scratch/deaf" <<PROGRAM
#!/bin/bash
if [ "\$1" != weights ] || [ -n "\${SLURM_RESTART_COUNT-}" ]; then exec "$CROW" "\$@"; fi
trap '' TERM USR1
env --block-signal=TERM --block-signal=USR1 "$CROW" "\$@" --checkpoint-interval 0 &
rank=\$!
while [ \$# -gt 1 ] && [ "\$1" != -o ]; do shift; done
until [ -e "\$2.checkpoint.a.h5" ] || ! kill -0 "\$rank" 2>/dev/null; do sleep 0.02; done
kill -STOP "\$rank" && echo "rank held"
# Slurm sends CONT with its TERM.
while kill -STOP "\$rank" 2>/dev/null; do sleep 0.1; done
wait "\$rank"
PROGRAM
  chmod +x "$scratch/held" "$scratch/deaf"
}

# scenario NAME LAUNCHER COMMAND OPTION...: submits a run that is compared with the plain one of COMMAND.
scenario() {
  local name=$1 launch=$2 command=$3 job
  shift 3
  if job=$(CROW=${program:-$scratch/held} submit "$name" "$launch" "$command.sbatch" "$scratch/data.h5" "$scratch/$name.h5" \
    "$@"); then
    scenario_job[$name]=$job scenario_kind[$name]=$command scenario_begun[$name]=$(date +%s)
  else
    fail "$name: sbatch"
  fi
}

# scenario_do NAME COMMAND...: once its four ranks are held, in the middle of the work.
scenario_do() {
  local name=$1
  shift
  for _ in $(seq 1200); do
    if [ "$(grep -c '^rank held' "$scratch/$name.log" 2>/dev/null)" = 4 ]; then
      "$@" || fail "$name: $*"
      return
    fi
    sleep 0.1
  done
  fail "$name: its ranks do not run"
}

# kill_job JOB: all that runs of it, at once.
kill_job() {
  local file
  for file in /proc/[0-9]*/environ; do
    if grep -zqx "SLURM_JOB_ID=$1" "$file" 2>/dev/null; then kill -KILL "$(basename "$(dirname "$file")")" 2>/dev/null; fi
  done
  return 0
}

scenarios_start() {
  local launch name
  declare -gA scenario_job scenario_kind scenario_begun
  scenarios_program
  adam=(--weights "$scratch/plain-weights.h5" --model linear --optimizer adam --steps 2000)
  "$CROW" weights --quiet "$scratch/data.h5" --space cube --draws independent --samples 1000000 -o "$scratch/plain-long-weights.h5" || exit 1
  "$CROW" fit --quiet "$scratch/data.h5" "${adam[@]}" -o "$scratch/plain-long-fit.h5" || exit 1
  lbfgs=(--weights "$scratch/plain-weights.h5" --lambda 0.0001)
  "$CROW" fit --quiet "$scratch/data.h5" "${lbfgs[@]}" -o "$scratch/plain-lbfgs.h5" || exit 1

  # The time limit: Slurm's USR1 comes 120 s before it, hence within half a minute here; crow shall not look at it.
  limits=(--time=1 --nodelist="n[1-2]")
  scenario limit-signal srun weights --space cube --draws independent --samples 1000000 --time-limit 600
  # crow by itself a minute before Slurm's end, which is now; the job is given more time before its second start.
  program=$CROW scenario limit-own mpirun weights --space cube --draws independent --samples 1000000
  # Nobody listens until Slurm kills all of the job at its limit (what comes of it: scenarios_again); mpirun ends before
  # that, by the TERM, which leaves the script a moment to queue the job again.
  limits=(--time=5 --nodelist="n[1-2]")
  program=$scratch/deaf scenario limit-kill srun weights --space cube --draws independent --samples 1000000 --time-limit 600
  program=$scratch/deaf scenario limit-mpirun mpirun weights --space cube --draws independent --samples 1000000 --time-limit 600
  scenario user-signal srun fit "${adam[@]}"
  scenario lbfgs mpirun fit "${lbfgs[@]}"
  scenario requeued srun weights --space cube --draws independent --samples 1000000
  scenario ranks-killed srun weights --space cube --draws independent --samples 1000000
  scenario all-killed mpirun fit "${lbfgs[@]}"
  limits=(--time=5 --nodelist="n[3-4]")
  for launch in srun mpirun; do scenario "node-$launch" "$launch" weights --space cube --draws independent --samples 1000000; done
  limits=(--time=5 --nodelist="n[5-6]")
  for launch in srun mpirun; do scenario "power-$launch" "$launch" weights --space cube --draws independent --samples 1000000; done
  limits=()

  for name in limit-kill limit-mpirun; do
    scenario_do "$name" scontrol update "JobId=${scenario_job[$name]}" EndTime=now
  done
  # The power of both jobs' second node fails. Slurm is told later, as it would find out after SlurmdTimeout.
  scenario_do power-srun true
  scenario_do power-mpirun cluster_kill_node 6
  scenario_do user-signal scancel --signal=USR1 --full "${scenario_job[user-signal]}"
  scenario_do lbfgs scancel --signal=USR1 --full "${scenario_job[lbfgs]}"
  scenario_do requeued scontrol requeue "${scenario_job[requeued]}"
  scenario_do ranks-killed scancel --signal=KILL "${scenario_job[ranks-killed]}.0"
  # As at the end of the time limit when nobody listens: script and ranks are gone without a word.
  scenario_do all-killed kill_job "${scenario_job[all-killed]}"
  scontrol update NodeName=n6 State=DOWN Reason=test
  # Both jobs' second node.
  scenario_do node-srun true
  scenario_do node-mpirun scontrol update NodeName=n4 State=DOWN Reason=test
  for _ in $(seq 100); do
    scontrol update "JobId=${scenario_job[limit-own]}" TimeLimit=5 2>/dev/null
    if grep -q 'start 2' "$scratch/limit-own.log" 2>/dev/null; then break; fi
    case $(scontrol show job "${scenario_job[limit-own]}") in *Restarts=0*) ;; *) break ;; esac
    sleep 0.1
  done
  scontrol update NodeName=n4 State=RESUME
  cluster_start_node 6
  scontrol update NodeName=n6 State=RESUME
  # Its user submits the same once more.
  expect all-killed "${scenario_job[all-killed]}" "FAILED 0:9"
  program=$CROW scenario all-killed mpirun fit "${lbfgs[@]}"
}

# The job that Slurm has killed at its limit: its user submits the same once more.
scenarios_again() {
  local end
  end=$(cluster_wait "${scenario_job[limit-kill]}")
  case $end in TIMEOUT*) ;; *) fail "limit-kill: the job ended as \"$end\" instead of TIMEOUT" ;; esac
  program=$CROW scenario limit-kill srun weights --space cube --draws independent --samples 1000000 --time-limit 600
}

scenarios_expect() {
  local name
  for name in "${!scenario_job[@]}"; do
    expect "$name" "${scenario_job[$name]}" "COMPLETED 0:0" || continue
    case $name-${scenario_kind[$name]} in
    *-weights) h5diff "$scratch/plain-long-weights.h5" "$scratch/$name.h5" /weights ;;
    user-signal-*) h5diff "$scratch/plain-long-fit.h5" "$scratch/$name.h5" /rewards ;;
    *) h5diff "$scratch/plain-lbfgs.h5" "$scratch/$name.h5" /rewards ;;
    esac || fail "$name: another result than that of an uninterrupted run"
    [ "$(grep -c ', start [12]' "$scratch/$name.log")" = 2 ] || fail "$name: was not started twice"
    grep -q 'going on from' "$scratch/$name.log" || fail "$name: did not go on from a checkpoint"
    if compgen -G "$scratch/$name.h5.checkpoint.*" >/dev/null; then fail "$name: checkpoints were left behind"; fi
    printf '%-12s %3d s: started again, went on from its checkpoint, same bits\n' "$name" \
      $(($(stat -c %Y "$scratch/$name.log") - scenario_begun[$name]))
  done
  grep -q 'was queued again' "$scratch/requeued.log" || fail "requeued: the log does not say that Slurm queued it again"
  ! grep -q 'job was cancelled' "$scratch/requeued.log" || fail "requeued: the log calls the job cancelled"
  grep -q 'signal: asking crow' "$scratch/limit-signal.log" || fail "limit-signal: Slurm sent no signal"
  ! grep -q 'signal: asking crow' "$scratch/limit-own.log" || fail "limit-own: Slurm sent a signal first"
}

# ---- chains and arrays ------------------------------------------------------------------------------------------

# chain_start: the pipeline, one whose second job fails, one that cannot be submitted whole, and the sweep.
chain_start() {
  local data=$CROW_SOURCE/jobs/paris
  small="--nodes=1 --ntasks-per-node=2 --mem-per-cpu=500M --time=5"
  "$CROW" split --quiet "$scratch/data.h5" -o "$scratch/train.h5" --test-output "$scratch/test.h5" --test 0.2 || exit 1
  files=("$data/comparisons-original.csv" "$data/contexts-original.npy" "$data/items-original.csv")
  CROW_SBATCH=$small CROW_WEIGHTS_OPTIONS="--space cube --draws independent --samples 20000" "$CROW_SOURCE/jobs/pipeline.sh" "$scratch/chain" "${files[@]}" \
    >"$scratch/chain.out" || fail "pipeline.sh"
  CROW_SBATCH=$small CROW_WEIGHTS_OPTIONS="--samples no" "$CROW_SOURCE/jobs/pipeline.sh" "$scratch/broken" "${files[@]}" \
    >"$scratch/broken.out" || fail "pipeline.sh"
  CROW_SBATCH="$small --array=0-2" "$CROW_SOURCE/jobs/lambda-sweep.sh" "$scratch/sweep" "$scratch/train.h5" \
    "$scratch/test.h5" 0.01,1 1,2 --space cube --draws independent --samples 20000 >"$scratch/sweep.out" || fail "lambda-sweep.sh"
  # An sbatch that fails for the third job.
  mkdir "$scratch/bin"
  printf '#!/bin/sh\ncase "$*" in *crow-fit*) exit 1 ;; esac\nexec %s "$@"\n' "$(command -v sbatch)" >"$scratch/bin/sbatch"
  chmod +x "$scratch/bin/sbatch"
  if PATH=$scratch/bin:$PATH CROW_SBATCH="$small --hold" "$CROW_SOURCE/jobs/pipeline.sh" "$scratch/refused" "${files[@]}" \
    >"$scratch/refused.out" 2>&1; then fail "pipeline.sh succeeds though sbatch fails"; fi
}

# jobs_of FILE: the numbers in what the scripts print.
jobs_of() { grep -o 'jobs\{0,1\} [0-9]*' "$1" | grep -o '[0-9]*$'; }

chain_expect() {
  local job ends=()
  # The table's job goes well only if all of the array's did.
  for job in $(jobs_of "$scratch/chain.out" && jobs_of "$scratch/sweep.out" | tail -n 1); do
    [ "$(cluster_wait "$job" 120)" = "COMPLETED 0:0" ] || {
      fail "chain, sweep: job $job ended as $(cluster_wait "$job" 1)"
      cat "$scratch"/chain/*.log "$scratch"/sweep/*.log
    }
  done
  [ "$(jobs_of "$scratch/chain.out" | wc -l)" = 4 ] || fail "chain: not four jobs"
  # The same by hand.
  for job in weights rewards; do
    h5diff "$scratch/by-hand-$job.h5" "$scratch/chain/$job.h5" "/$job" || fail "chain: other $job than by hand"
  done
  for job in accuracy log_loss; do
    grep "\"$job\"" "$scratch/by-hand.json" | diff - <(grep "\"$job\"" "$scratch/chain/eval.json") || fail "chain: $job"
  done
  for job in $(jobs_of "$scratch/broken.out"); do ends+=("$(cluster_wait "$job" 120)"); done
  case "${ends[*]}" in
  "COMPLETED 0:0 FAILED 2:0 CANCELLED "*" CANCELLED "*) ;;
  *) fail "broken: its jobs ended as ${ends[*]}" ;;
  esac
  for job in $(jobs_of "$scratch/refused.out"); do
    case $(cluster_wait "$job" 30) in CANCELLED*) ;; *) fail "refused: job $job was not cancelled" ;; esac
  done
  # The sweep: each fit once, and the table's figures are those of crow itself.
  [ "$(wc -l <"$scratch/sweep/table.csv")" = 5 ] || fail "sweep: $(cat "$scratch/sweep/table.csv")"
  [ "$(cut -d, -f1,2 "$scratch/sweep/table.csv" | sort -u | wc -l)" = 5 ] || fail "sweep: a fit is missing"
  # The least log loss among all rows is the marked one.
  [ "$(tail -n +2 "$scratch/sweep/table.csv" | sort -t, -g -k6,6 | head -n 1 | cut -d, -f6)" = \
    "$(grep ',best$' "$scratch/sweep/table.csv" | tail -n 1 | cut -d, -f6)" ] || fail "sweep: another fit is the best"
}

chain_by_hand() {
  if ! "$CROW" weights --quiet "$scratch/train.h5" --space cube --draws independent --samples 20000 -o "$scratch/by-hand-weights.h5" ||
    ! "$CROW" fit --quiet "$scratch/train.h5" --weights "$scratch/by-hand-weights.h5" -o "$scratch/by-hand-rewards.h5" ||
    ! "$CROW" eval --quiet "$scratch/by-hand-rewards.h5" "$scratch/test.h5" --json "$scratch/by-hand.json"; then
    fail "by hand"
  fi
}
