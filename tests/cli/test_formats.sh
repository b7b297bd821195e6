# SPDX-License-Identifier: Apache-2.0
# Every command of jobs/convert/README.md, on small files with the columns of the data sets it names; contexts of every
# format; what is not read is named.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
need_h5py
page=$CROW_SOURCE/jobs/convert/README.md
for reader in "$python" ${CROW_PYARROW_PYTHON-}; do
  if "$reader" -c 'import pyarrow' 2>/dev/null; then with_pyarrow=$reader; fi
done
[ -n "${with_pyarrow-}" ] || echo "no pyarrow (CROW_PYARROW_PYTHON names a python3 that has it): JSON lines are made in its place"

# Rows of each data set; a nested column is what its card says it is.
cat >data.py <<'PY'
import gzip, json, sys
talk = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
arena = lambda k, a, b, w, **more: dict(question_id=f"q{k}", model_a=a, model_b=b, winner=w, conversation_a=talk,
    conversation_b=talk, turn=1, anony=True, language="English" if k else "German", tstamp=1.5 + k, **more)
four = [("m1", "m2", "model_a"), ("m2", "m3", "model_b"), ("m1", "m3", "tie"), ("m3", "m1", None)]
def arenas(bad, **more):
    return [arena(k, a, b, w or bad, **more) for k, (a, b, w) in enumerate(four)]
text = "\n\nHuman: " + "why? " * 80 + "\n\nAssistant: "
new = [dict(id=f"i{k}", model_a=a, model_b=b, winner=w or "both_bad", evaluation_session_id="s", evaluation_order=1,
            conversation_a=talk, conversation_b=talk, full_conversation=talk, conv_metadata={"turns": 1},
            category_tag={"math": {"math": True}}, language="English", is_code=k == 0) for k, (a, b, w) in enumerate(four)]
DATA = {
  "arena-100k.parquet": arenas("tie (bothbad)", conv_metadata={"turns": 1}, is_code=False, is_refusal=False,
                               dedup_tag={"high_freq": False, "sampled": True}, category_tag={"if": 1}, judge_hash="h"),
  "arena-140k.parquet": new, "expert.parquet": [dict(r, occupational_tags={"law": True}) for r in new],
  "arena-33k.parquet": arenas("tie (bothbad)", judge="arena_user_1", openai_moderation={"x": False}),
  "mt-bench.parquet": arenas("tie (bothbad)", judge="expert_0"),
  "hh-rlhf.jsonl.gz": [{"chosen": text + "so.", "rejected": text + "no."}, {"chosen": text + "so.", "rejected": text + "eh."}],
  "ultrafeedback.parquet": [dict(prompt=f"p{k}", prompt_id=f"{k:064x}", chosen=[talk[0], {"role": "assistant", "content": f"good {k}"}],
      rejected=[talk[0], {"role": "assistant", "content": f"bad {k}"}], messages=talk, score_chosen=8.0, score_rejected=6.5) for k in range(2)],
  "utterances.jsonl": [dict(interaction_id=f"i{k // 2}", model_name=f"m{k % 2}", score=[90, 10, 50, 52][k], if_chosen=k % 2 == 0) for k in range(4)],
  "shp.json": [dict(post_id=str(k), history=f"h{k}", human_ref_A=f"yes {k}", human_ref_B=f"no {k}", labels=k, score_A=9, score_B=2, score_ratio=4.5) for k in range(2)],
  "preference.jsonl.gz": [dict(split="train", prompt=f"p{k}", response_1=f"r{k}", response_2=f"s{k}", preference_strength=[-3, -1, 0, 2][k]) for k in range(4)],
  "helpsteer3.jsonl": [dict(domain="code", language="python", context=[{"role": "user", "content": f"q{k}"}], response1=f"r{k}", response2=f"s{k}", overall_preference=[-2, 3][k], individual_preference=[]) for k in range(2)],
  "nectar.parquet": [dict(prompt=f"p{k}", answers=[dict(answer=f"a{k}{j}", model=f"m{j}", rank=float(j + 1)) for j in range(7)], turns=1, num_responses=7) for k in range(2)],
  "reward-bench.parquet": [dict(prompt=f"p{k}", chosen=f"c{k}", chosen_model="gpt", rejected=f"r{k}", rejected_model="llama", subset="chat", id=k) for k in range(2)],
  "pku.jsonl": [dict(prompt=f"p{k}", response_0=f"r{k}", response_1=f"s{k}", better_response_id=k) for k in range(2)],
}
DATA["shp-2.parquet"] = DATA["shp.json"]
for name, rows in DATA.items():
    if name.endswith(".parquet"):
        try:
            import pyarrow as pa, pyarrow.parquet
            pyarrow.parquet.write_table(pa.Table.from_pylist(rows), name)
        except ImportError:
            json.dump(rows, open(name + ".json", "w"))
        continue
    with (gzip.open if name.endswith(".gz") else open)(name, "wt") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
