# SPDX-License-Identifier: Apache-2.0
# A weighted mean that does not come to rest in 30 rounds: said, as a warning only where it shows beside what the samples
# leave of error, which is worked out here from the weights.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

# Few dimensions hold most of the variance: the weights of their hull creep from round to round.
cat >make.py <<'END'
import h5py, numpy as np
x = np.random.default_rng(1).normal(size=(200, 8)) / np.arange(1, 9) + 1
with h5py.File("slow.h5", "w") as f:
    f.attrs.update(crow_kind="dataset", crow_schema_version=1)
    f["alternatives/context"] = x
    f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = [0], [1], [1.0]
END
run "$python" make.py
exits 0
for samples in 100000 400000; do
  crow weights slow.h5 -o w-$samples.h5 --space sphere --samples $samples --draws independent --verbose
  exits 0
  cat out err >both
  once both "space: the weighted mean had not come to rest after 30 rounds of 100000 samples"
  grep "the weighted mean had not come to rest" both >said-$samples
done
"$python" - <<'PY' || fail "the line does not say what is in the file"
import h5py, re, numpy as np
for samples, warned in ((100000, False), (400000, True)):
    with h5py.File(f"w-{samples}.h5") as f: w, change, rounds = f["weights/value"][:], f.attrs["center_change"], f.attrs["center_rounds"]
    line = open(f"said-{samples}").read()
    # The mean of |error| of a normal is sqrt(2 / pi) of its standard deviation.
    error = np.sqrt(2 / np.pi * w * (1 - w) / samples).sum()
    said_change, said_error = re.search(r"changed the weights by (\S+) in sum, .* sampling error of (\S+) with", line).groups()
    assert rounds == 30 and change >= 1e-4
    assert abs(float(said_change) / change - 1) < .05 and abs(float(said_error) / error - 1) < .06, (line, error)
    assert ("warning" in line) == warned == (10 * change > error), line
    assert ("which matters beside" in line) == warned and ("which does not matter beside" in line) != warned, line
PY

# Within prompts it is said once, for how many. A prompt's weights are those of its alternatives alone, so which of them come
# to rest is seen from these: one of many alternatives, one of few, and one of two, which needs no rounds.
cat >prompts.py <<'END'
import h5py, numpy as np
slow = np.random.default_rng(1).normal(size=(200, 8)) / np.arange(1, 9) + 1
few = np.random.default_rng(1).normal(size=(60, 8)) / np.arange(1, 9) + 1  # below what a search is made for
parts = {"slow": slow, "few": few, "two": np.eye(8)[:2]}
for name, x in list(parts.items()) + [("prompts", np.concatenate(list(parts.values())))]:
    with h5py.File(f"{name}.h5", "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"] = x
        if name == "prompts":
            f["alternatives/prompt"] = np.concatenate([[p] * len(r) for p, r in parts.items()]).astype(h5py.string_dtype())
        f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = [0], [1], [1.0]
END
run "$python" prompts.py
exits 0
for samples in 100000 400000; do
  mv w-$samples.h5 w-slow-$samples.h5 # of the same contexts
  for name in few two; do
    crow weights $name.h5 -o w-$name-$samples.h5 --space sphere --samples $samples --draws independent
    exits 0
  done
  for on in 1 3; do
    [ $on$samples != 3100000 ] || continue # the longer one on several ranks is enough
    ranks $on weights prompts.h5 -o w-prompts.h5 --force --space sphere --samples $samples --draws independent --verbose
    exits 0
    once out "space: sphere, of each prompt's own contexts"
    cat out err >both
    grep "the weighted mean had" both >said-$samples-$on || :
    "$python" - $samples said-$samples-$on <<'PY' || fail "restless prompts are not counted on $on ranks"
import h5py, re, sys, numpy as np
samples, line = int(sys.argv[1]), open(sys.argv[2]).read()
restless = seen = 0
for name in ("slow", "few", "two"):
    with h5py.File(f"w-{name}-{samples}.h5") as f: w, a = f["weights/value"][:], dict(f.attrs)
    rests = a.get("center_rounds", 0) == 0 or a["center_change"] < 1e-4
    restless += not rests
    seen += not rests and 10 * a["center_change"] > np.sqrt(2 / np.pi * w * (1 - w) / samples).sum()
assert restless > 0 and line.count("\n") == 1, line
said = re.search(r"in (\d+) prompts? the weighted mean .*; in (\d+) of them", line).groups()
assert tuple(map(int, said)) == (restless, seen), (said, restless, seen)
assert ("warning" in line) == (seen > 0), line
PY
  done
done
finish
