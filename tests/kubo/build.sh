#!/usr/bin/env bash
# build.sh [VERSION]: prints the path of an `ipfs` binary (Kubo) of this version, building it once if need be.
#
# Without a version: the pinned one, and any patch of its minor version that IPFS_BIN or PATH brings. Else exactly that one; there is
# a folder in versions/ for each, with its go.mod and go.sum.
#
# Order: IPFS_BIN (of another than the pinned version: IPFS_BIN_0_40_1 and so on), `ipfs` on PATH, the cache
# ${XDG_CACHE_HOME:-$HOME/.cache}/wallet-sync-kubo/ipfs-VERSION, then a build into that cache with Go (>= 1.26). The build goes to a
# temporary name and is renamed, and a lock keeps two builds from running at once.
set -euo pipefail
pinned=0.43.0
version=${1:-$pinned}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() { echo "kubo: $*" >&2; exit 1; }
[ -f "$here/versions/$version/go.mod" ] || die "no version $version; there are: $(ls "$here/versions" | tr '\n' ' ')"

variable=IPFS_BIN_${version//./_} wanted=$version
if [ "$version" = "$pinned" ]; then variable=IPFS_BIN wanted="${pinned%.*}.*"; fi
# shellcheck disable=SC2053 # a pattern
is_ours() { [[ "$("$1" version --number 2>/dev/null)" == $wanted ]]; }

given=${!variable:-}
if [ -n "$given" ]; then
  is_ours "$given" || die "$variable is not an ipfs $version binary"
  echo "$given"; exit
fi
if on_path=$(command -v ipfs) && is_ours "$on_path"; then echo "$on_path"; exit; fi

cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/wallet-sync-kubo
bin=$cache/ipfs-$version
if [ -x "$bin" ]; then echo "$bin"; exit; fi

command -v go >/dev/null || die "install Go 1.26 or later, or Kubo $version and set $variable to its ipfs binary"
mkdir -p "$cache"
if command -v flock >/dev/null; then
  exec 9>"$cache/lock"
  flock 9
else # a folder is made by one process only; a lock older than an hour is a dead build's
  [ -z "$(find "$cache/lock.d" -maxdepth 0 -mmin +60 2>/dev/null)" ] || rmdir "$cache/lock.d"
  until mkdir "$cache/lock.d" 2>/dev/null; do sleep 1; done
  trap 'rmdir "$cache/lock.d"' EXIT
fi
if [ ! -x "$bin" ]; then # another build may have ended while we waited
  temporary=$bin.$$.ipfs-tmp
  trap 'rm -f "$temporary"; [ ! -d "$cache/lock.d" ] || rmdir "$cache/lock.d"' EXIT
  echo "kubo: building ipfs $version once, this takes some minutes" >&2
  (cd "$here/versions/$version" && CGO_ENABLED=0 go build -mod=readonly -trimpath -o "$temporary" github.com/ipfs/kubo/cmd/ipfs) >&2 ||
    die "the build failed; install Go 1.26 or later, or set $variable to an ipfs $version binary"
  mv "$temporary" "$bin"
fi
echo "$bin"
