# SPDX-License-Identifier: Apache-2.0
# What clones do to both fits, in words a reader understands.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

# The population of the paper's Table 4, and restaurants as a clone of food.
crow simulate -o original.h5
exits 0
crow simulate -o clones.h5 --clone food --clone-name restaurants --eps 0.001
exits 0
for p in 1 2; do
  ranks $p audit original.h5 clones.h5 --samples 20000 --json "two-$p.json"
  exits 0
  prints "standard fit: the winner changes from romance to art"
  prints "weighted fit: keeps its winner"
  prints "verdict: clones change the winner of the standard fit, and not that of the weighted fit"
  prints "no baseline is needed: preferences are complete"
  grep -v -e "^crow" -e "^read" -e "^audit" -e "^total" -e "^stage" -e "^Time" out >"two-$p"

  ranks $p audit original.h5 --target topic:food --samples 20000 --clones 1 --json "one-$p.json"
  exits 0
  prints "standard fit: the winning topic changes in 3 of 3 tests (romance to art), the winner changes in 3 of 3 tests (romance to art)"
  prints "weighted fit: keeps its winner in all tests"
  prints_not "redrawn" # a population has no comparisons
  grep -v -e "^crow" -e "^read" -e "^audit" -e "^total" -e "^stage" -e "^Time" out >"one-$p"
done
cmp -s two-1 two-2 || fail "the audit of two datasets depends on the number of ranks"
cmp -s one-1 one-2 || fail "the audit of a dataset depends on the number of ranks"
[ -z "$(find . -name '*crow-audit*')" ] || fail "datasets with clones were left behind"

# Weights that are given: all equal, and read from files, in which clones share what their original has.
crow audit original.h5 --target topic:food --clones 1 --eps 0.1 --weights uniform
exits 0
prints "weighted fit: the winning topic changes from romance to art, the winner changes from romance to art"
crow weights original.h5 -o original-w.h5 -q
crow weights clones.h5 -o clones-w.h5 -q
crow audit original.h5 --target topic:food --clones 1 --eps 0.1 --weights original-w.h5 --json given.json
exits 0
prints "weighted fit: keeps its winner"
near "$(sed -n 's/.*"weighted_largest_shift": \([0-9.e+-]*\).*/\1/p' given.json)" 0 1e-6
crow audit original.h5 clones.h5 --weights original-w.h5 --second-weights clones-w.h5
exits 0
grep -v -e "^read" -e "^audit" -e "^total" -e "^stage" -e "^Time" out >two-given
cmp -s two-1 two-given || fail "weights that are read and weights that are computed differ"
crow audit original.h5 clones.h5 --weights original-w.h5
exits 2
says "expected a file for each of two datasets"

crow audit clones.h5 --target none --radius 0.01
exits 0
prints "1 group of 2 alternatives (of 4) holds"
prints "food 1, restaurants 1"
prints_not "verdict"

if command -v python3 >/dev/null; then
  python3 - <<'PY' || fail "the summaries lack what was printed"
import json
one, two = json.load(open("one-1.json")), json.load(open("two-1.json"))
assert [t["eps"] for t in one["tests"]] == [0.1, 0.01, 0.001]
for t in one["tests"]:
    assert t["standard"]["winner_topic_after"] == "art" and t["standard"]["winner_changed"]
    assert t["weighted"]["winner_topic_after"] == "romance" and not t["weighted"]["winner_changed"]
    assert t["weighted"]["largest_shift"] < 0.2 * t["standard"]["largest_shift"]
assert one["standard_winner_changes"] and not one["weighted_winner_changes"] and one["verdict"]
assert [t["topic"] for t in two["topics"]] == ["art", "food", "restaurants", "romance"]
assert two["topics"][2]["first"]["standard"] is None and two["topics"][2]["second"]["alternatives"] == 1
assert two["standard"]["winner_topic_before"] == "romance"
PY
fi

# Comparisons are redrawn without clones too.
crow simulate -o votes.h5 --alternatives 30 --spread 0.05 --preferences comparisons --comparisons 300
crow audit votes.h5 --samples 1000 --clones 1 --eps 0.01 --redraws 4 --json votes.json
exits 0
prints "(comparisons redrawn)"
prints "standard fit, comparisons redrawn 4 times without clones: largest shift"
# The table's two columns and the summary count alike.
line=$(grep '^standard fit, comparisons redrawn' out)
winners=$(printf '%s\n' "$line" | sed -n 's/.*the winner changes in \([0-9]*\),.*/\1/p')
topics=$(printf '%s\n' "$line" | sed -n 's/.*the winning topic in \([0-9]*\);.*/\1/p')
equal "$(grep '^(comparisons redrawn)' out | grep -o 'changed [0-9]* of 4' | head -n 2 | tr '\n' ' ')" "changed $winners of 4 changed $topics of 4 "
prints "verdict: clones do no more than redrawing the comparisons alone does, to either fit: these comparisons do not"
prints_not "clones change" # nor anything else of what clones do
prints_not "to 1)"
once votes.json '"redraws": 4'
once votes.json '"standard_within_chance": true'

