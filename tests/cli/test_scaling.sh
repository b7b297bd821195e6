# SPDX-License-Identifier: Apache-2.0
# jobs/scaling.sbatch outside Slurm, with a stub in the place of srun: every measurement is made, verified and in the
# table, each kind has its picture, and a job that is started again goes on with what is missing.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

mkdir bin
cat >bin/srun <<STUB
#!/bin/sh
# Ranks of this machine; starts are noted, and the third fails while there is a file "broken".
ranks=1
while :; do
  case \$1 in
  -n) ranks=\$2; shift ;;
  --kill-on-bad-exit=1 | --cpu-bind=none | --nodes=*) ;;
  -*) echo "srun: unknown option \$1" >&2; exit 2 ;;
  *) break ;;
  esac
  shift
done
echo "\$ranks \$3" >>"$folder/starts"
if [ -e "$folder/broken" ] && [ "\$(wc -l <"$folder/starts")" -eq 3 ]; then exit 1; fi
if [ "\$ranks" -eq 1 ]; then exec "\$@"; fi
exec $MPIEXEC -n "\$ranks" "\$@"
STUB
chmod +x bin/srun
scaling() {
  run env PATH="$folder/bin:$PATH" CROW="$CROW" CROW_LAUNCH=srun CROW_BIND=none CROW_JOBS="$here/../../jobs" \
    SLURM_JOB_ID=17 SLURM_NTASKS_PER_NODE=1 SLURM_JOB_END_TIME=9999999999 CROW_SAMPLES=4000 CROW_PAIRS=6000 CROW_RUNS=2 \
    bash "$here/../../jobs/scaling.sbatch" "$@"
}

small="--alternatives 400 --dimensions 12 --warm-up 0 --machine-seconds 0.01"
touch broken
# shellcheck disable=SC2086 # a list of words
scaling measured 1,2 $small
exits 1
not_there measured/scaling.csv
rm broken
# shellcheck disable=SC2086
scaling measured 1,2 $small
exits 0
equal "$(tr '\n' ' ' <starts)" "1 weights 2 weights 1 weights 1 weights 2 weights 1 fit 2 fit 1 fit 2 fit "
table=measured/scaling.csv
equal "$(head -n 1 $table)" "kind,ranks,nodes,seconds_median,min,max,efficiency,runs,machine"
equal "$(cut -d, -f1-3 $table | tail -n +2 | tr '\n' ' ')" \
  "weights-strong,1,1 weights-strong,2,2 weights-weak,1,1 weights-weak,2,2 fit-strong,1,1 fit-strong,2,2 fit-weak,1,1 fit-weak,2,2 "
# Times in order, and efficiencies that follow from them: strong halves the time on two ranks, weak keeps it.
awk -F, 'NR > 1 {
  if (!($5 > 0 && $5 <= $4 && $4 <= $6 && $8 == 2)) exit 1
  if ($2 == 1) first = $4
  expected = first / $4 / ($1 ~ /strong/ ? $2 : 1)
  if ($7 - expected > 6e-5 || expected - $7 > 6e-5) exit 1
}' $table || fail "times or efficiencies are wrong: $(cat $table)"
for kind in weights-strong weights-weak fit-strong fit-weak; do
  grep -q '<svg' measured/$kind.svg || fail "no picture of $kind"
done
if ls measured/.*job-17* >/dev/null 2>&1; then fail "files of the job are left behind"; fi

scaling measured
exits 2
says "usage"
finish
