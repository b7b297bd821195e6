# SPDX-License-Identifier: Apache-2.0
# Kept columns of comparisons: fits by their values (--by, --where), and replicates that take judges whole
# (--bootstrap-by), against fits and replicates of our own.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

cat >make.py <<'END'
import csv, numpy as np
rng = np.random.default_rng(3)
def write(name, rows):
    with open(name, "w", newline="") as f:
        csv.writer(f).writerows([["left", "right", "winner", "language", "judge"], *rows])
# Forty judges of five items, who differ in what they like; e is never compared in French.
taste = np.array([.8, .4, 0, -.4, -.8]) + .7 * rng.normal(size=(40, 5))
rows, once = [], []
for k in range(1200):
    judge = int(rng.integers(40))
    language = ["English", "French", "Klingon"][int(np.searchsorted([.6, .98], rng.random()))]
    a, b = rng.choice(4 if language == "French" else 5, 2, replace=False)
    won = rng.random() < 1 / (1 + np.exp(taste[judge, b] - taste[judge, a]))
    row = ["abcde"[a], "abcde"[b], "left" if won else "right", language, f"j{judge}"]
    rows.append(row)
    if k < 300: once.append(row[:4] + [f"v{k:03d}"])
write("all.csv", rows)
write("french.csv", [row for row in rows if row[3] == "French"])
write("once.csv", once)
write("nine.csv", [row for row in once for _ in range(9)]) # every vote nine times, by its judge
with open("items.csv", "w") as f: f.write("id\n" + "".join(f"{i}\n" for i in "abcde"))
END
run "$python" make.py
exits 0
for name in all french once nine; do
  crow import --comparisons $name.csv --items items.csv --keep language,judge -o $name.h5
  exits 0
done

# ---- by value ----

for p in 1 3; do
  ranks $p fit all.h5 -o by-$p.h5 --by language --by-least 50 --tolerance 1e-12 --json by-$p.json --anchor a=1000
  exits 0
  prints "Elo ratings by language with half their 95 % intervals, ranks of all"
  prints "not fitted, with fewer than 50 judgements (--by-least): Klingon"
  sed -n '/by language/,/^not fitted/p' out >by-$p.txt
done
cmp -s by-1.txt by-3.txt || fail "3 ranks print another table"
[ "$(awk '$2 == "e" && /±/ { print $NF }' by-1.txt)" = "-" ] || fail "e was not compared in French, but has a rating"
crow fit french.h5 -o french-r.h5 --tolerance 1e-12
exits 0
crow fit all.h5 -o where-r.h5 --where language=French --tolerance 1e-12
exits 0
prints "only the "
crow compare by-1.h5 where-r.h5
exits 0
crow fit all.h5 -o x.h5 --where language=Latin
exits 3
says "no comparison has the value \"Latin\" in the kept column language"
crow fit all.h5 -o x.h5 --where language=j1 # of the other column
exits 3
crow fit all.h5 -o x.h5 --where language
exits 2
crow fit all.h5 -o x.h5 --by dialect
exits 3
says "no column \"dialect\" was kept of its comparisons, expected one of: language, judge"
if command -v gnuplot >/dev/null; then
  crow report by-1.h5 -o by.html --elo
  exits 0
  grep -q "Elo ratings by language" by.html || fail "the page has no table by language"
  grep -q "Not fitted, with fewer than 50 judgements: Klingon" by.html || fail "the page does not name the small ones"
fi
crow simulate -o population.h5 --population table2
exits 0
crow fit population.h5 -o x.h5 --by language
exits 2
says "need observed comparisons"
not_there x.h5
# All are too small: they are named, and there is no table.
crow fit all.h5 -o small.h5 --by language --by-least 5000
exits 0
prints "not fitted, with fewer than 5000 judgements (--by-least): English "
prints_not "by language with"

# ---- judges whole ----

for p in 1 3; do
  ranks $p fit all.h5 -o judges-$p.h5 --bootstrap 400 --bootstrap-by judge --json judges-$p.json
  exits 0
  prints "from 400 bootstrap replicates that take each value whole of judge"
done
ranks 3 fit all.h5 -o judges-g.h5 --bootstrap 400 --bootstrap-by judge --groups 2
exits 0
crow fit once.h5 -o once-r.h5 --bootstrap 1000 --bootstrap-by judge
exits 0
crow fit once.h5 -o once-s.h5
exits 0
crow fit nine.h5 -o nine-r.h5 --bootstrap 1000 --bootstrap-by judge
exits 0
crow fit nine.h5 -o nine-s.h5
exits 0
crow fit all.h5 -o x.h5 --bootstrap-by judge
exits 2
says "--bootstrap-by needs --bootstrap"
crow fit all.h5 -o x.h5 --bootstrap 10 --bootstrap-by dialect
exits 3
not_there x.h5

