# SPDX-License-Identifier: Apache-2.0
# What goes wrong on one rank of three ends the run on all of them: one message, one exit code, soon (ten times what a run
# without a fault takes here, and ten seconds, since HDF5 is given three to notice), and nothing half-written. Each rank in
# turn lacks memory, cannot write, or has the bad data in its slice.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"
. "$here/../cli/data.sh"

# on_rank RANK LIMIT COMMAND...: the command, on that rank under a limit of the shell's, or under a quota that the call
# QUOTA_CALL runs into.
cat >on_rank <<'END'
rank=$1 limit=$2
shift 2
if [ "${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-${PMI_RANK:-}}}" = "$rank" ]; then
  # shellcheck disable=SC2086 # an option and its value
  case $limit in
  quota-*)
    after=${limit#quota-*-}
    call=${limit#quota-}
    export LD_PRELOAD="$PWD/quota.so" QUOTA_FOLDER="$PWD/" QUOTA_CALL="${call%-*}" QUOTA_AFTER="$after"
    ;;
  *) ulimit $limit || exit 99 ;;
  esac
fi
exec "$@"
END

# ends CODE TEXT RANK LIMIT ARGUMENT...: crow on three ranks, one of them limited, ends like this.
ends() {
  code_wanted=$1 text=$2 rank=$3 limit=$4
  shift 4
  # shellcheck disable=SC2086 # MPIEXEC is a list of words
  run timeout $limit_s $MPIEXEC -n 3 sh ./on_rank "$rank" "$limit" "$CROW" "$@"
  last="rank $rank under ulimit $limit: $last"
  exits "$code_wanted"
  once err "crow $1: error: "
  says "$text"
  equal "$(find . -name '.*tmp' -o -name 'new*' | tr '\n' ' ')" ""
  rm -f new*
}

begun=$(date +%s)
ranks 3 simulate -o usual.h5 --alternatives 400000
exits 0
limit_s=$((10 * slowness + 10 * ($(date +%s) - begun + 1)))
rm -f usual.h5
crow simulate -o few.h5 --alternatives 3000 --dimensions 3 --preferences comparisons
exits 0
crow simulate -o old.h5 --alternatives 10
cp old.h5 copy.h5

# ---- a write fails on one rank: the first one also reserves the room ----
for rank in 0 1 2; do
  ends 4 "File too large" "$rank" "-f 4000" simulate -o new.h5 --alternatives 400000
  ends 4 "old.h5" "$rank" "-f 4000" simulate -o old.h5 --alternatives 400000 --force
  cmp -s old.h5 copy.h5 || fail "$last: the older file was touched"
done

# Even what HDF5 holds back of a file that is given up would be too much for this rank.
ends 4 "File too large" 2 "-f 100" simulate -o new.h5 --alternatives 300000

# The quota stays exceeded while the file is given up. HDF5 is never left to write on one rank alone in vain: the others
# would wait for that rank.
"${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -o quota.so "$here/quota.c" || fail "quota.c does not compile"
export ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0"
for rank in 0 2; do
  for call in write fsync; do
    ends 4 "old.h5: " "$rank" "quota-$call-0" simulate -o old.h5 --alternatives 3000 --force
    once err "crow simulate: error: "
    grep -qE '^crow simulate: error: .*old\.h5: .*Disk quota exceeded(; the result is whole in .*)?$' err ||
      fail "$last: the message does not say why"
    saved=$(sed -n 's/.*; the result is whole in \(.*\): move it.*/\1/p' err) # in TMPDIR
    if [ -n "$saved" ]; then
      there "$saved"
      rm -f "$saved"
    fi
    cmp -s old.h5 copy.h5 || fail "$last: the older file was touched"
  done
done

# The disk refuses HDF5's metadata after it was tried: HDF5 hangs, and the first rank notices.
for after in 10 30; do
  # shellcheck disable=SC2086 # MPIEXEC is a list of words
  run timeout $limit_s $MPIEXEC -n 3 sh ./on_rank 0 "quota-write-$after" "$CROW" simulate -o old.h5 --alternatives 3000 --force
  exits 4
  once err "crow simulate: error: cannot write old.h5: Disk quota exceeded"
  equal "$(find . -name '.*tmp')" ""
  cmp -s old.h5 copy.h5 || fail "$last: the older file was touched"
done

# Of two files that belong together neither appears when the second one fails, as late as it may.
for limit in quota-write-16 quota-write-30 quota-write-38 quota-write-50 quota-fsync-1 quota-fsync-3 quota-fsync-5; do
  # shellcheck disable=SC2086
  run timeout $limit_s $MPIEXEC -n 2 sh ./on_rank 0 "$limit" "$CROW" split few.h5 -o new-train.h5 \
    --test-output new-test.h5
  last="$limit: $last"
  [ "$code" -eq 0 ] && continue # after all writes
  exits 4
  once err "crow split: error: "
  equal "$(find . -name '.*tmp' -o -name 'new*')" ""
done
rm -f new-train.h5 new-test.h5

# ---- no memory on one rank ----
# What a rank takes in a small run, in kB of address space: the last that is seen of it before its time limit, so that a
# slow machine has come as far as a fast one.
cat >watched <<'END'
"$@" &
name=peak-${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-${PMI_RANK:-}}}
while kill -0 $! 2>/dev/null; do
  peak=$(sed -n 's/^VmPeak:[^0-9]*\([0-9]*\) kB/\1/p' /proc/$!/status 2>/dev/null)
  [ -z "$peak" ] || echo "$peak" >"$name"
  [ -n "$peak" ] || break
  sleep 0.2
