#!/bin/sh
# Builds llama.cpp's own `llama-batched-bench` from the very sources that Quipu is built with, and runs it for
# 1, 8 and 32 sequences: scripts/batched-bench.sh MODEL.gguf. The tool lands in target/llama-tools.
set -eu
model=${1:?usage: scripts/batched-bench.sh MODEL.gguf}
here=$(cd "$(dirname "$0")/.." && pwd)
sources=$(cargo metadata --manifest-path "$here/Cargo.toml" --format-version 1 --locked |
    tr ',' '\n' | sed -n 's/^"manifest_path":"\(.*llama-cpp-sys-2[^"]*\)\/Cargo.toml"$/\1/p' | head -1)/llama.cpp
build="$here/target/llama-tools"
launcher=""
if command -v ccache >/dev/null 2>&1; then
    launcher="-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache"
fi
# shellcheck disable=SC2086
cmake -S "$sources" -B "$build" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DGGML_OPENMP=ON \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_TOOLS=ON \
    -DLLAMA_CURL=OFF $launcher >/dev/null
cmake --build "$build" --target llama-batched-bench -j "$(nproc)" >/dev/null
exec "$build/bin/llama-batched-bench" -m "$model" -c 16384 -b 2048 -ub 512 -npp 5 -ntg 400 -npl 1,8,32 \
    -fa on --kv-unified -t "$(nproc)"
