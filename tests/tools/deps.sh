#!/usr/bin/env bash
# Installs the Debian packages of a group when one is missing: build, test, train. Says what it does; prints one apt line
# when not root. No-op when everything is there.
set -euo pipefail
group=${1:-build}
build=(build-essential pkg-config libopenmpi-dev openmpi-bin libhdf5-dev libpg-query-dev libprotobuf-c-dev
       libcjson-dev libxxhash-dev libsleef-dev libisal-dev libdeflate-dev zlib1g-dev libzstd-dev libpcre2-dev
       libutf8proc-dev)
test=("${build[@]}" libcunit1-dev clang clang-format libclang-rt-14-dev valgrind python3 python3-numpy python3-h5py
      python3-pandas python3-xxhash hdf5-tools zstd gzip bindfs fuse3)
train=(python3 python3-numpy python3-h5py python3-torch)
case $group in
build) packages=("${build[@]}") ;;
test) packages=("${test[@]}") ;;
train) packages=("${train[@]}") ;;
*) echo "deps.sh: unknown group '$group' (build, test, train)" >&2; exit 2 ;;
esac
if ! command -v dpkg-query >/dev/null; then
	echo "deps: not a Debian system; install the equivalents of: ${packages[*]}" >&2
	exit 0
fi
missing=()
for p in "${packages[@]}"; do
	dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
	echo "deps: run this once, then try again:" >&2
	echo "  sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
	exit 1
fi
echo "deps: installing ${#missing[@]} Debian packages (a minute or two): ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes
apt-get update -qq >&2
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
