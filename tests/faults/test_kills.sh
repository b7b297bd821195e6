# SPDX-License-Identifier: Apache-2.0
# 20 runs are killed at random times; each goes on and ends with the bits of a run that was never killed. More:
# CROW_KILLS=200 sh tests/faults/test_kills.sh
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/lib.sh"

command -v h5dump >/dev/null || skip "no h5dump"
command -v python3 >/dev/null || skip "no python3"
export PYTHONDONTWRITEBYTECODE=1
python3 "$here/kills.py" "${CROW_KILLS:-20}" "${CROW_SEED:-1}"
