# SPDX-License-Identifier: Apache-2.0
# Every command that does not measure, on small data:  CROW=... sh tests/valgrind_commands.sh RANKS
# For tests/valgrind.sh; what comes of the commands is tested in tests/cli.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/cli/lib.sh"
count=$1
paris=$here/../jobs/paris

# done_by ARGUMENT...: crow on so many ranks ends well.
done_by() {
  ranks "$count" "$@"
  exits 0
}

done_by import --comparisons "$paris/comparisons-original.csv" --contexts "$paris/contexts-original.npy" \
  --items "$paris/items-original.csv" -o paris.h5
done_by inspect paris.h5
done_by simulate -o few.h5 --alternatives 12 --preferences comparisons
done_by simulate -o prompts.h5 --alternatives 6 --prompts 3 --preferences comparisons
done_by simulate -o matrix.h5 --alternatives 12 --preferences matrix
for engine in gemm fused tree exact; do
  done_by weights few.h5 -o "weights-$engine.h5" --samples 2000 --nearest "$engine"
done
done_by weights few.h5 -o weights-box.h5 --samples 2000 --space box --checkpoint points --checkpoint-interval 0
done_by weights prompts.h5 -o weights-prompts.h5 --samples 500
done_by fit few.h5 -o rewards.h5 --weights weights-gemm.h5 --json run.json
done_by fit matrix.h5 -o rewards-matrix.h5 --samples 500
done_by fit prompts.h5 -o rewards-prompts.h5 --samples 500
done_by fit few.h5 -o rewards-linear.h5 --weights uniform --model linear
done_by fit few.h5 -o rewards-mlp.h5 --weights uniform --model mlp --ensemble 2
done_by fit few.h5 -o rewards-adam.h5 --weights uniform --model mlp --optimizer adam --steps 20 --checkpoint points \
  --checkpoint-interval 0
done_by fit few.h5 -o rewards-bootstrap.h5 --weights uniform --bootstrap 3
done_by split few.h5 -o train.h5 --test-output test.h5
done_by eval rewards.h5 test.h5
done_by score rewards.h5 --contexts few.h5 -o scores.h5
done_by score rewards-mlp.h5 --contexts few.h5 -o scores-mlp.h5
done_by pca few.h5 -o pca.h5 --components 1
done_by cluster few.h5 -o groups.h5 --clusters 3
done_by audit few.h5 --clones 1 --samples 500
done_by audit few.h5 prompts.h5 --samples 500
done_by compare rewards.h5 rewards-linear.h5
done_by export rewards.h5 -o table.csv
done_by report rewards.h5 -o report.html
done_by plot rewards.h5 -o plot.svg
done_by inspect rewards.h5
# What ends badly lets go of its memory too.
ranks "$count" fit missing.h5 -o none.h5
exits 4
ranks "$count" weights few.h5 -o few.h5
exits 2
finish
