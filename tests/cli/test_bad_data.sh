# SPDX-License-Identifier: Apache-2.0
# Bad data end with 3 and a message that names file, place, value and what was expected; on any number of ranks, once.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

# ---- CSV files ----
# refused TEXT...: the import fails, naming these.
refused() {
  import bad.h5 --items items.csv
  exits 3
  for text in "$@"; do says "$text"; done
  not_there bad.h5
  write_triangle
}
write_triangle
printf 'id,x,y\na,0,0\nb,nan,0\nc,1,1\n' >contexts.csv
refused contexts.csv nan
printf 'id,x,y\na,0,0\nb,1\nc,1,1\n' >contexts.csv
refused contexts.csv
printf 'id,x,y\n' >contexts.csv
refused contexts.csv
: >contexts.csv
refused contexts.csv
printf 'left,right,winner\n' >comparisons.csv
refused comparisons.csv
printf 'left,right,winner\na,zebra,left\n' >comparisons.csv
refused comparisons.csv zebra
printf 'left,right,winner\na,b,nobody\n' >comparisons.csv
refused comparisons.csv nobody
printf 'left,right,winner\na,a,left\n' >comparisons.csv
refused comparisons.csv a
rm contexts.csv
import bad.h5
exits 4
says contexts.csv

# ---- HDF5 files ----
need_h5py
cat >make.py <<'END'
import h5py, numpy as np, sys

def dataset(name, context=((0, 0), (1, 0), (1, 1)), first=(0, 1), second=(1, 2), outcome=(1., .5), **more):
    with h5py.File(name, "w") as f:
        f.attrs["crow_kind"] = "dataset"
        f.attrs["crow_schema_version"] = more.pop("version", 1)
        f["/alternatives/context"] = np.array(context, dtype="f8").reshape(len(context), -1) if len(context) else np.zeros((0, 2))
        if first is not None:
            f["/comparisons/first"] = np.array(first, dtype="i4")
            f["/comparisons/second"] = np.array(second, dtype="i4")
            f["/comparisons/outcome"] = np.array(outcome, dtype="f8")
        for path, value in more.items():
            f[path.replace("__", "/")] = np.array(value, dtype="i8" if path.endswith("count") else "f8")

dataset("good.h5")
dataset("nan.h5", context=((0, 0), (1, float("nan")), (1, 1)))
dataset("infinite.h5", context=((0, 0), (1, 0), (float("inf"), 1)))
dataset("index.h5", first=(0, 7))
dataset("negative.h5", second=(1, -1))
dataset("itself.h5", first=(0, 2), second=(1, 2))
dataset("outcome.h5", outcome=(1, 1.5))
dataset("lengths.h5", outcome=(1, .5, 0))
dataset("empty.h5", context=(), first=(), second=(), outcome=())
dataset("nothing.h5", first=None)
dataset("version.h5", version=99)
dataset("matrix.h5", first=None, preference__matrix=((.5, .9, .5), (.2, .5, .5), (.5, .5, .5)))
dataset("prevalence.h5", first=None, population__prevalence=(.5, .4), population__reward=((0, 0, 0), (1, 2, 3)))
dataset("one.h5", context=((.5, .5),), first=None, population__prevalence=(1,), population__reward=((3,),))
l = np.log
dataset("abc.h5", first=None, population__prevalence=(.4, .3, .3),
        population__reward=((l(100), l(10), 0), (l(10), 0, l(100)), (0, l(100), l(10))))
dataset("abcc.h5", context=((0, 0), (1, 0), (1, 1), (1, 1)), first=None, population__prevalence=(.4, .3, .3),
        population__reward=((l(100), l(10), 0, 0), (l(10), 0, l(100), l(100)), (0, l(100), l(10), l(10))))
