#!/bin/sh
# Builds llama.cpp's own `llama-batched-bench` from its sources and runs it for 1, 8 and 32 sequences, with one
# pool for all (as Quipu has it) and with a part for each:
#
#   scripts/batched-bench.sh LLAMA_CPP_SOURCE MODEL.gguf
#
# The sources are a checkout of llama.cpp, or the vendor/llama.cpp folder in the sdist of the Python package
# llama-cpp-python. The crate with the bindings leaves the tools out. The build lands in target/llama-tools.
set -eu
sources=${1:?usage: scripts/batched-bench.sh LLAMA_CPP_SOURCE MODEL.gguf}
model=${2:?usage: scripts/batched-bench.sh LLAMA_CPP_SOURCE MODEL.gguf}
build="$(cd "$(dirname "$0")/.." && pwd)/target/llama-tools"
launcher=""
if command -v ccache >/dev/null 2>&1; then
    launcher="-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache"
fi
# shellcheck disable=SC2086
cmake -S "$sources" -B "$build" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DGGML_OPENMP=ON \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_SERVER=OFF -DLLAMA_BUILD_TOOLS=ON \
    -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF $launcher
cmake --build "$build" --target llama-batched-bench -j "$(nproc)"
for layout in --kv-unified ""; do
    echo "layout: ${layout:-one part for each sequence}"
    # shellcheck disable=SC2086
    "$build/bin/llama-batched-bench" -m "$model" -c 16384 -b 2048 -ub 512 -npp 5 -ntg 400 -npl 1,8,32 \
        -t "$(nproc)" $layout 2>/dev/null | grep '|'
done