cat >check.py <<'END'
import csv, h5py, json, numpy as np
one, three = h5py.File("by-1.h5"), h5py.File("by-3.h5")
for name in one["by"]: assert one["by/" + name][...].tobytes() == three["by/" + name][...].tobytes(), name
rows = list(csv.DictReader(open("all.csv", newline="")))
count = {}
for row in rows: count[row["language"]] = count.get(row["language"], 0) + 1
assert [n.decode() for n in one["by/name"]] == ["English", "French"] and one.attrs["by"] in ("language", b"language")
assert list(one["by/judgements"]) == [count["English"], count["French"]]
assert [n.decode() for n in one["by/small_name"]] == ["Klingon"] and one["by/small_judgements"][0] == count["Klingon"]
french = h5py.File("french-r.h5")
unknown = np.isnan(french["rewards/win_rate"][:])
assert list(unknown) == [False] * 4 + [True]
assert (np.isnan(one["by/reward"][:, 1]) == unknown).all()
for where, name in (("by/reward", "rewards/value"), ("by/standard_error", "rewards/standard_error")):
    assert np.abs(one[where][:4, 1] - french[name][:4]).max() < 1e-9, where
assert np.abs(h5py.File("where-r.h5")["rewards/value"][:] - french["rewards/value"][:]).max() < 1e-9
s = json.load(open("by-1.json"))["by"]
assert s["not_fitted"] == [{"value": "Klingon", "judgements": count["Klingon"]}]
entry = {e["id"]: e for e in s["values"][1]["ranking"]}
assert entry["e"]["reward"] is None and abs(entry["a"]["elo"] - 1000) < 1e-9
factor = 400 / np.log(10)
for k, i in enumerate("abcd"):
    assert abs(entry[i]["elo"] - 1000 - factor * (one["by/reward"][k, 1] - one["by/reward"][0, 1])) < 1e-9

# Every judge votes nine times the same: replicates that take judges whole are those of the single votes, and the
# errors that know nothing of judges are a third of theirs.
read = lambda name: h5py.File(name)["rewards/standard_error"][:]
assert np.abs(read("nine-r.h5") / read("once-r.h5") - 1).max() < 1e-3
# Nearly: what is added to the dispersion is less beside more judgements.
assert np.abs(3 * read("nine-s.h5") / read("once-s.h5") - 1).max() < 1e-2
assert np.abs(read("nine-r.h5") / (3 * read("nine-s.h5")) - 1).max() < .12

for name in ("value", "lower", "upper", "standard_error"):
    bits = {h5py.File(f"judges-{k}.h5")["rewards/" + name][:].tobytes() for k in ("1", "3", "g")}
    assert len(bits) == 1, name

# Replicates of our own: other random numbers, the same spread; and not that of judgements drawn one by one.
m, lam, w = 5, .01, 1 / 5
a = np.array(["abcde".index(r["left"]) for r in rows]); b = np.array(["abcde".index(r["right"]) for r in rows])
low, high = np.minimum(a, b), np.maximum(a, b)
won = np.where((np.array([r["winner"] for r in rows]) == "left") == (a < b), 1., 0.)
judge = np.array([int(r["judge"][1:]) for r in rows])
lam = float(h5py.File("judges-1.h5").attrs["lambda"])
pair = low * m + high
n = np.bincount(pair, minlength=m * m)
pairs = np.flatnonzero(n)
s = (1 - m * w * w) / (2 * w * w * len(pairs))
x, y = pairs // m, pairs % m
def fit(times):
    """Newton for sum over pairs of s w w (drawn / n) (...) + lambda/2 sum w r^2."""
    drawn = np.bincount(pair, times, m * m)[pairs]
    wins = np.bincount(pair, times * won, m * m)[pairs]
    # Both orders of a pair are in Equation 2: each counts the pair's mass once.
    mass, share = s * w * w * drawn / n[pairs], np.where(drawn > 0, wins / np.maximum(drawn, 1e-300), .5)
    r = np.zeros(m)
    for _ in range(50):
        p = 1 / (1 + np.exp(r[y] - r[x]))
        g, H = lam * w * r, np.diag(np.full(m, lam * w))
        np.add.at(g, x, mass * (p - share)); np.add.at(g, y, -mass * (p - share))
        c = mass * p * (1 - p)
        np.add.at(H, (x, x), c); np.add.at(H, (y, y), c); np.add.at(H, (x, y), -c); np.add.at(H, (y, x), -c)
        r -= np.linalg.solve(H, g)
    return r
f = h5py.File("judges-1.h5")
assert np.abs(fit(np.ones(len(rows))) - f["rewards/value"][:]).max() < 1e-5
rng = np.random.default_rng(1)
whole = np.std([fit(rng.poisson(1, 40)[judge].astype(float)) for _ in range(800)], axis=0, ddof=1)
single = np.std([fit(rng.poisson(1, len(rows)).astype(float)) for _ in range(200)], axis=0, ddof=1)
ratio = f["rewards/standard_error"][:] / whole
assert np.abs(ratio - 1).max() < .15, ratio
assert (whole > 1.3 * single).all(), (whole, single)
END
run "$python" check.py
exits 0

finish
