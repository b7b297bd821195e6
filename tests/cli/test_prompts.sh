# SPDX-License-Identifier: Apache-2.0
# Several prompts: weights within each, shares, comparisons across, and the same rewards as prompts fitted alone.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

# Figure 1 of the paper twice, in turn, and a prompt of one alternative.
cat >contexts.csv <<'CSV'
id,x,prompt,y
a0,0,first,0
b0,0,second,0
a1,1,first,0
c0,0.3,third,0.4
b1,1,second,0
b2,1,second,1
a2,1,first,1
CSV
cat >votes.csv <<'CSV'
left,right,winner
a0,a1,left
a1,a2,left
b0,b2,left
b2,b1,right
CSV
crow import --comparisons votes.csv --contexts contexts.csv -o figure.h5
exits 0
prints "prompts: 3"
crow inspect figure.h5
prints "/alternatives/prompt"
for share in uniform count; do
  crow weights figure.h5 -o "exact-$share.h5" --prompt-share $share
  exits 0
done
for p in 1 4; do
  ranks $p weights figure.h5 -o "w-count-$p.h5" --prompt-share count --nearest fused --samples 3000 --draws independent
  exits 0
done
crow export exact-count.h5 -o table.csv
exits 0
grep -q "prompt" table.csv || fail "no prompt in the exported table"
crow weights figure.h5 -o sphere.h5 --space sphere --space-center none
exits 3
says "/alternatives/context[0] is zero"
"$python" - <<'PY' || fail "weights within prompts are not those of the paper's Figure 1"
import h5py, numpy as np
prompt = np.array([0, 1, 0, 2, 1, 1, 0])
inside = np.array([.375, .375, .25, 1, .25, .375, .375])
for share, of in (("uniform", np.full(3, 1 / 3)), ("count", np.array([3, 3, 1]) / 7)):
    exact = h5py.File(f"exact-{share}.h5")["weights/value"][:]
    assert np.abs(exact - inside * of[prompt]).max() < 1e-15, exact
    for p in (1, 4) if share == "count" else ():
        f = h5py.File(f"w-{share}-{p}.h5")["weights"]
        w, e, hits = f["value"][:], f["standard_error"][:], f["hits"][:]
        assert np.all(np.abs(w - exact) <= 4.5 * e + 1e-15) and np.allclose(e[prompt < 2], of[prompt[prompt < 2]]
            * (inside * (1 - inside) / 3000)[prompt < 2] ** .5, rtol=.1)
        assert [hits[prompt == k].sum() for k in range(2)] == [3000 * 720720] * 2
        assert w.tobytes() == h5py.File(f"w-{share}-1.h5")["weights/value"][:].tobytes()
PY

# Cells of one diagram would not show them.
crow plot figure.h5 -o cells.svg --kind voronoi
exits 3
says "alternatives compete within their prompts"

# An empty prompt is an error in the comparisons as it is in the contexts.
printf 'prompt,chosen,rejected\np,a0,a1\n,a1,a2\n' >empty.csv
cut -d, -f1,2,4 contexts.csv >plain.csv
crow import --comparisons empty.csv --contexts plain.csv -o empty.h5
exits 3
says "empty.csv:3: the prompt is empty"

# Weights of other alternatives, though as many, are refused.
sed 's/^c0,/zz,/' contexts.csv >others.csv
crow import --comparisons votes.csv --contexts others.csv -o others.h5
exits 0
for p in 1 3; do
  ranks $p fit others.h5 -o others-rewards.h5 --weights exact-count.h5
  exits 3
  says 'exact-count.h5: /alternatives/id[3] is "c0", but "zz" in others.h5'
done

# Comparisons across prompts are refused, unless they are allowed.
echo "a0,b0,left" >>votes.csv
crow import --comparisons votes.csv --contexts contexts.csv -o across.h5
exits 0
crow fit across.h5 -o refused.h5
exits 3
says '/comparisons/first[4] is 0, of prompt "first", and /comparisons/second[4] is 1, of prompt "second"'
crow fit across.h5 -o allowed.h5 --across-prompts
exits 0

