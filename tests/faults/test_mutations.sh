# SPDX-License-Identifier: Apache-2.0
# 200 damaged datasets are each used or refused with one message that names the file. More, and others:
# CROW_MUTATIONS=2000 CROW_FIRST=200 sh tests/faults/test_mutations.sh
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"

need_h5py
export PYTHONDONTWRITEBYTECODE=1
"$python" "$here/mutations.py" "${CROW_MUTATIONS:-200}" "${CROW_FIRST:-0}"
