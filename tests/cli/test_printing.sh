# SPDX-License-Identifier: Apache-2.0
# What a run prints: result, verdict and file; with --verbose iterations, certificate and times too; plain lines only.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

write_triangle
import data.h5 --items items.csv
exits 0
prints "3 alternatives in 2 dimensions, 2 topics, 5 comparisons, 1 tie"
prints "dataset written to data.h5"

crow weights data.h5 -o w.h5 --samples 20000 --seed 3 --nearest gemm -v
exits 0
silent err
prints "read data.h5: 3 alternatives in 2 dimensions, 5 comparisons"
prints "unit cube"
prints "20000 samples"
prints "effective number"
prints "Weight by topic"
prints "weights written to w.h5"

crow fit data.h5 -o brief.h5
exits 0
silent err
once out "effective number"
prints "space: unit cube"
prints "converged: yes"
prints "verdict: too close to call: b leads a by "
prints "rewards written to brief.h5 ("
[ "$(wc -l <out)" -le 15 ] || fail "more than 15 lines"
for detail in "iteration   0" "Time over" "OpenBLAS" "tolerance" "by topic" "distinct pairs"; do prints_not "$detail"; done
cp out brief
crow fit data.h5 -o r.h5 --weights w.h5 --verbose
exits 0
silent err
prints "1 rank on "
prints "3 distinct pairs"
prints "1 connected component"
prints "1 tie"
prints "iteration"
prints "objective"
prints "rank  id"
prints "Reward by topic"
prints "certificate: "
prints "converged: yes"
prints "Time over 1 rank"
prints "rewards written to r.h5"
for stage in read weights fit write total; do
  grep -q "^$stage " out || fail "the time table lacks $stage"
done
# Plain lines: no control characters beside the line's end.
if LC_ALL=C grep -q '[[:cntrl:]]' out; then fail "a control character is printed"; fi

crow fit data.h5 -o quiet.h5 --weights w.h5 --quiet
exits 0
silent out
silent err
there quiet.h5

# Options of the sampling without effect are pointed out.
crow fit data.h5 -o r2.h5 --weights uniform --samples 10
exits 0
says "warning: --samples has no effect with --weights uniform"

# Not converged: exit 5, results written and marked.
crow fit data.h5 -o early.h5 --weights uniform --max-iterations 1 --tolerance 1e-12
exits 5
there early.h5
prints "converged: no"
prints "marked as not converged"
says "iteration limit"
crow inspect early.h5
exits 0

# More than twenty alternatives: the ends of the ranking.
write_many 100 1000
import many.h5 --items items.csv
crow fit many.h5 -o many-r.h5 --weights uniform
exits 0
prints "the 10 best and the 10 worst of 100"
equal "$(awk '/^Alternatives by reward/ { on = 1; next } /^$/ { on = 0 } on && $1 ~ /^[0-9]+$/ { print $1 }' out | tr '\n' ' ')" \
  "1 2 3 4 5 6 7 8 9 10 91 92 93 94 95 96 97 98 99 100 "
awk '/^Alternatives by reward/ { on = 1; next } /^$/ { on = 0 } on && $1 ~ /^[0-9]+$/ { if (seen && $(NF-2) > last) exit 1; seen = 1; last = $(NF-2) }' out ||
  fail "the ranking does not descend"

# Ids of any script stay in their columns; what a terminal would obey does not reach it.
printf 'id,x\n\346\235\261\344\272\254,0\n\303\251t\303\251,0.5\nplain,1\n' >contexts.csv
printf 'left,right,winner\n\346\235\261\344\272\254,\303\251t\303\251,left\n\303\251t\303\251,plain,left\n' >comparisons.csv
import wide.h5
exits 0
crow fit wide.h5 -o wide-r.h5 --weights uniform
exits 0
# Widths: two double-width letters, three letters, five letters; padded to five.
grep -q "$(printf ' \346\235\261\344\272\254 \{3\}[ -]')" out || fail "double-width ids are not aligned"
grep -q "$(printf ' \303\251t\303\251 \{4\}[ -]')" out || fail "accented ids are not aligned"
printf 'id,x\na\033[31mred,0\n%s,1\n' "$(printf 'long%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20)" >contexts.csv
printf 'left,right,winner\na\033[31mred,%s,left\n' "$(printf 'long%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20)" >comparisons.csv
import escape.h5
if [ "$code" -eq 0 ]; then
  crow fit escape.h5 -o escape-r.h5 --weights uniform
  exits 0
  prints 'a?[31mred'
  prints "$(printf '\342\200\246')"
  if LC_ALL=C grep -q "$(printf '\033')" out; then fail "an escape sequence is printed"; fi
fi

finish
