# SPDX-License-Identifier: Apache-2.0
# New alternatives where weights were found on a sphere: the nearest is that of directions from the centre, with prompts
# from each prompt's own. Against an independent calculation.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

# Contexts of many lengths about a mean far from 0, so that distances, directions and directions from the mean tell
# three different nearest ones; the first five of forty were never judged.
cat >make.py <<'END'
import h5py, numpy as np
rng = np.random.default_rng(11)
def contexts(n): return (rng.normal(size=(n, 5)) + 2) * rng.uniform(.5, 2, size=(n, 1))
def pairs(n, prompt):
    a, b = rng.integers(5, n, size=(2, 40 * n))
    kept = (a != b) & (prompt[a] == prompt[b])
    return a[kept], b[kept]
for name, n, prompts, kind in (("one", 40, 1, "f4"), ("many", 80, 4, "f8")):
    x, prompt = contexts(n).astype(kind), np.arange(n) % prompts
    new, asked = contexts(300).astype(kind), rng.integers(prompts, size=300)
    with h5py.File(f"{name}.h5", "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"] = x
        f["comparisons/first"], f["comparisons/second"] = pairs(n, prompt)
        f["comparisons/outcome"] = rng.integers(2, size=len(f["comparisons/first"])).astype(float)
        if prompts > 1: f["alternatives/prompt"] = np.array([f"p{k}" for k in prompt], dtype="S4")
    with h5py.File(f"{name}-new.h5", "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"] = new
        f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = [0], [1], [1.0]
        if prompts > 1: f["alternatives/prompt"] = np.array([f"p{k}" for k in asked], dtype="S4")
np.save("zero.npy", np.array([[1., 0, 0, 0, 0], [0, 0, 0, 0, 0]]))
with h5py.File("centre.h5", "w") as f: f["c"] = np.array([.3, .1, .2, 0, -.2])
END
run "$python" make.py
exits 0
for data in one many; do
  crow fit $data.h5 -o $data-weighted.h5 --space sphere --samples 20000
  exits 0
  crow fit $data.h5 -o $data-none.h5 --space sphere --space-center none --samples 20000
  exits 0
  crow fit $data.h5 -o $data-file.h5 --space sphere --space-center centre.h5:c --samples 20000
  exits 0
  crow fit $data.h5 -o $data-box.h5 --space box --samples 20000
  exits 0
  for how in weighted none file box; do
    [ $how = weighted ] && counts="1 3" || counts=1
    for p in $counts; do
      ranks "$p" score $data-$how.h5 --dataset $data.h5 --contexts $data-new.h5 -o "$data-$how-$p.h5" --json $data-$how.json
      exits 0
      cat out >>lines
    done
  done
done
for metric in "on the sphere about the weighted mean, as the weights were found" \
  "on the sphere about the prompt's weighted mean, as the weights were found" \
  "on the sphere about the given centre, as the weights were found" "on the sphere, as the weights were found" \
  "by the contexts' distance"; do
  grep -qxF "nearest $metric" lines || fail "no score was said to be nearest $metric"
done
# Alternatives never compared have the reward of the nearest in the same metric.
ranks 3 eval many-weighted.h5 many.h5 --json eval.json
exits 0
"$python" - <<'PY' || fail "the nearest are not those of the space in which the weights were found"
import h5py, json, numpy as np
def unit(a):
    n = np.linalg.norm(a, axis=-1, keepdims=True)
    return a / np.where(n == 0, 1, n)
def read(name, *paths):
    with h5py.File(name) as f: return [f[p][:] for p in paths]
