#!/bin/sh
# Measures Quipu beside llama-server, row by row of the table in docs/performance.md, and draws a report:
#
#   make performance LLAMA_SERVER=path MODEL=path.gguf [ROWS="distinct shared ..."] [ROUNDS=3]
#
# scripts/llama-tools.sh builds llama-server; `quipu bench model` makes a model file of a real size with random weights.
# Without LLAMA_SERVER, only Quipu is measured. Results come to target/performance, with report.html for all rows that are
# there, also from earlier runs. Benches are built before anything is measured; do not build meanwhile.
set -eu
model=${MODEL:?name a GGUF file: MODEL=path.gguf}
rounds=${ROUNDS:-3}
rows=${ROWS:-one distinct shared sessions long neighbour schema kv front attention sampling}
here="$(cd "$(dirname "$0")/.." && pwd)"
quipu="$here/target/release/quipu"
out="$here/target/performance"
port=${PORT:-15875}
work="$(mktemp -d "${TMPDIR:-/tmp}/quipu-performance.XXXXXX")"
server="" neighbour=""
finish() {
    stop
    rm -rf "$work"
}
stop() {
    for pid in $server $neighbour; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    server="" neighbour=""
}
trap finish EXIT
trap 'exit 1' INT TERM

# serve ARGUMENTS...
serve() {
    QUIPU_MODELS="$work/models" OLLAMA_HOST="127.0.0.1:$port" "$quipu" serve --no-builtin "$@" > "$work/server.log" 2>&1 &
    server=$!
    until curl -sf "http://127.0.0.1:$port/api/version" > /dev/null; do
        kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
    done
}

# compare ROW WORKLOAD SESSIONS LLAMA-SERVER-SETTINGS [ARGUMENTS OF QUIPU...]: rounds in which both take turns
compare() {
    row=$1 workload=$2 sessions=$3 settings=$4
    shift 4
    echo "== $row: $workload, $sessions at a time"
    serve --model "$model,name=m" "$@"
    set -- "http://127.0.0.1:$port,name=quipu,model=m,ignore-eos,pid=$server"
    if [ -n "${LLAMA_SERVER:-}" ]; then
        set -- "$@" "llama-server=$LLAMA_SERVER,gguf=$model,name=llama,$settings"
    fi
    "$quipu" bench run "$@" -w "$workload" -c "$sessions" --rounds "$rounds" --out "$out/$row"
    stop
}

# bench ROW PACKAGE BENCH [ARGUMENTS...]: a bench, which compares by itself
bench() {
    row=$1 package=$2 name=$3
    shift 3
    echo "== $row: the bench $name"
    QUIPU_BENCH_MODEL="$(realpath "$model")" cargo bench --quiet --locked --package "$package" --bench "$name" -- "$@" \
        > "$out/$row.txt"
    cat "$out/$row.txt"
}

# Compiling must not run beside what is measured.
build_benches() {
    for row in $rows; do
        case $row in
            one) cargo bench --quiet --locked --package quipu --bench streams --no-run ;;
            attention) cargo bench --quiet --locked --package quipu-llama --bench attention --no-run ;;
            sampling) cargo bench --quiet --locked --package quipu --bench grammar --no-run ;;
        esac
    done
}

mkdir -p "$out"
build_benches
for row in $rows; do
    case $row in
        one) bench one quipu streams 1 ;;
        attention) bench attention quipu-llama attention ;;
        sampling) bench sampling quipu grammar ;;
        distinct) compare distinct random:requests=32,input=128,output=192 32 np=32,unified=off,ctx=16384 ;;
        shared) compare shared chat:requests=32,system=1000,input=64,output=32 32 np=32,unified=on,ctx=40960 ;;
        sessions) compare sessions sessions:sessions=100,turns=6,system=100,input=16,output=16 100 np=32,unified=on,ctx=32768 ;;
        long) compare long long-prompt:requests=24,input=64,output=64,long=4000,every=6 8 np=8,unified=on,ctx=32768 ;;
        neighbour)
            # As many seconds as the row can take at most.
            timeout 900 sh -c 'while :; do :; done' &
            neighbour=$!
            compare neighbour random:requests=8,input=64,output=96 8 np=8,unified=off,ctx=8192
            ;;
        schema)
            echo "== schema: a schema of 40 fields beside free text, 16 at a time"
            serve --model "$model,name=m"
            one="http://127.0.0.1:$port,model=m,ignore-eos"
            "$quipu" bench run "$one,name=schema,schema=40" "$one,name=free" -w random:requests=16,input=32,output=128 \
                -c 16 --rounds "$rounds" --any-length --out "$out/schema"
            stop
            ;;
        # A cache of 16,384 tokens, of which a slot takes 4,096, in conversations of 1,024 with 256 in common.
        kv)
            compare kv chat:requests=32,system=256,input=384,output=384 32 np=4,unified=off,ctx=16384 \
                --pool-tokens 16384 --context 4096
            ;;
        front)
            echo "== front: the mock engine, 64 at a time"
            serve --mock
            "$quipu" bench run "http://127.0.0.1:$port,name=quipu,pid=$server" -w random:requests=256,input=16,output=512 \
                -c 64 --rounds "$rounds" --any-length --out "$out/front"
            stop
            ;;
        *) echo "performance: no row is called $row" >&2; exit 1 ;;
    esac
done

# All rows that are there, in one page.
texts=""
rm -f "$out/report.txt"
for text in "$out"/*.txt; do
    [ -e "$text" ] && texts="$texts --text $text"
done
# shellcheck disable=SC2086
"$quipu" bench report "$out"/*/runs/*.json --html "$out/report.html" $texts > "$out/report.txt"
echo "== $out/report.html"
