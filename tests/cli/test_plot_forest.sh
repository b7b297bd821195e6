# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016 # names that look like commands
# Leaderboards as pictures: the numbers that gnuplot is given are those of the files, by a calculation of their own.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
command -v gnuplot >/dev/null || skip "no gnuplot"
need_h5py

# A gnuplot that keeps its script in the file `script`.
mkdir spy
printf '#!/bin/sh\ntee "%s/script" | "%s" "$@"\n' "$folder" "$(command -v gnuplot)" >spy/gnuplot
chmod +x spy/gnuplot
PATH="$folder/spy:$PATH"

cat >check.py <<'PY'
"""check.py forest|hollow|elo|topics|win-rates FILE...: the script's numbers against the files'."""
import sys
import h5py
import numpy as np

kind, *names = sys.argv[1:]
scale, shift = 1.0, 0.0
if kind == "elo":  # an anchor of 1000 for the alternative n3
    with h5py.File(names[-1]) as f:
        ids = [i.decode() for i in f["/alternatives/id"][:]]
        scale = 400 / np.log(10)
        shift = 1000 - scale * f["/rewards/value"][ids.index("n3")]


def block(name):
    rows, inside = [], False
    for line in open("script"):
        if line.startswith("EOD"):
            inside = False
        if inside:
            rows.append([float(x) for x in line.split()])
        if line.startswith(f"${name} <<"):
            inside = True
    return np.array(rows)


def rewards(name):
    with h5py.File(name) as f:
        value, weight = f["/rewards/value"][:], f["/rewards/weight"][:]
        if "/rewards/lower" in f:
            return value, f["/rewards/lower"][:], f["/rewards/upper"][:], weight
        half = 1.959964 * f["/rewards/standard_error"][:]
        return value, value - half, value + half, weight


def same(got, expected, what):
    assert got.shape == expected.shape, (what, got.shape, expected.shape)
    assert np.allclose(got, expected, rtol=2e-8, atol=1e-8), (what, got, expected)


if kind in ("forest", "hollow", "elo"):
    value, _, _, weight = rewards(names[-1])
    # Those with weight first, each by reward.
    order = sorted(range(len(value)), key=lambda i: (weight[i] == 0, -value[i]))
    height = np.arange(len(order), dtype=float)
    if kind == "hollow":  # 25 have weight: they and the best five of the others
        order, height = order[:30], height[:30]
    elif len(order) > 30:
        order, height = order[:20] + order[-10:], np.r_[np.arange(20.0), np.arange(21.0, 31.0)]
    for k, name in enumerate(names):
        value, lower, upper, weight = rewards(name)
        got = block(f"result{k}")
        offset = 0.7 * ((k + 0.5) / len(names) - 0.5)
        for column, expected in enumerate((value, None, lower, upper)):
            if column == 1:
                same(got[:, 1], height + offset, "height")
            else:
                same(got[:, column], scale * expected[order] + shift, f"column {column}")
        same(got[:, 4], 1.0 * (weight[order] > 0), "weight")
elif kind == "topics":
    got = block("result0")
    with h5py.File(names[0]) as f:
        topic = np.array([t.decode() for t in f["/alternatives/topic"][:]])
        value = f["/rewards/value"][:]
        mean = {t: value[topic == t].mean() for t in set(topic)}
        by_mean = sorted(mean, key=lambda t: -mean[t])
        if "/topics/standard_error" in f:
            of = {n.decode(): e for n, e in zip(f["/topics/name"][:], f["/topics/standard_error"][:])}
        else:
            of = {t: value[topic == t].std(ddof=1) if sum(topic == t) > 1 else 0 for t in mean}
        same(got[:, 0], np.array([mean[t] for t in by_mean]), "mean")
        same(got[:, 2], np.array([of[t] for t in by_mean]), "bar")
