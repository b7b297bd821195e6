# SPDX-License-Identifier: Apache-2.0
# --pair-weight count with equal weights and next to no lambda is the Bradley-Terry model that evalica and choix fit: a
# maximum likelihood fit of our own (Newman's iteration, ties half a win for each) of jobs/llmfao, and of its votes without
# ties. And its published columns to a report in four commands.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py
data="$here/../../jobs/llmfao"

# The columns as published: two pairs of names, of which the winner refers to left and right.
awk -F, 'NR == 1 { print "id,prompt,model_x,model_y,worker,winner,left,right"; next }
  { sub(/\r$/, ""); print NR - 2 "," $4 "," $2 "," $1 "," $5 "," $3 "," $1 "," $2 }' "$data/comparisons.csv" >published.csv
crow import --comparisons published.csv --columns first=left,second=right --contexts "$data/contexts-minilm.npy" \
  --items "$data/items.csv" --keep worker -o arena.h5
exits 0
crow fit arena.h5 -o board.h5 --pair-weight count
exits 0
prints "std. error"
crow compare board.h5 --elo --anchor "GPT 4=1200"
exits 0
prints "1200"
if command -v gnuplot >/dev/null; then
  crow report board.h5 -o board.html --elo --anchor "GPT 4=1200"
  exits 0
  grep -q "Elo rating" board.html || fail "the page has no Elo scale"
  grep -q "<svg" board.html || fail "the page has no picture"
fi

crow import --comparisons published.csv --columns first=left,second=right --ties drop --items "$data/items.csv" -o decided.h5
exits 0
for name in arena decided; do
  for p in 1 3; do
    ranks $p fit $name.h5 -o $name-$p.h5 --weights uniform --pair-weight count --lambda 1e-9 --tolerance 1e-12 \
      --max-iterations 5000 --no-errors
    exits 0
  done
done

cat >check.py <<'END'
import csv, h5py, numpy as np
for name in ("arena", "decided"):
    f = h5py.File(name + "-1.h5")
    ids = [i.decode() for i in f["alternatives/id"]]
    at = {i: k for k, i in enumerate(ids)}
    wins = np.zeros((len(ids), len(ids)))
    for row in csv.DictReader(open("published.csv", newline="")):
        x, y = at[row["left"]], at[row["right"]]
        if row["winner"] == "tie" and name == "decided": continue
        share = {"left": 1, "right": 0, "tie": .5}[row["winner"]]
        wins[x, y] += share
        wins[y, x] += 1 - share
    p = np.ones(len(ids))
    for _ in range(20000): # Newman: each by its wins, those of the others weighed by what they say of it
        old = p
        p = (wins * p[None, :] / (p[:, None] + p[None, :])).sum(1) / (wins.T / (p[:, None] + p[None, :])).sum(1)
        p /= np.exp(np.log(p).mean())
        if np.abs(np.log(p / old)).max() < 1e-12: break
    r = f["rewards/value"][:]
    away = np.abs((r - r.mean()) - np.log(p)).max()
    assert away < 1e-4, (name, away)
    assert r.tobytes() == h5py.File(name + "-3.h5")["rewards/value"][:].tobytes()
    print(name, away)
END
run "$python" check.py
exits 0
finish
