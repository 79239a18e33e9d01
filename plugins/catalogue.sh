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
triple=wasm32-unknown-unknown

cd "$plugins/catalogue"
if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$triple/lib" ]; then
    command -v rustup >/dev/null || { echo "error: this Rust has no $triple; see docs/plugins/rust.md" >&2; exit 1; }
    rustup target add "$triple"
fi
# Folders with a line "name capability..." in plugins.txt.
names=($(grep -v '^#' plugins.txt | awk '{print $1}'))

# Apart from what other builds leave: flags are part of what is rebuilt.
remap="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$root=/longshore"
packages=()
for name in "${names[@]}"; do packages+=(-p "$name"); done
RUSTFLAGS="$remap" CARGO_TARGET_DIR="$target/catalogue-build" \
    cargo build --quiet --release --locked --target "$triple" "${packages[@]}"

built="$target/catalogue-build/$triple/release"
if [ -n "$core" ]; then
    for name in "${names[@]}"; do cp "$built/${name//-/_}.wasm" "$out/$name.wasm"; done
    exit
fi
componentize=${COMPONENTIZE:-}
if [ -z "$componentize" ]; then
    (cd "$root" && CARGO_TARGET_DIR="$target" cargo build --quiet --locked --workspace --bin componentize)
    componentize="$target/debug/componentize"
fi
for name in "${names[@]}"; do
    "$componentize" "$built/${name//-/_}.wasm" "$out/$name.wasm"
done

{
    echo '{"plugins": ['
    comma=
    while read -r name plugin capabilities; do
        granted=$([ -z "$capabilities" ] || printf '"%s", ' $capabilities)
        digest=$(sha256sum "$out/$name.wasm" | cut -d' ' -f1)
        printf '%s  {"name": "%s", "module": "%s.wasm", "sha256": "%s", "capabilities": [%s]}' \
            "$comma" "$plugin" "$name" "$digest" "${granted%, }"
        comma=$',\n'
    done < <(grep -v '^#' plugins.txt)
    printf '\n]}\n'
} > "$out/catalogue.json"
