# SPDX-License-Identifier: Apache-2.0
# Tables for other programs: every value as it is in the file, texts quoted, from any number of ranks.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

write_triangle
printf '%s\n' 'id,topic' 'a,"x, ""y"""' 'b,<&>' 'c, padded ' >items.csv
import small.h5 --items items.csv
crow fit small.h5 -o r.h5 --weights uniform -q
exits 0
crow export r.h5 -o r.csv
exits 0
prints "r.csv: 3 rows"
equal "$(head -1 r.csv)" "id,topic,reward,weight,win_rate,fitted_win_rate,standard_error,place"
equal "$(sed -n 2p r.csv | cut -c1-15)" 'a,"x, ""y""",0.'
equal "$(wc -l <r.csv)" 4
for p in 2 4; do
  for suffix in csv json; do
    ranks $p export r.h5 -o "r-$p.$suffix" -q
    exits 0
    silent out
  done
  cmp -s r.csv "r-$p.csv" || fail "$p ranks write another table"
done
crow export small.h5 -o votes.csv --table comparisons
exits 0
equal "$(cat votes.csv)" "$(printf 'first,second,outcome\n0,1,1\n1,2,1\n0,2,0.5\n0,1,0\n0,1,1\n')"
crow export small.h5 -o context.csv --column context
exits 0
equal "$(cat context.csv)" "$(printf 'context_0,context_1\n0,0\n1,0\n1,1\n')"
crow export r.h5 -o text --format csv --column topic
exits 0
equal "$(sed -n 2p text)" '"x, ""y"""'
crow export r.h5 -o trace.csv --table trace
exits 0
equal "$(head -1 trace.csv)" "objective,optimality"

# What goes wrong.
crow export r.h5 -o r.csv
exits 4
crow export r.h5 -o r.txt
exits 2
says ".csv, .json or .npy"
crow export r.h5 -o r.npy
exits 2
says "which --column"
crow export r.h5 -o r.npy --column topic
exits 2
says "is text"
for p in 1 2; do
  ranks $p export r.h5 -o r.npy --column rewards
  exits 2
  says "expected one of id, topic, reward, weight, win_rate, fitted_win_rate, standard_error, place"
  ranks $p export r.h5 -o a.csv --table comparisons
  exits 3
  says "no table of comparisons"
done
equal "$(find . -name '*.tmp' | wc -l)" 0
not_there r.npy

# Every bit of what is written, as Python reads it.
need_h5py
write_many 40000 30000
import many.h5
crow weights many.h5 -o w.h5 --samples 20000 -q
crow fit many.h5 --weights w.h5 -o many-r.h5 -q
for column in reward weight win_rate; do
  crow export many-r.h5 -o $column.npy --column $column
  exits 0
done
ranks 2 export many.h5 -o context.npy --column context
exits 0
crow export w.h5 -o hits.npy --column hits
crow export many-r.h5 -o many.csv
exits 0
crow export many-r.h5 -o many.json
exits 0
cat >check.py <<'PYTHON'
import csv, h5py, json, math, numpy

def same(a, b):
    return numpy.array_equal(a, b, equal_nan=a.dtype.kind == "f")

with h5py.File("many-r.h5") as f:
    columns = {"reward": f["rewards/value"][:], "weight": f["rewards/weight"][:], "win_rate": f["rewards/win_rate"][:]}
    ids = [i.decode() for i in f["alternatives/id"][:]]
for name, values in columns.items():
    assert same(numpy.load(name + ".npy"), values), name
with h5py.File("many.h5") as f:
    assert same(numpy.load("context.npy"), f["alternatives/context"][:].astype(float))
with h5py.File("w.h5") as f:
    if "weights/hits" in f:
        hits = numpy.load("hits.npy")
        assert hits.dtype == numpy.int64 and same(hits, f["weights/hits"][:])
rows = list(csv.DictReader(open("many.csv", newline="")))
records = json.load(open("many.json"))
assert len(rows) == len(records) == len(ids)
assert any(math.isnan(v) for v in columns["win_rate"])
for i, (row, record) in enumerate(zip(rows, records)):
    assert row["id"] == record["id"] == ids[i]
    for name, values in columns.items():
        if math.isnan(values[i]):
            assert row[name] == "" and record[name] is None
        else:
            assert float(row[name]) == record[name] == values[i]
with h5py.File("r.h5") as f:
    topics = [t.decode() for t in f["alternatives/topic"][:]]
assert [row["topic"] for row in csv.DictReader(open("r.csv", newline=""))] == topics
assert [record["topic"] for record in json.load(open("r-2.json"))] == topics
PYTHON
run "$python" check.py
exits 0
finish
