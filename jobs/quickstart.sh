#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a clean clone to fitted rewards, in one command:  sh jobs/quickstart.sh
#
# Installs what is missing, builds, fits the two examples of this folder with 2 ranks (jobs/paris with and without a
# clone of a topic; jobs/llmfao, a leaderboard of language models) with uniform and with Voronoi weights, and shows the
# results side by side. Run it again as often as you like.
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

# fitted NAME FOLDER SUFFIX OPTION...: imports the example's files and fits them with both kinds of weights.
fitted() {
  name=$1 folder=$top/jobs/$2 suffix=$3
  shift 3
  setup_quietly "importing $name" "$build/crow" import --comparisons "$folder/comparisons$suffix.csv" \
    --contexts "$folder/contexts$suffix.npy" --items "$folder/items$suffix.csv" -o "$out/$name.h5" --force
  for weights in uniform voronoi; do
    setup_say "fitting $name with $weights weights on 2 ranks"
    case $weights in uniform) given="--weights uniform" ;; *) given="" ;; esac
    # shellcheck disable=SC2086 # MPIEXEC and the options are lists of words
    setup_quietly "fitting $name" $MPIEXEC -n 2 "$build/crow" fit "$out/$name.h5" $given -o "$out/$name-$weights.h5" \
      --force "$@"
  done
}

fitted paris-original paris -original
fitted paris-clones paris -clones
fitted llmfao llmfao ""

printf '\nParis: 240 texts in four topics, where restaurants is an approximate clone of food. Mean reward by topic.\n'
"$build/crow" compare --by topic "$out/paris-original-uniform.h5" "$out/paris-clones-uniform.h5" \
  "$out/paris-original-voronoi.h5" "$out/paris-clones-voronoi.h5"
printf '\nA leaderboard of 59 language models from 8,931 votes.\n'
"$build/crow" compare "$out/llmfao-uniform.h5" "$out/llmfao-voronoi.h5"
printf '\nThe results are in %s; look at one with\n  %s inspect %s\n' "$out" "$build/crow" "$out/llmfao-voronoi.h5"
