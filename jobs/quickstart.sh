#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a clean clone to fitted rewards, in one command:  sh jobs/quickstart.sh
#
# Installs what is missing, builds, and runs two examples of this folder on 2 ranks: jobs/flood, a poll before and after
# somebody adds rewrites of one side's texts; jobs/llmfao, a leaderboard of language models, two of which are twins. Each
# is fitted with uniform weights, the usual fit, and with crow's default. Run it again as often as you like.
#
#   CROW_OUT   the folder for what it makes  [BUILD/quickstart]     CROW_BUILD, MPIEXEC: see jobs/setup.sh
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=jobs/setup.sh
. "$top/jobs/setup.sh"
if [ -f "$build/CMakeCache.txt" ]; then
  setup_crow crow
else
  setup_crow crow -DCROW_TESTS=OFF
fi

out=${CROW_OUT:-$build/quickstart}
mkdir -p "$out"

# fitted NAME FOLDER SUFFIX CONTEXTS OPTION...: imports the example's files and fits them with both kinds of weights.
fitted() {
  name=$1 folder=$top/jobs/$2 suffix=$3 contexts=$4
  shift 4
  setup_quietly "importing $name" "$build/crow" import --comparisons "$folder/comparisons$suffix.csv" \
    --contexts "$folder/$contexts.npy" --items "$folder/items$suffix.csv" -o "$out/$name.h5" --force
  for weights in uniform weighted; do
    setup_say "fitting $name, $weights"
    case $weights in uniform) given="--weights uniform" ;; *) given= ;; esac
    # shellcheck disable=SC2086 # MPIEXEC and the options are lists of words
    setup_quietly "fitting $name" $MPIEXEC -n 2 "$build/crow" fit "$out/$name.h5" $given -o "$out/$name-$weights.h5" \
      --force "$@"
  done
}

fitted before flood -before contexts-before
fitted after flood -after contexts-after
fitted leaderboard llmfao "" contexts-minilm --pair-weight count

printf '\nA poll on 180 texts about Paris, 20,000 votes. Then 60 rewrites of the food texts are added. Mean reward by topic:\n'
"$build/crow" compare --by topic "$out/before-uniform.h5" "$out/after-uniform.h5" "$out/before-weighted.h5" \
  "$out/after-weighted.h5"
printf '\nA leaderboard of 59 language models from 8,931 votes. GPT 3.5 Turbo and its 16k variant answer nearly alike.\n'
"$build/crow" compare "$out/leaderboard-uniform.h5" "$out/leaderboard-weighted.h5" --top 12
printf '\nThe results are in %s; look at one with\n  %s inspect %s\n' "$out" "$build/crow" "$out/leaderboard-weighted.h5"
