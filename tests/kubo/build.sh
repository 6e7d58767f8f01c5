#!/usr/bin/env bash
# Prints the path of an `ipfs` 0.43 binary (Kubo), building it once if need be.
#
# Order: IPFS_BIN, then `ipfs` 0.43 on PATH, then the cache
# ${XDG_CACHE_HOME:-$HOME/.cache}/wallet-sync-kubo/ipfs-0.43.0, then a build into that cache with Go
# (>= 1.26) from the pinned go.mod and go.sum beside this script. The build goes to a temporary name and is
# renamed, and a lock keeps two builds from running at once.
set -euo pipefail
version=0.43.0
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() { echo "kubo: $*" >&2; exit 1; }
is_ours() { [[ "$("$1" version --number 2>/dev/null)" == 0.43.* ]]; }

if [ -n "${IPFS_BIN:-}" ]; then
  is_ours "$IPFS_BIN" || die "IPFS_BIN is not an ipfs $version binary"
  echo "$IPFS_BIN"; exit
fi
if on_path=$(command -v ipfs) && is_ours "$on_path"; then echo "$on_path"; exit; fi

cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/wallet-sync-kubo
bin=$cache/ipfs-$version
if [ -x "$bin" ]; then echo "$bin"; exit; fi

command -v go >/dev/null || die "install Go 1.26 or later, or Kubo $version and set IPFS_BIN to its ipfs binary"
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
  (cd "$here" && CGO_ENABLED=0 go build -mod=readonly -trimpath -o "$temporary" github.com/ipfs/kubo/cmd/ipfs) >&2 ||
    die "the build failed; install Go 1.26 or later, or set IPFS_BIN to an ipfs $version binary"
  mv "$temporary" "$bin"
fi
echo "$bin"
