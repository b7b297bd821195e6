#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The paper's Figures 1 and 2: Voronoi cells of three alternatives in the unit square, and of four, the fourth an
# approximate clone of the third; each cell with its area, which is the alternative's weight.  sh jobs/figures/run.sh
#
#   CROW            the program                [built in ../../build, see jobs/setup.sh]
#   CROW_OUT        folder of the datasets     [build/figures]
#   CROW_PICTURES   folder of the pictures     [jobs/figures]
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=jobs/setup.sh
. "$top/jobs/setup.sh"
setup_program
out=${CROW_OUT:-$build/figures}
pictures=${CROW_PICTURES:-$top/jobs/figures}
mkdir -p "$out" "$pictures"
pictures=$(cd "$pictures" && pwd)
cd "$out"

printf 'id,first coordinate,second coordinate\na,0,0\nb,1,0\nc,1,1\n' >contexts-1.csv
printf 'id,first coordinate,second coordinate\na,0,0\nb,1,0\nc,1,1\nclone of c,0.9,1\n' >contexts-2.csv
# Weights ask for no preferences; a dataset does.
printf 'left,right,winner\na,b,left\nb,c,left\na,c,left\n' >comparisons.csv
for figure in 1 2; do
  case $figure in 1) title="Three alternatives" ;; 2) title="With an approximate clone of c" ;; esac
  "$CROW" import --comparisons comparisons.csv --contexts "contexts-$figure.csv" -o "figure-$figure.h5" --force --quiet
  "$CROW" weights "figure-$figure.h5" -o "weights-$figure.h5" --force --quiet
  "$CROW" plot "figure-$figure.h5" "weights-$figure.h5" --kind voronoi --title "$title: weights" \
    -o "$pictures/figure-$figure.svg" --force --quiet
done
setup_say "pictures are in $pictures"
