# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the batch scripts of this folder share; they read it with `.` and end with `crow_job RESULT COMMAND...`.
#
#   CROW           the program                                                        [crow]
#   CROW_LAUNCH    srun or mpirun                                                     [srun]
#   CROW_BIND      what a rank is bound to: core, socket, none                        [core]
#   CROW_RESTARTS  how often a job whose ranks were lost is queued again              [3]
set -u

CROW=${CROW:-crow}
CROW_LAUNCH=${CROW_LAUNCH:-srun}
CROW_BIND=${CROW_BIND:-core}
CROW_RESTARTS=${CROW_RESTARTS:-3}

# USR1 comes whenever it comes: while the program does not run, this shell must not end by it.
trap : USR1

# A rank is a process with its share of the cores; BLAS must not start threads beside it.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=${OMP_NUM_THREADS:-${SLURM_CPUS_PER_TASK:-1}}
# Since Slurm 22.05 srun no longer takes this from the job.
if [ -n "${SLURM_CPUS_PER_TASK-}" ]; then export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK; fi
# After `sbatch --export=NONE` this would keep the environment from the ranks.
unset SLURM_EXPORT_ENV

# crow stops a minute before the job's end, which Slurm tells programs since 23.02 only.
if [ -n "${SLURM_JOB_ID-}" ] && [ -z "${SLURM_JOB_END_TIME-}" ]; then
  SLURM_JOB_END_TIME=$(date -d "$(squeue --noheader --jobs="$SLURM_JOB_ID" --format=%e 2>/dev/null)" +%s 2>/dev/null) &&
    export SLURM_JOB_END_TIME
fi

crow_note() { printf '%s: %s\n' "$(date '+%F %T')" "$*"; }

# The command that starts this job's ranks, as the array crow_launcher.
crow_choose_launcher() {
  case $CROW_LAUNCH in
  srun)
    crow_launcher=(srun --kill-on-bad-exit=1 "--cpu-bind=$CROW_BIND")
    # Slurm speaks of cores and sockets.
    case $CROW_BIND in core | socket) crow_launcher[2]+=s ;; esac
    ;;
  mpirun)
    crow_launcher=(mpirun --bind-to "$CROW_BIND")
    # Ranks of several threads get as many cores.
    if [ "$CROW_BIND" = core ] && [ "${SLURM_CPUS_PER_TASK:-1}" -gt 1 ]; then
      crow_launcher+=(--map-by "slot:PE=$SLURM_CPUS_PER_TASK")
    fi
    ;;
  *)
    crow_note "CROW_LAUNCH is \"$CROW_LAUNCH\"; srun and mpirun are known"
    exit 2
    ;;
  esac
  # On fewer than the job has, where a script says so.
  crow_launcher+=(${crow_ranks[@]+"${crow_ranks[@]}"})
}

# Runs a command and passes on USR1 (--signal=B:USR1@N sends it to this shell alone) and TERM, both as USR1, upon which
# crow saves its state and ends with 75. Returns the command's exit code; crow_signalled is not empty if a signal came.
crow_forward_signals() {
  local pid code signalled=
  crow_signalled=
  "$@" &
  pid=$!
  trap 'signalled=yes crow_signalled=yes; crow_note "signal: asking crow to save its state"; kill -USR1 "$pid" 2>/dev/null' USR1 TERM
  while :; do
    signalled=
    wait "$pid"
    code=$?
    # A trapped signal ends `wait`, not the command.
    if [ -z "$signalled" ] || [ "$code" -le 128 ]; then break; fi
  done
  trap : USR1
  trap - TERM
  return "$code"
}

# Queues this job again, unless it is already, by `scontrol requeue` or preemption, or its user has cancelled it: that
# would bring it back. While its processes are ended, Slurm calls such jobs COMPLETING, as it does one at its time limit,
# for which it gives a reason; of a job in the queue again it counts the next start.
crow_requeue() {
  local facts restarts
  facts=$(scontrol show job "$SLURM_JOB_ID" 2>/dev/null)
  restarts=${facts#*Restarts=}
  restarts=${restarts%%[!0-9]*}
  if [ "${restarts:-0}" -gt "${SLURM_RESTART_COUNT:-0}" ]; then
    crow_note "$1; job $SLURM_JOB_ID was queued again"
    exit 75
  fi
  case $facts in
  *JobState=CANCELLED* | *JobState=COMPLETING\ Reason=None*)
    crow_note "$1; the job was cancelled: submit the same script once more to go on"
    exit 75
    ;;
  esac
  crow_note "$1; queueing job $SLURM_JOB_ID again"
  # Slurm ends this job while it queues it again; the exit code matters only where that is not allowed.
  scontrol requeue "$SLURM_JOB_ID" || crow_note "cannot queue it again: submit the same script once more to go on"
  exit 75
}

