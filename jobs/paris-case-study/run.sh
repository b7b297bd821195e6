#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The paper's case study on the texts of jobs/paris, in one command from a clean clone:  sh jobs/paris-case-study/run.sh
#
# Both datasets, contexts by `crow pca`, the paper's network (an ensemble) and tabular fits, by the standard and the
# weighted method with S = unit cube and S = factor2; then meta-alternatives and the audit. Pictures of mean reward by
# topic go to CROW_PICTURES, everything else to CROW_OUT. README.md here says what comes out.
#
#   CROW            the program                                [built in ../../build, see jobs/setup.sh]
#   CROW_LAUNCHER   what starts the ranks, a list of words     [mpiexec -n CROW_RANKS]
#   CROW_RANKS      ranks, with the default launcher           [2]
#   CROW_OUT        folder of the results                      [build/paris-case-study]
#   CROW_PICTURES   folder of the pictures                     [jobs/paris]
#   CROW_CONTINUE   go on where a run was stopped: what is in CROW_OUT is not made again
#   CROW_COMPONENTS, CROW_SAMPLES, CROW_STEPS, CROW_SEEDS      [8, 100000, 500, 20]
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=jobs/setup.sh
. "$top/jobs/setup.sh"
setup_program
launcher=${CROW_LAUNCHER-${MPIEXEC:-mpiexec} -n ${CROW_RANKS:-2}}
out=${CROW_OUT:-$build/paris-case-study}
pictures=${CROW_PICTURES:-$top/jobs/paris}
data=$top/jobs/paris
numbers_of_groups="4 8 16 32 64"
network="--model mlp --hidden 32,32 --optimizer adam --learning-rate 1e-4 --batch 512 --steps ${CROW_STEPS:-500} --ensemble ${CROW_SEEDS:-20}"
mkdir -p "$out" "$pictures"
pictures=$(cd "$pictures" && pwd)
cd "$out"

rm -f report.html
if [ -z "${CROW_CONTINUE-}" ]; then rm -f ./*.h5; fi

# A batch script passes signals on to this one, which passes them on to crow.
signals=0
pid=
trap 'signals=$((signals + 1)); [ -z "$pid" ] || kill -USR1 "$pid" 2>/dev/null' USR1 TERM

# ranks ARGUMENT...: crow on all ranks; its output is shown only if it fails. Ends with crow's exit code: after 75 (stopped
# with its state saved) the same command goes on.
ranks() {
  output=
  previous=
  for argument in "$@"; do
    if [ "$previous" = -o ]; then output=$argument; fi
    previous=$argument
  done
  if [ -f "$output" ]; then return; fi
  if [ "$signals" -gt 0 ]; then exit 75; fi
  # shellcheck disable=SC2086 # a list of words
  $launcher "$CROW" "$@" >log 2>&1 </dev/null &
  pid=$!
  while :; do
    before=$signals
    code=0
    wait "$pid" || code=$?
    # A trapped signal ends `wait`, not the command.
    if [ "$before" = "$signals" ] || [ "$code" -le 128 ]; then break; fi
  done
  pid=
  if [ "$code" -ne 0 ]; then
    cat log >&2
    echo "exit code $code: crow $*" >&2
    exit "$code"
  fi
}

for set in original clones; do
  setup_say "$set: contexts, weights"
  ranks import --comparisons "$data/comparisons-$set.csv" --contexts "$data/contexts-$set.npy" \
    --items "$data/items-$set.csv" -o "texts-$set.h5"
  ranks pca "texts-$set.h5" -o "$set.h5" --components "${CROW_COMPONENTS:-8}" --fit-cube
  for space in cube factor2; do
    ranks weights "$set.h5" -o "weights-$space-$set.h5" --space "$space" --samples "${CROW_SAMPLES:-100000}"
  done
  for how in standard cube factor2; do
    case $how in standard) weights=uniform ;; *) weights=weights-$how-$set.h5 ;; esac
    setup_say "$set: $how, network and tabular"
    # shellcheck disable=SC2086 # a list of words
    ranks fit "$set.h5" --weights "$weights" $network -o "network-$how-$set.h5"
    ranks fit "$set.h5" --weights "$weights" -o "tabular-$how-$set.h5"
  done
  for groups in $numbers_of_groups; do
    ranks cluster "$set.h5" -o "groups-$groups-$set.h5" --clusters "$groups"
    ranks fit "groups-$groups-$set.h5" --weights uniform -o "meta-$groups-standard-$set.h5"
    ranks fit "groups-$groups-$set.h5" --space cube --samples "${CROW_SAMPLES:-100000}" -o "meta-$groups-cube-$set.h5"
  done
done

for model in network tabular; do
  for how in standard cube factor2; do
    case $how in
    standard) title="standard MLE" ;;
    cube) title="weighted MLE, S = unit cube" ;;
    factor2) title="weighted MLE, S = within a factor of 2" ;;
    esac
    "$CROW" plot "$model-$how-original.h5" "$model-$how-clones.h5" --kind topics --labels original,clones \
      --title "$title ($model)" -o "$pictures/$model-$how.svg" --force --quiet
    printf '\n%s, %s\n' "$model" "$title"
    "$CROW" compare --by topic "$model-$how-original.h5" "$model-$how-clones.h5"
  done
done | tee results.txt

# best FILE: its topic of highest mean reward.
best() { "$CROW" compare --by topic "$1" | awk 'next_is { print $1 } { next_is = $1 == "topic" }'; }
{
  printf '\nmeta-alternatives: topic of highest mean reward, original / clones\n'
  printf '%-8s%-26s%s\n' groups standard "unit cube"
  for groups in $numbers_of_groups; do
    printf '%-8s%-26s%s\n' "$groups" \
      "$(best "meta-$groups-standard-original.h5") / $(best "meta-$groups-standard-clones.h5")" \
      "$(best "meta-$groups-cube-original.h5") / $(best "meta-$groups-cube-clones.h5")"
  done
  printf '\n'
} | tee -a results.txt
setup_say "the audit"
# shellcheck disable=SC2086 # a list of words
$launcher "$CROW" audit original.h5 clones.h5 --samples "${CROW_SAMPLES:-100000}" --json audit.json | tee audit.txt
"$CROW" report network-standard-original.h5 network-standard-clones.h5 network-cube-original.h5 network-cube-clones.h5 \
  audit.json -o report.html --force --quiet --title "Paris: clones and rewards"
setup_say "pictures are in $pictures, results and report.html in $out"