with open("train.csv", "w") as out:
    out.write('id,model_a,model_b,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie\n'
              '1,m1,m2,"[""q, q""]","[""x""]","[""y""]",1,0,0\n2,m2,m3,"[""r""]","[""x""]","[""y""]",0,1,0\n3,m1,m3,"[""s""]","[""x""]","[""y""]",0,0,1\n')
with open("llmfao.csv", "w") as out:
    out.write("id,prompt,model_x,model_y,worker,winner,left,right\n1,8,A,B,58,left,B,A\n2,8,A,B,83,tie,A,B\n3,9,A,C,58,right,A,C\n")
PY
"${with_pyarrow:-$python}" data.py || fail "the data sets cannot be made"

# parquet.py without pyarrow: its own lines() on the rows themselves, so that what it takes apart is tested everywhere.
cat >convert.py <<'PY'
import importlib.util, json, os, sys
path, source, output = sys.argv[1:]
spec = importlib.util.spec_from_file_location("parquet", path)
parquet = importlib.util.module_from_spec(spec)
spec.loader.exec_module(parquet)
with open(output, "w") as out:
    for row in json.load(open(source + ".json")):
        out.writelines(json.dumps(line) + "\n" for line in parquet.lines(row, set()))
PY

# The commands of a row, one a line.
sed -n 's/^| [^|]* | [^|]* | \(.*\) |$/\1/p' "$page" | grep crow | tr '`' '\n' | grep -E '^(crow|parquet)' >commands
equal "$(grep -c '^crow' commands)" 18
while read -r program arguments; do
  # shellcheck disable=SC2086 # words of a command
  set -- $arguments
  if [ "$program" = crow ]; then
    crow "$@"
  elif [ -n "${with_pyarrow-}" ]; then
    run "$with_pyarrow" "$CROW_SOURCE/jobs/convert/parquet.py" "$@"
  else
    run "$python" convert.py "$CROW_SOURCE/jobs/convert/parquet.py" "$1" "$3"
  fi
  exits 0
done <commands

"$python" - <<'PY' || fail "a data set was read wrongly"
import h5py, numpy as np
def look(name):
    f = h5py.File(name + ".h5")
    ids = [t.decode() for t in f["alternatives/id"]]
    pairs = [(ids[a], ids[b], round(o, 6)) for a, b, o in
             zip(f["comparisons/first"], f["comparisons/second"], f["comparisons/outcome"])]
    return f, ids, pairs
def kept(f, name):
    k = [t.decode() for t in f["comparisons/label_name"]].index(name)
    return [f["comparisons/label_value"][c].decode() for c in f["comparisons/label"][:, k]]
four = [("m1", "m2", 1), ("m2", "m3", 0), ("m1", "m3", .5), ("m3", "m1", .5)]
assert look("arena-55k")[2] == four[:3]
for name in ("arena-100k", "arena-140k", "expert", "arena-33k", "mt-bench"):
    assert look(name)[2] == four, name
