#!/usr/bin/env bash
# Counts what nginx refused, for each wallet, verb and status, in Prometheus' text format: a cron job writes it to the folder of the node
# exporter's textfile collector.
#   refused.sh /var/log/nginx/refused.log
set -euo pipefail
echo "# HELP wallet_nodes_refused_total Requests that the front refused."
echo "# TYPE wallet_nodes_refused_total counter"
[ -s "${1:?usage: refused.sh LOG}" ] || exit 0
sed -nE 's/.*"wallet":"([A-Za-z0-9_-]*)","verb":"([a-z\/]*)",.*"status":"?([0-9]{3})"?,.*/wallet_nodes_refused_total{wallet="\1",verb="\2",status="\3"}/p' "$1" |
  LC_ALL=C sort | uniq -c | awk '{ print $2, $1 }'
