#!/bin/sh
# Measures what moving a model of more than 1 GiB costs, on this machine and without a network:
#
#   pull    from Debian's docker-registry on loopback, hashing included, beside curl with one stream
#   create  from a GGUF file, which hashes it twice (client and server), beside a mere copy of it, with the server's
#           peak of memory
#
#   scripts/bench-store.sh [ROUNDS]      # writes some 6 GiB below ${TMPDIR:-/tmp}, and removes them
#
# The two sides of a ratio take turns, since other work of the machine comes and goes. Needs docker-registry, curl and
# jq (scripts/setup.sh tests installs the first) and the release binary (make build-release).
set -eu
rounds=${1:-5}
here="$(cd "$(dirname "$0")/.." && pwd)"
quipu="$here/target/release/quipu"
work="$(mktemp -d "${TMPDIR:-/tmp}/quipu-bench-store.XXXXXX")"
registry_port=${REGISTRY_PORT:-15873} server_port=${SERVER_PORT:-15874}
pids=""
finish() {
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

cat > "$work/registry.yml" <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:$registry_port"}
CONFIG
docker-registry serve "$work/registry.yml" > "$work/registry.log" 2>&1 &
pids="$pids $!"
mkdir "$work/models"
QUIPU_MODELS="$work/models" OLLAMA_HOST="127.0.0.1:$server_port" "$quipu" serve --no-builtin > "$work/server.log" 2>&1 &
server=$!
pids="$pids $server"
export OLLAMA_HOST="127.0.0.1:$server_port"
until curl -sf "http://127.0.0.1:$server_port/api/version" > /dev/null && curl -s "http://127.0.0.1:$registry_port/v2/" > /dev/null; do
    kill -0 "$server" || { cat "$work/server.log"; exit 1; }
done

"$quipu" bench model --preset llama-3.2-1b --type q8_0 "$work/model.gguf" > /dev/null
bytes=$(stat -c %s "$work/model.gguf")
echo "FROM $work/model.gguf" > "$work/Modelfile"

# Seconds that a command takes.
seconds() {
    begin=$(date +%s%N)
    "$@" > "$work/out" 2>&1 || { cat "$work/out" >&2; exit 1; }
    end=$(date +%s%N)
    echo "$begin $end" | awk '{printf "%.3f", ($2 - $1) / 1e9}'
}
copied() { cp --reflink=never "$work/model.gguf" "$work/copied" && sync "$work/copied"; }
# As pull does, it has ended when the bytes are on the disk.
curled() { curl -sf "http://127.0.0.1:$registry_port/v2/bench/model/blobs/$digest" -o "$work/curled" && sync "$work/curled"; }
forget() { "$quipu" rm "$1" > /dev/null 2>&1 || true; }
peak() { awk '/VmHWM/ {printf "%d", $2 / 1024}' "/proc/$server/status"; }
resident() { awk '/VmRSS/ {printf "%d", $2 / 1024}' "/proc/$server/status"; }
row() { echo "$1 $2 $3 $bytes" | awk '{printf "%-7s quipu %7.3f s %6.0f MB/s   beside it %7.3f s %6.0f MB/s   ratio %.2f\n", $1, $2, $4/$2/1e6, $3, $4/$3/1e6, $3/$2}'; }

echo "$bytes bytes; memory of the server before: $(resident) MiB"
name="127.0.0.1:$registry_port/bench/model:latest"
for _ in $(seq "$rounds"); do
    forget create
    plain=$(seconds copied)
    rm "$work/copied"
    ours=$(seconds "$quipu" create create -f "$work/Modelfile")
    row create "$ours" "$plain"
done
echo "peak of the server's memory with create: $(peak) MiB"

"$quipu" cp create "$name"
"$quipu" push --insecure "$name" > "$work/push.log" 2>&1 || { cat "$work/push.log"; exit 1; }
forget create
digest=$(curl -s "http://127.0.0.1:$registry_port/v2/bench/model/manifests/latest" \
    -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' |
    jq -r '.layers | max_by(.size) | .digest')
for _ in $(seq "$rounds"); do
    forget "$name"
    plain=$(seconds curled)
    rm -f "$work/curled"
    ours=$(seconds "$quipu" pull --insecure "$name")
    row pull "$ours" "$plain"
done
echo "peak of the server's memory with all: $(peak) MiB"
