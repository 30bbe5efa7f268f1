#!/bin/sh
# Builds tools of llama.cpp from its sources, to measure beside it:
#
#   scripts/llama-tools.sh LLAMA_CPP_SOURCE [TOOL]...
#
# Without names, llama-server and llama-batched-bench. The sources are a checkout of llama.cpp, or the vendor/llama.cpp
# folder in the sdist of the Python package llama-cpp-python (pip download --no-binary :all: --no-deps llama-cpp-python).
# The crate with the bindings leaves the tools out. The build lands in target/llama-tools, the tools in its folder bin.
# JOBS says how many compilers run at a time.
set -eu
sources=${1:?usage: scripts/llama-tools.sh LLAMA_CPP_SOURCE [TOOL]...}
shift
[ $# -gt 0 ] || set -- llama-server llama-batched-bench
build="$(cd "$(dirname "$0")/.." && pwd)/target/llama-tools"
launcher=""
if command -v ccache >/dev/null 2>&1; then
    launcher="-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache"
fi
# For this very machine, with OpenMP, as Quipu's own build; without the web page of the server.
# shellcheck disable=SC2086
cmake -S "$sources" -B "$build" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=ON -DGGML_OPENMP=ON \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=ON \
    -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
    -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF $launcher
for tool in "$@"; do
    cmake --build "$build" --target "$tool" -j "${JOBS:-$(nproc)}"
    echo "built $build/bin/$tool"
done