else:
    with h5py.File(names[0]) as f, h5py.File(names[1]) as r:
        first, second, outcome = (f["/comparisons/" + c][:] for c in ("first", "second", "outcome"))
        count = f["/comparisons/count"][:] if "/comparisons/count" in f else np.ones(len(first))
        value = r["/rewards/value"][:]
    order = np.argsort(-value, kind="stable")[:40]
    place = {int(row): k for k, row in enumerate(order)}
    won, all_ = np.zeros((2, len(order), len(order)))
    for x, y, o, n in zip(first, second, outcome, count):
        if x in place and y in place:
            won[place[x], place[y]] += o * n
            won[place[y], place[x]] += (1 - o) * n
            all_[place[x], place[y]] += n
            all_[place[y], place[x]] += n
    expected = [[y, x, won[x, y] / all_[x, y]] for x in range(len(order)) for y in range(len(order)) if all_[x, y]]
    same(block("observed"), np.array(expected), "observed")
    margin = value[order][:, None] - value[order][None, :]
    expected = [[y, x, 1 / (1 + np.exp(-margin[x, y]))] for x in range(len(order)) for y in range(len(order)) if x != y]
    same(block("fitted"), np.array(expected), "fitted")
PY
# holds KIND FILE...: what was last drawn has the numbers of these files.
holds() {
  "$python" check.py "$@" 2>problem || fail "$last: $(tail -1 problem)"
}
shows() { grep -qF -e "$2" "$1" || fail "$last: $1 lacks \"$2\""; }

# 50 alternatives: both ends and a gap between; two files, one with a bootstrap.
write_many 50 3000
import votes.h5 --items items.csv
crow fit votes.h5 -o uniform.h5 --weights uniform -q
exits 0
crow fit votes.h5 -o other.h5 --weights uniform --bootstrap 20 -q
exits 0
crow plot uniform.h5 --kind forest -o one.svg
exits 0
holds forest uniform.h5
shows one.svg "Rewards with 95 % intervals"
shows one.svg ">...<"
shows one.svg ">50<"
crow plot uniform.h5 other.h5 --kind forest -o two.svg --labels 'errors,boot `x`' --title "Both"
exits 0
holds forest uniform.h5 other.h5
shows two.svg "boot \`x\`"
shows two.svg ">Both<"
ranks 3 plot uniform.h5 other.h5 --kind forest -o two-3.svg --labels 'errors,boot `x`' --title "Both"
exits 0
cmp -s two.svg two-3.svg || fail "3 ranks draw another forest"
crow plot other.h5 --kind forest --anchor n3=1000 -o elo.svg
exits 0
holds elo other.h5
shows elo.svg "Elo ratings with 95 % intervals"
crow plot other.h5 --kind win-rate --elo -o a.svg
exits 2
says "need --kind forest"
crow plot other.h5 --kind forest --anchor nobody=1000 -o a.svg
exits 3
says "nobody"

# Near-duplicates of each other have the same letter; the third, far from both, has none.
awk -F, 'NR == 1 { print; next } { if (NR == 3) { $2 = x; $3 = y; $4 = z + .001 } x = $2; y = $3; z = $4; OFS = ","; print }' \
  contexts.csv >near.csv
crow import --comparisons comparisons.csv --contexts near.csv --items items.csv -o near.h5
exits 0
for p in 1 3; do
  ranks $p fit near.h5 -o near-r.h5 --json near.json -q --force
  exits 0
  "$python" - <<'PY' || fail "$p ranks: the twins are not marked in the file"
import h5py, json
near = h5py.File("near-r.h5")["rewards/near_duplicates"][:]
groups = json.load(open("near.json"))["weights_effect"]["largest_groups"]
assert near[0] == near[1] == 1 and groups[0]["ids"] == ["n0", "n1"], (near, groups)
assert (near > 0).sum() == sum(g["size"] for g in groups)
PY
done
crow plot near-r.h5 --kind forest -o near.svg
exits 0
shows near.svg "same letter: near-duplicates"
[ "$(grep -c '>A<' near.svg)" -ge 2 ] || fail "the twins at the top have no letter A"
if grep -q '>near-r<' near.svg; then fail "a single file has a colour key"; fi
if grep -qF "same letter" one.svg; then fail "equal weights have no groups"; fi

