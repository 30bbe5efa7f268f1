#!/bin/sh
# Gets the client libraries for tests/clients.rs into target/clients: a virtual environment of Python (240 MB) and packages of
# node. Optional: where they cannot be reached, the test says so and passes.
set -eu
here="$(cd "$(dirname "$0")/.." && pwd)"
sources="$here/tests/clients"
folder="$here/target/clients"
mkdir -p "$folder"

# Whether a folder holds what a file asks for. Its copy is written last, and so is there only when all else is.
is_current() { # is_current FOLDER FILE
    cmp -s "$1/$(basename "$2")" "$2"
}

python() {
    is_current "$folder/python" "$sources/python/requirements.txt" && return
    python3 -c 'import venv, ensurepip' 2>/dev/null || { echo "clients: no python3 with venv, going on without"; return; }
    echo "clients: getting the client libraries for Python (40 MB)"
    rm -rf "$folder/python"
    if python3 -m venv "$folder/python" &&
       "$folder/python/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
           --requirement "$sources/python/requirements.txt"; then
        cp "$sources/python/requirements.txt" "$folder/python"
    else
        echo "clients: cannot get them, going on without"
        rm -rf "$folder/python"
    fi
}

node() {
    is_current "$folder/node" "$sources/node/package-lock.json" && return
    command -v npm >/dev/null 2>&1 || { echo "clients: no npm, going on without"; return; }
    echo "clients: getting the client libraries for node"
    rm -rf "$folder/node" "$folder/node-partial"
    mkdir "$folder/node-partial"
    cp "$sources/node/package.json" "$sources/node/package-lock.json" "$folder/node-partial"
    if (cd "$folder/node-partial" && npm ci --silent --no-audit --no-fund); then
        mv "$folder/node-partial" "$folder/node"
    else
        echo "clients: cannot get them, going on without"
        rm -rf "$folder/node-partial"
    fi
}

python
node
