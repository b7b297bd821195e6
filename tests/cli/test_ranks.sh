# SPDX-License-Identifier: Apache-2.0
# What is printed and written does not depend on the number of ranks, and the topic table is what the definitions say.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

write_many 1500 6000
import many.h5 --items items.csv
exits 0

# tables FILE: the result's part of the output, without versions and times.
tables() { sed -n '/^Alternatives by reward/,/^converged/p' out >"$1"; }
for p in 1 2 3 4 7; do
  ranks $p fit many.h5 -o many-$p.h5 --samples 20000 --seed 4 --json many-$p.json
  exits 0
  tables tables-$p
  cmp -s tables-1 tables-$p || fail "the tables of $p ranks differ from those of one"
  case $p in 2 | 4) continue ;; esac # compare adds up as fit does
  ranks $p compare many-1.h5 many-$p.h5 --by topic
  exits 0
  grep '^t[0-6] ' out >topics-$p
  cmp -s topics-1 topics-$p || fail "the comparison by topic of $p ranks differs"
  ranks $p compare many-1.h5 many-$p.h5 --by alternative --top 30
  exits 0
  # Results that are equal bit for bit have equal ranks and rewards side by side.
  awk '$1 ~ /^n[0-9]+$/ { n++; if ($(NF-4) != $(NF-2) || $(NF-3) != $NF || $(NF-1) != "=") exit 1 } END { exit n != 30 }' out ||
    fail "results of 1 and $p ranks differ"
done

# Every model from every source, on more blocks of alternatives (512) than some of the runs have ranks: the same bits.
cat >bits.py <<'END'
import h5py, sys
files = [h5py.File(name) for name in sys.argv[1:]]
names = []
files[0].visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
names = [n for n in names if n.startswith(("rewards/", "model/", "trace/"))]
assert "rewards/value" in names and "rewards/fitted_win_rate" in names
assert ("model/parameters" in names) == (files[0]["model"].attrs["kind"] != "tabular" if "model" in files[0] else False)
assert len(set(files[0]["rewards/value"][:])) > 2
for f in files[1:]:
    for n in names:
        assert f[n][:].tobytes() == files[0][n][:].tobytes(), (f.filename, n)
    for a in ("objective", "optimality", "iterations"):
        assert f.attrs[a] == files[0].attrs[a], (f.filename, a)
END
for source in population matrix comparisons; do
  crow simulate -o $source.h5 --alternatives 1200 --spread 0.1 --reward-spread 0.5 --preferences $source \
    --comparisons 4000 --dimensions 3 --seed 3
  exits 0
done
# same COUNTS NAME DATASET OPTION...: on these numbers of ranks
same() {
  counts=$1 name=$2 votes=$3
  shift 3
  files=
  for p in $counts; do
    ranks "$p" fit "$votes.h5" -o "$name-$votes-$p.h5" --weights uniform -q "$@"
    files="$files $name-$votes-$p.h5"
    # An iteration limit (5) is no failure here.
    case $code in 0 | 5) ;; *) fail "$last: exit code $code" ;; esac
  done
  # shellcheck disable=SC2086 # a list of files
  run "$python" bits.py $files
  exits 0
}
need_h5py
# Each model meets few ranks and many, each source too.
same "1 2 7" tabular matrix
same "1 3 4" tabular population
for runs in "comparisons 3 7 4" "matrix 7 2 3" "population 2 3 7"; do
  # shellcheck disable=SC2086 # words
  set -- $runs
  same "1 $2" linear "$1" --model linear --max-iterations 6
  same "1 $3" mlp "$1" --model mlp --hidden 5 --activation tanh --optimizer lbfgs --max-iterations 4
  same "1 $4" adam "$1" --model mlp --hidden 4 --optimizer adam --batch 600 --steps 4 --ensemble 2
done

# The topics' means and deviations, recomputed from the file.
cat >check.py <<'END'
import h5py, json, numpy as np
f = h5py.File("many-3.h5")
r, w = f["/rewards/value"][:], f["/rewards/weight"][:]
topic = np.array([t.decode().rstrip("\0") if isinstance(t, bytes) else t for t in f["/alternatives/topic"][:]])
ids = [t.decode().rstrip("\0") if isinstance(t, bytes) else t for t in f["/alternatives/id"][:]]
s = json.load(open("many-3.json"))
assert sorted(t["topic"] for t in s["topics"]) == sorted(set(topic))
means = [t["mean"] for t in s["topics"]]
assert means == sorted(means, reverse=True)
for t in s["topics"]:
    x = r[topic == t["topic"]]
    assert t["alternatives"] == len(x)
    assert abs(t["mean"] - x.mean()) < 1e-13
    assert abs(t["deviation"] - x.std(ddof=1)) < 1e-13
    assert abs(t["weight"] - w[topic == t["topic"]].sum()) < 1e-13
# Alternatives without weight have no rank and come after the best and the worst of the others.
order = [i for i in np.argsort(-r, kind="stable") if w[i] > 0]
without = [i for i in np.argsort(-r, kind="stable") if w[i] == 0]
assert len(without) <= 10
assert [a["id"] for a in s["ranking"]] == [ids[i] for i in order[:10] + order[-10:] + without]
places = list(range(1, 11)) + list(range(len(order) - 9, len(order) + 1)) + [None] * len(without)
assert [a["rank"] for a in s["ranking"]] == places
END
run "$python" check.py
exits 0

finish