# Names that are there twice belong to rows of their own in a picture, and to none in another result.
write_many 6 200
import six.h5
"$python" - <<'PY'
import h5py
with h5py.File("six.h5") as f, h5py.File("twins.h5", "w") as t:
    t.attrs.update(crow_kind="dataset", crow_schema_version=1)
    t["alternatives/context"] = f["alternatives/context"][:]
    t["alternatives/id"] = f["alternatives/id"][:]
    t["alternatives/id"][1] = f["alternatives/id"][0]
    for name in ("first", "second", "outcome"):
        t["comparisons/" + name] = f["comparisons/" + name][:]
PY
crow fit twins.h5 -o twins-r.h5 --weights uniform -q
exits 0
for p in 1 2; do
  ranks $p plot twins-r.h5 --kind forest -o twins.svg --force
  exits 0
  holds forest twins-r.h5
done
crow report twins-r.h5 twins-r.h5 -o twins.html
exits 0

# Alternatives without weight come last, without a place, hollow.
"$python" - <<'PY'
import h5py, numpy as np
weight = np.full(50, 1 / 25)
weight[::2] = 0
with h5py.File("half.h5", "w") as f:
    f.attrs.update(crow_kind="weights", crow_schema_version=1, seed=1, samples=0, space="given")
    f["weights/value"] = weight
PY
crow fit votes.h5 -o half-r.h5 --weights half.h5 -q
exits 0
crow plot half-r.h5 --kind forest -o half.svg
exits 0
holds hollow half-r.h5
shows half.svg "hollow: no weight"
shows half.svg "20 alternatives without weight are not shown"

crow plot votes.h5 uniform.h5 --kind win-rates -o duels.svg
exits 0
holds win-rates votes.h5 uniform.h5
shows duels.svg "best 40 of 50"
ranks 2 plot votes.h5 uniform.h5 --kind win-rates -o duels-2.svg
exits 0
cmp -s duels.svg duels-2.svg || fail "2 ranks draw other win rates"
crow plot uniform.h5 --kind win-rates -o a.svg
exits 2
says "needs a dataset and its rewards"

crow plot uniform.h5 --kind topics -o topics.svg
exits 0
holds topics uniform.h5
shows topics.svg "± one standard error of the mean"
crow fit votes.h5 -o bare.h5 --weights uniform --no-errors -q
exits 0
crow plot bare.h5 --kind topics -o spread.svg
exits 0
holds topics bare.h5
shows spread.svg "± spread within the topic"

# The page opens with the forest; convergence comes last.
crow report uniform.h5 -o page.html
exits 0
"$python" - <<'PY' || fail "the forest does not come first among the page's pictures, or convergence not last"
import re
titles = re.findall(r"<figure>\s*<h3>(.*?)</h3>", open("page.html").read())
assert titles[0] == "Rewards with 95 % intervals" and titles[-1] == "Convergence", titles
PY
# With ratings, and intervals of the bootstrap.
crow report other.h5 -o rated.html --anchor n3=1000
exits 0
"$python" - <<'PY' || fail "the page's ratings and intervals are not those of the file"
import h5py, math, re
page = open("rated.html").read()
titles = re.findall(r"<figure>\s*<h3>(.*?)</h3>", page)
assert titles[0] == "Elo ratings with 95 % intervals", titles
f = h5py.File("other.h5")
factor, r, low, high = 400 / math.log(10), *(f["rewards/" + n][:] for n in ("value", "lower", "upper"))
best = int(r.argmax())
row = re.search(r'<th scope="row" class="t">n%d</th>(.*?)</tr>' % best, page).group(1)
cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
elo = lambda v: 1000 + factor * (v - r[3])
assert f"{low[best]:.3f} to {high[best]:.3f}" in cells, cells
assert f"{elo(r[best]):.0f}" in cells and f"{elo(low[best]):.0f} to {elo(high[best]):.0f}" in cells, cells
PY
crow report other.h5 -o a.html --anchor nobody=1000
exits 3
not_there a.html
not_there a.svg
finish
