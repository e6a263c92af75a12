#!/usr/bin/env bash
# Every kind of refused run, on one rank, self-launched and under mpirun: it ends within seconds with one clear message
# (the same everywhere, mpirun's own banner aside), the documented code on every rank, and no store visible.
set -uo pipefail
cd "$(dirname "$0")/../.."
mill=$PWD/build/current/rankmill
work=$(mktemp -d)
trap 'chmod -R u+rwx "$work"; rm -rf "$work"' EXIT
mkdir "$work/in"
chmod 777 "$work" "$work/in"
cd "$work/in" || exit 1
limit_s=60 # seconds on a free machine; ranks that wait for a lost one take two minutes

# mpirun ends ranks that are slower than the first to leave. In a session of its own, a rank is out of mpirun's reach and
# notes the code that it leaves with by itself.
cat >rank.sh <<'END'
setsid bash -c '"$@"; rc=$?; echo $rc >"$0.new"; mv "$0.new" "$0"; exit $rc' "$CODES/$OMPI_COMM_WORLD_RANK" "$@" &
wait $!
END
noted_codes() { # waits for both ranks' notes
	local end=$((SECONDS + limit_s))
	while [ "$(find codes -name '[01]' | wc -l)" -lt 2 ] && [ $SECONDS -lt $end ]; do sleep 0.05; done
	sort -u codes/[01] | tr '\n' ' '
}
# One message: a first line "rankmill: …", further lines only indented.
without_banner() {
	awk '/^------------------------------+$/ { banner = !banner; next } !banner && NF' "$1" | sed 's/^rankmill: rank [0-9]* of [0-9]*: /rankmill: /'
}
report() { # NAME CODE WANTED SECONDS PATTERN
	local name=$1 why=
	without_banner stderr >message
	[ "$2" = "$3" ] || why="exit $2 where $3 was wanted"
	[ "$4" -le $limit_s ] || why="$why; took $4 s"
	[ "$(grep -c '^rankmill: ' message)" = 1 ] && ! grep -qv '^rankmill: \|^ ' message || why="$why; not one message"
	grep -q -- "$5" message || why="$why; the message lacks: $5"
	[ ! -e out/manifest.json ] || why="$why; a store is visible"
	if [ -e first ] && ! diff first message >/dev/null; then why="$why; not the message of one rank"; fi
	[ -e first ] || cp message first
	if [ -z "$why" ]; then
		echo "ok errors.$name"
	else
		echo "not ok errors.$name: $why"
		cat stderr
	fi
}
# NAME CODE PATTERN ARGUMENTS… in the folder of the case
as=() # drops rights, where a case needs that
one_case() {
	local name=$1 want=$2 pattern=$3 start rc codes
	shift 3
	for mode in one self mpirun; do
		rm -rf out
		start=$SECONDS
		case $mode in
		one) "${as[@]}" "$mill" "$@" -n 1 >stdout 2>stderr </dev/null ;;
		self) "${as[@]}" "$mill" "$@" -n 2 >stdout 2>stderr </dev/null ;;
		mpirun)
			mkdir codes && chmod 777 codes
			CODES=$PWD/codes "${as[@]}" mpirun --oversubscribe -n 2 bash rank.sh "$mill" "$@" >stdout 2>stderr </dev/null
			;;
		esac
		rc=$?
		report "$name.$mode" $rc "$want" $((SECONDS - start)) "$pattern"
		[ ! -s stdout ] || echo "not ok errors.$name.$mode.stdout: $(head -c 200 stdout)"
		# On exit 3 OUT/failed says what was refused.
		[ "$want" != 3 ] || [ -s out/failed/report.json ] || echo "not ok errors.$name.$mode: no out/failed/report.json"
	done
	codes=$(noted_codes)
	if [ "$codes" = "$want " ] && [ -e codes/0 ] && [ -e codes/1 ]; then
		echo "ok errors.$name.codes"
	else
		echo "not ok errors.$name.codes: ranks left with $codes where $want was wanted"
	fi
}
# Cases mostly wait for mpirun, so a few run at a time, each in a folder with links to the inputs.
try() {
	mkdir -m 777 "$work/$1"
	cp -al ./. "$work/$1"
	(cd "$work/$1" && one_case "$@" >"$work/$1.log" 2>&1) &
	while [ "$(jobs -rp | wc -l)" -ge 4 ]; do sleep 0.05; done
}
job() { # PATH SQL [MORE]
	printf '{ "sources": { "t": { "path": "%s", "schema": { "id": "int64", "fare": "float64", "name": "string" }%s } },
  "steps": [ { "name": "s", "sql": "%s" } ], "out": "out",
  "store": { "from": "s", "tensors": { "x": { "dtype": "float32", "columns": ["fare"] } } } }\n' "$1" "${3:-}" "$2" >new.json
	mv new.json job.json # earlier cases keep theirs
}
{ echo id,fare,name; for i in $(seq 20000); do echo "$i,$i.5,name $i"; done; } >good.csv
run=(run job.json --progress none)
export RANKMILL_TEST_SPLIT_BYTES=65536

