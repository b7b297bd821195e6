# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # variables set by eval
# Results side by side: matched by id and topic, in the order of the last, with dashes for what one of them lacks.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"
. "$here/data.sh"

write_triangle
import small.h5 --items items.csv
exits 0
crow fit small.h5 -o small-r.h5 --weights uniform
exits 0
for id in a b c; do eval "small_$id=\$(printf %.4f \"\$(reward $id)\")"; done

# Another dataset with one more alternative, in another order, and one more topic.
printf 'id,x,y\nd,0,1\nc,1,1\nb,1,0\na,0,0\n' >contexts.csv
printf 'id,topic\nd,new\nc,right\nb,right\na,left\n' >items.csv
printf 'left,right,winner\na,b,left\nb,c,left\na,c,tie\nd,a,left\nd,b,left\n' >comparisons.csv
import large.h5 --items items.csv
exits 0
crow fit large.h5 -o large-r.h5 --weights uniform
exits 0
for id in a b c d; do eval "large_$id=\$(printf %.4f \"\$(reward $id)\")"; done

for p in 1 3; do
  ranks $p compare small-r.h5 large-r.h5
  exits 0
  prints "small-r"
  prints "large-r"
  equal "$(awk '$1 ~ /^[abcd]$/ { print $1 }' out | tr -d '\n')" "$(printf '%s d\n%s a\n%s b\n%s c\n' "$large_d" "$large_a" "$large_b" "$large_c" | sort -k1,1gr | awk '{ printf "%s", $2 }')"
  # Columns: id, topic, rank, places better than in the first, reward and interval in each.
  equal "$(awk '$1 == "d" { print $3, $4, $5, $6, $8, $9 }' out)" "- - - - - $large_d"
  for id in a b c; do
    eval "equal \"\$(awk '\$1 == \"$id\" { print \$4, \$9 }' out)\" \"\$small_$id \$large_$id\""
  done
  equal "$(awk '$1 ~ /^[abcd]$/ { print $7 }' out | tr -d '\n')" "1234"
  equal "$(awk '$1 ~ /^[abc]$/ { print $3 - $7, $8 == "=" ? 0 : $8 + 0 }' out | awk '$1 != $2' | wc -l)" 0
  prints "+/-: places better than in small-r (= the same)"

  ranks $p compare small-r.h5 large-r.h5 --by topic -v
  exits 0
  equal "$(awk '$1 == "new" { print $2, $3, $4, $5, $9 }' out)" "- - - - 1"
  equal "$(awk '$1 == "left" { print $2, $4, $5 }' out)" "$small_a - 1"
  equal "$(awk '$1 == "right" { print $5, $9 }' out)" "2 2"
  near "$(awk '$1 == "right" { print $2 }' out)" "$(awk -v b="$small_b" -v c="$small_c" 'BEGIN { print (b + c) / 2 }')" 1.1e-4
  # The other way round, the last result lacks a topic: it comes at the end.
  ranks $p compare large-r.h5 small-r.h5 --by topic
  exits 0
  equal "$(awk '$1 ~ /^(new|left|right)$/ { last = $1 } END { print last }' out)" "new"

  ranks $p compare small-r.h5 large-r.h5 --by alternative --top 2
  exits 0
  equal "$(grep -c '^[abcd] ' out)" 2
done

crow compare small-r.h5 --top 0
exits 0
equal "$(grep -c '^[abc] ' out)" 3

# Without topics there is nothing to compare by topic.
import plain.h5
exits 0
crow fit plain.h5 -o plain-r.h5 --weights uniform
exits 0
crow compare plain-r.h5 --by topic
exits 3
says "plain-r.h5: /alternatives/topic is missing"
crow compare plain-r.h5 --by alternative
exits 0

crow compare small-r.h5 missing.h5
exits 4
says missing.h5
crow compare small-r.h5 small.h5
exits 3
says small.h5

finish
