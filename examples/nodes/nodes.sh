#!/usr/bin/env bash
# Kubo nodes for many wallets on one machine, each behind nginx with TLS: what docs/nodes.md describes, to try and to test.
#
#   nodes.sh up DIR [N] [BASE]   starts N nodes (default 5) on loopback ports from BASE on (default 7400, twenty a node); again on a
#                                stopped DIR: the same nodes, tokens and certificates
#   nodes.sh wallet DIR NAME     gives wallet NAME a token and prints its nodes file; again: a new token beside the old ones
#   nodes.sh revoke DIR NAME     takes every token of NAME away
#   nodes.sh refused DIR         what was refused, counted, in Prometheus' text format
#   nodes.sh down DIR            stops everything; the data stay
#
# IPFS_BIN: a Kubo from 0.40 on (default: ipfs of PATH). PUBLIC_HOST: the name in the certificates and nodes files (default 127.0.0.1).
# Needs bash, curl, openssl, nginx (Debian: nginx-light).
set -euo pipefail
umask 077
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HOST=${PUBLIC_HOST:-127.0.0.1}
NGINX=${NGINX_BIN:-$(command -v nginx || echo /usr/sbin/nginx)}
WAIT_S=${WAIT_S:-60}

die() { echo "nodes: $*" >&2; exit 1; }
until_ok() { # until_ok "what" command...
  local what=$1 end=$((SECONDS + WAIT_S)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || die "timed out: $what"; sleep 0.05; done
}
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }
node_dirs() { ls -d "$1"/n[0-9]* | sort -V; }
number() { echo "${1##*/n}"; }
# Ports of a node: HTTPS, RPC, gateway, swarm.
port() { echo $(($(cat "$1/../base") + 20 * $(number "$1") + $2)); }
https() { port "$1" 0; }; rpc() { port "$1" 1; }; gate() { port "$1" 2; }; swarm() { port "$1" 3; }
peer() { sed -n 's/.*"PeerID": "\([^"]*\)".*/\1/p' "$1/repo/config"; }
config() { IPFS_PATH="$1/repo" "$IPFS_BIN" config --json "$2" "$3"; }

