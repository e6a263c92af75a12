#!/usr/bin/env bash
# OUT on a real FUSE mount, as on Azure ML: files are finished in scratch and copied once; --scratch says where, and nothing
# is left there, after a kill neither.
set -uo pipefail
cd "$(dirname "$0")/../.."
mill=$PWD/build/current/rankmill
job=$PWD/configs/nyctaxi.json
work=$(mktemp -d)
trap 'fusermount3 -uz "$work/mount" 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir behind mount scratch local
if ! command -v bindfs >/dev/null || ! bindfs behind mount 2>bindfs.log; then
	echo "skip fuse: no FUSE mount is to be had here (bindfs, /dev/fuse): $(head -c 200 bindfs.log 2>/dev/null)"
	exit 0
fi
"$mill" datagen taxi --rows 40000 --files 2 --seed 3 --out data -n 1 >/dev/null || echo "not ok fuse.datagen"
run() { # RANKS OUT SCRATCH
	"$mill" run "$job" -n "$1" --set "raw=data/*.csv" --out "$2" --scratch "$3" --progress none >stdout 2>stderr </dev/null
}
hash_of() { "$mill" verify "$1" 2>&1 | sed 's/.*content hash //'; }
result() { # NAME WHY
	if [ -z "$2" ]; then echo "ok fuse.$1"; else echo "not ok fuse.$1: $2"; cat stderr; fi
}
run 1 local/store scratch || cat stderr
want=$(hash_of local/store)
for ranks in 1 2 3; do
	rm -rf mount/store
	run $ranks mount/store scratch
	result "store.$ranks" "$([ "$(hash_of mount/store)" = "$want" ] || echo "$(hash_of mount/store) where $want was wanted")"
	result "scratch.$ranks" "$(find scratch -mindepth 1 | head -2)"
done
# Shards pass through the scratch that was asked for, and an unusable one is named.
touch file
rm -rf mount/store
run 2 mount/store file/scratch
rc=$?
result "unusable scratch" "$([ $rc = 1 ] && grep -q -- '--scratch' stderr && [ ! -e mount/store/manifest.json ] || echo "exit $rc")"
# A killed run's shards are taken away by the next one.
rm -rf mount/store
"$mill" run "$job" -n 2 --set "raw=data/*.csv" --out mount/store --scratch scratch --progress none >/dev/null 2>&1 </dev/null &
until [ -n "$(find scratch -name '*.h5' 2>/dev/null | head -1)" ] || ! kill -0 $! 2>/dev/null; do :; done
found=$(find scratch -name '*.h5' | wc -l)
pkill -9 -f "$mill run .*--out mount/store"
wait 2>/dev/null
# On a loaded machine a rank is dying for a while yet, and its scratch is that of a run that lives.
while pgrep -f "$mill run .*--out mount/store" >/dev/null; do sleep 0.05; done
run 2 mount/store scratch
result "after a kill" "$([ "$found" -gt 0 ] || echo "no shard was seen in scratch; ")$([ "$(hash_of mount/store)" = "$want" ] || echo "not the store; ")$(find scratch -mindepth 1 | head -2)"
