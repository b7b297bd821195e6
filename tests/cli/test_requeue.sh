#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a batch script makes of a job that Slurm ends: only one that its user cancelled is not queued again, and one that
# was queued again from outside is not called cancelled. What scontrol prints is what Slurm 22.05 printed of such jobs.
here=$(cd "$(dirname "$0")" && pwd)
[ -n "${BASH_VERSION-}" ] || exec bash "$here/test_requeue.sh" "$@"
. "$here/lib.sh"

mkdir bin
cat >bin/scontrol <<'STUB'
#!/bin/sh
if [ "$1" = show ]; then cat facts; else echo "$@" >>requests; fi
STUB
chmod +x bin/scontrol

# ended STATE REASON RESTARTS: what the script does at its end, in its start number ${starts}, and prints.
ended() {
  last="crow_requeue of a job that is $1 for $2 after $3 restarts, start $starts"
  printf 'JobId=7 JobName=fit\n   JobState=%s Reason=%s Dependency=(null)\n   Requeue=1 Restarts=%s BatchFlag=1 Reboot=0\n' \
    "$1" "$2" "$3" >facts
  rm -f requests
  (
    export PATH=$PWD/bin:$PATH SLURM_JOB_ID=7 SLURM_JOB_END_TIME=1
    if [ "$starts" -gt 1 ]; then export SLURM_RESTART_COUNT=$((starts - 1)); else unset SLURM_RESTART_COUNT; fi
    . "$here/../../jobs/common.sh"
    crow_requeue "crow stopped with its state saved"
  ) >out 2>err
  code=$?
  exits 75
  silent err
}
asked() { equal "$(cat requests 2>/dev/null)" "$1"; }

for starts in 1 3; do
  before=$((starts - 1))
  # crow stopped by itself, before the job's limit, or at it.
  for state in "RUNNING None" "COMPLETING TimeLimit"; do
    ended "${state% *}" "${state#* }" $before
    prints "queueing job 7 again"
    asked "requeue 7"
  done
  # scancel.
  for state in COMPLETING CANCELLED; do
    ended $state None $before
    prints "the job was cancelled: submit the same script once more"
    asked ""
  done
  # scontrol requeue, or preemption: Slurm counts the next start already.
  for state in COMPLETING PENDING; do
    ended $state None $starts
    prints "job 7 was queued again"
    prints_not cancelled
    asked ""
  done
done
# Facts that are not told: the job is queued again, which Slurm refuses where that is wrong.
starts=1
ended "" "" ""
asked "requeue 7"

finish