# Five prompts of 1 to 40 alternatives, in any order, against each alone.
"$python" - <<'PY'
import h5py, numpy as np
rng = np.random.default_rng(5)
sizes = [40, 3, 1, 17, 6]
prompt = rng.permutation(np.repeat(np.arange(5), sizes))
context, reward = rng.random((67, 4)), rng.normal(size=(2, 67))
pairs = np.array([(x, y) for x in range(67) for y in range(67) if x != y and prompt[x] == prompt[y]])
pairs = pairs[rng.integers(len(pairs), size=900)]
won = (rng.random(900) < 1 / (1 + np.exp(reward[0, pairs[:, 1]] - reward[0, pairs[:, 0]]))).astype(float)
def write(name, rows, source):
    with h5py.File(name, "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"] = context[rows]
        if len(rows) == 67:
            f["alternatives/prompt"] = [f"prompt {prompt[x]}" for x in rows]
        if source == "population":
            f["population/prevalence"], f["population/reward"] = [.4, .6], reward[:, rows]
        elif source == "matrix":
            p = sum(v / (1 + np.exp(t[None, rows] - t[rows, None])) for v, t in zip([.4, .6], reward))
            f["preference/matrix"] = p
        else:
            number = np.full(67, -1); number[rows] = np.arange(len(rows))
            mine = number[pairs[:, 0]] >= 0
            f["comparisons/first"], f["comparisons/second"] = number[pairs[mine, 0]], number[pairs[mine, 1]]
            f["comparisons/outcome"] = won[mine]
for source in ("population", "matrix", "votes"):
    write(f"all-{source}.h5", np.arange(67), source)
for k in (0, 3):
    for source in ("population", "votes"):
        write(f"one-{source}-{k}.h5", np.flatnonzero(prompt == k), source)
np.save("prompt.npy", prompt)
PY
few=60
for how in "--space box --draws independent" "--space cube --draws independent --relative-error 0.05 --max-samples 1500" "--scheme kernel" \
  "--scheme radius" "--scheme cluster" "--space pool:all-votes.h5:/alternatives/context --pseudo-count 1"; do
  # shellcheck disable=SC2086 # words
  ranks 3 weights all-votes.h5 -o all-3.h5 --samples "$few" $how --force && exits 0
  # shellcheck disable=SC2086 # words
  crow weights one-votes-0.h5 -o one-0.h5 --samples "$few" $how --force && exits 0
  "$python" - <<'PY' || fail "weights $how are not those of each prompt alone"
import h5py, numpy as np
prompt = np.load("prompt.npy")
w, error = (h5py.File("all-3.h5")["weights/" + name][:] for name in ("value", "standard_error"))
assert abs(w.sum() - 1) < 1e-14
for k in (0,):
    alone = h5py.File(f"one-{k}.h5")["weights"]
    assert np.array_equal(w[prompt == k], .2 * alone["value"][:])
    assert np.array_equal(error[prompt == k], .2 * alone["standard_error"][:])
PY
done
for p in 1 3; do
  ranks $p fit all-votes.h5 -o "literal-$p.h5" --samples "$few" --draws independent --pair-scale literal --tolerance 1e-12 --standard-errors --bootstrap 6
  exits 0
done
for p in 1 3; do
  ranks $p fit all-votes.h5 -o "scaled-$p.h5" --samples "$few" --draws independent --tolerance 1e-12 --prompt-share count --standard-errors --bootstrap 6
  exits 0
  ranks $p fit all-votes.h5 -o "count-$p.h5" --samples "$few" --draws independent --tolerance 1e-12 --pair-weight count
  exits 0
done
for source in population matrix; do
  crow fit all-$source.h5 -o $source.h5 --samples "$few" --draws independent --tolerance 1e-12
  exits 0
done
crow fit all-votes.h5 -o uniform.h5 --weights uniform --tolerance 1e-12
exits 0
# One replicate has the ranks of its own rewards, which are its intervals, within the prompt and among weighted ones.
for p in 1 3; do
  ranks $p fit all-votes.h5 -o "replicate-$p.h5" --samples "$few" --draws independent --bootstrap 1 --json replicate.json
  exits 0
  "$python" - "$p" <<'PY' || fail "ranks of a replicate are not those within the prompts"
import h5py, json, numpy as np, sys
prompt = np.load("prompt.npy")
f = h5py.File(f"replicate-{sys.argv[1]}.h5")["rewards"]
r, w = f["lower"][:], f["weight"][:]
want = [1 + sum(r[y] > r[x] for y in range(67) if prompt[y] == prompt[x] and w[y] > 0) for x in range(67)]
known = ~np.isnan(r)
assert known.sum() > 60 and (w[known] == 0).any()
for name in ("rank_lower", "rank_upper"):
    assert np.array_equal(f[name][:][known], np.array(want)[known]), name
