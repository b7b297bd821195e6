# SPDX-License-Identifier: Apache-2.0
# Synthetic datasets: what is asked for is made, the same on any number of ranks, and refused where it makes no sense.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

crow simulate -o plain.h5
exits 0
prints "3 alternatives in 2 dimensions, 0 of them clones, 3 topics, 3 annotator types"
prints "dataset written to plain.h5"
crow fit plain.h5 -o plain-r.h5 --weights uniform
exits 0
# The fixed point of Table 2: romance, art, food are a, b, c.
near "$(awk -v a="$(reward romance)" -v c="$(reward food)" 'BEGIN { print a + c }')" 0 1e-6
near "$(reward art)" 0 1e-6

# The numbers of src/README.md: lambda .01 of the standard objective is .01/3 of the weighted one.
crow fit plain.h5 -o plain-r.h5 --weights uniform --lambda 0.01 --force
exits 0
near "$(reward romance)" 0.115651 2e-6

crow simulate -o clones.h5 --clone food --clone-name restaurants --eps 0.001
exits 0
prints "4 alternatives in 2 dimensions, 1 of them clones, 4 topics, 3 annotator types"
crow inspect clones.h5 --verbose
exits 0
prints "restaurants"

for p in 1 3; do
  ranks $p simulate -o "votes-$p.h5" --alternatives 200 --spread 0.05 --reward-spread 0.3 --preferences comparisons --comparisons 5000
  exits 0
  prints "comparisons: 5000"
  crow fit "votes-$p.h5" -o "votes-$p-r.h5" --weights uniform
  exits 0
  sed -n '/id/,/certificate/p' out | grep -v written >"table-$p"
done
cmp -s table-1 table-3 || fail "1 and 3 ranks make different datasets"

# Prompts: each is fitted by itself, clones in it or not.
crow simulate -o prompts.h5 --prompts 300 --alternatives 1200 --spread 0.1 --preferences comparisons --comparisons 9000
exits 0
prints "prompts: 300"
crow fit prompts.h5 -o prompts-r.h5 --samples 500
exits 0
prints "converged: yes"
crow simulate -o prompts.h5 --prompts 300 --force
crow fit prompts.h5 -o plain-r.h5 --force --lambda 0.01
exits 0
# The fixed point of Table 2 within every prompt.
topic() { awk -v topic="$1" '$1 == topic && NF == 5 { print $4 }' out; }
near "$(topic romance)" 0.115651 1e-6
crow simulate -o prompts.h5 --prompts 300 --clone food --eps 1e-6 --force
exits 0
prints "1200 alternatives in 2 dimensions, 300 of them clones"
crow fit prompts.h5 -o plain-r.h5 --force --lambda 0.01
exits 0
near "$(topic romance)" 0.115651 1e-5
# Of the standard objective too: art leads, as with the clone in Table 2; lambda .01 there is .0025 here.
crow fit prompts.h5 -o plain-r.h5 --force --weights uniform --lambda 0.0025
near "$(topic art)" 0.138459 1e-6
near "$(topic romance)" 0.040173 1e-6

cat >population.json <<'JSON'
{"topics": ["tea", "milk"], "types": [{"prevalence": 1, "rewards": {"tea": 1, "milk": 0}}]}
JSON
crow simulate -o own.h5 --population population.json --preferences matrix
exits 0
prints "2 topics, 1 annotator type"

crow simulate -o own.h5 --population population.json
exits 4
says "own.h5"
sed 's/milk": 0/milc": 0/' population.json >typo.json
crow simulate -o typo.h5 --population typo.json
exits 3
says "types[0].rewards.milk"
not_there typo.h5
crow simulate -o never.h5 --clone wine
exits 2
says "wine"
crow simulate -o never.h5 --clones 3
exits 2
says "--clone"
not_there never.h5
finish
