#!/bin/sh
# Applies kubo.conf to a repository before the daemon starts: the container's, or IPFS_PATH of a machine.
#   settings.sh [FILE]
set -eu
while read -r key value; do
    case "$key" in '' | '#'*) ;; *) ipfs config --json "$key" "$value" ;; esac
done <"${1:-/kubo.conf}"
