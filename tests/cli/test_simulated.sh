# SPDX-License-Identifier: Apache-2.0
# The build for SimGrid: up to 16 ranks of a described cluster, whose clock moves by messages and by what work is charged.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Any build parses charges; one that runs in real time has no use for them.
crow bench fit --charge pair=5e-9,slices=1
exits 2
says "expected sample, pair, whole, slice or vector"
crow bench fit --charge pair=-1
exits 2
says "expected KIND=SECONDS"
crow bench fit --charge pair=5e-9
exits 2
says "a build for SimGrid"

if ! command -v smpicc >out || ! command -v smpirun >out; then
  [ "$failures" -eq 0 ] || finish
  skip "SimGrid is not installed (Debian, Ubuntu: apt-get install libsimgrid-dev libhdf5-dev)"
fi
build=$CROW_BUILD/simulated
run env CC=smpicc cmake -S "$CROW_SOURCE" -B "$build" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O0 -DCROW_SMPI=ON \
  -DCROW_TESTS=OFF -DCROW_PLOTS=OFF
[ "$code" -eq 0 ] || fail "the simulated build is not configured"
run cmake --build "$build" --target crow --parallel 2
[ "$code" -eq 0 ] || fail "the simulated build fails"

cat >platform.xml <<'XML'
<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="c" prefix="node-" suffix="" radical="0-15" speed="1Gf" bw="12.5GBps" lat="1us"/>
</platform>
XML
seq 0 15 | sed 's/^/node-/' >hosts
# simulate RANKS FILE OPTION...: crow bench, its table in FILE.
simulate() {
  count=$1
  table=$2
  shift 2
  run smpirun -np "$count" -platform platform.xml -hostfile hosts --cfg=smpi/simulate-computation:no \
    --cfg=smpi/host-speed:1Gf --cfg=smpi/privatization:dlopen "$build/crow" bench "$@" --repetitions 1 --warm-up 0 --csv "$table"
  exits 0
}
# between FILE QUANTITY LEAST GREATEST
between() {
  awk -F, -v name="$2" -v least="$3" -v greatest="$4" \
    '$1 != "machine" && $2 == name { found = $4 >= least && $4 <= greatest } END { exit !found }' "$1" ||
    fail "$last: $2 is not between $3 and $4: $(grep "$2" "$1")"
}

# A rank's 1024 samples at a millisecond each; messages take some microseconds.
simulate 16 weights.csv weights --alternatives 500 --dimensions 4 --nearest tree --contexts random --samples 16384 \
  --charge sample=1e-3
prints "VALID: "
between weights.csv time 1.024 1.026
between weights.csv work_sample 999999 1000001

# Complete preferences pass over a rank's alternatives thrice in an evaluation.
simulate 4 fit.csv fit --graph complete --alternatives 20480 --charge slice=1e-6
prints "VALID: "
charged=$(awk -F, '$2 == "evaluations" { print $4 * 3 * 20480 / 4 * 1e-6 }' fit.csv)
between fit.csv time "$charged" "$(awk -v t="$charged" 'BEGIN { print 1.02 * t }')"

# Nothing charged: messages alone, and no rank waits for another's work.
simulate 4 free.csv fit --alternatives 2048 --pairs 20480
prints "VALID: "
between free.csv time 1e-6 1e-2
between free.csv work_pair 0 0
finish
