# SPDX-License-Identifier: Apache-2.0
# Ranks that have no alternatives take part in all that the others do: in more samples for a reward's error, and in what
# a stop saves and the next run goes on with.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
command -v h5diff >/dev/null || skip "no h5diff"

crow simulate -o few.h5 --alternatives 9 --dimensions 3 --spread .1 --preferences comparisons -q
crow fit few.h5 -o one.h5 --samples 1000 --reward-error 0.01
exits 0
ranks 3 fit few.h5 -o three.h5 --samples 1000 --reward-error 0.01
exits 0
run h5diff one.h5 three.h5 /rewards
exits 0

CROW_TEST_STOP_AT="standard errors"
export CROW_TEST_STOP_AT
ranks 3 fit few.h5 -o stopped.h5 --samples 1000 --reward-error 0.01
exits 75
unset CROW_TEST_STOP_AT
crow fit few.h5 -o stopped.h5 --samples 1000 --reward-error 0.01
exits 0
prints "going on from"
run h5diff one.h5 stopped.h5 /rewards
exits 0

finish
