# SPDX-License-Identifier: Apache-2.0
# The smallest and strangest data that are still data: each gives the rewards that the optimality equation demands.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

# Two alternatives, one comparison, w = 1/2 each: lambda r = (1 - sigma(2 r)) / 2 for the winner, minus that for the
# loser. With lambda = .01: r = 1.679638.
printf 'id,x\na,0\nb,1\n' >contexts.csv
printf 'left,right,winner\na,b,left\n' >comparisons.csv
import two.h5
exits 0
for p in 1 3; do
  ranks $p fit two.h5 -o two-r.h5 --weights uniform --force
  exits 0
  near "$(reward a)" 1.679638 2e-6
  near "$(reward b)" -1.679638 2e-6
  near "$(win_rate a)" 0.75 1e-9
  near "$(weight a)" 0.5 1e-9
done

# One dimension: cells [0, 1/8], [1/8, 5/8], [5/8, 1].
printf 'id,x\na,0\nb,0.25\nc,1\n' >contexts.csv
printf 'left,right,winner\na,b,left\nb,c,left\nc,a,left\n' >comparisons.csv
import line.h5
exits 0
crow fit line.h5 -o line-r.h5 --samples 100000
exits 0
near "$(weight a)" 0.125 0.0042
near "$(weight b)" 0.5 0.0064
near "$(weight c)" 0.375 0.0062

# Only ties: nobody is better.
printf 'left,right,winner\na,b,tie\nb,c,tie\nc,a,tie\na,b,tie\n' >comparisons.csv
import ties.h5
exits 0
crow fit ties.h5 -o ties-r.h5
exits 0
for id in a b c; do
  near "$(reward $id)" 0 1e-8
done
prints_not "-0.000000"
# Equal rewards share a rank, wherever ranks are shown, and there is no accuracy of ties.
equal "$(awk '$1 ~ /^[0-9]+$/ && $2 ~ /^[abc]$/ { print $1 }' out | tr -d '\n')" 111
crow compare ties-r.h5
equal "$(awk '$1 ~ /^[abc]$/ { print $2 }' out | tr -d '\n')" 111
crow eval ties-r.h5 ties.h5 --json ties.json
exits 0
prints "4 comparisons, 4 judgements, 4 of them tied, 4 between equal rewards"
prints "accuracy: none; ties do not count, and there are no other comparisons"
prints_not "nan"
grep -q '"accuracy": null' ties.json || fail "the accuracy of ties is not null"
import none.h5 --ties drop
[ "$code" -eq 3 ] || fail "a dataset without comparisons is not refused"

# One alternative was never compared: with lambda > 0 its reward is 0, and it has no win rate.
printf 'id,x\na,0\nb,0.5\nc,1\n' >contexts.csv
printf 'left,right,winner\na,b,left\na,b,left\na,b,right\n' >comparisons.csv
import lonely.h5
exits 0
for p in 1 2; do
  ranks $p fit lonely.h5 -o lonely-r.h5 --weights uniform --force
  exits 0
  prints "1 alternative was never compared"
  near "$(reward c)" 0 1e-12
  equal "$(win_rate c)" "-"
done

# Contexts so far out that no point of S is nearest to them have no weight: d, which lost to b, gets the limit of the
# optimality equation, lambda r = w(b) (p - sigma(r - r(b))), e, which nobody compared, gets 0, and the log counts both.
printf 'id,x,y\na,0,0\nb,1,1\nd,7,8\ne,9,6\n' >contexts.csv
printf 'left,right,winner\na,b,left\nd,b,right\n' >comparisons.csv
import far.h5
exits 0
for p in 1 3; do
  ranks $p fit far.h5 -o far-r.h5 --space cube --force
  exits 0
  prints "fit: 2 alternatives of zero weight have the limit of the optimality equation as reward; 1 of them were compared"
  equal "$(reward e)" "0.000000"
  equal "$(weight d)" "0"
  near "$(awk -v r="$(reward d)" -v b="$(reward b)" 'BEGIN { print 0.01 * r + 0.5 / (1 + exp(b - r)) }')" 0 1e-6
done

# A tolerance that no arithmetic reaches: where it stalled is said, and the result is there, marked.
crow fit far.h5 -o floor-r.h5 --weights uniform --tolerance 1e-300
exits 5
prints "converged: no, rounding floor reached after"
says "rounding floor reached"
there floor-r.h5
crow inspect floor-r.h5
exits 0
prints "rounding floor reached"

# Identical contexts share evenly: [0, 1/2] for a, [1/2, 1] for the twins.
printf 'id,x\na,0.25\ntwin1,0.75\ntwin2,0.75\n' >contexts.csv
printf 'left,right,winner\na,twin1,left\na,twin2,left\ntwin1,twin2,tie\n' >comparisons.csv
import twins.h5
exits 0
crow fit twins.h5 -o twins-r.h5 --samples 10000
exits 0
near "$(weight a)" 0.5 0.02
equal "$(weight twin1)" "$(weight twin2)"
near "$(reward twin1)" "$(reward twin2)" 1e-6

finish