certificates() { # an authority of its own, and one certificate for all servers of this machine
  local dir=$1/tls san; [ -s "$dir/server.crt" ] && return
  mkdir -p "$dir"; san="DNS:localhost,IP:127.0.0.1"
  [[ "$HOST" =~ ^[0-9.]+$ ]] && san="$san,IP:$HOST" || san="$san,DNS:$HOST"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=test authority of these nodes" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout "$dir/ca.key" -out "$dir/ca.crt" 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$HOST" -keyout "$dir/server.key" -out "$dir/server.csr" 2>/dev/null
  openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -days 825 -out "$dir/server.crt" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' "$san") 2>/dev/null
}
init_node() { # the settings of kubo.conf, and ports of its own
  [ -f "$1/repo/config" ] && return
  mkdir -p "$1"; IPFS_PATH="$1/repo" "$IPFS_BIN" init --empty-repo >"$1/init.log" 2>&1 || { cat "$1/init.log" >&2; die "init $1"; }
  config "$1" Addresses "{\"API\":\"/ip4/127.0.0.1/tcp/$(rpc "$1")\",\"Gateway\":\"/ip4/127.0.0.1/tcp/$(gate "$1")\",\"Swarm\":[\"/ip4/${SWARM_HOST:-127.0.0.1}/tcp/$(swarm "$1")\"],\"Announce\":[],\"AppendAnnounce\":[],\"NoAnnounce\":[]}"
  while read -r key value; do case "$key" in ''|'#'*) ;; *) config "$1" "$key" "$value" ;; esac; done <"$HERE/kubo.conf"
}
peering() { # every node knows the others, keeps a connection to them, and starts from them
  local i j peers boot; for i in "$@"; do
    peers="" boot=""
    for j in "$@"; do [ "$i" = "$j" ] || {
      peers="$peers,{\"ID\":\"$(peer "$j")\",\"Addrs\":[\"/ip4/${SWARM_HOST:-127.0.0.1}/tcp/$(swarm "$j")\"]}"
      boot="$boot,\"/ip4/${SWARM_HOST:-127.0.0.1}/tcp/$(swarm "$j")/p2p/$(peer "$j")\""; }; done
    config "$i" Peering.Peers "[${peers#,}]"; config "$i" Bootstrap "[${boot#,}]"
  done
}
start_node() {
  alive "$1/pid" || { IPFS_PATH="$1/repo" setsid nohup "$IPFS_BIN" daemon --migrate=false --enable-gc >>"$1/log" 2>&1 </dev/null & echo $! >"$1/pid"; }
  until_ok "$1 answers" curl -sSf -m 5 -X POST "http://127.0.0.1:$(rpc "$1")/api/v0/id"
}
write_nginx() { # DIR/nginx/nginx.conf: the kit's files, and a server for each node
  local dir=$1 d n; mkdir -p "$dir/nginx/logs"; cp "$HERE"/nginx/*.conf "$dir/nginx/"; touch "$dir/nginx/tokens.conf"
  {
    echo "worker_processes auto; pid nginx.pid; error_log logs/error.log; worker_rlimit_nofile 16384; events { worker_connections 4096; }"
    [ "$(id -u)" != 0 ] || echo "user $(id -un) $(id -gn);"
    echo "http {"
    for n in client_body proxy fastcgi uwsgi scgi; do echo "  ${n}_temp_path tmp_$n;"; done
    echo "  include common.conf;"
    for d in $(node_dirs "$dir"); do n=$(number "$d"); cat <<SERVER
  upstream kubo$n { server 127.0.0.1:$(rpc "$d"); keepalive 64; }
  upstream gate$n { server 127.0.0.1:$(gate "$d"); keepalive 16; }
  server {
    listen $(https "$d") ssl http2;
    server_name _;
    ssl_certificate ../tls/server.crt; ssl_certificate_key ../tls/server.key;
    set \$kubo kubo$n; set \$gate gate$n;
    include server.conf;
  }
SERVER
    done; echo "}"
  } >"$dir/nginx/nginx.conf"
}
nginx_do() { local dir=$1; shift; "$NGINX" -p "$dir/nginx/" -c "$dir/nginx/nginx.conf" -e logs/error.log "$@"; }
start_nginx() {
  write_nginx "$1"; nginx_do "$1" -t -q
  if alive "$1/nginx/nginx.pid"; then nginx_do "$1" -s reload; else nginx_do "$1"; fi
  local d; for d in $(node_dirs "$1"); do until_ok "nginx of $d" curl -sS -m 5 --cacert "$1/tls/ca.crt" "https://127.0.0.1:$(https "$d")/"; done
}
reload() { # until new workers answer as status $2 says who holds token $3: the old ones end on their own time
  alive "$1/nginx/nginx.pid" || return 0
  nginx_do "$1" -s reload; local d; for d in $(node_dirs "$1"); do until_ok "the front of $d" answers "$1" "$d" "$2" "$3"; done
}
answers() { [ "$(curl -s -o /dev/null -m 5 -w '%{http_code}' --cacert "$1/tls/ca.crt" -H "Authorization: Bearer $4" -X POST "https://127.0.0.1:$(https "$2")/api/v0/version")" = "$3" ]; }
nodes_file() { # of wallet $2 with token $3
  local d sep=""; echo "["
  for d in $(node_dirs "$1"); do
    printf '%s {"id":"node%s","api":"https://%s:%s","gateway":"https://%s:%s","token":"%s","ca":"%s","swarm":["/ip4/%s/tcp/%s/p2p/%s"]}' \
      "$sep" "$(number "$d")" "$HOST" "$(https "$d")" "$HOST" "$(https "$d")" "$3" "$1/tls/ca.crt" "${SWARM_HOST:-127.0.0.1}" "$(swarm "$d")" "$(peer "$d")"
    sep=$',\n'
  done; printf '\n]\n'
}

cmd=${1:-}; [ $# -ge 2 ] || { sed -n '2,/^set /p' "$0" | sed '$d'; exit 2; }
mkdir -p "$2"; dir=$(cd "$2" && pwd)
case "$cmd" in
up)
  IPFS_BIN=${IPFS_BIN:-$(command -v ipfs || true)}; [ -x "$IPFS_BIN" ] || die "set IPFS_BIN to a kubo ipfs binary"
  [ -s "$dir/base" ] || echo "${4:-7400}" >"$dir/base"
  certificates "$dir"; dirs=()
  for ((i = 0; i < ${3:-5}; i++)); do mkdir -p "$dir/n$i"; init_node "$dir/n$i"; done
  mapfile -t dirs < <(node_dirs "$dir")
  peering "${dirs[@]}"
  for d in "${dirs[@]}"; do start_node "$d"; done
  start_nginx "$dir"; echo "nodes: ${#dirs[@]} ready; nodes.sh wallet $2 NAME gives a wallet its nodes file" ;;
wallet)
  name=${3:?usage: wallet DIR NAME}; [[ "$name" =~ ^[A-Za-z0-9_-]{1,64}$ ]] || die "a name is 1 to 64 letters, digits, - and _"
  token=$(openssl rand -hex 32); echo "\"Bearer $token\" $name;" >>"$dir/nginx/tokens.conf"
  reload "$dir" 200 "$token"; nodes_file "$dir" "$name" "$token" ;;
revoke)
  name=${3:?usage: revoke DIR NAME}; [[ "$name" =~ ^[A-Za-z0-9_-]{1,64}$ ]] || die "a name is 1 to 64 letters, digits, - and _"
  last=$(sed -n "s/^\"Bearer \(.*\)\" $name;\$/\1/p" "$dir/nginx/tokens.conf" | tail -1); [ -n "$last" ] || die "no wallet $name"
  grep -v " $name;\$" "$dir/nginx/tokens.conf" >"$dir/nginx/tokens.new" || true
  mv "$dir/nginx/tokens.new" "$dir/nginx/tokens.conf"; reload "$dir" 401 "$last" ;;
refused) bash "$HERE/refused.sh" "$dir/nginx/logs/refused.log" ;;
down)
  ! alive "$dir/nginx/nginx.pid" || nginx_do "$dir" -s quit
  for d in $(node_dirs "$dir"); do ! alive "$d/pid" || kill -TERM "$(cat "$d/pid")"; done
  for d in $(node_dirs "$dir"); do end=$((SECONDS + 15)); while alive "$d/pid" && [ $SECONDS -lt $end ]; do sleep 0.05; done
    ! alive "$d/pid" || kill -KILL "$(cat "$d/pid")"; rm -f "$d/pid"; done ;;
*) die "no such command: $cmd" ;;
esac
