# One way to say a size, on the command line and in job files: K M G T and KiB … by 1,024, kB MB GB TB by 1,000.
code() { local c=$1; shift; "$@"; local rc=$?; [ $rc = "$c" ] || echo "exit $rc where $c was wanted: $*" >&2; }
code 0 rankmill help sizes
code 0 rankmill help durations
rankmill help man | grep -c -e '^.SH SIZES' -e '^.SH DURATIONS'
for command in run query explain check datagen; do
	rankmill $command --help | grep -c -e '--memory SIZE .*as 4G' -e '--memory-per-rank SIZE .*help sizes'
done
q() { rankmill query "SELECT 1 AS a" --format csv "$@" | tail -n +2; }
for size in 512M 512MiB '512 mib' 0.5G .5GB 1TB 1048576 '1048576 B' 600000kB; do code 0 q --memory "$size"; code 0 q --memory-per-rank="$size"; done
echo "-- refused" >&2
for size in '' 4 1048575 1000.5 0 0G -1G +1G lots 4X '4 G B' 4Gi 1e9 5000000T 99999999999999999999 0.1234567890123456789G; do code 2 rankmill query "SELECT 1 AS a" --memory "$size"; done
code 2 rankmill query "SELECT 1 AS a" --memory-per-rank 16
for time in 0 soon 1w 100000d; do code 2 rankmill query "SELECT 1 AS a" --rank-timeout "$time"; done
code 0 q --rank-timeout '2 Min'
# What the memory is shows in the message of what does not fit into it.
seq 400000 >n.csv
budget() { rankmill query "SELECT median(column0 * 1.5) FROM read_csv('n.csv', header => false)" -n 1 --scratch . --memory-per-rank "$1" 2>&1 | grep -o "this rank's [0-9]* MiB"; }
budget 8M
budget 8MB
budget 8388608
# In a job, and in SQL: 102,400 bytes make 100 splits of 1 KiB, 103 of 1 kB.
head -c 102400 /dev/zero | tr '\0' 'x' | fold -w 15 >x.csv
truncate -s 102400 x.csv
splits() {
	printf '{ "sources": { "t": { "path": "x.csv", "options": { "header": false, "split_bytes": %s } } }, "store": { "from": "t", "tensors": { "n": { "dtype": "int32", "columns": ["column0"], "do": ["vocabulary"] } } } }\n' "$1" >j.json
	rankmill explain j.json 2>&1 | head -1
}
for size in '"1K"' '"1KiB"' '"1 kib"' 1024 '"1024"' '"1kB"' '"1 KB"' '"0.001 MB"' 1000 '"0"' 0 '"1 kilo"' '"lots"' '"8000000T"' true; do splits "$size"; done
rankmill query "SELECT count(*) AS n FROM read_csv('x.csv', header => false, split_bytes => '1 kB')" --format csv
code 2 rankmill query "SELECT count(*) AS n FROM read_csv('x.csv', header => false, split_bytes => '1 kilo')" --format csv
# The knobs of tests speak it too.
RANKMILL_TEST_SPLIT_BYTES='1 kB' q
RANKMILL_TEST_SPLIT_BYTES='1 kilo' code 2 rankmill query 'SELECT 1 AS a'