for entry in json.load(open("replicate.json"))["ranking"]:
    assert (entry["rank"] is None) == (entry["rank_lower"] is None) == (entry["rank_upper"] is None)
PY
done
number() { "$python" -c 'import numpy as np, sys; p = np.load("prompt.npy"); print(list(dict.fromkeys(p.tolist())).index(int(sys.argv[1])))' "$1"; }
for k in 0 3; do
  crow fit "one-votes-$k.h5" -o "literal-one-$k.h5" --samples "$few" --draws independent --pair-scale literal --tolerance 1e-12 --standard-errors
  exits 0
  crow fit "one-votes-$k.h5" -o "scaled-one-$k.h5" --samples "$few" --draws independent --tolerance 1e-12 --standard-errors
  exits 0
  lambda=$("$python" -c 'import h5py, sys; print(repr(.01 / float(h5py.File("count-1.h5")["prompts/pair_scale"][int(sys.argv[1])])))' "$(number $k)")
  crow fit "one-votes-$k.h5" -o "count-one-$k.h5" --samples "$few" --draws independent --tolerance 1e-12 --pair-weight count --pair-scale literal --lambda "$lambda"
  exits 0
  crow fit "one-population-$k.h5" -o "population-one-$k.h5" --samples "$few" --draws independent --tolerance 1e-12
  exits 0
done
"$python" - <<'PY' || fail "rewards are not those of each prompt fitted alone"
import h5py, numpy as np
prompt = np.load("prompt.npy")
read = lambda name, what="value": h5py.File(name)["rewards/" + what][:]
for p in (3,):
    for what in ("value", "standard_error", "lower", "upper", "rank_lower"):
        for kind in ("literal", "scaled"):
            assert read(kind + "-1.h5", what).tobytes() == read(f"{kind}-{p}.h5", what).tobytes(), what
    assert read("count-1.h5").tobytes() == read(f"count-{p}.h5").tobytes()
assert (read("literal-1.h5", "weight") == 0).any(), "no alternative of zero weight is among them"
for k in (0, 3):
    for all_, one in (("literal-1", "literal"), ("scaled-1", "scaled"), ("count-1", "count"), ("population", "population"), ("matrix", "population")):
        assert np.abs(read(all_ + ".h5")[prompt == k] - read(f"{one}-one-{k}.h5")).max() < 1e-9, (all_, k)
        for what in ("win_rate", "fitted_win_rate"):
            a, b = read(all_ + ".h5", what)[prompt == k], read(f"{one}-one-{k}.h5", what)
            assert np.nanmax(np.abs(a - b)) < 1e-9 and np.array_equal(np.isnan(a), np.isnan(b)), (all_, what, k)
    for kind in ("literal", "scaled"):
        a, b = read(kind + "-1.h5", "standard_error")[prompt == k], read(f"{kind}-one-{k}.h5", "standard_error")
        assert np.nanmax(np.abs(a - b)) < 1e-8, (kind, k)

# The scales and names of the prompts, reckoned from weights and comparisons.
order = list(dict.fromkeys(prompt.tolist()))
with h5py.File("all-votes.h5") as f:
    pairs = np.unique(np.sort(np.c_[f["comparisons/first"][:], f["comparisons/second"][:]], axis=1), axis=0)
for name in ("scaled-1.h5", "count-1.h5", "scaled-3.h5"):
    w = read(name, "weight")
    v = w / np.bincount(prompt, w)[prompt]
    s = h5py.File(name)["prompts/pair_scale"][:]
    for j, k in enumerate(order):
        e = pairs[prompt[pairs[:, 0]] == k]
        mass = (v[e[:, 0]] * v[e[:, 1]]).sum()
        want = (1 - (v[prompt == k] ** 2).sum()) / (2 * mass) if mass > 0 else 0
        assert abs(s[j] - want) < 1e-12 * max(want, 1), (name, k, s[j], want)
    assert h5py.File(name)["prompts/name"][:].tolist() == [b"prompt %d" % k for k in order]
    assert h5py.File(name).attrs["pair_scale"] == 1
