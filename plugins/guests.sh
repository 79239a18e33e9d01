#!/usr/bin/env bash
# Builds the Rust examples into plugins: guests.sh [--core] OUT [NAME...]; with --core the core modules as they are.
# The bytes depend on the sources, the lock file and the toolchain only; not on where the repository and cargo's home are.
set -euo pipefail
plugins=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$plugins")
core=
if [ "$1" = --core ]; then core=1 && shift; fi
mkdir -p "$1" && out=$(cd "$1" && pwd)
shift
target=${CARGO_TARGET_DIR:-$root/target}
triple=wasm32-unknown-unknown

cd "$plugins"
if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$triple/lib" ]; then
    command -v rustup >/dev/null || { echo "error: this Rust has no $triple; see docs/plugins/rust.md" >&2; exit 1; }
    rustup target add "$triple"
fi
names=("$@")
[ ${#names[@]} -gt 0 ] || names=($(cd examples/rust && ls -d */ | tr -d /))

# Apart from what other builds leave: flags are part of what is rebuilt.
remap="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$root=/longshore"
packages=()
for name in "${names[@]}"; do packages+=(-p "$name"); done
RUSTFLAGS="$remap" CARGO_TARGET_DIR="$target/guests-build" \
    cargo build --quiet --release --locked --target "$triple" "${packages[@]}"

built="$target/guests-build/$triple/release"
if [ -n "$core" ]; then
    for name in "${names[@]}"; do cp "$built/${name//-/_}.wasm" "$out/$name.wasm"; done
    exit
fi
(cd "$root" && CARGO_TARGET_DIR="$target" cargo build --quiet --locked --workspace --bin componentize)
for name in "${names[@]}"; do
    "$target/debug/componentize" "$built/${name//-/_}.wasm" "$out/$name.wasm"
done
