# SPDX-License-Identifier: Apache-2.0
# The memory that jobs/README.md promises of weights: what the program takes for itself (that of a small dataset), the
# contexts, 24 bytes an alternative and 64 MiB.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py

cat >make.py <<'END'
import sys, h5py, numpy
m, d = int(sys.argv[1]), int(sys.argv[2])
block = numpy.random.default_rng(1).random((1000, d), dtype=numpy.float32)
with h5py.File(sys.argv[3], "w") as file:
    file.attrs.update(crow_kind="dataset", crow_schema_version=1)
    context = file.create_dataset("alternatives/context", (m, d), "f4")
    for at in range(0, m, 1000):
        context[at:at + 1000] = (block + numpy.float32(at / m)) / 2
    file["comparisons/first"], file["comparisons/second"], file["comparisons/outcome"] = [0], [1], [1.0]
END
# The most that a command had in memory, in bytes.
cat >most.py <<'END'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
m=90000 d=288
"$python" make.py 1000 $d small.h5
"$python" make.py $m $d large.h5
for name in small large; do
  run "$python" most.py "$CROW" weights $name.h5 -o "$name-weights.h5" --samples 200 --nearest gemm
  exits 0
  eval "$name=$(cat out)"
done
# shellcheck disable=SC2154 # set by eval
limit=$((small + m * d * 4 + 24 * m + 64 * 1024 * 1024))
# shellcheck disable=SC2154 # set by eval
[ "$large" -le "$limit" ] || fail "weights took $large bytes, expected at most $limit"
finish
