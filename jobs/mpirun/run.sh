#!/usr/bin/env bash
# Runs a job on the ranks of this machine, or of the hosts in a host file.
#
#   jobs/mpirun/run.sh [-n RANKS] [--hostfile FILE] JOB [rankmill run options …]
#
# Without -n: one rank a core. RANKMILL names the binary (default: build/rankmill beside this script, else the PATH's).
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
binary=${RANKMILL:-$here/build/rankmill}
[ -x "$binary" ] || binary=$(command -v rankmill) || { echo "run.sh: no rankmill found; run make, or set RANKMILL" >&2; exit 2; }
ranks=$(nproc) hostfile=()
while [ $# -gt 0 ]; do
	case $1 in
	-n) [ $# -ge 2 ] || { echo "run.sh: -n needs a number" >&2; exit 2; }; ranks=$2; shift 2 ;;
	--hostfile) [ $# -ge 2 ] || { echo "run.sh: --hostfile needs a file" >&2; exit 2; }; hostfile=(--hostfile "$2"); shift 2 ;;
	*) break ;;
	esac
done
[ $# -ge 1 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=()
[ "$(id -u)" != 0 ] || root=(--allow-run-as-root)
oversubscribe=()
[ "${#hostfile[@]}" -gt 0 ] || oversubscribe=(--oversubscribe)
exec mpirun "${root[@]}" "${oversubscribe[@]}" "${hostfile[@]}" -n "$ranks" "$binary" run "$@"