assert kept(look("arena-100k")[0], "language") == ["German", "English", "English", "English"]
assert kept(look("arena-140k")[0], "is_code") == ["true", "false", "false", "false"]
assert kept(look("arena-33k")[0], "judge") == ["arena_user_1"] * 4
f, ids, pairs = look("hh-rlhf")
assert len(ids) == 3 and len(set(ids)) == 3 and all(i.startswith("Human: why? ") and len(i) < 90 for i in ids)
text = "\n\nHuman: " + "why? " * 80 + "\n\nAssistant: "
begin, data = f["alternatives/text_begin"][:], f["alternatives/text_bytes"][:].tobytes()
assert f["alternatives/text_bytes"].dtype == np.uint8
assert [data[a:b].decode() for a, b in zip(begin, list(begin[1:]) + [len(data)])] == [text + e for e in ("so.", "no.", "eh.")]
assert [p[2] for p in pairs] == [1, 1]
assert look("ultrafeedback")[2] == [("good 0", "bad 0", 1), ("good 1", "bad 1", 1)]
assert [t.decode() for t in look("ultrafeedback")[0]["alternatives/prompt"]] == ["p0", "p0", "p1", "p1"]
assert look("prism")[2] == [("m0", "m1", 1), ("m0", "m1", .5)]
for name in ("shp", "shp-2"):
    assert look(name)[2] == [("yes 0", "no 0", 0), ("yes 1", "no 1", 1)]
assert [p[2] for p in look("helpsteer2")[2]] == [1, round(2 / 3, 6), .5, round(1 / 6, 6)]
assert [p[2] for p in look("helpsteer3")[2]] == [round(5 / 6, 6), 0]
f, ids, pairs = look("nectar")
assert len(pairs) == 42 and all(o == 1 and a[:2] == b[:2] and a < b for a, b, o in pairs)
assert look("reward-bench")[2] == [("c0", "r0", 1), ("c1", "r1", 1)]
assert look("rb-models")[2] == [("gpt", "llama", 1)] * 2
assert look("pku")[2] == [("r0", "s0", 1), ("r1", "s1", 0)]
assert look("llmfao")[2] == [("B", "A", 1), ("A", "B", .5), ("A", "C", 0)]
assert kept(look("llmfao")[0], "worker") == ["58", "83", "58"]
PY

# Without contexts: what needs none works, what needs some says so.
crow fit llmfao.h5 -o r.h5
exits 0
prints "no contexts: every alternative counts alike"
crow fit llmfao.h5 -o voronoi.h5 --weights voronoi
exits 3
says "has no contexts (/alternatives/context)"
crow fit llmfao.h5 -o r2.h5 --lambda 0.1 --force
exits 0
crow split llmfao.h5 -o train.h5 --test-output test.h5 --test 0.4
exits 0
"$python" -c "
import h5py
a, b = h5py.File('train.h5'), h5py.File('test.h5')
assert len(a['comparisons/label']) == len(a['comparisons/first']) and len(a['comparisons/label']) + len(b['comparisons/label']) == 3
assert list(a['comparisons/label_name']) == [b'worker', b'prompt']" || fail "split loses the kept columns"
for command in 'inspect llmfao.h5' 'compare r.h5 r2.h5' 'export r.h5 -o r.csv' 'export llmfao.h5 -o a.csv' 'eval r.h5 llmfao.h5' \
  'report r.h5 r2.h5 -o page.html' 'weights llmfao.h5 -o equal.h5 --scheme uniform'; do
  # shellcheck disable=SC2086
  crow $command
  exits 0
done
printf 'id,x\nq,1\n' >new.csv
for command in 'weights llmfao.h5 -o w.h5' 'audit llmfao.h5' 'cluster llmfao.h5 -o c.h5' 'pca llmfao.h5 -o p.h5' 'plan llmfao.h5' \
  'score r.h5 --contexts llmfao.h5 --dataset llmfao.h5 -o s.h5' 'fit llmfao.h5 -o m.h5 --model linear' 'plot llmfao.h5 -o v.svg'; do
  # shellcheck disable=SC2086
  crow $command
  exits 3
  says "has no contexts (/alternatives/context)"
done

# Contexts of every format: the same numbers, single precision where they are stored so.
"$python" - <<'PY'
import json, struct, h5py, numpy as np
x = np.array([[1, 2.5], [-3, 0.25], [0.5, 6]])
np.save("f2.npy", x.astype("<f2")); np.save("f4.npy", x.astype(">f4")); np.save("f8.npy", x.astype(">f8"))
np.save("fortran.npy", np.asfortranarray(x.astype("f4"))); np.save("half.npy", np.asfortranarray(x.astype(">f2")))
np.savez("stored.npz", x=x.astype("f4"), other=np.zeros(3)); np.savez_compressed("deflated.npz", x=x)
h5py.File("other.h5", "w")["deep/x"] = x.astype("f4")
bf16 = (x.astype("<f4").view("<u4") >> 16).astype("<u2")
parts = {"f16": ("F16", x.astype("<f2")), "bf16": ("BF16", bf16), "f32": ("F32", x.astype("<f4")), "f64": ("F64", x.astype("<f8"))}
header, data = {"__metadata__": {"format": "pt"}}, b""
for name, (dtype, values) in parts.items():
    header[name] = {"dtype": dtype, "shape": [3, 2], "data_offsets": [len(data), len(data) + values.nbytes]}
    data += values.tobytes()
