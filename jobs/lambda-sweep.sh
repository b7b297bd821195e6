#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Submits fits for all lambdas and seeds as a job array, and a job that makes one table of them.
#   jobs/lambda-sweep.sh FOLDER TRAIN TEST LAMBDAS SEEDS [option of `crow fit`]...
#   e.g. jobs/lambda-sweep.sh sweep train.h5 test.h5 0.001,0.01,0.1 1,2,3 --weights weights.h5
#
# The table is FOLDER/table.csv: lambda, seed, converged, certificate, accuracy, log_loss, best ("best" at the least held-out
# log loss). It is made when all tasks have ended, of those that went well; if some did not, its job fails and names them.
#
#   CROW_SBATCH           options of sbatch for the array, e.g. "--array=0-9 --account=me"
#   CROW, CROW_LAUNCH, CROW_BIND, CROW_JOBS, CROW_RESTARTS   see README.md
set -u
if [ $# -lt 5 ]; then
  echo "usage: jobs/lambda-sweep.sh FOLDER TRAIN TEST LAMBDAS SEEDS [option of crow fit]..." >&2
  exit 2
fi
CROW_JOBS=${CROW_JOBS:-$(cd "$(dirname "$0")" && pwd)}
export CROW_JOBS
mkdir -p "$1" || exit 4
folder=$(cd "$1" && pwd) || exit 4
for file in "$2" "$3"; do
  [ -r "$file" ] || {
    echo "jobs/lambda-sweep.sh: $file cannot be read" >&2
    exit 3
  }
done
train=$(realpath "$2") test=$(realpath "$3") lambdas=$4 seeds=$5
read -ra options <<<"${CROW_SBATCH-}"
shift 5
array=$(sbatch --parsable --output="$folder/fits-%A_%a.log" "${options[@]}" "$CROW_JOBS/lambda-sweep.sbatch" "$folder" \
  "$train" "$test" "$lambdas" "$seeds" "$@") || exit 1
array=${array%%;*}
# afterany: a table of the others is worth having where one fit has failed.
if ! table=$(sbatch --parsable --output="$folder/table-%j.log" --dependency="afterany:$array" \
  "$CROW_JOBS/lambda-table.sbatch" "$folder" "$lambdas" "$seeds"); then
  scancel "$array"
  echo "jobs/lambda-sweep.sh: the table's job could not be submitted; the array $array was cancelled" >&2
  exit 1
fi
echo "fits: jobs $array, table: job ${table%%;*}"
