# SPDX-License-Identifier: Apache-2.0
# New alternatives: their prompts and the names of their dimensions, against an independent calculation.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

# Responses to 8 prompts, of which the last was never judged; of the others some were not either.
cat >make.py <<'END'
import csv, numpy as np
rng = np.random.default_rng(3)
x, prompt = rng.random((160, 3)).round(6), rng.integers(8, size=160)
judged = (np.arange(160) % 5 > 0) & (prompt < 7)
with open("contexts.csv", "w") as f:
    f.write("id,prompt,tone,length,Length\n")
    for i in range(160): f.write(f"n{i},p{prompt[i]},{x[i, 0]},{x[i, 1]},{x[i, 2]}\n")
with open("comparisons.csv", "w") as f:
    f.write("chosen,rejected\n")
    for _ in range(1500):
        a, b = rng.choice(np.flatnonzero(judged), 2, replace=False)
        if prompt[a] == prompt[b]: f.write(f"n{a},n{b}\n")
new, asked = rng.random((1100, 3)).round(6), rng.integers(7, size=1100)
with open("new.csv", "w") as f:
    f.write("Length,id,tone,prompt,length\n")
    for i in range(1100): f.write(f"{new[i, 2]},q{i},{new[i, 0]},p{asked[i]},{new[i, 1]}\n")
np.savez("made.npz", x=x, prompt=prompt, new=new, asked=asked)
END
run "$python" make.py
exits 0
crow import --comparisons comparisons.csv --contexts contexts.csv -o votes.h5
exits 0
crow fit votes.h5 -o rewards.h5 --weights uniform
exits 0
for p in 1 3; do
  ranks $p score rewards.h5 --contexts new.csv -o "scores-$p.h5"
  exits 0
done
silent err
crow export scores-3.h5 -o scores.csv
exits 0
equal "$(head -1 scores.csv)" "id,prompt,reward,nearest,nearest_id,distance"
# A dataset tells prompts and dimensions as well: every judged alternative is nearest to itself.
cut -d, -f1,2,4,5,3 contexts.csv | grep -v ',p7,' >seven.csv
printf 'chosen,rejected\nn1,n2\n' | sed "s/n1,n2/$(sed -n 2p comparisons.csv)/" >one.csv
crow import --comparisons one.csv --contexts seven.csv -o seven.h5
exits 0
crow score rewards.h5 --contexts seven.h5 -o seven-scores.h5
exits 0
# Held-out comparisons of those never judged: the nearest of the same prompt; of a prompt without any, 0.
"$python" - <<'PY'
import numpy as np
prompt = np.load("made.npz")["prompt"]
with open("held.csv", "w") as f:
    f.write("chosen,rejected\n")
    for a in range(160):
        for b in range(a):
            if prompt[a] == prompt[b] and (a + b) % 3 == 0: f.write(f"n{a},n{b}\n")
PY
crow import --comparisons held.csv --contexts contexts.csv -o held.h5
exits 0
ranks 2 eval rewards.h5 held.h5 --json eval.json
exits 0
crow fit votes.h5 -o model.h5 --weights uniform --model mlp --hidden 3 --optimizer lbfgs --max-iterations 3
ranks 2 score model.h5 --contexts new.csv -o model-scores.h5
exits 0
"$python" - <<'PY' || fail "rewards are not those of the nearest alternatives of the same prompts"
import h5py, json, numpy as np
m, v, r = np.load("made.npz"), h5py.File("votes.h5"), h5py.File("rewards.h5")["rewards"]
x, prompt, new, asked = (m[n] for n in ("x", "prompt", "new", "asked"))
assert [n.decode() for n in v["alternatives/dimension"][:]] == ["tone", "length", "Length"]
value, seen = r["value"][:], ~np.isnan(r["win_rate"][:])
def nearest(points, of, among=seen):
    d = ((points[:, None] - x[None]) ** 2).sum(-1)
    d[:, ~among] = np.inf
    d[of[:, None] != prompt[None]] = np.inf
    return np.where(np.isinf(d.min(1)), -1, d.argmin(1)), np.sqrt(d.min(1))
at, distance = nearest(new, asked)
assert (at != ((new[:, None] - x[None, seen]) ** 2).sum(-1).argmin(1)).any()
for p in (1, 3):
    s = h5py.File(f"scores-{p}.h5")
    assert (s["scores/nearest"][:] == at).all() and (s["scores/value"][:] == value[at]).all()
    assert np.allclose(s["scores/distance"][:], distance, atol=1e-15)
    assert [n.decode() for n in s["alternatives/prompt"][:]] == [f"p{k}" for k in asked]
s, kept = h5py.File("seven-scores.h5"), prompt < 7
assert (s["scores/nearest"][:] == nearest(x[kept], prompt[kept])[0]).all()
carried, _ = nearest(x, prompt)
full = np.where(seen, value, np.where(carried < 0, 0, value[carried]))
h = h5py.File("held.h5")["comparisons"]
z = full[h["first"][:]] - full[h["second"][:]]
assert abs(json.load(open("eval.json"))["log_loss"] - np.log1p(np.exp(-z)).mean()) < 1e-12
f = h5py.File("model.h5")
assert [n.decode() for n in f["model/dimension"][:]] == ["tone", "length", "Length"]
t = f["model/parameters"][0]
hidden = np.maximum(new @ t[:9].reshape(3, 3).T + t[9:12], 0)
assert np.allclose(h5py.File("model-scores.h5")["scores/value"][:], hidden @ t[12:15] + t[15], atol=1e-14)
PY

# What the rewards say nothing of is refused by name.
printf 'id,prompt,tone,length,Length\na,p1,0,0,0\nb,p9,0,0,0\n' >unknown.csv
printf 'id,prompt,tone,length,Length\na,p1,0,0,0\nb,p7,0,0,0\n' >unjudged.csv
printf 'id,tone,length,Width\na,0,0,0\n' >other.csv
printf 'id,tone,length,Length,width\na,0,0,0,0\n' >more.csv
for p in 1 3; do
  ranks $p score rewards.h5 --contexts unknown.csv -o never.h5
  exits 3
  says 'unknown.csv: row 1 answers the prompt "p9", expected one of the 8 prompts of votes.h5'
done
crow score rewards.h5 --contexts unjudged.csv -o never.h5
exits 3
says "unjudged.csv: row 1 answers a prompt of which no alternative of votes.h5 was compared"
for rewards in rewards model; do
  crow score $rewards.h5 --contexts other.csv -o never.h5
  exits 3
  says 'other.csv: has no column "Length", which is dimension 2 of'
  crow score $rewards.h5 --contexts more.csv -o never.h5
  exits 3
  says 'more.csv: column "width" is none of the 3 dimensions of'
done
"$python" -c "import h5py; h5py.File('seven.h5', 'a')['alternatives/dimension'][1] = b'tone'"
crow score model.h5 --contexts seven.h5 -o never.h5
exits 3
says 'seven.h5: /alternatives/dimension[1] is "tone" as [0]'
not_there never.h5
# Without prompts all are searched, and that is said; a model takes any prompt.
cut -d, -f1-3,5 new.csv >untold.csv
crow score rewards.h5 --contexts untold.csv -o untold.h5
exits 0
says "untold.csv tells no prompts"
crow score model.h5 --contexts unknown.csv -o model-unknown.h5
exits 0
finish
