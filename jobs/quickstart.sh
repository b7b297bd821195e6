#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From a clean clone to fitted rewards, in one command:  sh jobs/quickstart.sh
#
# Installs what is missing, builds, and runs two examples of this folder on 2 ranks: jobs/flood, a poll before and after
# somebody adds rewrites of one side's texts; jobs/llmfao, a leaderboard of language models, two of which are twins. Each
# is fitted with uniform weights, the usual fit, and with crow's default. Prints a screen and a half that says what crow
# is for. Run it again as often as you like.
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

# fitted NAME FOLDER SUFFIX CONTEXTS OPTION...: imports the example's files and fits them with both kinds of weights; what
# the fits print is in NAME-uniform.txt and NAME-weighted.txt.
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
    cp "$setup_log" "$out/$name-$weights.txt"
  done
}

fitted before flood -before contexts-before
fitted after flood -after contexts-after
setup_say "auditing the poll"
setup_quietly "the audit" "$build/crow" audit "$out/before.h5" "$out/after.h5" --json "$out/audit.json"
cp "$setup_log" "$out/audit.txt"
fitted leaderboard llmfao "" contexts-minilm --pair-weight count

cat <<END

1. A POLL. 20,000 votes between two of 180 texts about Paris: 40 % of the voters like romance, then art, then food; 30 %
food, romance, art; 30 % art, food, romance. Then somebody adds 60 rewrites of the food texts. No taste has changed, so
no topic's reward should.
  uniform   the usual fit (Bradley-Terry): every text counts alike
  weighted  crow: texts that say the same, as their embeddings show, share one vote
Mean reward by topic, with its standard error (se):

END
"$build/crow" compare --by topic "$out/before-uniform.h5" "$out/after-uniform.h5" "$out/before-weighted.h5" \
  "$out/after-weighted.h5"
printf '\nThe audit of both (crow audit before.h5 after.h5) holds that against what mere chance in the votes would do:\n\n'
grep -e '^standard fit:' -e '^weighted fit:' -e '^verdict:' "$out/audit.txt"
printf '\nSo whoever enters a text often enough decides the usual poll; with the weights it gains them nothing.\n'

cat <<END

2. A LEADERBOARD of 59 language models from 8,931 votes (LLMFAO). Two of them, GPT 3.5 Turbo and its 16k variant, answer
nearly alike, and crow sees that in embeddings of the answers. Six rows of the 59:

END
grep '^near-duplicates' "$out/leaderboard-weighted.txt"
printf '\n'
"$build/crow" compare "$out/leaderboard-uniform.h5" "$out/leaderboard-weighted.h5" --top 6
cat <<END

One twin among 59 moves the others little, sixty copies among 240 change the winner: crow need not be told which it is.
Your own votes and embeddings: README.md, "You have, you type". All of this is in
  $out
END
