# SPDX-License-Identifier: Apache-2.0
# A file so damaged that HDF5 itself crashes on it is refused like any other bad input: one message, exit 3, no hang.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

# 952 bytes: a group with two attributes, its heap and table overwritten at random. HDF5 1.10.8 crashes on it.
base64 -d <<'END' | gunzip >crashing.h5
H4sIAAAAAAACA+v0cHHj5ZLiYgABDg4GFgYBBmTwHwp2MKPyYfIJUJoRSndA6RVMMHEWsJwEVFwAaj7MnBlQ8ZAgV1dkcXR7RsHI
Bh6ujgEgOgLK54DSJ5hQ1cHSYQCV7BWEplf0dM3DYAC1jwvoFg6G5KL88vjszLwUqDphoEPYkdyTkliSWJxaAtTnANUnAmRD9RUn
Z6TmJsaXpRYVZ+bnQfIJB8yPDij+gtEAsfTtTrgDAAA=
END
for count in 1 2 4; do
  ranks "$count" inspect crashing.h5
  exits 3
  once err "crashing.h5"
  if grep -q Signal err; then fail "$last: a crash is reported as one"; fi
  ranks "$count" fit crashing.h5 -o rewards.h5
  exits 3
  once err "crashing.h5"
  not_there rewards.h5
done

finish
