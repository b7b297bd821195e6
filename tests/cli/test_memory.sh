# SPDX-License-Identifier: Apache-2.0
# Work that does not fit into memory is refused before it begins, by every command that may need much: exit 1, one
# message with what is needed, what there is and the ways out, and no output.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

write_many 300 2000
import data.h5 --items items.csv
exits 0
crow fit data.h5 -o tabular.h5 --weights uniform
exits 0
crow fit data.h5 -o network.h5 --weights uniform --model mlp --optimizer lbfgs --max-iterations 2
crow simulate -o matrix.h5 --alternatives 40 --preferences matrix
exits 0
crow simulate -o plane.h5 --alternatives 40 --dimensions 2 --preferences population
exits 0
crow simulate -o prompts.h5 --alternatives 60 --prompts 12 --preferences population
exits 0

# refused RANKS WORK COMMAND...: a rank may use one MB.
refused() {
  on=$1 work=$2
  shift 2
  rm -f out.h5 test.h5
  ranks "$on" "$@" --memory-per-rank 1e6
  exits 1
  once err "crow $1: error: "
  once err "$work"
  says "GB are needed a rank on $on rank"
  says "a rank may use 0.001 GB"
  says "or raise --memory-per-rank"
  not_there out.h5
  not_there test.h5
}
import_all() { refused 1 "the import of comparisons.csv" import --comparisons comparisons.csv --items items.csv -o out.h5 "$@"; }
import_all --contexts contexts.csv
refused 1 "the weights of 300 alternatives in 3 dimensions" weights data.h5 -o out.h5
refused 3 "the weights of 300 alternatives in 3 dimensions" weights data.h5 -o out.h5
refused 1 "the weights of 300 alternatives" weights data.h5 -o out.h5 --space gaussian --grid 1x1
refused 1 "the weights of 300 alternatives" weights data.h5 -o out.h5 --scheme cluster
refused 1 "the weights of 40 alternatives in 2 dimensions" weights plane.h5 -o out.h5 --nearest exact
refused 1 "the weights of 60 alternatives" weights prompts.h5 -o out.h5
refused 1 "the fit of 300 alternatives with 2000 comparisons" fit data.h5 -o out.h5
refused 3 "the fit of 300 alternatives" fit data.h5 -o out.h5 --weights uniform --model mlp --ensemble 3
refused 1 "the fit of 40 alternatives" fit matrix.h5 -o out.h5
refused 1 "scores of 300 alternatives" score tabular.h5 --dataset data.h5 --contexts data.h5 -o out.h5
refused 1 "scores of 300 alternatives" score network.h5 --contexts data.h5 -o out.h5
refused 1 "the contexts of contexts.csv" score network.h5 --contexts contexts.csv -o out.h5
refused 3 "the evaluation of 2000 comparisons" eval tabular.h5 data.h5
refused 1 "the split of 2000 comparisons" split data.h5 -o out.h5 --test-output test.h5
refused 1 "written at a time" export data.h5 -o out.csv
refused 1 "principal components" pca data.h5 -o out.h5
refused 1 "groups of 300 alternatives" cluster data.h5 -o out.h5
refused 1 "the audit of 300 alternatives" audit data.h5
refused 1 "a simulation of 50 alternatives and 3 annotator types" simulate -o out.h5 --alternatives 50

# Uncertainty has a plan of its own: the fit of these fits, a million replicates do not.
crow fit data.h5 -o out.h5 --weights uniform --bootstrap 1000000 --memory-per-rank 1e9
exits 1
says "the bootstrap or standard errors of 300 alternatives with 2000 comparisons: "
says "fewer --bootstrap replicates"
not_there out.h5
# A matrix of groups is known once the groups are: 8 bytes a pair.
refused 1 "groups of 40 alternatives" cluster matrix.h5 -o out.h5 --clusters 20
# Enough is enough.
crow fit data.h5 -o out.h5 --weights uniform --memory-per-rank 1e9
exits 0

# crow plan says the same numbers as the refusal.
crow fit data.h5 -o no.h5 --weights uniform --memory-per-rank 1
planned=$(sed -n 's/.*comparisons: \([0-9.e-]*\) GB are needed.*/\1/p' err)
crow plan data.h5 --samples 1000 --json plan.json --memory-per-rank 1e9
exits 0
fit_bytes=$(sed -n 's/.*"fit_bytes": \([0-9.e+]*\).*/\1/p' plan.json | head -1)
near "$planned" "$(awk -v b="$fit_bytes" 'BEGIN { print b / 1e9 }')" 0.0005

finish
