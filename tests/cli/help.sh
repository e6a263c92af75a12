# help comes from the registries; what is not built yet is refused.
code() { local c=$1; shift; "$@"; local rc=$?; [ $rc = "$c" ] || echo "exit $rc where $c was wanted: $*" >&2; echo "--"; }
code 0 rankmill help split
code 0 rankmill help standardize
code 0 rankmill help date_trunc
code 0 rankmill help median
code 0 rankmill help exit-codes
code 2 rankmill help standardise
for later in profile apply report init schema; do code 2 rankmill $later x; done
code 2 rankmill rnu
rankmill --version | grep -c '^rankmill [0-9]'
code 0 rankmill help count
code 0 rankmill help row_number
code 0 rankmill help dedup
code 0 rankmill help tokenize
rankmill datagen --help | grep -e --out -e --format -e --rows
rankmill query --help | grep -e --format -e --rows
rankmill help | grep -c '^  \(run\|sql\|vocabulary\) '
rankmill help functions | grep -c '^  \(lower\|abs\|date_trunc\) '
rankmill help man | head -3
rankmill help completion | bash -n && echo "completion parses"
bash -c 'source <(rankmill help completion); COMP_WORDS=(rankmill run --over); COMP_CWORD=2; _rankmill; echo ${COMPREPLY[@]}; COMP_WORDS=(rankmill ver); COMP_CWORD=1; _rankmill; echo ${COMPREPLY[@]}'
rankmill query "SELECT a FROM (VALUES (1)) AS t(a)" --format csv
# A reader that leaves ends the query quietly.
seq 1000000 >n.txt
rankmill query "SELECT * FROM read_csv('n.txt', header => false)" --format csv -n 1 | head -2
rankmill query "SELECT * FROM read_csv('n.txt', header => false)" --format csv -n 2 | head -2
# A full disk is noticed whatever is printed.
rankmill help functions >/dev/full || echo "full: exit $?"
rankmill explain absent.json >/dev/full || echo "absent: exit $?"