# All prompts together, in words; one fit within chance and the other not.
crow simulate -o prompts.h5 --prompts 200 --alternatives 1000 --spread 0.1 --preferences comparisons --comparisons 20000
crow audit prompts.h5 --samples 500 --clones 10 --eps 0.01 --redraws 5 --json prompts.json
exits 0
prints "most compared of each prompt    2000"
grep -q "^standard fit: the winner changes in [0-9]* of 200 prompts; largest shift" out || fail "prompts are not counted"
prints " prompts in the mean, of "
prints "verdict: clones change the winner of the standard fit, and do no more to the weighted fit than redrawing the"
once prompts.json '"weighted_within_chance": true'

# Two datasets of comparisons: both are redrawn.
crow simulate -o more.h5 --alternatives 30 --spread 0.05 --preferences comparisons --comparisons 300 --seed 2
crow audit votes.h5 more.h5 --samples 1000 --redraws 4 --json pair.json
exits 0
prints "standard fit, comparisons redrawn 4 times without clones"
once pair.json '"redraws": 4'
# Two datasets are compared by topic: what the text says of the winner is the JSON's winning topic, in both fits.
equal "$(sed -n 's/.*, comparisons redrawn 4 times .* the winner changes in \([0-9]*\).*/\1/p' out)" \
  "$(sed -n 's/.*"winning_topic_changed": \([0-9]*\).*/\1/p' pair.json)"
equal "$(grep -c '"winning_alternative_changed": null' pair.json)" 2
crow audit votes.h5 more.h5 --samples 1000 --redraws 0
exits 0
prints "no baseline (--redraws 0)"

# S is chosen for the first dataset and holds for the second too: contexts of unit length, and the same directions at
# other lengths, which auto would put in a box.
printf 'left,right,winner\na,b,left\nb,c,left\na,c,tie\n' >comparisons.csv
printf 'id,topic\na,left\nb,middle\nc,right\n' >items.csv
printf 'id,x,y,z\na,1,0,0\nb,0,1,0\nc,0,.6,.8\n' >unit.csv
printf 'id,x,y,z\na,3,0,0\nb,0,.5,0\nc,0,6,8\n' >longer.csv
for name in unit longer; do
  crow import --comparisons comparisons.csv --contexts "$name.csv" --items items.csv -o "$name.h5"
  exits 0
done
crow audit unit.h5 longer.h5 --samples 20000 --redraws 0 --json unit.json
exits 0
once out "audit: space: sphere, centre: weighted, for all datasets that are weighed (auto, from unit.h5: contexts have unit length)"
crow audit longer.h5 unit.h5 --samples 20000 --redraws 0 --json longer.json
exits 0
once out "audit: space: box, for all"
crow audit unit.h5 --samples 2000 --redraws 0 --clones 1,2 --eps 0.1,1 --json stress.json
exits 0
once out "audit: space: sphere, centre: weighted, for all"
crow audit unit.h5 longer.h5 --samples 20000 --redraws 0 --space cube
exits 0
prints_not "audit: space:" # it was asked for
if command -v python3 >/dev/null; then
  python3 - <<'PY' || fail "the second dataset is not weighed where the first is"
import json
unit, longer, stress = (json.load(open(n + ".json")) for n in ("unit", "longer", "stress"))
def difference(s): return max(abs(t["first"]["weight"] - t["second"]["weight"]) for t in s["topics"])
for s in unit, stress:
    assert (s["space"], s["space_reason"], s["space_center"]) == ("sphere", "contexts have unit length", "weighted")
    assert s["clone_robust"] is True
assert longer["space"] == "box" and "space_center" not in longer
assert difference(unit) < 1e-3 and difference(longer) > .02
PY
fi

crow audit original.h5 --target topic:wine
exits 2
says "no such topic"
crow audit original.h5 --eps none
exits 2
says "--eps"
crow audit original.h5 clones.h5 original.h5
exits 2
crow audit original.h5 --scratch nowhere
exits 4
says "nowhere"
# Two alternatives that everybody judges alike share the first rank, before and after: which of them rounding puts first
# is no change of the winner, in a population and in a matrix, of topics neither.
need_h5py
for seed in 0 1 2 3 4 5; do
  "$python" - $seed <<'PY'
import sys, h5py, numpy as np
seed = int(sys.argv[1])
rng, m = np.random.default_rng(seed), 8
context, reward, share = rng.random((m, 2)), rng.normal(size=(3, m)), np.array([.4, .35, .25])
reward[:, 0] += 3
reward[:, 1] = reward[:, 0]
with h5py.File("tie.h5", "w") as f:
    f.attrs.update(crow_kind="dataset", crow_schema_version=2)
    f["alternatives/context"] = context
    f["alternatives/topic"] = [b"topic %d" % k for k in range(m)]
    if seed % 2:
        f["population/prevalence"], f["population/reward"] = share, reward
    else:
        p = sum(s / (1 + np.exp(r[None, :] - r[:, None])) for s, r in zip(share, reward))
        f["preference/matrix"] = (p + 1 - p.T) / 2
PY
  crow audit tie.h5 --target id:$((3 + seed % 4)) --clones 1,3 --eps 0.001,0.05 --json tie.json
  exits 0
  prints_not "changes"
  grep -q '"winner_changed": true' tie.json && fail "a tie is taken for a change of the winner"
  crow audit tie.h5 tie.h5 --json tie.json
  exits 0
  prints_not "changes"
done
finish
