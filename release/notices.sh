#!/bin/sh
# Prints what others wrote that is in the binary: name, version and licence of each crate, and the texts that came with it.
# release/notices.sh TARGET
set -eu
sources=${CARGO_HOME:-$HOME/.cargo}/registry/src

cargo fetch --quiet --locked --target "$1"
# Not in one pipe with the loop: then a failure of cargo would be taken for the end of the list.
listed=$(cargo tree --locked --target "$1" -p longshore-cli -e normal --prefix none --no-dedupe --format '{p}|{l}')
# The plugins of the catalogue, which are in the binary too.
cargo fetch --quiet --locked --manifest-path plugins/catalogue/Cargo.toml
plugins=$(cargo tree --locked --manifest-path plugins/catalogue/Cargo.toml --workspace --target wasm32-unknown-unknown -e normal --prefix none \
    --no-dedupe --format '{p}|{l}')
crates=$(printf '%s\n%s\n' "$listed" "$plugins" | grep -v '(/' | sort -u)
echo "Longshore contains the following software of third parties."
printf '%s\n' "$crates" | while IFS='|' read -r crate licence; do
    name=${crate%% *} version=${crate#* v}
    version=${version%% *}
    [ -n "$licence" ] || { echo "error: the crate $name $version names no licence" >&2; exit 1; }
    printf '\n==== %s %s: %s\n' "$name" "$version" "$licence"
    find "$sources"/*/"$name-$version" -maxdepth 1 -type f \
        \( -iname 'licen*' -o -iname 'notice*' -o -iname 'copying*' -o -iname 'copyright*' \) -print0 | sort -z | xargs -0r cat
done
