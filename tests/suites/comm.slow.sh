#!/usr/bin/env bash
# MPICH must compile comm/ too: nothing in it may be Open MPI's alone.
set -uo pipefail
cd "$(dirname "$0")/../.."
if ! command -v mpicc.mpich >/dev/null; then
	echo "skip comm.mpich: mpicc.mpich is not installed (apt install libmpich-dev mpich)"
	exit 0
fi
tool=$(mktemp)
trap 'rm -f "$tool"' EXIT
if ! mpicc.mpich -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -Ilib lib/base/*.c lib/comm/*.c tests/tools/comm_ranks.c \
	-o "$tool" -lcjson -lxxhash -lm; then
	echo "not ok comm.mpich compiles"
	exit 1
fi
echo "ok comm.mpich compiles"
for ranks in 1 3; do
	if timeout 60 mpirun.mpich -n "$ranks" "$tool" all; then
		echo "ok comm.mpich at $ranks ranks"
	else
		echo "not ok comm.mpich at $ranks ranks"
	fi
done
