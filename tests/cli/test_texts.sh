# SPDX-License-Identifier: Apache-2.0
# Texts at their edges: prompts longer than a name, names that are no UTF-8, more topics than a picture shows, and results
# of alternatives in JSON; what a dataset says of itself goes into its parts.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

# Two prompts of which the first 1042 bytes agree, with a character of three bytes where a name, of 1024 at most with its
# digest, is cut.
"$python" - <<'PY'
common = "x" * 982 + "\u20ac" * 20
with open("votes.csv", "w", encoding="utf-8") as f:
    f.write("prompt,a,b,winner\n")
    for k, prompt in enumerate((common + " first" * 9, common + " second" * 9, "short")):
        f.write(f"{prompt},p{k}x,p{k}y,a\n{prompt},p{k}y,p{k}z,b\n")
PY
crow import --comparisons votes.csv -o votes.h5
exits 0
"$python" - <<'PY' || fail "names of long prompts"
import h5py
names = [n.decode("utf-8") for n in dict.fromkeys(h5py.File("votes.h5")["alternatives/prompt"][:])]
assert len(names) == 3 and names[2] == "short", names
assert names[0] != names[1] and names[0].split(" #")[0] == names[1].split(" #")[0] == "x" * 982, names
assert all(len(n.encode()) <= 1024 for n in names) and all(len(n.split(" #")[1]) == 32 for n in names[:2]), names
PY

"$python" - <<'PY'
import h5py, numpy as np
rng, m = np.random.default_rng(1), 240
with h5py.File("topics.h5", "w") as f:
    f.attrs.update(crow_kind="dataset", crow_schema_version=1, description="made of \u2713 numbers")
    f["alternatives/context"] = rng.random((m, 2))
    f["alternatives/id"] = [b"a%03d" % i for i in range(m)]
    f["alternatives/topic"] = [b"topic %03d" % (i // 2) for i in range(m)]
    x = rng.integers(0, m, 3000)
    f["comparisons/first"], f["comparisons/second"] = x, (x + 1 + rng.integers(0, m - 1, 3000)) % m
    f["comparisons/outcome"] = rng.integers(0, 3, 3000) / 2
PY
crow split topics.h5 -o train.h5 --test-output test.h5
exits 0
"$python" -c 'import h5py; assert all(h5py.File(n).attrs["description"] == "made of \u2713 numbers" for n in ("train.h5", "test.h5"))' ||
  fail "the description is not in both parts"

crow fit topics.h5 -o one.h5 --weights uniform -q
exits 0
odd=$(printf 'odd\377')
crow fit topics.h5 -o "$odd.h5" --samples 2000 -q
exits 0

# By alternatives, in JSON as in the files; a name that is no UTF-8 is written so that it can be read.
crow compare one.h5 "$odd.h5" --top 3 --json compared.json
exits 0
"$python" - <<'PY' || fail "compare --json by alternatives"
import h5py, json, numpy as np
report = json.load(open("compared.json", encoding="utf-8"))
files = [h5py.File(n)["rewards/value"][:] for n in (b"one.h5", b"odd\xff.h5")]
rows = report["alternatives"]
assert len(rows) == 3, len(rows)
best = np.argsort(-files[1])[:3]
assert [r["id"] for r in rows] == ["a%03d" % i for i in best], rows
for row, i in zip(rows, best):
    for result, value in zip(row["results"], files):
        assert result["reward"] == value[i] and result["lower"] < value[i] < result["upper"], result
        assert result["rank"] == 1 + (value > value[i]).sum(), result
PY

# Of 120 topics the first and the last 50 are shown, and one line says how many are not.
if crow plot one.h5 -o topics.svg --kind topics && [ "$code" -eq 0 ]; then
  grep -q "(20 more" topics.svg || fail "the picture does not say how many topics it leaves out"
  shown=$(grep -o 'topic [0-9][0-9][0-9]' topics.svg | sort -u | wc -l)
  if [ "$shown" -lt 100 ] || [ "$shown" -gt 101 ]; then fail "$shown topics in the picture"; fi
fi

# Whole texts and kept columns go into whatever is copied of a dataset, which are indices into what is copied beside.
"$python" - <<'PY'
with open("texts.csv", "w") as f:
    f.write("left,right,winner,judge\n")
    for k in range(60):
        first, second = (f"answer {(k + d) % 8} " + "and so on " * 60 for d in (0, 1 + k % 7))
        f.write(f'"{first}","{second}","{first}",judge {k % 5}\n')
with open("texts-contexts.csv", "w") as f:
    f.write("id,x,y,z\n")
    for k in range(8):
        f.write(f'"answer {k} {"and so on " * 60}",{k},{k * k % 5},{k % 3}\n')
PY
crow import --comparisons texts.csv --contexts texts-contexts.csv --keep judge -o texts.h5
exits 0
prints "8 ids are the beginning of a text, which is stored whole"
for p in 1 2; do
  ranks $p split texts.h5 -o texts-train.h5 --test-output texts-test.h5 --force
  exits 0
  ranks $p pca texts.h5 -o texts-pca.h5 --force
  exits 0
  "$python" - <<'PY' || fail "texts or kept columns are lost"
import h5py, numpy as np
whole = h5py.File("texts.h5")
for name in ("texts-train.h5", "texts-test.h5", "texts-pca.h5"):
    part = h5py.File(name)
    for path in ("alternatives/id", "alternatives/text_begin", "alternatives/text_bytes", "comparisons/label_name", "comparisons/label_value"):
        assert np.array_equal(whole[path][()], part[path][()]), (name, path)
assert np.array_equal(whole["comparisons/label"][()], part["comparisons/label"][()])
PY
done
finish