job absent.csv 'SELECT * FROM t'
try missing_file 1 'absent.csv: no such file' "${run[@]}"
job 'none*.csv' 'SELECT * FROM t'
try empty_glob 1 'none\*.csv' "${run[@]}"
sed '17000s/.*/17000,x,bob/' good.csv >wrong.csv
job wrong.csv 'SELECT * FROM t'
try wrong_type 3 'wrong.csv:17000 .*"x" is not a float64' "${run[@]}"
job wrong.csv 'SELECT id AS fare FROM t'
try wrong_type_unused 3 'wrong.csv:17000 .*"x" is not a float64' "${run[@]}"
job good.csv 'SELECT far FROM t'
try unknown_column 2 'column "far" does not exist (did you mean "fare"?)' "${run[@]}"
job good.csv 'SELECT fare FROM u'
try unknown_table 2 'there is no table "u"' "${run[@]}"
job good.csv 'SELECT fare FRM t'
try syntax 2 'syntax error at or near "t"' "${run[@]}"
job good.csv 'SELECT fare / (id - 19000) AS fare FROM t'
try division 3 'division by zero' "${run[@]}"
gzip -c good.csv | head -c 40000 >cut.csv.gz
job cut.csv.gz 'SELECT * FROM t'
try truncated_gz 3 'cut.csv.gz' "${run[@]}"
zstd -qc good.csv | head -c 30000 >cut.csv.zst
job cut.csv.zst 'SELECT * FROM t'
try truncated_zst 3 'cut.csv.zst' "${run[@]}"
head -c 40000 good.csv | gzip -c | sed 's/.\{8\}$/AAAAAAAA/' >bad.csv.gz
job good.csv 'SELECT * FROM t' ', "bad_rowz": "fail"'
try unknown_key 2 'unknown key "bad_rowz" (did you mean "bad_rows"?)' "${run[@]}"
job good.csv 'SELECT * FROM t'
try unknown_option 2 'unknown option --overwrit (did you mean --overwrite?)' "${run[@]}" --overwrit
try unknown_param 2 'nope' "${run[@]}" --set nope=1
try bad_progress 2 'progress' run job.json --progress loud
try not_yet 2 'not supported yet' "${run[@]}" --resume
try query_unknown 2 'column "nothing" does not exist' query 'SELECT nothing FROM "good.csv"'
RANKMILL_TEST_SPLIT_BYTES=many try bad_knob 2 'RANKMILL_TEST_SPLIT_BYTES' "${run[@]}"
try no_job 1 'absent.json' run absent.json --progress none
printf '{ "sources": { "t": ' >broken.json
try malformed_json 2 'broken.json:1:21: ' run broken.json --progress none
printf 'x' >file
try out_is_a_file 1 'file' "${run[@]}" --out file

wait
# A store that is there stays as it is.
if "$mill" "${run[@]}" -n 1 --out held >/dev/null 2>../store.err; then echo "ok errors.store"; else echo "not ok errors.store"; cat ../store.err; fi
cp -r held kept
try existing_store 2 'a store is there already; replace it with --overwrite' "${run[@]}" --out held
wait
if diff -r kept held >/dev/null && "$mill" verify held >/dev/null; then
	echo "ok errors.existing_store.untouched"
else
	echo "not ok errors.existing_store.untouched"
fi
rm -r kept held

# Without rights. Root reads everything, so these run as nobody.
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid=65534 --regid=65534 --clear-groups env "HOME=$work/home")
	mkdir -m 777 "$work/home"
	if ! "${as[@]}" "$mill" --help >/dev/null 2>&1; then
		echo "skip errors.unreadable: nobody cannot run $mill"
		cat "$work"/*.log
		exit 0
	fi
fi
chmod 644 ./*.json ./*.csv
cp good.csv closed.csv
chmod 000 closed.csv
job closed.csv 'SELECT * FROM t'
try unreadable_file 1 'closed.csv.*ermission denied' "${run[@]}"
mkdir folder && cp good.csv folder && chmod 111 folder
job folder 'SELECT * FROM t'
try unreadable_folder 1 'folder.*ermission denied' "${run[@]}"
job good.csv 'SELECT * FROM t'
mkdir shut && chmod 555 shut
try unwritable_out 1 'shut.*ermission denied' "${run[@]}" --out shut/out
wait
cat "$work"/*.log
