#!/usr/bin/env bash
# Two hosts on one machine: network namespaces joined by a cable, mpirun reaching the other one through a stand-in for ssh,
# ranks that share no memory and talk TCP. The same store as one rank makes, one code and message, nothing left behind.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
mill=$PWD/build/current/rankmill
job=$PWD/configs/nyctaxi.json
tool=$PWD/build/current/tests/tools/exchange_ranks
for need in ip unshare mpirun; do
	command -v $need >/dev/null || { echo "skip hosts: $need is missing"; exit 0; }
done
near=rm$$a far=rm$$b
ip netns add $near 2>/dev/null || { echo "skip hosts: no right to make network namespaces"; exit 0; }
work=$(mktemp -d)
trap 'ip netns del $near; ip netns del $far; rm -rf "$work"' EXIT
ip netns add $far
ip link add $near type veth peer name $far
ip link set $near netns $near && ip link set $far netns $far
ip -n $near addr add 10.77.0.1/24 dev $near && ip -n $far addr add 10.77.0.2/24 dev $far
for space in $near $far; do
	ip -n $space link set $space up && ip -n $space link set lo up
done
cd "$work" || exit 1
mkdir scratch
printf '10.77.0.1 slots=2\n10.77.0.2 slots=2\n' >hosts
cat >agent.sh <<END
#!/usr/bin/env bash
# As ssh does: HOST COMMAND…
host=\$1
shift
[ "\$host" = 10.77.0.2 ] || exit 1
exec ip netns exec $far unshare --uts bash -c 'hostname $far; exec bash -c "\$0"' "\$*"
END
chmod +x agent.sh
two_hosts() { # RANKS COMMAND…
	local ranks=$1
	shift
	timeout -k 10 300 ip netns exec $near unshare --uts bash -c "hostname $near; exec \"\$@\"" two_hosts \
		mpirun -q --hostfile hosts --mca plm_rsh_agent "$work/agent.sh" --mca pml ob1 --mca btl tcp,self \
		--mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 --oversubscribe -n "$ranks" "$@"
}
result() { # NAME WHY
	if [ -z "$2" ]; then echo "ok hosts.$1"; else echo "not ok hosts.$1: $2"; cat err; fi
}
left() { find scratch -mindepth 1 | head -3 | tr '\n' ' '; }

# shellcheck disable=SC2016
names=$(two_hosts 4 bash -c 'hostname' 2>err | sort | uniq -c | awk '{print $1}' | tr '\n' ' ')
result "two ranks a host" "$([ "$names" = "2 2 " ] || echo "hosts have $names ranks")"

"$tool" rows=100000 scratch=scratch >expected 2>err
two_hosts 4 "$tool" rows=100000 spill=1 scratch=scratch >out 2>err
result exchange "$(diff expected out)"

"$mill" datagen taxi --rows 200000 --files 3 --seed 7 --out data -n 1 >/dev/null 2>err
"$mill" run "$job" -n 1 --set "raw=data/*.csv" --scratch scratch --out one --progress none >/dev/null 2>err
hash=$("$mill" verify one | sed 's/.*content hash //')
for ranks in 2 4 5; do
	two_hosts $ranks "$mill" run "$job" --set "raw=data/*.csv" --scratch scratch --out "out$ranks" --progress none >/dev/null 2>err
	code=$?
	found=$("$mill" verify "out$ranks" 2>&1 | sed 's/.*content hash //')
	why=
	[ $code = 0 ] && [ "$found" = "$hash" ] || why="exit $code, $found where $hash was wanted"
	result "job at $ranks ranks" "$why$(left)"
done

two_hosts 4 "$mill" run "$job" --set "raw=none/*.csv" --scratch scratch --out failed --progress none >/dev/null 2>err
code=$?
result "one message" "$([ $code = 1 ] && [ "$(grep -c '^rankmill: ' err)" = 1 ] || echo "exit $code")$(left)"

# kill -9 of a rank on the other host while the job runs; a job that was through before proves nothing.
for _ in 1 2 3; do
	rm -rf killed
	two_hosts 4 "$mill" run "$job" --set "raw=data/*.csv" --scratch scratch --out killed --progress none >/dev/null 2>err &
	running=$! end=$((SECONDS + 60)) victim=
	while [ ! -e killed/.rankmill/run.json ] && [ $SECONDS -lt $end ]; do sleep 0.01; done
	for pid in $(ip netns pids $far); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != rankmill ] || victim=$pid
	done
	kill -9 "${victim:-none}" 2>/dev/null
	start=$SECONDS
	wait $running
	code=$?
	[ $code -eq 0 ] || break
done
why=
[ $code = 137 ] || why="exit $code"
[ $((SECONDS - start)) -le 60 ] || why="$why, after $((SECONDS - start)) s"
[ ! -e killed/manifest.json ] || why="$why, a store is visible"
result "killed rank" "$why"
for _ in $(seq 300); do
	[ -n "$(ip netns pids $near)$(ip netns pids $far)" ] || break
	sleep 0.1
done
result "no rank stays" "$(ip netns pids $near)$(ip netns pids $far)"
two_hosts 4 "$mill" run "$job" --set "raw=data/*.csv" --scratch scratch --out killed --progress none >/dev/null 2>err
code=$?
found=$("$mill" verify killed 2>&1 | sed 's/.*content hash //')
result "next run" "$([ $code = 0 ] && [ "$found" = "$hash" ] || echo "exit $code, $found")$(left)"
