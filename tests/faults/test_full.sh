# SPDX-License-Identifier: Apache-2.0
# A full disk, or a limit on the size of files: exit 4 and a message, the older file as it was, nothing left beside it.
here=$(cd "$(dirname "$0")" && pwd)

# A small disk needs a mount, so a namespace of its own: as root, or as a user where that is allowed.
if [ -z "${CROW_OWN_MOUNTS:-}" ]; then
  for how in "-m" "-rm"; do
    if unshare $how true 2>/dev/null; then
      CROW_OWN_MOUNTS=yes exec unshare $how sh "$here/test_full.sh"
    fi
  done
fi
. "$here/../cli/lib.sh"
. "$here/../cli/data.sh"

mkdir small

# What is in small/: names and bytes.
fingerprint() { find small -type f ! -name filling -exec cksum {} + | sort; }

# refused COUNT FILE ARGUMENT...: crow on COUNT ranks ends with 4, names FILE once, and leaves small/ as it was.
refused() {
  count=$1 file=$2
  shift 2
  files=$(fingerprint)
  ranks "$count" "$@"
  exits 4
  grep -qF -e "$file" err || fail "$last: standard error does not name $file"
  [ "$(grep -c 'error: ' err)" -eq 1 ] || fail "$last: not exactly one message"
  says "$reason"
  equal "$(fingerprint)" "$files"
}

# Every command that writes a file, over an older one; checkpoints have none before them.
write_many 30000 60000
all_outputs() {
  for count in "$@"; do
    refused "$count" small/simulated.h5 simulate -o small/simulated.h5 --alternatives $alternatives --force
    refused "$count" small/weights.h5 weights many.h5 -o small/weights.h5 --nearest exact --force
    refused "$count" small/rewards.h5 fit many.h5 -o small/rewards.h5 --weights uniform --force
    for command in weights fit; do
      refused "$count" small/points. $command many.h5 -o result.h5 --samples 20000 --nearest tree \
        --checkpoint small/points --checkpoint-interval 0
      not_there result.h5
    done
  done
}

write_older() {
  crow simulate -o small/simulated.h5 --alternatives 10
  exits 0
  crow weights small/simulated.h5 -o small/weights.h5
  exits 0
  crow fit small/simulated.h5 -o small/rewards.h5
  exits 0
  cp small/simulated.h5 small/dataset.h5
}

# MPI has files of its own, so the limit cannot be as low as the disk is small.
alternatives=600000
reason="File too large"
crow simulate -o many.h5 --alternatives $alternatives
write_older
before=$failures
(
  ulimit -f 16000 # blocks of 512 bytes
  all_outputs 1 3
  exit $((failures - before))
) || failures=$((failures + $?))
rm small/*

if [ -z "${CROW_OWN_MOUNTS:-}" ] || ! mount -t tmpfs -o size=8m crow-small small 2>/dev/null; then
  echo "a small disk cannot be mounted here: only the limit on the size of files was tested"
  finish
fi
alternatives=30000
reason="No space left"
crow simulate -o many.h5 --alternatives $alternatives --force
write_older
import_too() {
  for count in "$@"; do
    refused "$count" small/dataset.h5 import --comparisons comparisons.csv --contexts contexts.csv \
      -o small/dataset.h5 --force
  done
}
[ "$(du -sk small | cut -f 1)" -lt 1000 ] || fail "small files take much room: $(du -k small/*)"
dd if=/dev/zero of=small/filling bs=64k >/dev/null 2>&1
all_outputs 1 3
import_too 1 3
# Room for the beginning of a file, not for all of it.
truncate -s -1300k small/filling
all_outputs 1 3
import_too 1 3
rm small/filling
# With room again the same command is done.
ranks 2 weights many.h5 -o small/weights.h5 --nearest exact --force
exits 0
umount small
finish
