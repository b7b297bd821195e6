# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Real runs of crow that are stopped in the middle by Slurm, and end with the bits of an uninterrupted run; read with `.`
# by test_slurm.sh, whose functions and variables they use. All run side by side, since Slurm looks at time limits every
# half minute only.
#
#   scenarios_start   submits them and does to each what its name says
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
  chmod +x "$scratch/held"
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
  for _ in $(seq 400); do
    if [ "$(grep -c '^rank held' "$scratch/$name.log" 2>/dev/null)" = 4 ]; then
      "$@" || fail "$name: $*"
      return
    fi
    sleep 0.1
  done
  fail "$name: its ranks do not run"
}

scenarios_start() {
  local launch
  declare -gA scenario_job scenario_kind scenario_begun
  scenarios_program
  adam=(--weights "$scratch/plain-weights.h5" --model linear --optimizer adam --steps 2000)
  "$CROW" weights --quiet "$scratch/data.h5" --samples 1000000 -o "$scratch/plain-long-weights.h5" || exit 1
  "$CROW" fit --quiet "$scratch/data.h5" "${adam[@]}" -o "$scratch/plain-long-fit.h5" || exit 1

  # The time limit: Slurm's USR1 comes 120 s before it, hence within half a minute here; crow shall not look at it.
  limits=(--time=1 --nodelist="n[1-2]")
  scenario limit-signal srun weights --samples 1000000 --time-limit 600
  # crow by itself a minute before Slurm's end, which is now; the job is given more time before its second start.
  program=$CROW scenario limit-own mpirun weights --samples 1000000
  limits=(--time=5 --nodelist="n[1-2]")
  scenario user-signal srun fit "${adam[@]}"
  scenario requeued srun weights --samples 1000000
  limits=(--time=5 --nodelist="n[3-4]")
  for launch in srun mpirun; do scenario "node-$launch" "$launch" weights --samples 1000000; done
  limits=()

  scenario_do user-signal scancel --signal=USR1 --full "${scenario_job[user-signal]}"
  scenario_do requeued scontrol requeue "${scenario_job[requeued]}"
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
}

scenarios_expect() {
  local name
  for name in "${!scenario_job[@]}"; do
    expect "$name" "${scenario_job[$name]}" "COMPLETED 0:0" || continue
    case ${scenario_kind[$name]} in
    weights) h5diff "$scratch/plain-long-weights.h5" "$scratch/$name.h5" /weights ;;
    fit) h5diff "$scratch/plain-long-fit.h5" "$scratch/$name.h5" /rewards ;;
    esac || fail "$name: another result than that of an uninterrupted run"
    grep -q ', start 2' "$scratch/$name.log" || fail "$name: was not queued again"
    grep -q 'going on from' "$scratch/$name.log" || fail "$name: did not go on from a checkpoint"
    if compgen -G "$scratch/$name.h5.checkpoint.*" >/dev/null; then fail "$name: checkpoints were left behind"; fi
    printf '%-12s %3d s: queued again, went on from its checkpoint, same bits\n' "$name" \
      $(($(stat -c %Y "$scratch/$name.log") - scenario_begun[$name]))
  done
  grep -q 'signal: asking crow' "$scratch/limit-signal.log" || fail "limit-signal: Slurm sent no signal"
  ! grep -q 'signal: asking crow' "$scratch/limit-own.log" || fail "limit-own: Slurm sent a signal first"
}
