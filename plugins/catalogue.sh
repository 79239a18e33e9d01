#!/usr/bin/env bash
# Builds the catalogue: catalogue.sh [--core] OUT. OUT gets a module for each plugin and catalogue.json, the index that
# `--catalogue file://OUT` reads; with --core the core modules as they are, and no index.
# The bytes depend on the sources, the lock file and the toolchain only; not on where the repository and cargo's home are.
set -euo pipefail
plugins=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$plugins")
core=
if [ "$1" = --core ]; then core=1 && shift; fi
mkdir -p "$1" && out=$(cd "$1" && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
. "$plugins/modules.sh"

# Folders with a line "name capability..." in plugins.txt.
list=$plugins/catalogue/plugins.txt
names=($(grep -v '^#' "$list" | awk '{print $1}'))
modules "$plugins/catalogue" catalogue-build "$out" "${names[@]}"
if [ -n "$core" ]; then exit; fi

{
    echo '{"plugins": ['
    comma=
    while read -r name plugin capabilities; do
        granted=$([ -z "$capabilities" ] || printf '"%s", ' $capabilities)
        digest=$(sha256sum "$out/$name.wasm" | cut -d' ' -f1)
        printf '%s  {"name": "%s", "module": "%s.wasm", "sha256": "%s", "capabilities": [%s]}' \
            "$comma" "$plugin" "$name" "$digest" "${granted%, }"
        comma=$',\n'
    done < <(grep -v '^#' "$list")
    printf '\n]}\n'
} > "$out/catalogue.json"