# Three dimensions, so that weights need samples.
space = np.random.default_rng(5).random((5, 3))
dataset("late-index.h5", context=space, first=(0, 5))
dataset("late-count.h5", context=space, first=(0, 0), second=(1, 1), comparisons__count=(3e9, 3e9))
dataset("late-matrix.h5", context=space, first=None, preference__matrix=np.full((5, 5), .5) + np.diag([.1], 4))
for name in ["late-prompt.h5", "late-text.h5"]:
    dataset(name, context=space, first=(0, 1))
    with h5py.File(name, "r+") as f:
        f["/alternatives/prompt"] = ["p", "p", "q", "q", "q"]
        if name == "late-text.h5":
            f["/alternatives/topic"] = np.array([b"t", b"t", b"\xff", b"t", b"t"])
with h5py.File("sixths.h5", "w") as f:
    f.attrs["crow_kind"] = "weights"
    f.attrs["crow_schema_version"] = 1
    f["/weights/value"] = np.array((1/3, 1/3, 1/6, 1/6))
END
"$python" make.py || skip "h5py cannot write"

crow fit good.h5 -o r.h5
exits 0
rm r.h5

# bad FILE TEXT...
bad() {
  file=$1
  shift
  for p in $bad_ranks; do
    ranks "$p" fit "$file" -o r.h5
    exits 3
    once err "crow fit: error: "
    says "$file"
    for text in "$@"; do says "$text"; done
    not_there r.h5
  done
}
bad_ranks="1 3"
bad nan.h5 /alternatives/context nan
bad_ranks=1
bad infinite.h5 /alternatives/context inf
bad_ranks=3
bad index.h5 /comparisons/first 7
bad_ranks=1
bad negative.h5 /comparisons/second -1
bad itself.h5 /comparisons 2
bad outcome.h5 /comparisons/outcome 1.5
bad lengths.h5 /comparisons
bad empty.h5 /alternatives/context
bad nothing.h5
bad version.h5 99
bad_ranks="1 3"
bad matrix.h5 /preference/matrix
bad prevalence.h5 /population/prevalence

# What is wrong with preferences and names is known before the weights: these samples would take days.
early() {
  for p in 1 3; do
    ranks "$p" fit "$1" -o r.h5 --samples 10000000000000 --checkpoint none
    exits 3
    for text in "$@"; do says "$text"; done
    not_there r.h5
  done
}
early late-index.h5 "/comparisons/first[1] is 5"
early late-count.h5 "/comparisons/count" 6000000000
early late-matrix.h5 "/preference/matrix" "expected a sum of 1"
early late-prompt.h5 "/comparisons/first[1] is 1, of prompt \"p\""
early late-text.h5 "/alternatives/topic[2] is not valid UTF-8"

# A single alternative has nobody to be compared with: reward 0, weight 1.
crow fit one.h5 -o one-r.h5
exits 0
near "$(reward 0)" 0 1e-12
near "$(weight 0)" 1 1e-12

# The paper's Table 2 through the command line. Standard MLE at lambda 0.01 is the weighted one with w = 1/3 and
# lambda 0.01 / 3; a clone of c changes its winner, and does not change that of the weighted MLE.
for p in 1 2; do
  ranks $p fit abc.h5 -o r.h5 --force --weights uniform --lambda 0.0033333333333333335 --tolerance 1e-10
  exits 0
  near "$(reward 0)" 0.118725 2e-6
  near "$(reward 1)" 0 2e-6
  near "$(reward 2)" -0.118725 2e-6
  ranks $p fit abcc.h5 -o r.h5 --force --weights uniform --lambda 0.0025 --tolerance 1e-10
  exits 0
  near "$(reward 0)" 0.040173 2e-6
  near "$(reward 1)" 0.138459 2e-6
  near "$(reward 2)" -0.089316 2e-6
  near "$(reward 3)" -0.089316 2e-6
  ranks $p fit abcc.h5 -o r.h5 --force --weights sixths.h5 --lambda 0.01 --tolerance 1e-10
  exits 0
  near "$(reward 0)" 0.115651 2e-6
  near "$(reward 1)" 0 2e-6
  near "$(reward 2)" -0.115651 2e-6
  near "$(reward 3)" -0.115651 2e-6
done
# Weights of another dataset do not fit.
crow fit abc.h5 -o r3.h5 --weights sixths.h5
exits 3
says sixths.h5

finish
