# SPDX-License-Identifier: Apache-2.0
# 200 damaged datasets are each used or refused with one message that names the file. More, and others:
# CROW_MUTATIONS=2000 CROW_FIRST=200 CROW_BOTH=1 sh tests/faults/test_mutations.sh
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"

need_h5py
export PYTHONDONTWRITEBYTECODE=1
# Two workers, each in a folder of its own.
count=${CROW_MUTATIONS:-200}
first=${CROW_FIRST:-0}
both=${CROW_BOTH:+--both}
half=$((count / 2))
mkdir one two
# shellcheck disable=SC2086 # none or one word
(cd one && exec "$python" "$here/mutations.py" "$half" "$first" $both) &
worker=$!
code=0
# shellcheck disable=SC2086
(cd two && "$python" "$here/mutations.py" $((count - half)) $((first + half)) $both) || code=1
wait "$worker" || code=1
exit "$code"
