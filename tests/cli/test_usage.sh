# SPDX-License-Identifier: Apache-2.0
# Wrong usage ends with 2, before any work, and names the nearest valid word or the usage line.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

# wrong TEXT ARGUMENT...
wrong() {
  expected=$1
  shift
  crow "$@"
  exits 2
  says "$expected"
  says "usage: crow"
  silent out
  equal "$(grep -c 'error:' err)" 1
}

wrong 'which command?'
wrong 'unknown command "fti"; did you mean "fit"?' fti
wrong 'unknown command "wieghts"; did you mean "weights"?' wieghts data.h5
wrong 'unknown command ""' ""
wrong 'unknown option --hlp; did you mean --help?' --hlp
wrong 'unknown option --versoin; did you mean --version?' --versoin

wrong 'unknown option --lamda; did you mean --lambda?' fit data.h5 -o r.h5 --lamda 1
wrong 'unknown option --smaples=4; did you mean --samples?' weights data.h5 -o w.h5 --smaples=4
wrong 'unknown option -x' fit data.h5 -x
wrong 'option --lambda needs a value' fit data.h5 -o r.h5 --lambda
wrong 'takes no value' fit data.h5 -o r.h5 --force=yes
wrong '--output is empty' fit data.h5 -o ""

wrong '--lambda "much": expected a number' fit data.h5 -o r.h5 --lambda much
wrong '--lambda "1x": expected a number' fit data.h5 -o r.h5 --lambda 1x
wrong '--lambda "nan": expected a number' fit data.h5 -o r.h5 --lambda nan
wrong '--lambda -1 is out of range' fit data.h5 -o r.h5 --lambda -1
wrong '--lambda 0 is out of range' fit data.h5 -o r.h5 --lambda 0
wrong '--samples -1 is out of range' weights data.h5 -o w.h5 --samples -1
wrong '--samples "1.5": expected a whole number' weights data.h5 -o w.h5 --samples 1.5
wrong '--history 0 is out of range' fit data.h5 -o r.h5 --history 0
wrong '--max-iterations -1 is out of range' fit data.h5 -o r.h5 --max-iterations -1
wrong '--tolerance -1 is out of range' fit data.h5 -o r.h5 --tolerance -1

wrong 'did you mean "cube"?' weights data.h5 -o w.h5 --space cub
wrong 'did you mean "cube"?' fit data.h5 -o w.h5 --space cub
wrong 'pool:FILE:PATH' weights data.h5 -o w.h5 --space pool:file
wrong 'did you mean "literal"?' fit data.h5 -o r.h5 --pair-scale litteral
wrong 'did you mean "count"?' fit data.h5 -o r.h5 --pair-weight cuont
wrong 'did you mean "uniform"?' fit data.h5 -o r.h5 --weights unifrom
wrong 'did you mean "drop"?' import --comparisons a --contexts b -o c --ties dorp
wrong 'did you mean "topic"?' compare r.h5 --by topics

wrong 'option --output is missing' fit data.h5
wrong 'option --output is missing' weights data.h5
wrong 'option --comparisons is missing' import --contexts a.npy -o data.h5
wrong 'argument DATASET is missing' fit -o r.h5
wrong 'argument FILE is missing' inspect
wrong 'argument REWARDS... is missing' compare
wrong 'too many arguments: "b.h5"' fit a.h5 b.h5 -o r.h5
wrong 'too many arguments: "b.h5"' inspect a.h5 b.h5
wrong 'too many arguments: "more"' import --comparisons a --contexts b -o c more
wrong 'argument 1 is empty' inspect ""

# Nothing was made on the way.
equal "$(ls)" "err
out"

finish
