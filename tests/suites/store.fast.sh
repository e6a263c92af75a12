#!/usr/bin/env bash
# Stores written by the library, read with h5py and hashed with xxhash: values, files, content hash.
set -uo pipefail
cd "$(dirname "$0")/../.."
python=/usr/bin/python3
write=build/current/tests/tools/store_write
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
$python -c 'import h5py, numpy, xxhash' 2>/dev/null || { echo "skip store.oracle: python3-h5py, python3-numpy or python3-xxhash is missing"; exit 0; }

hash=
check() { # NAME TRAIN VAL SHARD_ROWS BATCH_ROWS COMPRESSION
	local out=$work/$1
	shift
	if $write "$out" "$@" >"$work/sums" && got=$($python tests/suites/store_oracle.py "$out" "$1" "$2" "$3" "$5"); then
		echo "ok store.oracle.$(basename "$out")"
	else
		echo "not ok store.oracle.$(basename "$out")"
	fi
}
same() { # NAME: the hash is that of the first
	[ -z "$hash" ] && hash=$got
	if [ "$hash" = "$got" ]; then echo "ok store.same_hash.$1"; else echo "not ok store.same_hash.$1"; fi
}
check none 3000 170 1000 8192 none; same none
check deflate1 3000 170 999 100 deflate:1; same deflate1
check deflate9 3000 170 3000 77 deflate:9; same deflate9
check shuffle1 3000 170 10000 1024 shuffle+deflate:1; same shuffle1
check shuffle6 3000 170 641 33 shuffle+deflate:6; same shuffle6
check one_row 1 1 1000 10 shuffle+deflate:1
check empty_split 5 0 2 10 none
check nothing 0 0 10 10 none
check many_chunks 140000 3 138000 8192 shuffle+deflate:1
# Every dtype and odd shapes, against a reader that knows nothing of what was written.
first=
for compression in none shuffle+deflate:1 deflate:4; do
	for simd in portable v3; do
		out=$work/odd-$compression-$simd
		if RANKMILL_SIMD=$simd build/current/tests/tools/store_odd "$out" "$compression" &&
			got=$($python tests/tools/content_hash.py "$out" | cut -d' ' -f1) && [ "${first:=$got}" = "$got" ]; then
			echo "ok store.odd.$compression.$simd"
		else
			echo "not ok store.odd.$compression.$simd"
		fi
		rm -rf "$out"
	done
done