assert "prompts" not in h5py.File("literal-1.h5")
w = read("uniform.h5", "weight")
assert all(np.allclose(w[prompt == k], .2 / (prompt == k).sum(), rtol=1e-15) for k in range(5))
assert abs(h5py.File("population.h5").attrs["pair_scale"] - 1) < 1e-12
PY

# A prompt none of whose weighted alternatives were compared takes the limit, one without pairs has none, and neither
# knows of the other; comparisons across prompts leave one scale for all.
"$python" - <<'PY'
import h5py, numpy as np
text = lambda values: [v.encode() for v in values]
def write(name, pairs):
    with h5py.File(name, "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"] = np.linspace(0, 1, 9)[:, None]
        f["alternatives/prompt"] = text("AAAABBBCC")
        f["comparisons/first"], f["comparisons/second"] = np.array(pairs).T
        f["comparisons/outcome"] = np.ones(len(pairs))
write("limit.h5", [(0, 1), (0, 2), (1, 2), (4, 5), (5, 6)])
write("limit-across.h5", [(0, 1), (0, 2), (1, 2), (4, 5), (5, 6), (6, 7)])
with h5py.File("limit-weights.h5", "w") as f:
    f.attrs.update(crow_kind="weights", crow_schema_version=1, scheme="voronoi", samples=0, space="cube", seed=1, hit_unit=720720)
    f["weights/value"] = np.array([1, 0, 0, 0, .2, .3, .5, .5, .5]) / 3
PY
for p in 1 2; do
  ranks $p fit limit.h5 -o "limit-$p.h5" --weights limit-weights.h5 --tolerance 1e-12
  exits 0
done
crow fit limit-across.h5 -o across-rewards.h5 --weights limit-weights.h5 --across-prompts
exits 0
"$python" - <<'PY' || fail "a prompt's scale is not its own, or one scale is not that of all"
import h5py, numpy as np
one, two, across = (h5py.File(n + ".h5") for n in ("limit-1", "limit-2", "across-rewards"))
want = [3 / 2, (1 - .2 ** 2 - .3 ** 2 - .5 ** 2) / (2 * (.2 * .3 + .3 * .5)), 0]
assert np.abs(one["prompts/pair_scale"][:] - want).max() < 1e-14, one["prompts/pair_scale"][:]
assert one["rewards/value"][:].tobytes() == two["rewards/value"][:].tobytes()
r = one["rewards/value"][:]
for x in (1, 2):  # each lost to the one with weight, and nothing else counts
    assert abs(.01 * r[x] + 1.5 / (1 + np.exp(-(r[x] - r[0])))) < 1e-9
assert "prompts" not in across
v = np.array([1, 0, 0, 0, .2, .3, .5, .5, .5]); w = v / 3; q = (w * v) ** .5
s = (1 - w @ v) / (2 * (q[4] * q[5] + q[5] * q[6] + q[6] * q[7]))
assert abs(across.attrs["pair_scale"] - s) < 1e-12 * s
PY

# Groups do not cross prompts, and prompts go with their alternatives.
crow cluster all-votes.h5 -o groups.h5 --clusters 6
exits 0
crow cluster all-votes.h5 -o near.h5 --radius 0.5
exits 0
crow pca all-votes.h5 -o pca.h5 --components 2
exits 0
crow split all-votes.h5 -o train.h5 --test-output test.h5 --test 0.2
exits 0
"$python" - <<'PY' || fail "prompts are lost or mixed"
import h5py, numpy as np
whole = h5py.File("all-votes.h5")["alternatives/prompt"][:]
for name in ("pca.h5", "train.h5", "test.h5", "literal-1.h5", "all-3.h5"):
    assert np.array_equal(whole, h5py.File(name)["alternatives/prompt"][:]), name
for name in ("groups.h5", "near.h5"):
    f = h5py.File(name)
    assert np.array_equal(f["alternatives/prompt"][:][f["cluster/map"][:]], whole) and len(f["alternatives/context"]) < 60
    assert np.array_equal(f["cluster/prompt"][:], whole)
with h5py.File("all-votes.h5", "a") as f:
    names = f["alternatives/prompt"][:]
    names[5] = b""
    f["alternatives/prompt"][:] = names
PY
crow weights all-votes.h5 -o none.h5
exits 3
says '/alternatives/prompt[5] is "", expected the name of a prompt'
finish
