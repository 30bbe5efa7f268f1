#!/bin/sh
# Installs what building Quipu needs and is missing: cmake, a C++ compiler, libclang (for the bindings), procps and
# ccache (optional); with the argument `tests` also what only tests need, all optional: docker-registry, a registry to test
# against, and Python and node, whose clients are tested with. Says what it does; does nothing when everything is there.
set -eu

missing=""
required=""
want() { # want PACKAGE TEST...
    package=$1; shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
need() { # need PACKAGE TEST...
    want "$@"
    package=$1; shift
    "$@" >/dev/null 2>&1 || required="$required $package"
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
want ccache command -v ccache
# Without these, the tests that need them say so and pass.
if [ "${1:-}" = tests ] && command -v apt-get >/dev/null 2>&1; then
    want docker-registry command -v docker-registry
    want python3-venv python3 -c 'import venv, ensurepip'
    want nodejs command -v node
    want npm command -v npm
fi

# Installs what is missing, as root.
install() { # install [sudo]
    echo "setup: installing$missing${1:+ (with $1)}"
    # shellcheck disable=SC2086
    ${1:-} apt-get update -qq &&
        ${1:-} env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null && return
    [ -z "$required" ] || { echo "setup: cannot install$required" >&2; exit 1; }
    echo "setup: cannot install$missing, going on without"
}

if [ -n "$missing" ]; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        install
    elif command -v apt-get >/dev/null 2>&1 && [ -n "$required" ] && sudo -n true 2>/dev/null; then
        install sudo
    elif [ -z "$required" ]; then
        echo "setup: going on without$missing, which is optional"
    elif command -v apt-get >/dev/null 2>&1; then
        echo "setup: please run: sudo apt-get install --no-install-recommends$missing" >&2
        exit 1
    else
        echo "setup: please install:$missing (names of Debian's packages), then run make again" >&2
        exit 1
    fi
fi

if ! command -v cargo >/dev/null 2>&1; then
    echo "setup: Rust is missing; install it from https://rustup.rs, then run make again" >&2
    exit 1
fi
