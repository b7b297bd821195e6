# SPDX-License-Identifier: Apache-2.0
# Results belong to their alternatives: others, or the same in another order, are refused, with ids on one side or none.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

"$python" - <<'PY' || fail "no data"
import h5py, numpy as np
g = np.random.default_rng(0)
m, q = 12, 200
X = g.integers(0, 1000, (m, 3)) / 1024
i = g.integers(0, m, q)
j = (i + g.integers(1, m, q)) % m
o = (g.random(q) < 1 / (1 + np.exp(-.5 * (i - j)))) * 1.
def dataset(name, X, i, j, ids=None):
    with h5py.File(name, "w") as f:
        f.attrs.update(crow_kind="dataset", crow_schema_version=1)
        f["alternatives/context"] = X
        f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"] = i, j, o
        if ids:
            f.create_dataset("alternatives/id", data=ids, dtype=h5py.string_dtype())
p = g.permutation(m)
back = np.argsort(p)
ids = ["a%d" % k for k in range(m)]
dataset("train.h5", X, i, j)
dataset("single.h5", X.astype("f4"), i, j)  # the same values
dataset("ids.h5", X, i, j, ids)
dataset("permuted.h5", X[p], back[i], back[j])
dataset("permuted_ids.h5", X[p], back[i], back[j], [ids[k] for k in p])
dataset("other.h5", g.random((m, 3)), i, j)
np.savetxt("rows.csv", X, delimiter=",", header="x,y,z", comments="")
# Zeros of either sign are the same value; 49 equal contexts do not divide a sample's units.
Y = np.r_[np.full((49, 3), .25), np.full((1, 3), .75)]
Y[:25, 1] = 0.
Y[25:49, 1] = -0.
dataset("equal.h5", Y, i, j)
PY
for d in train ids; do
  crow fit $d.h5 -o r-$d.h5
  exits 0
done
crow weights train.h5 -o w-train.h5
exits 0
for d in train single ids; do
  for r in train ids; do
    crow eval r-$r.h5 $d.h5
    exits 0
  done
  crow fit $d.h5 --weights w-train.h5 -o f.h5 --force
  exits 0
done
for d in permuted other; do
  for r in train ids; do
    crow eval r-$r.h5 $d.h5
    exits 3
    says "other contexts, or in another order"
  done
  crow fit $d.h5 --weights w-train.h5 -o f.h5 --force
  exits 3
  says "weights of other alternatives"
done
crow eval r-ids.h5 permuted_ids.h5
exits 3
crow eval r-train.h5 permuted_ids.h5
exits 3

# Scores of the dataset's own rows are evaluated on it, and on no other.
crow score r-train.h5 --dataset train.h5 --contexts train.h5 -o s.h5
exits 0
crow eval s.h5 train.h5
exits 0
crow eval s.h5 permuted.h5
exits 3
says "other contexts, or in another order"

# A split has the same alternatives; a file of an earlier version cannot be checked, and says so.
crow split train.h5 -o part.h5 --test-output rest.h5
exits 0
crow eval r-train.h5 rest.h5
exits 0
"$python" -c 'import h5py; del h5py.File("r-train.h5", "r+").attrs["alternatives_digest"]'
crow eval r-train.h5 train.h5
exits 0
says "is not checked"

# The digest and equal weights for any number of ranks and slices.
for way in "1" "3" "3 --grid 1x3"; do
  # shellcheck disable=SC2086
  # shellcheck disable=SC2046 # a list of options
  ranks ${way%% *} weights equal.h5 -o "q.h5" --force --samples 1001 $(echo "$way" | cut -s -d" " -f2-)
  exits 0
  "$python" - <<'PY' || fail "equal contexts differ: $way"
import h5py
f = h5py.File("q.h5")
w, s = f["weights/value"][:], f["weights/standard_error"][:]
assert len(set(w[:49])) == 1 and len(set(s[:49])) == 1
assert abs(w.sum() - 1) < 1e-12 and w[0] > 0
assert f["weights/hits"][:].sum() == f.attrs["samples"] * f.attrs["hit_unit"] >= 1001 * f.attrs["hit_unit"]
PY
done

# Weights within prompts are others where the prompts are others, or none: that is said, and nothing where they are the
# same by another name.
echo "id,x,y" >prompt-contexts.csv
for k in 0 1 2 3 4 5 6 7; do
  echo "a$k,0.$k,0.$((k * k % 7))" >>prompt-contexts.csv
done
for by in 2 4 two none; do
  if [ $by = none ]; then echo id >items.csv; else echo id,prompt >items.csv; fi
  for k in 0 1 2 3 4 5 6 7; do
    case $by in
      none) echo "a$k" ;;
      two) echo "a$k,named $((k % 2))" ;;
      *) echo "a$k,$((k % by))" ;;
    esac
  done >>items.csv
  {
    echo left,right,winner
    for k in 0 1 2 3; do echo "a$k,a$((k + 4)),left"; done
  } >prompt-votes.csv
  crow import --comparisons prompt-votes.csv --items items.csv --contexts prompt-contexts.csv -o "prompts-$by.h5"
  exits 0
done
crow weights prompts-2.h5 -o prompts-w.h5
exits 0
crow fit prompts-2.h5 -o prompts-r.h5 --weights prompts-w.h5
exits 0
says_prompts() {
  if [ -n "$1" ]; then says "was made with $1 prompts than"; elif grep -q "was made with" err; then fail "$last: warns"; fi
}
says_prompts ""
for by in 4:other two: none:more; do
  crow fit "prompts-${by%:*}.h5" -o prompts-other.h5 --weights prompts-w.h5 --force
  exits 0
  says_prompts "${by#*:}"
  crow eval prompts-r.h5 "prompts-${by%:*}.h5"
  exits 0
  says_prompts "${by#*:}"
done
crow weights prompts-none.h5 -o none-w.h5
exits 0
ranks 2 fit prompts-2.h5 -o prompts-other.h5 --weights none-w.h5 --force
exits 0
says_prompts fewer
finish
