# SPDX-License-Identifier: Apache-2.0
# crow bench: blocks, JSON and CSV hold the same verified figures; wrong usage is refused. No figure is judged.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

quick="--machine-seconds 0.1 --repetitions 2 --warm-up 0 --dimensions 24 --alternatives 900"
# shellcheck disable=SC2086 # a list of words
ranks 2 bench all $quick --samples 20000 --pairs 9000 --efficiency --folder . --json b.json --csv b.csv
exits 0
for text in sgemm_rate triad_rate allreduce_latency threads reproducible_to_plain_sum ratio_to_sgemm pairs_rate efficiency write_rate; do prints "$text"; done
equal "$(grep -c '^VALID: ' out)" 3
silent err # weights of a made-up problem have nothing to warn of
prints_not INVALID
# Every item of the block, in the text, the table and the summary.
for name in ranks threads sgemm_rate triad_rate allreduce_latency allreduce_rate time rate ratio_to_sgemm share_of_peak pairs_rate memory_rate share_of_triad efficiency; do
  grep -q "^$name  *[0-9]" out || fail "$name is not in the text"
  grep -q ",$name,[^,]*,[0-9][^,]*,[0-9][^,]*,[0-9]" b.csv || fail "$name is not in the table"
  grep -A 3 "\"$name\": {" b.json | grep -q '"median": [0-9]' || fail "$name is not in the summary"
done
grep -q '"share_of_sgemm": {' b.json || fail "the key that scripts know is gone"
# The score comes first, of what is measured below, and every figure says what it is.
sed '/^=====/q' out | grep -qE '^score: weights [0-9.e+]+ samples x alternatives a second, fits [0-9.e+]+ pairs a second, files' ||
  fail "the score is not first"
awk '/^quantity/ { at = index($0, "what it is"); next } /^(=|$)/ { at = 0 } at && length($0) < at { print; bad = 1 } END { exit bad }' out ||
  fail "a figure is not explained"
# No share is above 1.
awk -F, '$2 ~ /^share_of_(peak|triad)$/ && $6 > 1 { bad = 1 } END { exit bad }' b.csv || fail "a share is above 1"
prints " core, "
grep -q '^machine,blas_core,,[A-Za-z0-9]' b.csv || fail "the BLAS core is not in the table"
grep -q '"blas_core": "[A-Za-z0-9]' b.json || fail "the BLAS core is not in the summary"
prints "stage, a repetition"
grep -q '^weights,share_of_stage_search,%,[0-9]' b.csv || fail "shares by stage are not in the table"
grep -q '"share_percent": [0-9]' b.json || fail "shares by stage are not in the summary"
equal "$(grep -c ',valid,,1,1,1$' b.csv)" 3
equal "$(head -1 b.csv)" "benchmark,quantity,unit,median,least,greatest"
grep -q '^weights,samples,,20000,20000,20000$' b.csv || fail "samples are not in the table"
grep -q '^weights,stage_search,s,' b.csv || fail "stages are not in the table"
[ "$(grep -c '"valid": true' b.json)" -ge 3 ] || fail "verdicts are not in the summary"
[ -z "$(find . -name '.bench.*')" ] || fail "files are left behind"

# shellcheck disable=SC2086
crow bench fit $quick --graph complete --quiet --json complete.json --csv complete.csv
exits 0
silent out
# On one rank there is no transfer to measure.
grep -A 3 '"allreduce_latency": {' complete.json | grep -q '"median": null' || fail "a latency among one rank"
grep -q '^machine,allreduce_rate,GB/s,,,$' complete.csv || fail "a rate among one rank"

# A fit that may not reach its tolerance has a verdict all the same.
# shellcheck disable=SC2086
crow bench fit $quick --pairs 9000 --tolerance 1e-13
grep -qE '^(VALID|INVALID): certificate' out || fail "no verdict"

# Predictions for a size and for a dataset.
crow bench model --alternatives 2000 --dimensions 8 --ranks 6 --json model.json
exits 0
prints "search_a_sample"
prints "6x1"
prints "48x1"
[ "$(grep -c '"weights_s"' model.json)" -eq 4 ] || fail "predictions are not in the summary"
crow simulate -o votes.h5 --alternatives 300 --preferences comparisons --comparisons 900
crow plan votes.h5 --ranks 8 --memory-per-rank 1e5
exits 0
prints "none fits"
prints "Transfers between ranks are not in it"
grep -q "^allreduce_latency  *-" out || fail "a latency among one rank"
prints "evaluate_a_pair"
# The lines that a job may begin with.
prints "#SBATCH --nodes="
prints "#SBATCH --ntasks-per-node="
prints "#SBATCH --mem="
grep -qE '^#SBATCH --time=[0-9]+:[0-9][0-9]:00$' out || fail "no time for Slurm"
# Of prompts, what they cost and not what as many alternatives of one cost: within a factor of three of the run itself,
# in processor time on a machine that does other things too.
crow simulate -o prompts.h5 --prompts 3000 --alternatives 12000 --dimensions 64 --spread 0.1 --preferences comparisons --comparisons 24000
exits 0
crow plan prompts.h5 --json plan.json
exits 0
prints "Weights are those within 3000 prompts"
crow weights prompts.h5 -o prompts-w.h5 --json run.json
exits 0
if command -v python3 >/dev/null; then
  python3 - <<'PY' || fail "the weights within prompts are not predicted"
