# SPDX-License-Identifier: Apache-2.0
# A leaderboard: rewards of the 59 language models of jobs/llmfao are the Bradley-Terry ratings that an independent program
# finds; on the Elo scale in every table; a line where judgements are not counted.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

models=$here/../../jobs/llmfao
crow import --comparisons "$models/comparisons.csv" --contexts "$models/contexts-minilm.npy" --items "$models/items.csv" -o votes.h5
exits 0
crow fit votes.h5 -o board.h5 --weights uniform --pair-weight count --lambda 1e-8 --tolerance 1e-11 --elo --json board.json
exits 0
prints "Elo"
prints_not "count once each"
crow fit votes.h5 -o once.h5 --weights uniform --anchor "GPT 4=1200" --json once.json
exits 0
prints "judgements and count once each; --pair-weight count weighs the judgements"
prints "Elo intervals are those of the rewards, against their weighted mean" # the anchor's own rating is no estimate
for p in 1 3; do
  ranks $p compare board.h5 once.h5 --anchor "GPT 4=1200" --json compare-$p.json
  exits 0
  prints "Elo"
  prints "Elo intervals are those of the rewards"
  sed '/^\[/d' out >compare-$p
done
cmp -s compare-1 compare-3 || fail "3 ranks compare otherwise than one"
crow export board.h5 -o board.csv --elo
exits 0
crow export once.h5 -o once.csv --anchor "GPT 4=1200"
exits 0
crow export once.h5 -o plain.csv
exits 0
if grep -q elo plain.csv; then fail "ratings that nobody asked for"; fi

crow fit votes.h5 -o no.h5 --weights uniform --anchor "GPT 4"
exits 2
says "expected NAME=RATING"
not_there no.h5
crow compare board.h5 --anchor "nobody=1000"
exits 3
says "no alternative \"nobody\""
# A name that is nearly one is told, by whatever rank.
ranks 3 compare board.h5 --anchor "GPT-4=1200"
exits 3
says 'no alternative "GPT-4", which the anchor names; did you mean "GPT 4"?'

# A fit that begins at its own end is there at once; one that begins elsewhere comes to the same end, whatever the rows.
crow fit votes.h5 -o again.h5 --weights uniform --start once.h5 --json again.json
exits 0
prints "start: rewards of 59 of 59 alternatives from once.h5"
head -1 "$models/items.csv" >turned.csv
tail -n +2 "$models/items.csv" | sed -n '2,40p' >>turned.csv
awk -F, 'NR == FNR { if (FNR > 1) there[$1] = 1; next } FNR == 1 || (($1 in there) && ($2 in there))' \
  turned.csv "$models/comparisons.csv" >some.csv
crow import --comparisons some.csv -o some.h5
exits 0
for p in 1 3; do
  ranks $p fit some.h5 -o warm-$p.h5 --weights uniform --start once.h5 --tolerance 1e-11
  exits 0
  prints "start: rewards of 39 of 39"
done
crow fit some.h5 -o cold.h5 --weights uniform --tolerance 1e-11
exits 0
crow fit votes.h5 -o wide.h5 --weights uniform --start cold.h5
exits 0
prints "start: rewards of 39 of 59"

cat >check.py <<'END'
import csv, h5py, json, numpy as np
d = h5py.File("votes.h5")
first, second = d["comparisons/first"][:], d["comparisons/second"][:]
outcome = d["comparisons/outcome"][:].astype(float)
m = len(d["alternatives/id"])
wins = np.zeros((m, m))
np.add.at(wins, (first, second), outcome)
np.add.at(wins, (second, first), 1 - outcome)
# Bradley and Terry's likelihood, ties half a win for each, by Newton's method.
games, r = wins + wins.T, np.zeros(m)
for _ in range(50):
    p = 1 / (1 + np.exp(r[None, :] - r[:, None]))
    gradient = (games * p).sum(1) - wins.sum(1)
    slope = games * p * (1 - p)
    r -= np.linalg.lstsq(np.diag(slope.sum(1)) - slope, gradient, rcond=None)[0]
assert abs(gradient).max() < 1e-9
f = h5py.File("board.h5")
reward = f["rewards/value"][:]
assert abs((reward - reward.mean()) - (r - r.mean())).max() < 1e-4, abs((reward - reward.mean()) - (r - r.mean())).max()

# 400 / ln 10 times, with the mean at 1000 or an anchor where it is put.
factor = 400 / np.log(10)
rows = list(csv.DictReader(open("board.csv", newline="")))
elo = np.array([float(row["elo"]) for row in rows])
assert abs(elo - (1000 + factor * (r - r.mean()))).max() < 0.02 and abs(elo.mean() - 1000) < 1e-9
error = np.array([float(row["standard_error"]) for row in rows])
assert np.allclose([float(row["elo_standard_error"]) for row in rows], factor * error, rtol=1e-12)
once = list(csv.DictReader(open("once.csv", newline="")))
rating = {row["id"]: float(row["elo"]) for row in once}
value = {row["id"]: float(row["reward"]) for row in once}
assert abs(rating["GPT 4"] - 1200) < 1e-9
for name in rating:
    assert abs(rating[name] - 1200 - factor * (value[name] - value["GPT 4"])) < 1e-9
said = json.load(open("board.json"))["ranking"]
by_id = {row["id"]: k for k, row in enumerate(rows)}
for entry in said:
    k = by_id[entry["id"]]
    assert abs(entry["elo"] - elo[k]) < 1e-9 and abs(entry["reward"] - reward[k]) < 1e-15
    assert abs(entry["elo_upper"] - entry["elo"] - 1.959964 * factor * error[k]) < 1e-9
compared = json.load(open("compare-3.json"))["alternatives"]
for row in compared:
    cell = row["results"][1]
    assert abs(cell["elo"] - rating[row["id"]]) < 1e-9 and abs(cell["reward"] - value[row["id"]]) < 1e-15
END
cat >>check.py <<'END'
again = json.load(open("again.json"))
assert again["iterations"] == 0 and again["converged"], again["iterations"]
warm, cold = h5py.File("warm-1.h5"), h5py.File("cold.h5")
assert abs(warm["rewards/value"][:] - cold["rewards/value"][:]).max() < 1e-8
assert warm["rewards/value"][:].tobytes() == h5py.File("warm-3.h5")["rewards/value"][:].tobytes()
END
run "$python" check.py
exits 0

finish
