# SPDX-License-Identifier: Apache-2.0
# crow export --table comparisons with kept columns and --weights: rows times -log sigma are the objective's pair term.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

cat >make.py <<'END'
import numpy as np
rng = np.random.default_rng(5)
x = rng.random((12, 2))
with open("contexts.csv", "w") as f:
    f.write("id,x,y\n" + "".join(f"n{i},{a},{b}\n" for i, (a, b) in enumerate(x)))
with open("items.csv", "w") as f: f.write("id\n" + "".join(f"n{i}\n" for i in range(12)))
with open("prompts.csv", "w") as f: f.write("id,prompt\n" + "".join(f"n{i},p{i // 4}\n" for i in range(12)))
def write(name, counts, within):
    with open(name, "w") as f:
        f.write("first,second,outcome," + ("count," if counts else "") + "judge,what for\n")
        for k in range(150):
            a = int(rng.integers(12)); b = int(rng.integers(4)) + a // 4 * 4 if within else int(rng.integers(12))
            if a == b: continue
            n = f"{rng.integers(1, 6)}," if counts else ""
            f.write(f"n{a},n{b},{rng.choice([0, .5, 1, .25])},{n}j{k % 7},\"say \"\"{k % 3}\"\"\"\n")
write("plain.csv", False, False)
write("counts.csv", True, False)
write("within.csv", True, True)
END
run "$python" make.py
exits 0
for name in plain counts within; do
  items=items.csv
  [ $name = within ] && items=prompts.csv
  crow import --comparisons $name.csv --contexts contexts.csv --items $items --keep judge,"what for",outcome -o $name.h5
  exits 0
  crow weights $name.h5 -o $name-w.h5
  exits 0
  for how in proportion count; do
    crow fit $name.h5 -o $name-$how.h5 --weights $name-w.h5 --pair-weight $how
    exits 0
    for p in 1 3; do
      ranks $p export $name.h5 -o $name-$how-$p.csv --table comparisons --weights $name-w.h5 --pair-weight $how
      exits 0
    done
    cmp -s $name-$how-1.csv $name-$how-3.csv || fail "3 ranks export another table of $name"
  done
done
crow export plain.h5 -o plain.json --table comparisons --weights uniform --pair-scale literal
exits 0
crow export plain.h5 -o judge.json --table comparisons --column judge
exits 0
crow export plain.h5 -o loss.npy --table comparisons --column loss_weight --weights plain-w.h5
exits 0
crow export plain.h5 -o judge.npy --table comparisons --column judge
exits 2
crow export plain.h5 -o x.csv --weights plain-w.h5
exits 2
says "--weights needs --table comparisons"
crow export plain.h5 -o x.csv --table comparisons --weights missing.h5
exits 4
crow export plain-w.h5 -o x.csv --table comparisons --weights uniform
exits 3
not_there x.csv

# Rewards by value.
crow fit plain.h5 -o by.h5 --weights uniform --by judge --by-least 20
exits 0
crow export by.h5 -o by.csv --table by
exits 0
crow export by.h5 -o by.json --table by
exits 0
crow export plain-count.h5 -o x.csv --table by
exits 3
not_there x.csv

cat >check.py <<'END'
import csv, h5py, json, numpy as np
for name in ("plain", "counts", "within"):
    given = list(csv.DictReader(open(name + ".csv", newline="")))
    for how in ("proportion", "count"):
        rows = list(csv.DictReader(open(f"{name}-{how}-1.csv", newline="")))
        assert [r["judge"] for r in rows] == [g["judge"] for g in given]
        assert [r["what for"] for r in rows] == [g["what for"] for g in given]
        f = h5py.File(f"{name}-{how}.h5")
        r, w = f["rewards/value"][:], f["rewards/weight"][:]
        assert [float(r["kept_outcome"]) for r in rows] == [float(r["outcome"]) for r in rows]
        get = lambda c: np.array([float(row[c]) for row in rows])
        first, second, o, loss = get("first").astype(int), get("second").astype(int), get("outcome"), get("loss_weight")
        gap = r[first] - r[second]
        term = (loss * (o * np.log1p(np.exp(-gap)) + (1 - o) * np.log1p(np.exp(gap)))).sum()
        # Equation 2 also has every alternative beside itself, p(x>x) = 1/2: a constant. Of prompts it is the sum of
        # their shares times what is within them.
        groups = [slice(4 * k, 4 * k + 4) for k in range(3)] if name == "within" else [slice(0, 12)]
        constant = sum(np.log(2) / 2 * (w[g] ** 2).sum() / w[g].sum() for g in groups)
        want = f.attrs["objective"] - f.attrs["lambda"] / 2 * (w * r ** 2).sum() - constant
        assert abs(term - want) < 1e-12, (name, how, term, want)
        # The same weight by hand: w(x) w(y) s c / n for each judgement.
        n = np.array([float(row.get("count") or 1) for row in rows])
        pair = np.minimum(first, second) * 12 + np.maximum(first, second)
        total = np.bincount(pair, n, 144)[pair]
        c = total if how == "count" else np.ones(len(rows))
        if name != "within":
            assert np.allclose(loss, n * w[first] * w[second] * f.attrs["pair_scale"] * c / total, rtol=1e-9)
rows = json.load(open("plain.json"))
pair = [tuple(sorted((r["first"], r["second"]))) for r in rows]
for r, p in zip(rows, pair): assert abs(r["loss_weight"] * 144 * pair.count(p) - 1) < 1e-12 # s = 1, c = 1
assert [r["judge"] for r in json.load(open("judge.json"))] == [g["judge"] for g in csv.DictReader(open("plain.csv", newline=""))]
loss = np.load("loss.npy")
assert np.array_equal(loss, [float(r["loss_weight"]) for r in csv.DictReader(open("plain-proportion-1.csv", newline=""))])
f = h5py.File("by.h5")
names = [n.decode() for n in f["by/name"]]
table, records = list(csv.DictReader(open("by.csv", newline=""))), json.load(open("by.json"))
for k, n in enumerate(names):
    for i, (row, record) in enumerate(zip(table, records)):
        v = f["by/reward"][i, k]
        assert np.isnan(v) and row["reward_" + n] == "" and record["reward_" + n] is None or float(row["reward_" + n]) == record["reward_" + n] == v
END
run "$python" check.py
exits 0
finish
