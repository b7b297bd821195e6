# SPDX-License-Identifier: Apache-2.0
# Ranks that do not mislead: alternatives without weight have none, rewards that the fit cannot tell apart share one, with
# prompts they are within the prompt, and components of comparisons that nothing connects are told.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

cat >make.py <<'END'
import h5py, numpy as np
def dataset(name, contexts, comparisons, **texts):
    with h5py.File(name, "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"] = np.array(contexts, float)
        first, second, outcome = zip(*comparisons)
        f["comparisons/first"], f["comparisons/second"] = np.array(first), np.array(second)
        f["comparisons/outcome"] = np.array(outcome, float)
        for key, value in texts.items():
            f["alternatives/" + key] = np.array(value, dtype=h5py.string_dtype())
square = [[0, 0], [.5, .2], [1, 1], [.2, .9], [.8, .1], [.3, .3]]
dataset("two.h5", square, [(0, 1, 1), (0, 2, .5), (1, 2, .5), (3, 4, 1), (3, 5, 1), (4, 5, 0), (0, 1, 0)], id=list("abcdef"))
dataset("prompts.h5", square, [(0, 1, 1), (1, 2, 1), (3, 4, 1), (4, 5, 1)], id=list("abcdef"), prompt=list("xxxyyy"))
dataset("chain.h5", np.random.default_rng(0).random((30, 2)), [(k, k + 1, 1) for k in range(29)])
with h5py.File("weights.h5", "w") as f:
    f.attrs.update(crow_kind="weights", crow_schema_version=1, seed=1, samples=0, space="given")
    f["weights/value"] = [.25, .25, .1, .2, 0, .2]
END
run "$python" make.py
exits 0
apart="the comparisons fall into 2 connected components"

# e has no weight; a, b and c are equal, and d is as much better than all as f is worse.
for p in 1 3; do
  ranks $p fit two.h5 -o two-r.h5 --weights weights.h5 --force --json two.json
  exits 0
  prints "$apart"
  prints "rank -: no weight"
  equal "$(awk '$1 ~ /^([0-9]+|-)$/ && $2 ~ /^[a-f]$/ { printf "%s%s ", $2, $1 }' out)" "d1 a2 b2 c2 f5 e- "
done
crow export two-r.h5 -o two.csv
exits 0
says "$apart"
equal "$(awk -F, 'NR > 1 { printf "%s%s ", $1, $NF }' two.csv)" "a2 b2 c2 d1 e f5 "
crow export two-r.h5 -o two-r.json --column place
exits 0
equal "$(tr -d ' \n' <two-r.json)" '[{"place":2},{"place":2},{"place":2},{"place":1},{"place":null},{"place":5}]'
crow report two-r.h5 -o two.html
exits 0
grep -qi "$apart" two.html || fail "the report does not tell of components"
crow fit two.h5 -o uniform-r.h5 --weights uniform
exits 0
crow compare uniform-r.h5 two-r.h5
exits 0
prints "two-r: $apart"
prints "rank -: no weight in that result"
# f and e change: without weight e has no rank, and f is the last of those that have.
equal "$(awk '$1 == "e" { print $6, $7 }' out)" "- -"

# The first of each prompt is its first.
crow fit prompts.h5 -o prompts-r.h5 --weights uniform
exits 0
prints "rank: within the prompt"
prints_not "connected components:"
equal "$(awk '$1 ~ /^[0-9]+$/ && $2 ~ /^[a-f]$/ { print $2 $1 }' out | sort | tr '\n' ' ')" "a1 b2 c3 d1 e2 f3 "
crow export prompts-r.h5 -o prompts.csv
exits 0
equal "$(awk -F, 'NR > 1 { printf "%s%s ", $1, $NF }' prompts.csv)" "a1 b2 c3 d1 e2 f3 "

# With a lambda so small that the tolerance leaves rewards open, this is said; with a common one it is not.
crow fit chain.h5 -o chain-r.h5 --weights uniform
exits 0
prints "converged: yes"
crow fit chain.h5 -o open-r.h5 --weights uniform --lambda 1e-10 --json open.json
exits 0
prints "converged: stopped at the tolerance"
prints "rewards may still be off by up to"
prints_not "converged: yes"

cat >check.py <<'END'
import json
s = json.load(open("two.json"))
ranks = {entry["id"]: entry["rank"] for entry in s["ranking"]}
assert ranks == {"d": 1, "a": 2, "b": 2, "c": 2, "f": 5, "e": None}, ranks
s = json.load(open("open.json"))
assert s["reward_bound"] >= .99 * s["optimality"] / 1e-10 and s["converged"]
END
run "$python" check.py
exits 0