chosen = {}
for data in ("one", "many"):
    x, new = (read(name, "alternatives/context")[0].astype(float) for name in (f"{data}.h5", f"{data}-new.h5"))
    prompt, asked = (np.zeros(len(a)) for a in (x, new))
    if data == "many": prompt, asked = (read(n, "alternatives/prompt")[0] for n in ("many.h5", "many-new.h5"))
    for how in ("weighted", "none", "file", "box"):
        w, win_rate, value = read(f"{data}-{how}.h5", "rewards/weight", "rewards/win_rate", "rewards/value")
        seen, at, distance = ~np.isnan(win_rate), np.zeros(len(new), int), np.zeros(len(new))
        assert 0 < (~seen).sum() <= 5
        for p in np.unique(prompt):
            own, points, these = np.flatnonzero((prompt == p) & seen), asked == p, x
            if how != "box":
                c = np.zeros(5)
                if how == "file": c = np.array([.3, .1, .2, 0, -.2])
                if how == "weighted" and data == "many": c = np.average(unit(x)[prompt == p], axis=0, weights=w[prompt == p])
                if how == "weighted" and data == "one":
                    (c,) = read("one-weighted.h5", "space/center")
                    # The centre is the mean of its own weights, up to the rest of its rounds.
                    assert np.linalg.norm(c - w @ unit(x)) < 2e-3
                these, towards = unit(unit(x) - c), unit(unit(new) - c)
            else: towards = new
            d = np.linalg.norm(towards[points][:, None] - these[own][None], axis=-1)
            at[points], distance[points] = own[d.argmin(1)], d.min(1)
        for ranks in (1, 3) if how == "weighted" else (1,):
            found = read(f"{data}-{how}-{ranks}.h5", "scores/nearest", "scores/value", "scores/distance")
            assert (found[0] == at).all() and (found[1] == value[at]).all() and np.allclose(found[2], distance, atol=1e-13)
        with h5py.File(f"{data}-{how}-1.h5") as f: kept = f.attrs["metric"]
        said = json.load(open(f"{data}-{how}.json"))["metric"]
        assert kept in (said, said.encode()) and said == ("euclidean" if how == "box" else "sphere"), (kept, said)
        chosen[data, how] = at
    # The data tell the metrics apart.
    for how in ("none", "file", "box"): assert (chosen[data, how] != chosen[data, "weighted"]).mean() > .05
x, prompt = read("many.h5", "alternatives/context", "alternatives/prompt")
w, win_rate, value = read("many-weighted.h5", "rewards/weight", "rewards/win_rate", "rewards/value")
seen, full = ~np.isnan(win_rate), value.copy()
for i in np.flatnonzero(~seen):
    same = prompt == prompt[i]
    y = unit(unit(x) - np.average(unit(x)[same], axis=0, weights=w[same]))
    own = np.flatnonzero(same & seen)
    full[i] = value[own[np.linalg.norm(y[own] - y[i], axis=1).argmin()]]
first, second, outcome = read("many.h5", "comparisons/first", "comparisons/second", "comparisons/outcome")
z = (full[first] - full[second]) * np.where(outcome > .5, 1, -1)
assert abs(json.load(open("eval.json"))["log_loss"] - np.log1p(np.exp(-z)).mean()) < 1e-12
PY

# Without a centre a context of zeros has no place; about one it has that of minus the centre.
crow score one-none.h5 --dataset one.h5 --contexts zero.npy -o never.h5
exits 3
says "zero.npy: row 1 is zero: it has no direction"
not_there never.h5
crow score one-weighted.h5 --dataset one.h5 --contexts zero.npy -o zero.h5
exits 0
# Where new alternatives tell no prompts, no prompt's centre is theirs.
"$python" -c "import h5py, numpy as np; np.save('untold.npy', h5py.File('many-new.h5')['alternatives/context'][:])"
crow score many-weighted.h5 --dataset many.h5 --contexts untold.npy -o untold.h5
exits 0
says "untold.npy tells no prompts"
prints "nearest by the contexts' distance, since the weights' sphere has a centre for each prompt"
# A centre that is none is refused.
"$python" -c "
import h5py
with h5py.File('one-weighted.h5', 'a') as f: f['space/center'][0] = 3.0"
crow score one-weighted.h5 --dataset one.h5 --contexts one-new.h5 -o never.h5
exits 3
says "one-weighted.h5: /space/center has the length 3"
finish
