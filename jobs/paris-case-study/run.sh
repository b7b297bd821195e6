#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The paper's case study on the texts of jobs/paris, in one command from a clean clone:  sh jobs/paris-case-study/run.sh
#
# Both datasets with two kinds of contexts: word counts ("words") and sentence embeddings ("minilm"). The paper's network
# (an ensemble) and tabular fits, by the standard and the weighted method: with S = unit cube and S = factor2 after
# `crow pca` of both datasets onto the components of the original one, as the paper has it; beside them the sphere (crow's
# default) and the radius at the valley, on the contexts as they are. Then meta-alternatives and the audit. Pictures of
# mean reward by topic go to CROW_PICTURES, everything else to CROW_OUT. README.md here says what comes out.
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

# A fit on the first components ("cube-...") or on the contexts as they are ("texts-...").
dataset_of() { case $1 in standard | cube | factor2) echo "cube-$2" ;; *) echo "texts-$2" ;; esac; }
title_of() {
  case $1 in
  standard) echo "standard MLE" ;;
  whole) echo "standard MLE, all dimensions" ;;
  cube) echo "weighted MLE, S = unit cube" ;;
  factor2) echo "weighted MLE, S = within a factor of 2" ;;
  sphere) echo "weighted MLE, S = unit sphere about the weighted mean" ;;
  valley) echo "weighted MLE, radius at the valley" ;;
  esac
}
# methods MODEL: tabular fits are the same whatever the contexts, networks are not.
methods() { if [ "$1" = network ]; then echo standard cube factor2 whole sphere valley; else echo standard cube factor2 sphere valley; fi; }

for contexts in words minilm; do
  case $contexts in words) prefix="" ;; minilm) prefix=minilm- ;; esac
  for set in original clones; do
    name=$contexts-$set
    setup_say "$name: contexts, weights"
    ranks import --comparisons "$data/comparisons-$set.csv" --contexts "$data/contexts-$prefix$set.npy" \
      --items "$data/items-$set.csv" -o "texts-$name.h5"
    # One basis for both, or the clones would turn the components towards themselves.
    case $set in
    original) ranks pca "texts-$name.h5" -o "cube-$name.h5" --components "${CROW_COMPONENTS:-8}" --fit-cube ;;
    clones)
      ranks pca "texts-$name.h5" -o "cube-$name.h5" --components "${CROW_COMPONENTS:-8}" --fit-cube \
        --basis "texts-$contexts-original.h5"
      ;;
    esac
    for space in cube factor2; do
      ranks weights "cube-$name.h5" -o "weights-$space-$name.h5" --space "$space" --samples "${CROW_SAMPLES:-100000}"
    done
    ranks weights "texts-$name.h5" -o "weights-sphere-$name.h5" --samples "${CROW_SAMPLES:-100000}"
    ranks weights "texts-$name.h5" -o "weights-valley-$name.h5" --scheme radius
    for model in network tabular; do
      setup_say "$name: $model fits"
      for how in $(methods $model); do
        case $how in standard | whole) weights=uniform ;; *) weights=weights-$how-$name.h5 ;; esac
        case $model in network) options=$network ;; tabular) options= ;; esac
        # shellcheck disable=SC2086 # a list of words
        ranks fit "$(dataset_of "$how" "$name").h5" --weights "$weights" $options -o "$model-$how-$name.h5"
      done
    done
    setup_say "$name: meta-alternatives"
    for groups in $numbers_of_groups; do
      ranks cluster "cube-$name.h5" -o "groups-$groups-$name.h5" --clusters "$groups"
      ranks fit "groups-$groups-$name.h5" --weights uniform -o "meta-$groups-standard-$name.h5"
      ranks fit "groups-$groups-$name.h5" --space cube --samples "${CROW_SAMPLES:-100000}" -o "meta-$groups-cube-$name.h5"
    done
  done
done

for contexts in words minilm; do
  case $contexts in words) suffix="" kind="word counts" ;; minilm) suffix=-minilm kind="sentence embeddings" ;; esac
  for model in network tabular; do
    for how in $(methods $model); do
      title=$(title_of "$how")
      first=$model-$how-$contexts-original.h5 second=$model-$how-$contexts-clones.h5
      "$CROW" plot "$first" "$second" --kind topics --labels original,clones --title "$title ($model, $kind)" \
        -o "$pictures/$model-$how$suffix.svg" --force --quiet
      printf '\n%s, %s, %s\n' "$kind" "$model" "$title"
      "$CROW" compare --by topic "$first" "$second"
    done
  done
done | tee results.txt

# best FILE: its topic of highest mean reward.
best() { "$CROW" compare --by topic "$1" | awk 'next_is { print $1 } { next_is = $1 == "topic" }'; }
for contexts in words minilm; do
  printf '\nmeta-alternatives, %s: topic of highest mean reward, original / clones\n' "$contexts"
  printf '%-8s%-26s%s\n' groups standard "unit cube"
  for groups in $numbers_of_groups; do
    printf '%-8s%-26s%s\n' "$groups" \
      "$(best "meta-$groups-standard-$contexts-original.h5") / $(best "meta-$groups-standard-$contexts-clones.h5")" \
      "$(best "meta-$groups-cube-$contexts-original.h5") / $(best "meta-$groups-cube-$contexts-clones.h5")"
  done
  printf '\n'
done | tee -a results.txt
for contexts in words minilm; do
  setup_say "the audit, $contexts"
  # shellcheck disable=SC2086 # a list of words
  $launcher "$CROW" audit "texts-$contexts-original.h5" "texts-$contexts-clones.h5" --samples "${CROW_SAMPLES:-100000}" \
    --json "audit-$contexts.json" | tee "audit-$contexts.txt"
done
"$CROW" report network-standard-minilm-original.h5 network-standard-minilm-clones.h5 network-sphere-minilm-original.h5 \
  network-sphere-minilm-clones.h5 audit-minilm.json -o report.html --force --quiet --title "Paris: clones and rewards"
setup_say "pictures are in $pictures, results and report.html in $out"
