# SPDX-License-Identifier: Apache-2.0
# What is printed does not depend on the number of ranks, and the topic table is what the definitions say.
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
  ranks $p compare many-1.h5 many-$p.h5 --by topic
  exits 0
  grep '^t[0-6] ' out >topics-$p
  cmp -s topics-1 topics-$p || fail "the comparison by topic of $p ranks differs"
  ranks $p compare many-1.h5 many-$p.h5 --by alternative --top 30
  exits 0
  # Results that are equal bit for bit have equal ranks and rewards side by side.
  awk '$1 ~ /^n[0-9]+$/ { n++; if ($(NF-3) != $(NF-1) || $(NF-2) != $NF) exit 1 } END { exit n != 30 }' out ||
    fail "results of 1 and $p ranks differ"
done

# The topics' means and deviations, recomputed from the file.
need_h5py
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
order = np.argsort(-r, kind="stable")
assert [a["id"] for a in s["ranking"]] == [ids[i] for i in list(order[:10]) + list(order[-10:])]
assert [a["rank"] for a in s["ranking"]] == list(range(1, 11)) + list(range(1491, 1501))
END
run "$python" check.py
exits 0

finish