text = json.dumps(header).encode()
open("x.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data)
np.savetxt("plain.csv", x, delimiter=","); np.savetxt("named.csv", x, delimiter=";", header="a;b", comments="")
PY
printf 'id\nA\nB\nC\n' >items.csv
printf 'left,right,winner\nA,B,left\nB,C,tie\n' >votes.csv
for contexts in f2.npy f4.npy f8.npy fortran.npy half.npy stored.npz:x deflated.npz deflated.npz:x other.h5:/deep/x \
  x.safetensors:f16 x.safetensors:bf16 x.safetensors:f32 x.safetensors:f64 plain.csv named.csv; do
  for ranks in 1 2; do
    number=$((${number:-0} + 1))
    ranks $ranks import --comparisons votes.csv --items items.csv --contexts "$contexts" -o "c$number.h5"
    exits 0
    echo "$number $contexts" >>imported
  done
done
"$python" - <<'PY' || fail "contexts are read wrongly"
import h5py
double = ("f8.npy", "deflated.npz", "deflated.npz:x", "x.safetensors:f64", "plain.csv", "named.csv")
for line in open("imported"):
    number, name = line.split()
    x = h5py.File(f"c{number}.h5")["alternatives/context"]
    assert (x[:] == [[1, 2.5], [-3, .25], [.5, 6]]).all(), name
    assert x.dtype == ("f8" if name in double else "f4"), name
PY
crow fit c1.h5 -o fitted.h5
exits 0
ranks 2 score fitted.h5 --dataset c1.h5 --contexts x.safetensors:bf16 -o scored.h5
exits 0
crow import --comparisons votes.csv --items items.csv --contexts stored.npz -o no.h5
exits 3
says "stored.npz: holds 2 arrays (x.npy, other.npy), expected FILE:NAME"
crow import --comparisons votes.csv --items items.csv --contexts x.safetensors:y -o no.h5
exits 3
says "holds 4 tensors (f16, bf16, f32, f64), expected FILE:NAME"

# A pipe is read once; gzip may come in several members.
tail -n +1 votes.csv | "$CROW" import --comparisons /dev/stdin --items items.csv --contexts f4.npy -o pipe.h5 >out 2>err ||
  fail "a pipe"
{ head -n 2 votes.csv | gzip; tail -n 1 votes.csv | gzip; } >two.csv.gz
crow import --comparisons two.csv.gz -o two.h5
exits 0
prints "2 comparisons"
head -c 40 two.csv.gz >cut.csv.gz
crow import --comparisons cut.csv.gz -o no.h5
exits 3
says "ends inside its gzip data"

# What is not read is named, without its bytes.
refuse() {
  crow import --comparisons "$1" -o no.h5
  exits 3
  says "$1: is $2"
  if LC_ALL=C grep -q '[^[:print:][:space:]]' err; then fail "raw bytes of $1"; fi
}
printf 'PAR1\1\2\3' >a.bin && refuse a.bin "a Parquet file; convert it first: jobs/convert/parquet.py"
printf 'ARROW1\0\0' >b.bin && refuse b.bin "an Arrow file"
refuse other.h5 "an HDF5 file"
refuse f4.npy "a NumPy array; it is taken as --contexts"
refuse stored.npz "a zip archive"
refuse x.safetensors "a .safetensors file"
printf '\200\2}q\1' >c.bin && refuse c.bin "a Python pickle"
printf '[\n{"a": 1}]' >d.json && refuse d.json "one JSON array, expected one JSON object a line; jq -c"
gzip -c two.csv.gz >e.gz && refuse e.gz "compressed by gzip twice"
printf 'ab\0c' >f.bin && refuse f.bin "not text"
crow import --comparisons votes.csv --contexts a.bin -o no.h5
exits 3
says "a.bin: is a Parquet file"
not_there no.h5
finish
