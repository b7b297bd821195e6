# SPDX-License-Identifier: Apache-2.0
# Standard errors of topics' mean rewards: against NumPy's dense inverse on the flooded poll of jobs/flood, the same on any
# number of ranks, and no winner where the lead may be chance.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"
need_h5py

flood=$here/../../jobs/flood
for w in before after; do
  crow import --comparisons "$flood/comparisons-$w.csv" --contexts "$flood/contexts-$w.npy" --items "$flood/items-$w.csv" \
    -o $w.h5
  exits 0
  crow fit $w.h5 -o uniform-$w.h5 --weights uniform --json uniform-$w.json
  exits 0
  prints "std. error"
  prints "verdict: the topic of highest mean reward is"
done
crow fit before.h5 -o boot.h5 --weights uniform --bootstrap 200
exits 0
crow compare --by topic uniform-before.h5 uniform-after.h5 --json compare.json -v
exits 0
prints "spread"
prints "uniform-before: the topic of highest mean reward is romance"
prints "uniform-after: the topic of highest mean reward is art"
crow fit before.h5 -o plain.h5 --weights uniform --no-errors
exits 0
prints_not "std. error"
prints "romance, by 0.1126 over art"

# Five votes show nothing of a lead.
write_triangle
import few.h5 --items items.csv
crow fit few.h5 -o few-rewards.h5 --json few.json -v
exits 0
prints "verdict: too close to call: topic left leads right by"

printf 'first,second,outcome\nx,y,1\n' >single.csv
printf 'id,topic\nx,left\ny,right\n' >single-items.csv
crow import --comparisons single.csv --items single-items.csv -o single.h5
exits 0
crow fit single.h5 -o single-rewards.h5 --weights uniform --lambda 0.0001 --json single.json
exits 0

# More alternatives than are inverted: a system for each topic, the same bits on any number of ranks. With prompts too.
write_many 1200 5000
import many.h5 --items items.csv
for p in 1 3; do
  ranks $p fit many.h5 -o many-$p.h5 --weights uniform
  exits 0
  prints "se: standard error of the mean"
  prints_not "std. error"
done
awk 'NR == 1 { print "id,topic,prompt" } NR > 1 { printf "n%d,t%d,p%d\n", NR - 2, (NR - 2) * (NR - 2) % 7, (NR - 2) % 5 }' \
  items.csv >prompts.csv
import prompts.h5 --items prompts.csv
exits 0
crow fit prompts.h5 -o across.h5 --weights uniform --across-prompts
exits 0

cat >check.py <<'END'
import h5py, json, numpy as np

def covariance(data, rewards):
    """H^-1 J H^-1 of the topics' means, and their means, with H and J of f as src/README.md states it; with the model's own J
    where a variance is greater by that, correlations staying."""
    d, r = h5py.File(data), h5py.File(rewards)
    w, x = r["rewards/weight"][:], r["rewards/value"][:]
    first, second = d["comparisons/first"][:], d["comparisons/second"][:]
    outcome = d["comparisons/outcome"][:].astype(float)
    m, s = len(x), r.attrs["pair_scale"]
    n = np.zeros((m, m))
    np.add.at(n, (first, second), 1)
    n += n.T
    sigma = 1 / (1 + np.exp(x[None, :] - x[:, None]))
    pair = s * np.outer(w, w)
    if "alternatives/prompt" in d:
        prompt = d["alternatives/prompt"][:]
        share = np.array([w[prompt == k].sum() for k in prompt])
        pair /= np.sqrt(np.outer(share, share))
    slope = pair * (n > 0) * sigma * (1 - sigma)
    h = np.diag(r.attrs["lambda"] * w + slope.sum(1)) - slope
    each, likely = (outcome - sigma[first, second]) ** 2, sigma[first, second] * (1 - sigma[first, second])
    dispersion = min(1, (each.sum() + 1) / (likely.sum() + 1))
    topic = d["alternatives/topic"][:]
    names = sorted(set(topic))
    assert names == list(r["topics/name"][:])
    g = np.array([(topic == t) / (topic == t).sum() for t in names])
    inverse = np.linalg.inv(h)

    def by(spread):
        score = (pair[first, second] / n[first, second]) ** 2 * spread
        j = np.zeros((m, m))
        np.add.at(j, (first, first), score)
        np.add.at(j, (second, second), score)
        np.add.at(j, (first, second), -score)
        np.add.at(j, (second, first), -score)
        return g @ inverse @ j @ inverse @ g.T

    own, model = by(each), by(dispersion * likely)
    factor = np.sqrt(np.maximum(1, np.diag(model) / np.diag(own)))
    return own * np.outer(factor, factor), g @ x, names

for data, rewards in [("before.h5", "uniform-before.h5"), ("after.h5", "uniform-after.h5"), ("many.h5", "many-1.h5"),
                      ("prompts.h5", "across.h5")]:
    expected, means, names = covariance(data, rewards)
    r = h5py.File(rewards)
    assert np.allclose(r["topics/covariance"][:], expected, rtol=0, atol=1e-5 * expected.max()), (rewards, expected)
    assert np.allclose(r["topics/mean"][:], means, rtol=0, atol=1e-12), rewards
    assert np.allclose(r["topics/standard_error"][:], np.sqrt(np.diag(expected)), rtol=1e-5), rewards

one, three = h5py.File("many-1.h5"), h5py.File("many-3.h5")
for name in one["topics"]:
    assert one["topics/" + name][:].tobytes() == three["topics/" + name][:].tobytes(), name

# What independent NumPy and SciPy programs found of the poll's topics (jobs/flood), and the lead as the covariance has it.
def lead(name, first, second):
    r = h5py.File(name)
    names = [t.decode() for t in r["topics/name"][:]]
    a, b = names.index(first), names.index(second)
    s, mean = r["topics/covariance"][:], r["topics/mean"][:]
    return mean[a] - mean[b], np.sqrt(s[a, a] + s[b, b] - 2 * s[a, b])

before, before_error = lead("uniform-before.h5", "romance", "art")
after, after_error = lead("uniform-after.h5", "romance", "art")
assert abs(before - 0.113) < 1e-3 and abs(after + 0.070) < 1e-3
assert before > 2 * before_error and -after > 2 * after_error
boot, boot_error = lead("boot.h5", "romance", "art")
assert boot == before and abs(boot_error / before_error - 1) < 0.2, (boot_error, before_error) # of 200 replicates: 5 %
said = json.load(open("uniform-before.json"))
assert said["topic_lead"]["topic"] == "romance" and said["topic_lead"]["over"] == "art"
assert abs(said["topic_lead"]["standard_error"] - before_error) < 1e-12 and not said["topic_lead"]["too_close_to_call"]
assert json.load(open("few.json"))["topic_lead"]["too_close_to_call"]
# A single judgement, whose own residual is next to nothing, shows nothing.
assert json.load(open("single.json"))["topic_lead"]["too_close_to_call"]
assert "topics" not in h5py.File("plain.h5") and "standard_error" not in h5py.File("plain.h5")["rewards"]
leads = json.load(open("compare.json"))["topic_leads"]
assert [k["topic"] for k in leads] == ["romance", "art"]
END
run "$python" check.py
exits 0

finish
