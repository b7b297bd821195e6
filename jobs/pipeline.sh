#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Submits a chain of jobs, each of which starts when the one before has done its work: import (and holding a part of the
# comparisons out), weights, fit, evaluation on what was held out.
#   jobs/pipeline.sh FOLDER COMPARISONS.csv CONTEXTS.npy [ITEMS.csv]
#
# Everything is written into FOLDER: data.h5 (all), train.h5, test.h5, weights.h5, rewards.h5, eval.json and the logs. When a
# job fails, those after it are cancelled; so are all of them if one cannot be submitted. Submitted once more, the chain
# makes everything anew, but goes on from the checkpoint of a job that was stopped.
#
#   CROW_TEST             chance of a comparison to be held out                           [0.2]
#   CROW_IMPORT_OPTIONS, CROW_WEIGHTS_OPTIONS, CROW_FIT_OPTIONS, CROW_EVAL_OPTIONS        options of crow, separated by spaces
#   CROW_SBATCH           options of sbatch for every job, e.g. "--account=me --nodes=4"
#   CROW, CROW_LAUNCH, CROW_BIND, CROW_JOBS, CROW_RESTARTS                                see README.md
set -u
if [ $# -lt 3 ] || [ $# -gt 4 ]; then
  echo "usage: jobs/pipeline.sh FOLDER COMPARISONS.csv CONTEXTS.npy [ITEMS.csv]" >&2
  exit 2
fi
CROW_JOBS=${CROW_JOBS:-$(cd "$(dirname "$0")" && pwd)}
export CROW_JOBS
for file in "${@:2}"; do
  [ -r "$file" ] || {
    echo "jobs/pipeline.sh: $file cannot be read" >&2
    exit 3
  }
done
mkdir -p "$1" || exit 4
folder=$(cd "$1" && pwd) || exit 4
read -ra all <<<"${CROW_SBATCH-}"
read -ra import <<<"${CROW_IMPORT_OPTIONS-}"
read -ra weights <<<"${CROW_WEIGHTS_OPTIONS-}"
read -ra fit <<<"${CROW_FIT_OPTIONS-}"
read -ra evaluate <<<"${CROW_EVAL_OPTIONS-}"
sources=(--comparisons "$(realpath "$2")" --contexts "$(realpath "$3")")
if [ $# = 4 ]; then sources+=(--items "$(realpath "$4")"); fi

jobs=()
# submit NAME SCRIPT ARGUMENT...: the job waits for the one before.
submit() {
  local name=$1 script=$CROW_JOBS/$2 job after=()
  shift 2
  if [ ${#jobs[@]} -gt 0 ]; then after=("--dependency=afterok:${jobs[-1]}" --kill-on-invalid-dep=yes); fi
  if ! job=$(sbatch --parsable --job-name="crow-$name" --output="$folder/$name-%j.log" "${all[@]}" "${after[@]}" \
    "$script" "$@"); then
    if [ ${#jobs[@]} -gt 0 ]; then scancel "${jobs[@]}"; fi
    echo "jobs/pipeline.sh: $name could not be submitted; those before it were cancelled: ${jobs[*]}" >&2
    exit 1
  fi
  # On several clusters sbatch prints JOB;CLUSTER.
  jobs+=("${job%%;*}")
  echo "$name: job ${jobs[-1]}"
}

submit import import.sbatch "$folder" "${CROW_TEST:-0.2}" "${sources[@]}" "${import[@]}"
submit weights weights.sbatch "$folder/train.h5" "$folder/weights.h5" --force "${weights[@]}"
submit fit fit.sbatch "$folder/train.h5" "$folder/rewards.h5" --weights "$folder/weights.h5" --force "${fit[@]}"
submit eval eval.sbatch "$folder/rewards.h5" "$folder/test.h5" "$folder/eval.json" "${evaluate[@]}"