done
wait
END
# shellcheck disable=SC2086
run $MPIEXEC -n 3 sh ./watched "$CROW" weights few.h5 -o peak.h5 --samples 1e10 --nearest gemm --checkpoint none --time-limit 2
# limit RANK KB: so much more than that.
limit() { echo "-v $(($(cat "peak-$1") + $2))"; }
if [ -n "${CROW_MEMCHECK-}" ]; then
  echo "valgrind's own memory cannot be limited: lack of memory was not tested"
elif [ -s peak-0 ] && [ -s peak-1 ] && [ -s peak-2 ]; then
  crow simulate -o wide.h5 --alternatives 60000 --dimensions 256 --spread 0.1 --preferences comparisons
  exits 0
  for rank in 0 2; do
    ends 1 "out of memory" "$rank" "$(limit $rank 20000)" fit wide.h5 -o new.h5 --space cube --draws independent --nearest gemm --samples 1000
  done
  # OpenBLAS looks for its memory for ever where there is none. AddressSanitizer, which takes terabytes of addresses, does
  # not even begin then.
  [ "$(cat peak-1)" -gt 1000000000 ] || ends 1 "OpenBLAS" 1 "$(limit 1 -60000)" fit few.h5 -o new.h5 --nearest gemm --samples 1000
else
  echo "what a rank takes is not known here: lack of memory was not tested"
fi

# ---- bad data in the slice of one rank ----
need_h5py
cat >make.py <<'END'
import shutil, h5py

def changed(name, source, path, index, value):
    shutil.copy(source, name)
    with h5py.File(name, "r+") as f:
        f[path][index] = value

for slice, row in (("first", 20), ("last", -20)):
    changed(f"context-{slice}.h5", "few.h5", "/alternatives/context", (row, 1), float("nan"))
    changed(f"outcome-{slice}.h5", "few.h5", "/comparisons/outcome", row, 1.5)
    changed(f"index-{slice}.h5", "few.h5", "/comparisons/second", row, 3000)
END
"$python" make.py || fail "h5py"
for slice in first last; do
  for field in context:/alternatives/context outcome:/comparisons/outcome index:/comparisons/second; do
    ends 3 "${field#*:}" none "" fit "${field%%:*}-$slice.h5" -o new.h5 --samples 1000
  done
done
finish
