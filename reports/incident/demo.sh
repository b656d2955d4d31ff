#!/usr/bin/env bash
# The main job from end to end: a server on an embedded store, an incident recorded over gRPC, the ledger checked by the
# verifier, and the report that a lawyer would hold. Leaves everything in ./demo.
set -euo pipefail
cd "$(dirname "$0")/../.."
whosaw=target/release/whosaw
verify=target/release/whosaw-verify
rm -rf demo
mkdir demo
"$whosaw" init --origin ledger.example/incident --data demo/data >demo/init.txt
"$whosaw" serve --data demo/data --listen 127.0.0.1:0 --log warn >demo/serve.txt 2>demo/serve.log &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
  grep -q 'listens on' demo/serve.txt && break
  kill -0 "$server" 2>/dev/null || { cat demo/serve.log >&2; exit 1; }
  sleep 0.1
done
WHOSAW_SERVER="http://$(sed -n 's/^whosaw listens on //p' demo/serve.txt)"
export WHOSAW_SERVER

"$whosaw" append reports/incident/incident.toml --receipts demo/receipts >demo/append.txt
"$whosaw" registry apply reports/registry/example.toml --yes >demo/registry.txt
vkey="$("$whosaw" keys show)"
"$whosaw" report access --subject customer=C-1001 --reference 'demo request' --out demo/report >demo/report.txt
"$whosaw" report exposure --resource crm/customer-export --reference 'incident forum-advice' \
  --out demo/report >demo/exposure.txt
"$whosaw" list --limit 30 >demo/entries.txt
"$whosaw" export demo/export --content >demo/export.txt
verdict="$("$verify" export demo/export --vkey "$vkey" | tail -1)"
receipt="$("$verify" receipt demo/receipts/3.tlog-proof --body demo/receipts/3.body --vkey "$vkey" | tail -1)"

# One byte of one entry's content, broken in a copy: what is the auditor told?
cp -r demo/export demo/broken
bundle="$(find demo/broken/content -type f | head -1)"
printf '\xff' | dd of="$bundle" bs=1 seek=1500 conv=notrunc status=none
told="$("$verify" export demo/broken --vkey "$vkey" | tail -2 || true)"

kill -TERM "$server"
wait "$server"
trap - EXIT

cat <<TEXT

An agent gave flawed advice on a forum; an employee followed it; for two hours customer data stood open.

What was recorded (demo/entries.txt)
$(grep ' action ' demo/entries.txt | cut -c 1-8,36-)

What the report says of one customer
$(sed -n '1,2p' demo/report.txt | fold -s -w 116 | sed 's/^/  /')

Who could see the file, who did, who still holds it
$(sed -n '1,2p' demo/exposure.txt | fold -s -w 116 | sed 's/^/  /')

What the verifier says, offline
  the ledger   $verdict
  a receipt    $receipt
  a byte broken in a copy:
$(printf '%s\n' "$told" | fold -s -w 114 | sed 's/^/    /')

Files
$(ls demo/report/* | sed 's/^/  /')
  demo/export      the ledger as files; check it yourself: $verify export demo/export --vkey '$vkey'
TEXT