# Ends the job where the program does not start, with what to do about it.
crow_check_program() {
  local text
  if [ -z "${SLURM_JOB_ID-}" ]; then
    crow_note "this is a batch script: submit it with sbatch"
    exit 2
  fi
  text=$("$CROW" --version 2>&1) && return
  crow_note "\"$CROW\" does not start on $(hostname): edit the lines \"module load\" and CROW of the script; it says: $text"
  exit 2
}

# A result is a crow file that meets its schema, or a summary (.json) that says that all went well.
crow_is_whole() {
  case $1 in
  *.json) [ "$(tail -n 1 "$1" 2>/dev/null)" = "}" ] && grep -q '^  "status": 0,' "$1" ;;
  *) [ -f "$1" ] && "$CROW" inspect --quiet "$1" ;;
  esac
}

# What is there under a name. Not the device, whose number differs between nodes.
crow_identity() { stat -c '%i %s %Y' "$1" 2>/dev/null || echo none; }

# The job's memory across its starts, a hidden file beside the result: how often ranks were lost, and what was there
# under the result's name before the first start, since that is not this job's.
crow_remember() {
  crow_memory=$(dirname "$1")/.$(basename "$1").job-$SLURM_JOB_ID
  crow_losses=0
  if { read -r crow_losses && read -r crow_before; } 2>/dev/null <"$crow_memory"; then return; fi
  crow_losses=0 crow_before=$(crow_identity "$1")
  crow_memorise || {
    crow_note "cannot write into $(dirname "$1"), where the result is to be: make that folder, or name another"
    return 4
  }
}
crow_memorise() { printf '%s\n' "$crow_losses" "$crow_before" 2>/dev/null >"$crow_memory"; }

crow_is_done() { [ "$(crow_identity "$1")" != "$crow_before" ] && crow_is_whole "$1"; }

# crow_step RESULT COMMAND...: runs `crow COMMAND...` on all ranks of the job until RESULT is there, across preemption,
# time limits and lost nodes; returns crow's exit code. An exit code of 0 alone does not count: mpirun has been seen to
# return 0 after its ranks on a lost node were killed.
crow_step() {
  local result=$1 code start=$((${SLURM_RESTART_COUNT:-0} + 1))
  shift
  crow_check_program
  crow_choose_launcher
  crow_remember "$result" || return
  if crow_is_done "$result"; then
    crow_note "$result is there and whole: done"
    rm -f "$crow_memory"
    return 0
  fi
  crow_note "job $SLURM_JOB_ID, start $start: ${crow_launcher[*]} $CROW $* on ${SLURM_JOB_NUM_NODES-} nodes"
  crow_forward_signals "${crow_launcher[@]}" "$CROW" "$@"
  code=$?
  # When Slurm ends mpirun, at a time limit that the ranks outlive, it says 1 as if crow had failed.
  if [ "$code" = 1 ] && [ -n "$crow_signalled" ]; then code=143; fi
  case $code in
  0 | 5)
    if crow_is_done "$result"; then
      crow_note "exit code $code: $result is there and whole"
      rm -f "$crow_memory"
      return "$code"
    fi
    ;;
  75) crow_requeue "crow stopped with its state saved" ;;
  1 | 2 | 3 | 4)
    crow_note "exit code $code: crow or its launcher says why above; trying again would not help"
    rm -f "$crow_memory"
    return "$code"
    ;;
  esac
  # Ranks were lost: with a node, by a signal, for lack of memory.
  crow_losses=$((crow_losses + 1))
  if [ "$crow_losses" -le "$CROW_RESTARTS" ]; then
    crow_memorise
    crow_requeue "exit code $code, but $result is not there or not whole"
  fi
  crow_note "exit code $code, and $result is not there or not whole; ranks were lost $crow_losses times: giving up." \
    "See above for lack of memory (\`crow plan\` tells how much it takes) or a failing node"
  rm -f "$crow_memory"
  return 1
}

# crow_job RESULT COMMAND...: a step that is the whole job.
crow_job() {
  crow_step "$@"
  exit
}