# With several prompts each row names its own, as the exported table has it; a long name is cut. Without prompts there is no such
# column.
crow simulate -o prompted.h5 --prompts 5 --alternatives 50 --dimensions 3 --spread 0.3 --preferences comparisons --comparisons 900
crow fit prompted.h5 -o prompted-r.h5
exits 0
cp out board
crow export prompted-r.h5 -o prompted.csv
exits 0
awk -F, 'NR > 1 { print $1, $2, $3 }' prompted.csv | sort >known
awk '$1 == "rank" && $2 == "id" { table = $4 == "prompt"; next } table && /^ +[0-9]+ / { print $2, $3, $4 }' board | sort >shown
[ "$(wc -l <shown)" -eq 20 ] || fail "the board has not 20 rows with prompts"
[ -z "$(comm -13 known shown)" ] || fail "rows of the board have other prompts than the file"
crow simulate -o single.h5 --alternatives 50 --dimensions 3 --spread 0.3 --preferences comparisons --comparisons 900
crow fit single.h5 -o single-r.h5
exits 0
prints_not "prompt"

# Names longer than a column are cut, and whole in the file.
long=$(printf 'a%.0s' $(seq 60))
printf 'winner,loser\n%s,b\n%s,b\nb,%s\n' "$long" "$long" "$long" >long.csv
crow import --comparisons long.csv -o long.h5
exits 0
crow fit long.h5 -o long-r.h5
exits 0
cut=$(awk '$1 == "rank" { table = 1; next } table && $2 ~ /^aaa/ { print $2; exit }' out)
equal "$cut" "$(printf 'a%.0s' $(seq 39))…" # of a column of 40
crow export long-r.h5 -o long-table.csv
exits 0
grep -q "^$long," long-table.csv || fail "the table has not the whole name"

# The verdict is on the least certain lead, which need not be the one over the next: b is close behind a in thousands of
# comparisons, c far behind in four.
awk 'BEGIN { print "winner,loser"; for (k = 0; k < 3000; k++) print "a,b"; for (k = 0; k < 1500; k++) print "b,a"
  for (k = 0; k < 3; k++) print "a,c"; print "c,a" }' >leads.csv
crow import --comparisons leads.csv -o leads.h5
exits 0
crow fit leads.h5 -o leads-r.h5
exits 0
grep -qE '^verdict: too close to call: a leads c by .*; the least certain lead' out || fail "the verdict is not on the lead over c"
grep -vE 'a,c|c,a' leads.csv >next.csv
crow import --comparisons next.csv -o next.h5
crow fit next.h5 -o next-r.h5
exits 0
grep -qE '^verdict: a leads, by .* over b' out || fail "no verdict on the lead over b"
prints_not "least certain lead"

# Nor need it be in the table: 24 alternatives, the eleventh, m23, with five comparisons. The lead and its standard error
# with all weights equal in NumPy: the greater of the sandwich's and the model's.
cat >rivals.py <<'END'
import sys
import numpy as np
if sys.argv[1] == "make":
    print("winner,loser")
    for i in range(23):
        for j in range(i + 1, 23):
            gap = (j - i) + 12 * (i == 0)
            wins = round(40 / (1 + np.exp(-.05 * gap)))
            print(f"m{i:02d},m{j:02d}\n" * wins + f"m{j:02d},m{i:02d}\n" * (40 - wins), end="")
    for k, i in enumerate((8, 9, 10, 12, 13)): print(f"m{i:02d},m23" if k in (1, 3, 4) else f"m23,m{i:02d}")
