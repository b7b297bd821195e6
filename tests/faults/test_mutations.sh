# SPDX-License-Identifier: Apache-2.0
# 200 damaged datasets are each used or refused with one message that names the file. More, and others:
# CROW_MUTATIONS=2000 CROW_FIRST=200 sh tests/faults/test_mutations.sh
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"

need_h5py
export PYTHONDONTWRITEBYTECODE=1
# HDF5 loses memory on damaged metadata (lsan.supp), which only a whole stack tells.
export ASAN_OPTIONS="${ASAN_OPTIONS-}:fast_unwind_on_malloc=0"
# Two workers, each in a folder of its own.
count=${CROW_MUTATIONS:-200}
first=${CROW_FIRST:-0}
half=$((count / 2))
mkdir one two
(cd one && exec "$python" "$here/mutations.py" "$half" "$first") &
worker=$!
code=0
(cd two && "$python" "$here/mutations.py" $((count - half)) $((first + half))) || code=1
wait "$worker" || code=1
exit "$code"
