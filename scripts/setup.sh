#!/bin/sh
# Installs what building Quipu needs and is missing: cmake, a C++ compiler, libclang (for the bindings), procps and
# ccache (optional); with the argument `tests` also docker-registry, a registry to test against (optional). Says what
# it does; does nothing when everything is there.
set -eu

missing=""
need() { # need PACKAGE TEST...
    package=$1; shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
has_libclang() {
    ls /usr/lib/llvm*/lib/libclang*.so* /usr/lib/*/libclang*.so* /usr/lib64/libclang*.so* \
       /opt/homebrew/opt/llvm/lib/libclang.dylib "${LIBCLANG_PATH:-/nonexistent}"/libclang* \
       /Library/Developer/CommandLineTools/usr/lib/libclang.dylib 2>/dev/null | grep -q .
}

need cmake command -v cmake
need g++ command -v c++
need clang command -v clang
need libclang-dev has_libclang
need procps command -v pgrep
need ccache command -v ccache
# Without it, the tests that need it say so and pass.
[ "${1:-}" = tests ] && command -v apt-get >/dev/null 2>&1 && need docker-registry command -v docker-registry

if [ -n "$missing" ]; then
    optional=$(echo "$missing" | sed 's/ ccache//; s/ docker-registry//')
    if [ -z "$optional" ] && [ "$(id -u)" != 0 ]; then
        echo "setup: going on without$missing, which is optional"
        missing=""
    elif ! command -v apt-get >/dev/null 2>&1; then
        echo "setup: please install:$missing (names of Debian's packages), then run make again" >&2
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        echo "setup: installing$missing"
        apt-get update -qq
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        echo "setup: installing$missing (with sudo)"
        sudo apt-get update -qq
        # shellcheck disable=SC2086
        sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    else
        echo "setup: please run: sudo apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
fi

if ! command -v cargo >/dev/null 2>&1; then
    echo "setup: Rust is missing; install it from https://rustup.rs, then run make again" >&2
    exit 1
fi
