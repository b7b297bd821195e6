# SPDX-License-Identifier: Apache-2.0
# jobs/figures/run.sh, with paths that are not absolute: the weights of the paper's Figures 1 and 2, and the pictures.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
command -v gnuplot >/dev/null || skip "no gnuplot"

ln -s "$CROW" program
run env CROW=./program CROW_OUT=out-here CROW_PICTURES=pictures-here sh "$here/../../jobs/figures/run.sh"
exits 0
prints "pictures are in"
for figure in 1 2; do
  case $figure in 1) expected=".375 .25 .375" ;; 2) expected=".34 .239875 .025 .395125" ;; esac
  there "pictures-here/figure-$figure.svg"
  crow export "out-here/weights-$figure.h5" -o "figure-$figure.csv"
  exits 0
  row=1
  for weight in $expected; do
    row=$((row + 1))
    near "$(sed -n "${row}p" "figure-$figure.csv" | cut -d, -f2)" "$weight" 1e-12
  done
done
finish
