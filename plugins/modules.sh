# Sourced by guests.sh and catalogue.sh, which set `plugins`, `root`, `target` and `core`.
#
# modules FOLDER BUILD OUT NAME...: builds packages of the workspace in FOLDER, in $target/BUILD, into plugins in OUT, NAME.wasm each. With
# `core` set the core modules as they are. COMPONENTIZE may name the command that makes plugins of them.
# The bytes depend on the sources, the lock file and the toolchain only; not on where the repository and cargo's home are.
modules() {
    local folder=$1 build=$target/$2 out=$3 triple=wasm32-unknown-unknown name
    shift 3
    cd "$folder"
    if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$triple/lib" ]; then
        command -v rustup >/dev/null || { echo "error: this Rust has no $triple; see docs/plugins/rust.md" >&2; exit 1; }
        rustup target add "$triple"
    fi

    # Apart from what other builds leave: flags are part of what is rebuilt.
    local remap="--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo --remap-path-prefix=$root=/longshore" packages=()
    for name in "$@"; do packages+=(-p "$name"); done
    RUSTFLAGS="$remap" CARGO_TARGET_DIR="$build" \
        cargo build --quiet --release --locked --target "$triple" "${packages[@]}"

    local built=$build/$triple/release componentize=${COMPONENTIZE:-}
    if [ -n "$core" ]; then
        for name in "$@"; do cp "$built/${name//-/_}.wasm" "$out/$name.wasm"; done
        return
    fi
    if [ -z "$componentize" ]; then
        (cd "$root" && CARGO_TARGET_DIR="$target" cargo build --quiet --locked --workspace --bin componentize)
        componentize=$target/debug/componentize
    fi
    for name in "$@"; do "$componentize" "$built/${name//-/_}.wasm" "$out/$name.wasm"; done
}
