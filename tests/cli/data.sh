# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Small datasets as CSV files, for the scripts of this folder.

# Three items in [0,1]^2 whose Voronoi weights are .375 .25 .375 (a square without one corner).
write_triangle() {
  printf 'id,x,y\na,0,0\nb,1,0\nc,1,1\n' >contexts.csv
  printf 'id,topic\na,left\nb,right\nc,right\n' >items.csv
  printf 'left,right,winner\na,b,left\nb,c,left\na,c,tie\na,b,right\na,b,left\n' >comparisons.csv
}

# import DATASET [OPTION...]
import() {
  dataset=$1
  shift
  crow import --comparisons comparisons.csv --contexts contexts.csv -o "$dataset" "$@"
}

# write_many M Q: M items in three dimensions (so that weights are sampled) with topics t0..t6, Q comparisons; the same on every call.
write_many() {
  awk -v m="$1" 'BEGIN { print "id,x,y,z"; for (i = 0; i < m; i++) printf "n%d,%.6f,%.6f,%.6f\n", i, (i * 37 % m) / m, (i * 101 % m) / m, (i * 211 % m) / m }' >contexts.csv
  awk -v m="$1" 'BEGIN { print "id,topic"; for (i = 0; i < m; i++) printf "n%d,t%d\n", i, i * i % 7 }' >items.csv
  awk -v m="$1" -v q="$2" 'BEGIN {
    print "left,right,winner"
    for (k = 0; k < q; k++) {
      a = k * 7919 % m; b = (k * 104729 + 1 + int(k / m)) % m
      if (a == b) b = (b + 1) % m
      printf "n%d,n%d,%s\n", a, b, (k % 11 == 0) ? "tie" : (a * 13 % 101 > b * 13 % 101) ? "left" : "right"
    }
  }' >comparisons.csv
}
