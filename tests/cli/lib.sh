# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the scripts of this folder share. Each runs the built command ($CROW) as a user does and ends with `finish`.
set -u
: "${CROW:?the program to test}"
MPIEXEC=${MPIEXEC:-mpirun}
# shellcheck disable=SC2034 # for the scripts
slowness=${CROW_TEST_SLOWNESS:-1} # time limits are as many times as long
folder=$(mktemp -d)
# What mpirun may leave behind when its ranks are ended goes with the test.
sessions=$(mktemp -d)
export OMPI_MCA_orte_tmpdir_base="$sessions"
failures=0
status=0
# A script that forgets to finish fails all the same.
trap 'status=$?; rm -rf "$folder" "$sessions"; [ "$failures" -eq 0 ] || exit 1; exit "$status"' EXIT
cd "$folder" || exit 1
code=0

fail() {
  failures=$((failures + 1))
  echo "FAILED: $*"
  echo "  exit code $code; standard output:"
  sed 's/^/    /' out
  echo "  standard error:"
  sed 's/^/    /' err
}

# run COMMAND...: its output is in `out` and `err`, its exit code in $code.
run() {
  last="$*"
  "$@" >out 2>err </dev/null
  code=$?
}
crow() { run "$CROW" "$@"; }
# ranks P ARGUMENT...: crow on P ranks; one needs no launcher.
ranks() {
  count=$1
  shift
  if [ "$count" -eq 1 ]; then
    crow "$@"
    return
  fi
  # shellcheck disable=SC2086 # MPIEXEC is a list of words
  run env "OMPI_MCA_pml=${OMPI_MCA_pml:-ob1}" $MPIEXEC -n "$count" "$CROW" "$@" # looks for no network
}

exits() { [ "$code" -eq "$1" ] || fail "$last: exit code $code, expected $1"; }
prints() { grep -qF -e "$1" out || fail "$last: standard output lacks \"$1\""; }
prints_not() { if grep -qF -e "$1" out; then fail "$last: standard output has \"$1\""; fi; }
says() { grep -qF -e "$1" err || fail "$last: standard error lacks \"$1\""; }
# once FILE TEXT: TEXT is on exactly one line of FILE.
once() { [ "$(grep -cF -e "$2" "$1")" -eq 1 ] || fail "$last: \"$2\" is not exactly once in $1"; }
silent() { [ ! -s "$1" ] || fail "$last: $1 is not empty"; }
equal() { [ "$1" = "$2" ] || fail "$last: \"$1\" is not \"$2\""; }
there() { [ -f "$1" ] || fail "$last: $1 is not there"; }
not_there() { if [ -e "$1" ]; then fail "$last: $1 is there"; fi; }

# near ACTUAL EXPECTED TOLERANCE
near() {
  awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(a != "" && d <= t) }' ||
    fail "$last: $1 is not within $3 of $2"
}

# cell ID COLUMN: of the table that fit printed, the named alternative's value; columns to the left of the win rate (0),
# after which the columns vary.
cell() {
  awk -v id="$1" -v from_end="$2" '
    $1 == "rank" && $2 == "id" {
      rest = $0
      sub(/.*win rate/, "", rest)
      sub(/std. error/, "error", rest)
      after = split(rest, names)
    }
    $2 == id && $1 ~ /^([0-9]+|-)$/ { print $(NF - after - from_end); exit }' out
}
reward() { cell "$1" 2; }
weight() { cell "$1" 1; }
win_rate() { cell "$1" 0; }

skip() {
  echo "skipped: $*"
  exit 77
}

# Sets $python to an interpreter that has h5py, or skips the test.
need_h5py() {
  for python in /usr/bin/python3 python3; do
    if "$python" -c 'import h5py, numpy' 2>/dev/null; then return; fi
  done
  skip "no python3 with h5py"
}

finish() {
  [ "$failures" -eq 0 ] || echo "$failures failed"
  [ "$failures" -eq 0 ]
  exit
}
