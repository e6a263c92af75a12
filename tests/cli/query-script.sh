# Scripts: tables made and dropped; messages point into the script; nothing runs before all of it is understood.
printf 'id,name,fare\n1,ann,2.5\n2,bob,3\n' >t.csv
cat >s.sql <<'END'
-- what is dear
CREATE TABLE dear AS SELECT * FROM "t.csv" WHERE fare > 2.6;
SELECT * FROM dear; DROP TABLE dear;
CREATE VIEW dear AS SELECT 1 AS again;
SELECT * FROM dear;
DROP VIEW IF EXISTS nothing
END
rankmill query --file s.sql --format csv -n 2
echo --
code() { local c=$1; shift; "$@"; local rc=$?; [ $rc = "$c" ] || echo "exit $rc where $c was wanted: $*" >&2; }
code 2 rankmill query 'SELECT 1 AS one; SELECT nope' --format csv
code 2 rankmill query "SELECT 'é' AS e; SELEC 2"
printf 'CREATE TABLE a AS SELECT * FROM "t.csv";\n\n  SELECT id / (id - 1) FROM a' >r.sql
code 3 rankmill query --file r.sql
code 2 rankmill query 'CREATE TABLE a AS SELECT 1; DROP TABLE a; SELECT * FROM a'
code 2 rankmill query --source t=t.csv 'DROP TABLE t'
code 2 rankmill query 'SELECT 1; DROP TABLE b'
code 2 rankmill query 'INSERT INTO t VALUES (1)'
printf 'CREATE TABLE a AS SELECT * FROM t;\nCREATE TABLE s AS\n  SELECT *, fair FROM a' >j.sql
echo '{ "sources": { "t": { "path": "t.csv" } }, "steps": [ { "sql_file": "j.sql" } ], "store": { "from": "s", "keep": ["id"] } }' >j.json
code 2 rankmill check j.json
# A byte order mark before a script is no part of it.
printf '\xef\xbb\xbfSELECT 1 AS one' >mark.sql
code 0 rankmill query --file mark.sql --format csv
printf '\xef\xbb\xbfSELECT id, nope FROM t' >mark.sql
echo '{ "sources": { "t": { "path": "t.csv" } }, "steps": [ { "name": "s", "sql_file": "mark.sql" } ], "store": { "from": "s", "keep": ["id"] } }' >mark.json
code 2 rankmill check mark.json