else:
    votes = [line.strip().split(",") for line in open("rivals.csv")][1:]
    m, l = 24, 1e-3
    n, won = np.zeros((m, m)), np.zeros((m, m))
    for a, b in votes:
        a, b = int(a[1:]), int(b[1:])
        won[a, b] += 1
        n[a, b] += 1
        n[b, a] += 1
    p = np.divide(won, n, out=np.full((m, m), .5), where=n > 0)
    mass = (n > 0) / m**2
    mass *= (1 - 1 / m) / mass.sum()
    r = np.zeros(m)
    for _ in range(50):
        s = 1 / (1 + np.exp(r[None] - r[:, None]))
        k = mass * s * (1 - s)
        h = np.diag(k.sum(1) + l / m) - k
        r = r - np.linalg.solve(h, (mass * (s - p)).sum(1) + l / m * r)
    inverse = np.linalg.inv(h)
    order = np.argsort(-r)
    lead = r[order[0]] - r[order]
    error = np.zeros(m)
    squares, model = p * (1 - s)**2 + (1 - p) * s**2, s * (1 - s)
    dispersion = min(1, ((n * squares).sum() / 2 + 1) / ((n * model).sum() / 2 + 1))
    for square in squares, dispersion * model:
        spread = np.divide(mass**2 * square, n, out=np.zeros((m, m)), where=n > 0)
        v = inverse @ (np.diag(spread.sum(1)) - spread) @ inverse
        square = v[order[0], order[0]] + v[order, order] - 2 * v[order[0], order]
        error = np.maximum(error, np.sqrt(np.maximum(square, 0)))
    z = np.divide(lead, error, out=np.full(m, np.inf), where=error > 0)
    k = z.argmin()
    assert k >= 10 and z[1:10].min() > 2 > z[k], (k, z)
    print(f"m{order[0]:02d} leads m{order[k]:02d} by {lead[k]:.4f}, less than two standard errors ({error[k]:.4f} each)")
END
"$python" rivals.py make >rivals.csv
crow import --comparisons rivals.csv -o rivals.h5
exits 0
run "$python" rivals.py solve
exits 0
cp out known
for p in 1 3; do
  ranks $p fit rivals.h5 -o rivals-r.h5 --lambda 1e-3 --force
  exits 0
  prints "verdict: too close to call: $(cat known); the least certain lead"
done
ranks 3 report rivals-r.h5 -o rivals.html
exits 0
grep -q "too close to call: m00 leads m23 by " rivals.html || fail "the page claims a winner"

# A few judgements that all went one way prove nothing: of two equals the first five go one way in one case of 16.
for votes in 1 3 5; do
  { echo winner,loser; for _ in $(seq $votes); do echo a,b; done; } >few.csv
  crow import --comparisons few.csv -o few.h5 --force
  exits 0
  for weight in proportion count; do
    crow fit few.h5 -o few-r.h5 --pair-weight $weight --force
    exits 0
    prints "verdict: too close to call: a leads b by"
  done
done

# Topics of equal means by symmetry share the first rank, whatever rounding makes of them; across components their
# rewards have no common zero, and no alternative is the best.
cat >equal.py <<'END'
import h5py, numpy as np
p = np.full((4, 4), .5)
p[:2, 2:], p[2:, :2] = .7, .3
texts = {"id": list("abcd"), "topic": list("xyxy")}
with h5py.File("equal.h5", "w") as f:
    f.attrs.update(crow_kind="dataset", crow_schema_version=1)
    f["alternatives/context"] = np.array([[.1, .1], [.9, .9], [.1, .9], [.9, .1]])
    f["preference/matrix"] = p
    for key, value in texts.items(): f["alternatives/" + key] = np.array(value, dtype=h5py.string_dtype())
with h5py.File("halves.h5", "w") as f:
    f.attrs.update(crow_kind="dataset", crow_schema_version=1)
    f["alternatives/context"] = np.random.default_rng(0).random((8, 2))
    f["comparisons/first"], f["comparisons/second"] = [0, 1, 2, 4, 5, 6], [1, 2, 3, 5, 6, 7]
    f["comparisons/outcome"] = [1., 1, 0, 1, 0, 1]
    f["alternatives/topic"] = np.array(list("xxxxyyyy"), dtype=h5py.string_dtype())
END
run "$python" equal.py
exits 0
crow fit equal.h5 -o equal-r.h5 --verbose --json equal.json
exits 0
grep -qE '^verdict: topics (x and y|y and x) share the highest mean reward$' out || fail "a topic leads by rounding"
run "$python" -c "import json; print(json.load(open('equal.json'))['topic_lead']['too_close_to_call'])"
equal "$(cat out)" True
crow compare equal-r.h5 --by topic
exits 0
prints "share the highest mean reward"
crow fit halves.h5 -o halves-r.h5
exits 0
prints "verdict: too close to call: topic y leads x by"
prints "; but rewards of the 2 connected components have no common zero"
crow compare halves-r.h5 --by topic
exits 0
prints "; but rewards of several connected components have no common zero"
crow report halves-r.h5 -o halves.html
exits 0
grep -q ", but rewards of the 2 connected components have no common zero" halves.html || fail "the page compares components"
if grep -q "alternative of highest reward" halves.html; then fail "the page has a winner across components"; fi
finish
