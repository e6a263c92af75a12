# What --log-level adds on stderr: each stage's rows at info, each rank's memory at debug.
printf 'a,b\n1,x\n2,y\n3,x\n' >t.csv
rankmill query --log-level warn 'SELECT count(*) FROM "t.csv" WHERE a > 1'
rankmill query --log-level info 'SELECT count(*) FROM "t.csv" WHERE a > 1'
rankmill query --log-level debug --memory-per-rank 64M 'SELECT b FROM "t.csv"' 2>&1 >/dev/null | sed 's/most [0-9]* MiB/most N MiB/' >&2
