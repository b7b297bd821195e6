# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Read before lib.sh by scripts that mount something: runs the script again in a namespace of its own, as root or as a
# user where that is allowed. Then CROW_OWN_MOUNTS is set.
if [ -z "${CROW_OWN_MOUNTS:-}" ]; then
  for how in "-m" "-rm"; do
    if unshare $how true 2>/dev/null; then
      CROW_OWN_MOUNTS=yes exec unshare $how sh "$0"
    fi
  done
fi
