#!/bin/sh
# Builds llama.cpp's own `llama-batched-bench` from its sources and runs it for 1, 8 and 32 sequences, with one
# pool for all (as Quipu has it) and with a part for each:
#
#   scripts/batched-bench.sh LLAMA_CPP_SOURCE MODEL.gguf
#
# scripts/llama-tools.sh says what the sources are.
set -eu
sources=${1:?usage: scripts/batched-bench.sh LLAMA_CPP_SOURCE MODEL.gguf}
model=${2:?usage: scripts/batched-bench.sh LLAMA_CPP_SOURCE MODEL.gguf}
here="$(cd "$(dirname "$0")" && pwd)"
"$here/llama-tools.sh" "$sources" llama-batched-bench
for layout in --kv-unified ""; do
    echo "layout: ${layout:-one part for each sequence}"
    # shellcheck disable=SC2086
    "$here/../target/llama-tools/bin/llama-batched-bench" -m "$model" -c 16384 -b 2048 -ub 512 -npp 5 -ntg 400 -npl 1,8,32 \
        -t "$(nproc)" $layout 2>/dev/null | grep '|'
done