import json
told = json.load(open("plan.json"))["predictions"][0]["weights_s"]
took = next(s["cpu_s"] for s in json.load(open("run.json"))["stages"] if s["stage"] == "weights")
assert took / 3 < told < 3 * took, (told, took)
PY
fi
crow simulate -o types.h5 --alternatives 300
ranks 2 plan types.h5
exits 0
prints "(complete preferences)"

# What is predicted is what the commands reckon with: a byte less a rank is refused, for every kind of preferences.
crow simulate -o table.h5 --alternatives 300 --preferences matrix
for dataset in votes types table; do
  crow plan $dataset.h5 --json plan.json --quiet
  exits 0
  crow weights $dataset.h5 -o known.h5 --force
  # predicted NAME: of one rank, which comes first
  predicted() { sed -n "s/^ *\"$1\": \([0-9]*\).*/\1/p" plan.json | head -n 1; }
  for command in weights fit; do
    bytes=$(predicted ${command}_bytes)
    rm -f planned.h5
    options=
    [ $command = weights ] || options="--weights known.h5 --no-errors"
    # shellcheck disable=SC2086 # words
    crow $command $dataset.h5 -o planned.h5 $options --memory-per-rank $((bytes - 1))
    exits 1
    says "or raise --memory-per-rank"
    # shellcheck disable=SC2086
    crow $command $dataset.h5 -o planned.h5 $options --memory-per-rank $((bytes + 1))
    exits 0
  done
done

# What is counted is what a fit then reports: with equal weights the same evaluations, and among more than 5000
# alternatives the 2000 that are compared with all others; only observed comparisons have standard errors, and only weights
# that were sampled an error of their own.
crow simulate -o deep.h5 --alternatives 6000 --dimensions 3 --spread 0.2 --reward-spread 1
crow simulate -o deep-matrix.h5 --alternatives 700 --dimensions 3 --spread 0.2 --reward-spread 1 --preferences matrix
crow simulate -o deep-votes.h5 --alternatives 500 --dimensions 3 --spread 0.2 --preferences comparisons --comparisons 4000
cat >counted.py <<'PY'
import json, sys
plan, fit = (json.load(open(name)) for name in ("plan.json", "fit.json"))
p, weights = plan["predictions"][0], sys.argv[1]
compared = fit["weights_effect"]["compared_with_all"]
stages = {s["stage"] for s in fit["stages"]}
assert p["compared_with_all"] == compared, (p["compared_with_all"], compared)
assert compared == int(sys.argv[2]), compared
if weights == "uniform":
    assert p["evaluations"] == fit["evaluations"], (p["evaluations"], fit["evaluations"])
assert (p["weights_s"] > 0) == (p["check_s"] > 0) == ("check" in stages) == (weights != "uniform")
assert (p["errors_s"] > 0) == ("standard errors" in stages)
assert (p["sampling_error_s"] > 0) == ("sampling_error_largest" in fit)
assert (p["win_rates_s"] > 0) == ("matrix" in sys.argv[3] or sys.argv[3] == "deep") and (p["read_s"] > 0) == ("votes" in sys.argv[3])
parts = [p[k + "_s"] for k in ("open", "check", "weights", "fit", "near_duplicates")]
assert min(parts[0], *parts[3:]) > 0 and abs(sum(parts) - p["total_s"]) < 1e-9 * p["total_s"]
PY
for weights in uniform voronoi; do
  for counted in deep:2000 deep-matrix:700 deep-votes:500; do
    crow plan "${counted%:*}.h5" --weights $weights --json plan.json
    exits 0
    prints "Stage by stage, on 1 rank:"
    crow fit "${counted%:*}.h5" --weights $weights -o counted.h5 --force --json fit.json
    exits 0
    if command -v python3 >/dev/null; then
      python3 counted.py $weights "${counted#*:}" "${counted%:*}" || fail "the plan of ${counted%:*} counts otherwise than its fit"
    fi
  done
done
crow plan votes.h5 --weights sampled
exits 2
says "expected voronoi or uniform"

crow plan
exits 2
crow plan nowhere.h5
exits 4

crow bench wieghts
exits 2
says "weights"
crow bench
exits 2
crow bench weights --fill 1.5
exits 2
says "--fill"
crow bench io --folder /nowhere --alternatives 100
exits 4
# Exact cells take no samples: no rate, and valid all the same.
crow bench weights --alternatives 100 --dimensions 2 --machine-seconds 0.02 --repetitions 1
exits 0
prints "score: none, exact weights take no samples"
prints "VALID: every weight is within"
finish
