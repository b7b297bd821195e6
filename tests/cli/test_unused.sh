# SPDX-License-Identifier: Apache-2.0
# Options that are given and have no effect are pointed out, each once; those that have one are not.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

crow simulate -o cube.h5 --alternatives 40 --spread 0.1 --dimensions 3 --preferences comparisons --seed 2
exits 0
silent err
crow simulate -o plane.h5 --alternatives 40 --spread 0.1 --preferences matrix
exits 0

# unused OPTION REASON COMMAND...: one warning, of this option and with these words.
unused() {
  option=$1 reason=$2
  shift 2
  rm -f out.h5
  crow "$@"
  exits 0
  once err "warning: --$option has no effect"
  says "warning: --$option has no effect$reason"
  equal "$(grep -c 'has no effect' err)" 1
}
# used COMMAND...: no such warning.
used() {
  rm -f out.h5
  crow "$@"
  exits 0
  if grep -q 'has no effect' err; then fail "$last: an option that has an effect is pointed out"; fi
}

w="weights cube.h5 -o out.h5 --samples 1000"
f="fit cube.h5 -o out.h5 --weights uniform"
# shellcheck disable=SC2086 # lists of words
{
  unused margin " with --space cube" $w --space cube --margin 0.5
  used $w --margin 0.5
  used $w --space box --margin 0.5
  unused bandwidth " with --scheme voronoi" $w --bandwidth 1
  unused radius " with --scheme voronoi" $w --radius 1
  unused weight-clusters " with --scheme voronoi" $w --weight-clusters 3
  unused max-samples " with --relative-error 0" $w --max-samples 500
  used $w --max-samples 5000 --relative-error 0.5
  unused max-samples " with --relative-error 0 and with --reward-error 0" fit cube.h5 -o out.h5 --samples 1000 --max-samples 5000
  used fit cube.h5 -o out.h5 --samples 1000 --max-samples 5000 --reward-error 0.5
  unused space " with --scheme kernel" weights cube.h5 -o out.h5 --scheme kernel --space ball
  unused seed " with --scheme radius" weights cube.h5 -o out.h5 --scheme radius --seed 4
  unused pseudo-count " with --scheme radius" weights cube.h5 -o out.h5 --scheme radius --pseudo-count 1
  used weights cube.h5 -o out.h5 --scheme cluster --seed 4 --weight-clusters 5
  unused restart " with --checkpoint none" $w --checkpoint none --restart
  unused prompt-share ": the dataset has no prompts" $w --prompt-share count
  unused samples ": the weights are exact, without samples" weights plane.h5 -o out.h5 --samples 500
  used weights plane.h5 -o out.h5 --samples 500 --nearest tree
  unused threads " with --nearest exact" weights plane.h5 -o out.h5 --nearest exact --threads 2

  unused samples " with --weights uniform" $f --samples 10
  unused scheme " with --weights uniform" $f --scheme kernel
  unused across-prompts ": the dataset has no prompts" $f --across-prompts
  unused hidden " with --model linear" $f --model linear --hidden 64
  unused learning-rate " with --optimizer auto and with --model linear" $f --model linear --learning-rate 0.1
  used $f --model linear --optimizer adam --learning-rate 0.01 --steps 10
  used $f --model mlp --hidden 4 --learning-rate 0.01 --steps 10
  unused tolerance " with --model mlp and with --optimizer auto" $f --model mlp --steps 10 --tolerance 0.1
  unused weight-decay " with --model tabular" $f --weight-decay 1
  unused patience " without --validate" $f --model mlp --steps 10 --patience 3
  unused groups " with --bootstrap 0 and with --ensemble 1" $f --groups 1
  used $f --groups 1 --bootstrap 10
  unused error-probes " without --standard-errors and with --no-errors" $f --no-errors --error-probes 9
  unused pair-weight ": the dataset has no comparisons" fit plane.h5 -o out.h5 --pair-weight count

  unused starts " with --clusters 0" cluster cube.h5 -o out.h5 --radius 0.1 --starts 3
  unused eps " without --clone" simulate -o out.h5 --eps 0.5
  used simulate -o out.h5 --clone food --eps 0.5
  unused comparisons " with --preferences population" simulate -o out.h5 --comparisons 5
  unused eps " with --target none" audit cube.h5 --samples 1000 --redraws 0 --target none --eps 0.5
  unused clones ": two datasets are compared as they are" audit cube.h5 cube.h5 --samples 1000 --redraws 0 --clones 2
}
crow fit cube.h5 -o rewards.h5 --weights uniform --quiet
unused threads " with --unseen zero" eval rewards.h5 cube.h5 --unseen zero --threads 2

# A margin is for a box; of 16 dimensions and more the space is a sphere.
crow simulate -o many.h5 --alternatives 20 --spread 0.1 --dimensions 20 --preferences comparisons
exits 0
unused margin ": the space is not a box" weights many.h5 -o out.h5 --samples 1000 --margin 0.5

# Without contexts the weights become uniform, which leaves options of samples without effect.
printf 'left,right,winner\na,b,left\nb,c,left\n' >votes.csv
crow import --comparisons votes.csv -o votes.h5
exits 0
unused samples " with --weights uniform" fit votes.h5 -o out.h5 --samples 500

finish
